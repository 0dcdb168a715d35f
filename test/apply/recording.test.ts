/** Whatever happens in a run with refused calls recorded, the unit is as before, or that is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { explain } from '../../src/cli/commands/explain.js';
import { type Diagnostic, UserError } from '../../src/diagnostic.js';
import type { ProcessResult } from '../../src/machine/system.js';
import { PACKAGED_INJECTOR } from '../../src/systemd/paths/programs.js';
import { UNIT } from '../support/demo-service.js';
import { FakeObserver } from '../support/fake-observer.js';
import { type FakeOptions, type FakeSystem, fakeContext, machineWith } from '../support/fake-system.js';
import { madeCall, recordedRun, WATCHABLE } from '../support/recorded-in-memory.js';
import { kernel, record as recordOf } from '../support/refusals-in-memory.js';

const RAN = '/usr/sbin/demod';
const POLICY = '[syscalls]\ndeny = ["mount", "umount2", "pivot_root"]\naction = "EPERM"\n';
const INITIAL = { '/proc/self/ns/pid': 'pid:[4026531836]' };

const done = (stdout = '', status = 0): ProcessResult => ({ status, stdout, stderr: '' });

const CALLS = [
  ['mount', true],
  ['pivot_root', true],
];

function machine(options: FakeOptions = {}): FakeSystem {
  return machineWith(`[Service]\nExecStart=${RAN}\n`, POLICY, {
    running: [UNIT],
    links: INITIAL,
    talks: () => recordedRun({ calls: [madeCall('mount', 1, 1), madeCall('pivot_root', 1, 1)] }),
    ...options,
    distort: (properties) => {
      if (properties.get('Id') === UNIT) properties.set('ControlGroup', `/system.slice/${UNIT}`);
      options.distort?.(properties);
    },
    files: { ...WATCHABLE, ...options.files },
    programs: { journalctl: () => done(), ...options.programs },
  });
}

async function record(system: FakeSystem) {
  try {
    const outcome = await explain(fakeContext(system), [UNIT], { record: true });
    const codes = outcome.diagnostics.map(({ code }) => code);
    const refusals = (outcome.json.refusals ?? []) as { call: string; certain: boolean }[];
    return { exit: outcome.exit, codes, calls: refusals.map(({ call, certain }) => [call, certain]) };
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    return { exit: cause.exit, codes: cause.diagnostics.map(({ code }) => code), calls: [] };
  }
}

const filesOf = (system: FakeSystem) =>
  [...system.files].filter(([path]) => path.includes(`/${UNIT}.d/`)).sort();

test('explain --record: names all calls that the policy refuses, and leaves the unit as before', async () => {
  const system = machine();
  assert.deepEqual(await record(system), {
    exit: 1,
    codes: [],
    calls: CALLS,
  });
  const permissive = `/run/systemd/system.control/${UNIT}.d/zz-sandbox-unit.conf`;
  assert.ok(system.changes.includes(`replace ${permissive}`), 'gone with the next boot at the latest');
  assert.ok(system.changes.includes(`remove ${permissive}`));
  const watched = system.calls.findIndex((call) => call.startsWith('talk '));
  assert.ok(watched >= 0 && watched < system.calls.indexOf(`replace ${permissive}`));
  const found = system.changes.filter((call) => /^re(start|load)/.test(call));
  assert.deepEqual(found, ['reload', `restart ${UNIT}`, 'reload', `restart ${UNIT}`]);
});

test("explain --record: stops a service that wasn't running before", async () => {
  const system = machine({ running: [] });
  assert.equal((await record(system)).exit, 1);
  assert.equal(system.changes.filter((call) => call === `restart ${UNIT}`).length, 1);
  assert.equal(system.calls.filter((call) => call === `stop-unit ${UNIT}`).length, 1);
  const stuck = machine({ running: [], unstoppable: true });
  const { exit, codes } = await record(stuck);
  assert.deepEqual([exit, codes], [2, ['not-stopped', 'half-done']]);
});

/** A service that somebody stops when the roll-back has put its files back. */
function stoppedByOthers(options: FakeOptions = {}): FakeSystem {
  const STOPPING = 'de5b426a63be47a7b6ac3eaac82e2f6f';
  const isBack = () => system.calls.filter((call) => call === 'reload').length > 1;
  const system = machine({
    ...options,
    distort: (properties) => isBack() && properties.set('ActiveState', 'inactive'),
    programs: { journalctl: () => done(isBack() ? `{"MESSAGE_ID":"${STOPPING}"}\n` : '') },
  });
  return system;
}

test('explain --record: a service that an administrator stops during the run stays stopped', async () => {
  const { exit, codes } = await record(stoppedByOthers());
  assert.deepEqual([exit, codes], [1, ['stays-stopped']]);
});

test('explain --record: changes nothing if no record can be had, or nothing would be recorded', async () => {
  const cases: [options: FakeOptions, exit: number, code: string][] = [
    [{ talks: () => BLIND() }, 2, 'records-incomplete'],
    [
      { files: { '/etc/sandbox-unit/demo.service.toml': '[service]\nPrivateTmp = true\n' } },
      1,
      'nothing-to-write',
    ],
    [{ distort: (properties) => properties.set('RefuseManualStop', true) }, 1, 'not-restarted'],
    [{ distort: (properties) => properties.set('FailureAction', 'reboot') }, 1, 'on-failure'],
    [{ running: [], distort: (all) => all.set('FailureAction', 'reboot') }, 1, 'on-failure'],
    [
      {
        running: ['above.service'],
        distort: (all) => all.get('Id') === UNIT && all.set('RequiredBy', ['above.service']),
      },
      1,
      'not-restarted',
    ],
  ];
  for (const [options, exit, code] of cases) {
    const system = machine(options);
    const found = await record(system);
    assert.deepEqual([found.exit, found.codes.at(-1)], [exit, code]);
    assert.deepEqual(system.changes, []);
  }
  const refused = await explain(fakeContext(machine(), { superuser: false }), [UNIT], { record: true }).catch(
    (cause) => cause.diagnostics[0].code,
  );
  assert.equal(refused, 'needs-root');
});

test('explain --record: records what [ready] would refuse; fails if no program loads its filter', async () => {
  const file = `/etc/sandbox-unit/${UNIT}.toml`;
  const ready = '[ready]\ndeny = ["mount", "pivot_root"]\n';
  const under = (policy: string, more: Readonly<Record<string, string>> = {}) =>
    machine({ files: { [file]: policy, ...more } });
  const alone = under(ready, { [PACKAGED_INJECTOR]: '' });
  const before = filesOf(alone);
  const { exit, calls } = await record(alone);
  assert.deepEqual([exit, calls], [1, CALLS]);
  assert.deepEqual(filesOf(alone), before);
  const idle = {
    [`/etc/systemd/system/${UNIT}.d/a.conf`]: '[Service]\nType=idle\n',
    [PACKAGED_INJECTOR]: '',
  };
  const nobody = under(ready, idle);
  const refused = await record(nobody);
  assert.deepEqual([refused.exit, refused.codes], [1, ['gap-ready']]);
  assert.deepEqual(nobody.changes, []);
  const { codes, calls: some } = await record(under(`${POLICY}[ready]\ndeny = ["bind"]\n`, idle));
  assert.ok(codes.includes('gap-ready'), codes.join());
  assert.equal(some.length, 2);
});

/** A kernel that shows no calls. */
const BLIND = () =>
  new FakeObserver({ answer: '{"error":{"code":"no-btf","message":"the kernel has no types"}}' });

test("explain --record: warns if the service can't be watched, and explains what the log has", async () => {
  const entry = kernel(recordOf(9, 155).replace('code=0x80000000', 'code=0x7ffc0000'), 1_900_000_000);
  const logged = (entries: string) =>
    machine({ talks: BLIND, programs: { journalctl: () => done(entries) } });
  assert.deepEqual(await record(logged(entry.replace(/audit\(\d+/, 'audit(1900000000'))), {
    ...{ exit: 1, codes: ['records-incomplete'], calls: [['pivot_root', false]] },
  });
  const { diagnostics } = await explain(fakeContext(logged(entry)), [UNIT], { record: true });
  const [first] = diagnostics as [Diagnostic];
  assert.match(
    first.message,
    /^calls may be missing, .*, and the service can't be watched: the kernel has no types$/,
  );
  assert.match(first.hint!, /CONFIG_DEBUG_INFO_BTF/);
  const none = { exit: 2, calls: [], codes: ['records-incomplete', 'records-incomplete'] };
  assert.deepEqual(await record(logged(kernel('a line'))), none);
});

test('explain --record: reports an observer that ends early, and leaves the unit as before', async () => {
  const system = machine({ talks: () => new FakeObserver({ dumps: [] }) });
  const before = filesOf(system);
  const { exit, codes } = await record(system);
  assert.deepEqual([exit, codes], [2, ['observer-failed']]);
  assert.deepEqual(filesOf(system), before);
});

test('explain --record: reports why the service fails, and leaves it as before', async () => {
  for (const behaviour of ['dies', 'job-fails', 'is-open'] as const) {
    const system = machine({ behaviour: (_, confined) => (confined ? behaviour : 'works') });
    const { exit, codes } = await record(system);
    assert.equal(exit, 1);
    assert.equal(codes.length, 1);
    assert.deepEqual(filesOf(system), []);
    assert.ok(system.isUpToDate && !system.isConfined(UNIT));
  }
});

/** A machine on which the policy is in force. */
async function applied(options: FakeOptions = {}): Promise<FakeSystem> {
  const first = machine();
  await apply(fakeContext(first), [UNIT], {});
  return machine({ ...options, files: Object.fromEntries(first.files) });
}

/** All calls of a run, the signals' as the first of those that count. */
async function callsOf(start: () => FakeSystem | Promise<FakeSystem>): Promise<string[]> {
  const system = await start();
  await record(system);
  return system.calls;
}

for (const [what, start] of [
  ['an applied policy', applied],
  ['a policy that was never applied', async (options?: FakeOptions) => machine(options)],
] as const) {
  const calls = await callsOf(start);
  const from = calls.indexOf('hold signals');
  calls.forEach((call, i) => {
    test(`${what}: if call ${i + 1} fails (${call}), the unit is as before, or the failure is reported`, async () => {
      const system = await start({ failAt: i + 1 });
      const before = filesOf(system);
      const { exit, codes } = await record(system);
      if (codes.includes('half-done')) assert.equal(exit, 2);
      else assert.deepEqual(filesOf(system), before);
      if (!system.calls.includes('hold signals')) assert.deepEqual(system.changes, []);
      else assert.ok(system.calls.includes('release signals'));
    });

    if (i <= from || call === 'release signals') return;
    test(`${what}: a signal in call ${i + 1} (${call}) leaves the unit as before`, async () => {
      const system = await start({ signalAt: i + 1 });
      const before = filesOf(system);
      const { exit, codes } = await record(system);
      assert.equal(exit, codes.includes('interrupted') ? 2 : 1);
      if (/^(replace|reload|wait)/.test(call) && i < calls.indexOf(`wait 1000`))
        assert.ok(codes.includes('interrupted'));
      assert.deepEqual(filesOf(system), before);
      assert.ok(system.isUpToDate);
      assert.ok(system.calls.includes('release signals'));
    });
  });
}
