/** What commands say of filters that what runs was given. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { explain } from '../../../src/cli/commands/explain.js';
import { revert } from '../../../src/cli/commands/revert.js';
import { score } from '../../../src/cli/commands/score.js';
import { status } from '../../../src/cli/commands/status.js';
import { verify } from '../../../src/cli/commands/verify.js';
import { UserError } from '../../../src/diagnostic.js';
import { withInjections } from '../../../src/verify/drift/injected.js';
import { run as apply } from '../../support/apply-in-memory.js';
import { SERVICE, UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';
import { EXEC, RECORD, runTighten, tightenable } from '../../support/tightened-in-memory.js';

describe('after tighten', () => {
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
      const found = first!.injected.map(({ by, deny }) => [by, deny]);
      assert.deepEqual(found, [['tighten', ['execve:EPERM', 'execveat:EPERM']]]);
      assert.ok(codes.includes('note tightened'));
    }
    await system.restart(UNIT);
    assert.equal((await shownBy(system, [UNIT])).exit, 1);
    assert.doesNotMatch((await shownBy(system)).text, /injected/);
  });

  test('status and verify report it beside the policy, until the next start', async () => {
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
        /^sandbox-unit tighten refuses calls of demo.service until its next start: execve \(EPERM\), execveat \(EPERM\), @mount \(EPERM\)$/,
      );
    }
    await system.restart(UNIT);
    const later = await shownBy(system);
    assert.match(later.text, / live +/);
    assert.deepEqual([later.first!.injected, later.codes], [[], []]);
  });
});

describe('a unit without a policy that tighten has filtered', () => {
  const RESTART = `'systemctl restart ${UNIT}' ends that`;
  const free = async () => {
    const { system } = tightenable();
    await runTighten(system);
    system.files.delete(`/etc/sandbox-unit/${UNIT}.toml`);
    return system;
  };

  test('revert says that it stays tightened, and how to end that', async () => {
    for (const check of [false, true]) {
      const { exit, json, diagnostics } = await revert(fakeContext(await free()), [UNIT], { check });
      assert.deepEqual([exit, json.changed], [0, false]);
      const found = diagnostics.map(({ code, hint }) => [code, hint]);
      assert.deepEqual(found, [['tightened', RESTART]]);
    }
  });

  test('revert says nothing if it restarts the unit', async () => {
    const { system } = tightenable();
    await apply(system);
    await runTighten(system);
    const { exit, diagnostics } = await revert(fakeContext(system), [UNIT], {});
    assert.deepEqual([exit, diagnostics], [0, []]);
    const kept = tightenable().system;
    await apply(kept);
    await runTighten(kept);
    const { diagnostics: told } = await revert(fakeContext(kept), [UNIT], { restart: false });
    assert.ok(told.some(({ code }) => code === 'tightened'));
  });

  test('verify reports the filter beside the missing policy', async () => {
    const verified = async (system: FakeSystem) => {
      const cause = await verify(fakeContext(system), [UNIT], {}).then(
        () => undefined,
        (thrown) => thrown,
      );
      assert.ok(cause instanceof UserError);
      return [cause.exit, ...cause.diagnostics.map(({ code }) => code)];
    };
    const system = await free();
    assert.deepEqual(await verified(system), [2, 'no-policy', 'tightened']);
    await system.restart(UNIT);
    assert.deepEqual(await verified(system), [2, 'no-policy']);
  });

  test('score says that it ignores what is refused until the next start', async () => {
    const system = await free();
    const notes = async (units: readonly string[]) =>
      (await score(fakeContext(system), units, {})).diagnostics.filter(({ code }) => code === 'tightened');
    for (const units of [[], [UNIT]]) {
      const [told, ...others] = await notes(units);
      assert.match(told!.message, /execve \(EPERM\), execveat \(EPERM\); the score does not count that$/);
      assert.deepEqual([told!.hint, others], [RESTART, []]);
    }
    await system.restart(UNIT);
    assert.deepEqual(await notes([]), []);
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

test('each tightened instance has its own note', async () => {
  const units = ['demo@1.service', 'demo@2.service'];
  const { system } = tightenable(undefined, {
    running: units,
    files: { '/usr/lib/systemd/system/demo@.service': SERVICE },
  });
  assert.equal((await runTighten(system, EXEC, units)).exit, 0);
  assert.equal((await runTighten(system, { deny: ['ptrace:kill'] }, units.slice(1))).exit, 0);
  const template = [{ unit: 'demo@.service', diagnostics: [] }];
  const [{ diagnostics } = assert.fail()] = await withInjections(fakeContext(system), template, false);
  assert.deepEqual(
    diagnostics.map(({ message, hint }) => [message.replace(/, by .*: /, ': '), hint]),
    [
      [
        'sandbox-unit tighten refuses calls of demo@1.service until its next start: execve (EPERM), execveat (EPERM)',
        "'systemctl restart demo@1.service' ends that",
      ],
      [
        'sandbox-unit tighten refuses calls of demo@2.service until its next start: execve (EPERM), execveat (EPERM), ptrace (kill)',
        "'systemctl restart demo@2.service' ends that",
      ],
    ],
  );
});
