/** What `status`, `verify` and `explain` say of filters that what runs was given. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '../../src/commands/explain.js';
import { status } from '../../src/commands/status.js';
import { verify } from '../../src/commands/verify.js';
import { withInjections } from '../../src/status/injected.js';
import { run as apply } from '../support/apply-in-memory.js';
import { UNIT } from '../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../support/fake-system.js';
import { RECORD, runTighten, tightenable } from '../support/tightened-in-memory.js';

describe('afterwards', () => {
  const shownBy = async (system: FakeSystem, units: readonly string[] = []) => {
    const { exit, json, text, diagnostics } = await status(fakeContext(system), units);
    const [first] = json.units as { state: string | null; injected: { by: string; deny: string[] }[] }[];
    return { exit, text, first, codes: diagnostics.map(({ severity, code }) => `${severity} ${code}`) };
  };

  test('status lists a unit without a policy, which is no finding', async () => {
    const { system } = tightenable();
    await runTighten(system);
    for (const units of [[], [UNIT]]) {
      const { exit, text, first, codes } = await shownBy(system, units);
      assert.equal(exit, 0, codes.join());
      assert.match(text, /^demo\.service +- +injected +- +- +sandbox-unit tighten$/m);
      assert.deepEqual(
        first!.injected.map(({ by, deny }) => [by, deny]),
        [['tighten', ['execve:EPERM', 'execveat:EPERM']]],
      );
      assert.ok(codes.includes('note tightened'));
    }
    await system.restart(UNIT);
    assert.equal((await shownBy(system, [UNIT])).exit, 1);
    assert.doesNotMatch((await shownBy(system)).text, /injected/);
  });

  test('status and verify tell of it beside the policy, until the next start', async () => {
    const { system } = tightenable('[syscalls]\ndeny = ["swapon"]\n');
    await apply(system);
    await runTighten(system);
    await runTighten(system, { deny: ['@mount'] });
    const { exit, text, first, codes } = await shownBy(system);
    assert.deepEqual([exit, codes], [0, ['note tightened']]);
    assert.match(text, /^demo\.service +enforcing +live, injected /m);
    assert.equal(first!.injected.length, 2);
    for (const look of [verify, explain]) {
      const seen = await look(fakeContext(system), [UNIT], {});
      assert.match(
        seen.diagnostics.find(({ code }) => code === 'tightened')?.message ?? '',
        /by sandbox-unit tighten: execve \(EPERM\), execveat \(EPERM\), @mount \(EPERM\)$/,
      );
    }
    await system.restart(UNIT);
    const later = await shownBy(system);
    assert.match(later.text, / live +/);
    assert.deepEqual([later.first!.injected, later.codes], [[], []]);
  });
});

test('a template has the filters of its instances, and a record of no unit counts for nothing', async () => {
  const { system } = tightenable();
  await runTighten(system);
  const record = system.files.get(RECORD)!;
  for (const name of ['demo@1.service', 'no unit', '.demo.tmp'])
    system.files.set(RECORD.replace(UNIT, name), record);
  const asked = async (unit: string) => {
    const [one] = await withInjections(fakeContext(system), [{ unit, diagnostics: [] }], false);
    return one && 'injected' in one ? one.injected.length : 0;
  };
  assert.deepEqual([await asked(UNIT), await asked('other.service')], [1, 0]);
});
