import assert from 'node:assert/strict';
import { test } from 'node:test';
import { restartObstacle } from '../../../src/apply/restart/may-restart.js';
import { restart } from '../../../src/apply/restart/restart-service.js';
import {
  isKilledByReload,
  reloadKills,
  reloadSignal,
  type Trial,
  tryOut,
} from '../../../src/apply/trial/trial.js';
import { isRunning } from '../../../src/machine/state/service-run.js';
import { UNIT } from '../../support/demo-service.js';
import { type Behaviour, type FakeOptions, FakeSystem } from '../../support/fake-system.js';
import { planned } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';
import { unitState } from '../../support/unit-state.js';

const service = (type: string) => `[Service]\nType=${type}\nExecStart=/bin/demod\n`;

function machine(
  behaviour: Behaviour,
  { type = 'simple', ...options }: FakeOptions & { type?: string } = {},
) {
  return new FakeSystem({
    files: {
      [`/usr/lib/systemd/system/${UNIT}`]: service(type),
      [`/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`]: '[Service]\n',
    },
    behaviour: () => behaviour,
    running: [UNIT],
    ...options,
  });
}

const trial = { plan: planned('[syscalls]\ndeny = ["uname"]\n'), settle: 1500, probes: [] };

/** Restarts a service, and tries it out if it starts. */
async function start(system: FakeSystem, more: Partial<Trial> = {}) {
  const found = await restart(system, { unit: UNIT, scope: 'system', plan: trial.plan });
  return found.length > 0 ? found : tryOut(system, { ...trial, ...more });
}

test('trial: a service that restarts and stays up passes', async () => {
  const system = machine('works');
  assert.deepEqual(await start(system), []);
  assert.deepEqual(system.calls, [
    'unit demo.service',
    'restart demo.service',
    'unit demo.service',
    'unit demo.service',
    'wait 1500',
    'unit demo.service',
    'read /proc/101/status',
    'unit demo.service',
  ]);
});

const SAID = 'it said: a line / the last line';

const WHICH_CALL =
  "'sandbox-unit explain --record demo.service' runs it once without refusing calls, and lists the calls it needs; ";

const FAILURES: readonly [behaviour: Behaviour, message: string][] = [
  ['dies', 'demo.service did not stay up (signal, killed by SIGSYS: a refused system call)'],
  ['restarts', 'demo.service did not stay up'],
];

for (const [behaviour, message] of FAILURES) {
  test(`trial: a service that '${behaviour}' fails: ${message}`, async () => {
    const found = await start(machine(behaviour));
    assert.deepEqual(found, [
      { severity: 'error', code: 'service-failed', message, hint: WHICH_CALL + SAID },
    ]);
  });
}

test('trial: a signal other than SIGSYS is reported by its number', async () => {
  const distort = (properties: Map<string, unknown>) => properties.set('ExecMainStatus', 11);
  const [found] = await start(machine('dies', { distort }));
  assert.equal(found!.message, 'demo.service did not stay up (signal, killed by SIGSEGV)');
});

test('trial: quoted lines are from the run that failed', async () => {
  const runs: string[] = [];
  const distort = (properties: Map<string, unknown>) =>
    properties.set('InvocationID', [runs.push(String(properties.get('ActiveState')))]);
  const entry = (run: string) =>
    `${JSON.stringify({ MESSAGE: `of run ${run}`, _SYSTEMD_INVOCATION_ID: run })}\n`;
  const stdout = ['01', '02', '03', '04'].map(entry).join('');
  const programs = { journalctl: () => ({ status: 0, stdout, stderr: '' }) };
  const [restarted] = await start(machine('restarts', { distort, programs }));
  // The first look is at the start, the next at the run that stays up for a while.
  assert.match(restarted!.hint!, /it said: of run 03$/);
  const nameless = (properties: Map<string, unknown>) => properties.delete('InvocationID');
  const [unnamed] = await start(machine('job-fails', { distort: nameless }));
  assert.match(unnamed!.hint!, /it said: a line \/ the last line$/);
});

const probes = policyFrom('[apply]\nprobe = ["/bin/probe"]').probe!;
const succeeds = { '/bin/probe': () => ({ status: 0, stdout: '', stderr: '' }) };

test('trial: a probe runs after the settle time', async () => {
  const system = machine('works', { programs: succeeds });
  assert.deepEqual(await start(system, { probes }), []);
  assert.equal(system.calls.at(-2), 'run /bin/probe');
});

test("trial: a probe doesn't run if the service didn't stay up", async () => {
  const system = machine('dies');
  await start(system, { probes });
  assert.ok(!system.calls.some((call) => call.startsWith('run /bin/probe')));
});

/** A service that can be reloaded. */
const reloadable = (options: FakeOptions = {}) =>
  machine('works', { programs: succeeds, distort: (all) => all.set('CanReload', true), ...options });

const trials = ({ calls }: FakeSystem) =>
  calls.filter((call) => /^(?:wait 1500|reload-unit|run \/bin\/probe)/.test(call));

test('trial: a service with a reload must work after it', async () => {
  const system = reloadable();
  assert.deepEqual(await start(system, { probes }), []);
  const once = ['wait 1500', 'run /bin/probe'];
  assert.deepEqual(trials(system), [...once, 'reload-unit demo.service', ...once]);
  const unasked = reloadable();
  await start(unasked, { probes, reload: false });
  assert.deepEqual(trials(unasked), once);
  const unable = machine('works', { programs: succeeds });
  await start(unable, { probes, reload: true });
  assert.deepEqual(trials(unable), once);
});

const READY = '[ready]\ndeny = ["execve"]\n';

const WITHOUT_RELOAD = "; if its reload also fails without the policy, set 'reload = false' in [apply]";

test('trial: a failed reload fails the trial, as does a service that dies of it', async () => {
  const ends = [['/bin/reload', ['/bin/reload'], [], false, 1, 1, 1, 1, 7, 1, 3]];
  const distort = (all: Map<string, unknown>) => all.set('CanReload', true).set('ExecReloadEx', ends);
  const [failed] = await start(reloadable({ reloading: { result: 'failed' }, distort }));
  const message = "the reload of demo.service ended with 'failed' (exit status 3)";
  assert.deepEqual([failed!.message, failed!.hint], [message, WHICH_CALL + SAID + WITHOUT_RELOAD]);
  const [died] = await start(reloadable({ reloading: { dies: true } }));
  assert.match(died!.message, /^demo\.service did not stay up after its reload \(signal, killed by SIGSYS/);
  assert.equal(died!.hint, WHICH_CALL + SAID + WITHOUT_RELOAD);
});

test('trial: a reload that fails under [ready] has a hint with the calls that it needs and `reload`', async () => {
  const plan = { ...trial.plan, ready: planned(READY).ready };
  const [failed] = await start(reloadable({ reloading: { result: 'failed' } }), { plan });
  assert.match(failed!.hint!, /^a reload may need calls that \[ready] refuses.*'reload = false' in \[ready]/);
  assert.doesNotMatch(failed!.hint!, /\[apply]/);
});

test('trial: a service that dies of its reload and is restarted at once did not stay up', async () => {
  let reloaded = false;
  const distort = (all: Map<string, unknown>) => {
    all.set('CanReload', true);
    if (reloaded) all.set('InvocationID', [1, 2]).set('NRestarts', 1);
  };
  const system = reloadable({ distort });
  system.reloadUnit = async () => {
    reloaded = true;
    return 'done';
  };
  assert.match((await start(system))[0]!.message, /^demo\.service did not stay up after its reload/);
});

test('trial: a service that its own reload ends is restarted with a note, unless the policy requires a reload', async () => {
  const kill = [['/bin/kill', ['/bin/kill', '-SYS', '$MAINPID'], [], false, 1, 1, 1, 1, 7, 1, 0]];
  const distort = (all: Map<string, unknown>) => all.set('CanReload', true).set('ExecReloadEx', kill);
  const system = reloadable({ reloading: { dies: true }, distort });
  const said = await start(system);
  const found = said.map(({ severity, code }) => `${severity} ${code}`);
  assert.deepEqual(found, ['warning reload-kills']);
  assert.deepEqual(system.changes, [
    'restart demo.service',
    'reload-unit demo.service',
    'restart demo.service',
  ]);
  const [failed] = await start(reloadable({ reloading: { dies: true }, distort }), { reload: true });
  assert.equal(failed!.code, 'service-failed');
});

test('trial: a reload that another job has replaced is no failure', async () => {
  assert.deepEqual(await start(reloadable({ reloading: { result: 'canceled' } })), []);
});

for (const state of ['active', 'reloading', 'refreshing']) {
  test(`trial: a service that is ${state} at the end of the settle time has stayed up`, async () => {
    let looks = 0;
    const distort = (properties: Map<string, unknown>) => {
      if (++looks === 4) properties.set('ActiveState', state);
    };
    assert.deepEqual(await start(machine('works', { distort })), []);
    assert.equal(looks, 5);
  });
}

test('trial: the bus that leads to the manager is never restarted', () => {
  const obstacle = (Id: string) => restartObstacle(unitState({ Id }));
  for (const unit of ['dbus.service', 'dbus-broker.service']) assert.match(obstacle(unit)!, /bus/);
  assert.equal(obstacle('demo.service'), undefined);
});

const STATES: readonly [state: string, running: boolean][] = [
  ['active', true],
  ['reloading', true],
  ['refreshing', true],
  ['activating', true],
  ['deactivating', false],
  ['inactive', false],
  ['failed', false],
  ['maintenance', false],
];

for (const [state, running] of STATES) {
  test(`a unit that is ${state} ${running ? 'is' : 'is not'} running`, () => {
    assert.equal(isRunning(unitState({ ActiveState: state })), running);
  });
}

const HUP = ['/bin/kill', '-HUP', '$MAINPID'];

/** A service with these commands for its reload. */
const reloadedBy = (...commands: (readonly string[])[]) =>
  unitState({ ExecReloadEx: commands.map((words) => [words[0], words, [], 0, 0, 0, 0, 0, 0, 0, 0]) });

test("a reload's signal is known if the reload does nothing else", () => {
  for (const option of [['-HUP'], ['-SIGHUP'], ['-1'], ['-s', 'HUP']]) {
    assert.equal(reloadSignal(reloadedBy(['/usr/bin/kill', ...option, '$MAINPID'])), 1);
  }
  assert.equal(reloadSignal(reloadedBy(['/bin/kill', '-USR2', '$MAINPID'])), 12);
  for (const commands of [
    [],
    [HUP, ['/bin/true']],
    [['/bin/reload', '-HUP', '$MAINPID']],
    [['/bin/kill', '-HUP', '1']],
    [['/bin/kill', '-q', '$MAINPID']],
    [['/bin/kill', '$MAINPID']],
  ]) {
    assert.equal(reloadSignal(reloadedBy(...commands)), undefined);
  }
});

/** Whether a run that has ended so was ended by its reload. */
async function isKilled(code: number, status: number, commands = [HUP]) {
  const end = (all: Map<string, unknown>) =>
    all.set('ExecMainCode', code).set('ExecMainStatus', status).set('InvocationID', []);
  const run = reloadedBy(...commands);
  return isKilledByReload(new FakeSystem({ distort: end }), { unit: 'x.service', scope: 'system', run });
}

test("a service whose main process died of the reload's signal was ended by its reload", async () => {
  assert.equal(await isKilled(2, 1), true);
  assert.equal(await isKilled(2, 31), false);
  assert.equal(await isKilled(1, 1), false);
  assert.equal(await isKilled(2, 1, [['/bin/reload']]), false);
});

test('the end of a run is read from the journal if another run has followed', async () => {
  const stdout = '{"EXIT_CODE":"killed","EXIT_STATUS":"1"}\n';
  const programs = { journalctl: () => ({ status: 0, stdout, stderr: '' }) };
  const distort = (all: Map<string, unknown>) => all.set('InvocationID', [1]);
  const one = { unit: 'x.service', scope: 'system', run: reloadedBy(HUP) } as const;
  assert.equal(await isKilledByReload(new FakeSystem({ programs, distort }), one), true);
});

test('a service that systemd has unloaded ended with success', async () => {
  const end = async (ActiveState: string, words: readonly string[]) => {
    const distort = (all: Map<string, unknown>) =>
      all.set('ActiveState', ActiveState).set('InvocationID', []);
    const run = { ...reloadedBy(words), invocationId: '01' };
    const programs = { journalctl: () => ({ status: 0, stdout: '', stderr: '' }) };
    const system = new FakeSystem({ programs, distort });
    return isKilledByReload(system, { unit: 'x.service', scope: 'system', run });
  };
  assert.equal(await end('inactive', HUP), true);
  assert.equal(await end('active', HUP), false);
  assert.equal(await end('inactive', ['/bin/kill', '-USR2', '$MAINPID']), false);
});

test("a reload's signal is reported by its name", () => {
  const { severity, message } = reloadKills('x.service', reloadedBy(HUP));
  assert.equal(
    `${severity}: ${message}`,
    'warning: x.service does not handle signal 1: its reload ended it, and it was started again',
  );
});
