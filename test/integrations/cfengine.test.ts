import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { NO_EXEC, UNIT } from '../support/demo-service.js';
import { inRepository } from '../support/repository.js';
import { policyPath, servicesObstacle } from '../support/service.js';
import { THOROUGH } from '../support/thorough.js';
import { filesOf, INSTALLED, managedHost, stateOf } from './managed-host.js';

const OTHER = 'other.service';
const BUNDLES = inRepository('integrations/cfengine/sandbox_unit.cf');

test('the bundles that the documents name exist', () => {
  const page = readFileSync(inRepository('docs/configuration-management.md'), 'utf8');
  const bundles = readFileSync(BUNDLES, 'utf8');
  const [, one, other] = /bundles `(\w+)` and `(\w+)`/.exec(page)!;
  for (const name of [one, other]) assert.match(bundles, new RegExp(`^bundle agent ${name}\\(`, 'm'));
});

/** Two services are confined, or freed with the class `free`. */
const MAIN = `
body common control
{
  inputs => { "${BUNDLES}" };
  bundlesequence => { "main" };
}
bundle agent main
{
  vars:
    "unit" slist => { "${UNIT}", "${OTHER}" };
  methods:
    !free::
      "confine" usebundle => sandbox_unit("$(unit)", "/etc/sandbox-unit/$(unit).toml");
    free::
      "free" usebundle => sandbox_unit_free("$(unit)");
  reports:
    sandbox_unit_changed::
      "changed";
    sandbox_unit_failed::
      "failed";
}
`;

if (THOROUGH) {
  describe('CFEngine', { skip: servicesObstacle('puppet') ?? false }, () => {
    const { box } = managedHost('cfengine', {
      files: { [OTHER]: '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n' },
      policies: { [UNIT]: NO_EXEC, [OTHER]: NO_EXEC },
      start: [OTHER],
      prepare: () => box.writeFile('/root/main.cf', MAIN, '0600'),
    });

    /** Runs the agent; what it says. */
    async function agent(...options: string[]): Promise<string> {
      const { stdout, stderr } = await box.exec([
        'cf-agent',
        '--no-lock',
        '--file',
        '/root/main.cf',
        ...options,
      ]);
      return stdout + stderr;
    }

    /** Asks for what is due, which changes nothing. */
    async function dry(...options: string[]): Promise<string> {
      const was = await stateOf(box);
      const said = await agent('--dry-run', ...options);
      assert.equal(await stateOf(box), was);
      return said;
    }

    test('services are confined once, and a dry run reports what is due', async () => {
      const said = await dry();
      for (const unit of [UNIT, OTHER])
        assert.ok(
          said.includes(
            `Would execute script '${INSTALLED} apply --quiet --policy ${policyPath(unit)} -- ${unit}'`,
          ),
          said,
        );
      assert.equal(await agent(), 'R: changed\n');
      await box.succeed(['sandbox-unit', 'verify', '--quiet', UNIT]);
      const now = await stateOf(box);
      assert.deepEqual([await dry(), await agent()], ['', '']);
      assert.equal(await stateOf(box), now);
    });

    test('a policy under which a service fails is rolled back, and reported', async () => {
      await box.writeFile(policyPath(UNIT), '[syscalls]\ndeny = ["openat"]\n');
      const was = filesOf(await stateOf(box));
      const said = await agent();
      assert.match(said, /error\[service-failed\]: demo\.service did not stay up/);
      assert.match(said, /^R: failed$/m);
      assert.doesNotMatch(said, /^R: changed$/m);
      assert.equal(filesOf(await stateOf(box)), was);
    });

    test('a refused policy is reported, without a trial', async () => {
      await box.writeFile(policyPath(UNIT), '[syscalls]\ndeny = ["readd"]\n');
      const was = await stateOf(box);
      const said = await agent();
      assert.match(
        said,
        /^R: 'sandbox-unit apply .*' is refused, or isn't installed: .*error\[unknown-syscall\]/m,
      );
      assert.match(said, /^R: failed$/m);
      assert.equal(await stateOf(box), was);
    });

    test('services are reverted once', async () => {
      assert.ok(
        (await dry('--define', 'free')).includes(
          `Would execute script '${INSTALLED} revert --quiet -- ${UNIT}'`,
        ),
      );
      assert.deepEqual(
        [await agent('--define', 'free'), await agent('--define', 'free')],
        ['R: changed\n', ''],
      );
      const { stdout } = await box.exec(['sandbox-unit', 'status']);
      assert.equal(stdout, 'No unit is confined by sandbox-unit.\n');
    });
  });
}
