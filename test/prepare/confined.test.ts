/** Which policy `verify` and `explain` hold a unit to that has files of ours. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { explain } from '../../src/cli/commands/explain.js';
import { verify } from '../../src/cli/commands/verify.js';
import { UserError } from '../../src/diagnostic.js';
import type { Context } from '../../src/machine/context.js';
import { UNIT } from '../support/demo-service.js';
import { type FakeSystem, fakeContext, HOME, machineWith } from '../support/fake-system.js';

const PLACE = `/etc/sandbox-unit/${UNIT}.toml`;
const PACKAGED = `/usr/lib/sandbox-unit/${UNIT}.toml`;
const OTHER = '/root/other.toml';
const TEMPLATE = `${HOME}/templates/base.toml`;
const EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\n';
const ACCT = '[syscalls]\ndeny = ["acct"]\n';

const fileOf = (text: string) => ({ bytes: new TextEncoder().encode(text), mode: 0o644 });
const VERBS = { verify, explain };

async function applied(options: Parameters<typeof apply>[2], more: Partial<Context> = {}) {
  const files = { [OTHER]: ACCT, [TEMPLATE]: ACCT, [PACKAGED]: ACCT };
  const system = machineWith('[Service]\nExecStart=/usr/sbin/demod\n', EXEC, { running: [UNIT], files });
  if (options.policy === PACKAGED) system.files.delete(PLACE);
  assert.equal((await apply(fakeContext(system, more), [UNIT], options)).exit, 0);
  system.files.set(PLACE, fileOf(EXEC));
  return system;
}

for (const [name, verb] of Object.entries(VERBS)) {
  const held = async (system: FakeSystem, options = {}) => {
    const { json, diagnostics } = await verb(fakeContext(system), [UNIT], options);
    return { policy: json.policy, codes: diagnostics.map(({ code }) => code) };
  };

  describe(`${name} accepts`, () => {
    for (const [what, options, policy] of [
      ['the file that was applied', { policy: OTHER }, OTHER],
      ['the template', { template: 'base' }, TEMPLATE],
      ['the policy that came first then', { policy: PACKAGED }, PACKAGED],
      ["the unit's own", {}, PLACE],
    ] as const) {
      test(what, async () => {
        const system = await applied(options);
        const found = await held(system);
        assert.equal(found.policy, policy);
        assert.ok(!found.codes.includes('not-applied') && !found.codes.includes('other-policy'));
        assert.equal((await held(system, { policy: PLACE })).policy, PLACE);
        assert.equal((await held(system, { template: 'base' })).policy, TEMPLATE);
      });
    }

    test('files until the next boot', async () => {
      const system = await applied(
        { policy: OTHER },
        { placement: { scope: 'system', lifetime: 'runtime' } },
      );
      assert.equal((await held(system)).policy, OTHER);
    });

    test('no other file in place of a missing one', async () => {
      const system = await applied({ policy: OTHER });
      system.files.delete(OTHER);
      const refused = async () => {
        const thrown: unknown = await held(system).catch((cause) => cause);
        assert.ok(thrown instanceof UserError);
        const [{ code, message, hint } = assert.fail()] = thrown.diagnostics;
        assert.deepEqual(
          [thrown.exit, code, message],
          [2, 'no-policy', `the policy that confines ${UNIT} is gone: ${OTHER}`],
        );
        return hint;
      };
      assert.equal(await refused(), `'sandbox-unit apply ${UNIT}' applies ${PLACE} in its place`);
      system.files.delete(PLACE);
      system.files.delete(PACKAGED);
      assert.match(
        (await refused()) ?? '',
        /^name another one with --policy or --template; 'sandbox-unit revert demo/,
      );
    });
  });
}
