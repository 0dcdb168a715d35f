/** Tests of learn/watch/watch.ts and learn/watch/watch-loop.ts: a watch, on a machine in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { error, UserError } from '../../../src/diagnostic.js';
import { assertMayWatch, watch } from '../../../src/learn/watch/watch.js';
import type { WatchOptions } from '../../../src/learn/watch/watch-loop.js';
import type { Context } from '../../../src/machine/context.js';
import type { Recording } from '../../../src/observe/recording/recording.js';
import { UNIT } from '../../support/demo-service.js';
import { dump } from '../../support/dumps.js';
import { failure } from '../../support/failure.js';
import { FakeObserver, type FakeObserverOptions } from '../../support/fake-observer.js';
import { type FakeOptions, type FakeSystem, fakeContext, OF_USER } from '../../support/fake-system.js';
import { watchedMachine } from '../../support/watch-in-memory.js';

const FOLDER = `/var/lib/sandbox-unit/recordings/${UNIT}/`;

const seeing = (dumps: number, more: FakeObserverOptions = {}) =>
  new FakeObserver({ dumps: Array.from({ length: dumps }, () => [JSON.stringify(dump())]), ...more });

/** Writes of recordings, each with whether it is cut short; some fail. */
function savesOf(system: FakeSystem, failing: number): boolean[] {
  const replace = system.replace.bind(system);
  const saves: boolean[] = [];
  system.replace = async (path, bytes, options) => {
    if (path.startsWith(FOLDER)) {
      saves.push((JSON.parse(new TextDecoder().decode(bytes)) as Recording).truncated);
      if (saves.length <= failing) throw new UserError(error('unwritable', 'no space left on device'), 2);
    }
    return replace(path, bytes, options);
  };
  return saves;
}

async function watched(
  options: WatchOptions,
  {
    fake = seeing(6),
    failing = 0,
    context: more = {},
    ...machine
  }: FakeOptions & { fake?: FakeObserver; failing?: number; context?: Partial<Context> } = {},
) {
  const system = watchedMachine(fake, machine);
  const saves = savesOf(system, failing);
  const told: string[] = [];
  const context = fakeContext(system, more);
  const caller = { ...context.caller, tell: (line: string) => void told.push(line) };
  const { diagnostics, saved } = await watch({ ...context, caller }, [UNIT], options);
  return { fake, system, saves, told, diagnostics, recording: saved[0]!.recording };
}

const codes = (found: readonly { readonly code: string }[]) => found.map(({ code }) => code);

test('watch: a service is watched for a time, in its control group, without its setup programs', async () => {
  const { fake, system, saves, recording, diagnostics } = await watched({ seconds: 3 });
  assert.ok(fake.heard.includes('unit 0 /sys/fs/cgroup/system.slice/demo.service'));
  assert.ok(fake.heard.includes('setup /usr/lib/systemd/systemd-executor'));
  assert.deepEqual(fake.heard.slice(fake.heard.indexOf('start')), ['start', 'phase 0 serving', 'dump']);
  const { unit, begin, end, slice } = recording;
  assert.deepEqual([unit, slice, saves], [UNIT, 10, [false]]);
  assert.ok(Date.parse(end) - Date.parse(begin) >= 3000);
  assert.deepEqual(diagnostics, []);
  const own = system.changes.filter((call) => !/\/(?:run\/sandbox-unit\/watches|recordings)\//.test(call));
  assert.deepEqual(own, []);
});

test("watch: the manager is asked now and then about a service that doesn't change", async () => {
  const { system } = await watched({ seconds: 100 });
  const asked = system.calls.filter((call) => call === `unit ${UNIT}`);
  assert.ok(asked.length > 5 && asked.length < 20, `${asked.length}`);
});

test('watch --restart: covers a whole run', async () => {
  const { fake, system, recording } = await watched({ restart: true, seconds: 3 });
  const asked = system.calls.filter((call) => /^(restart|reload-unit) /.test(call));
  assert.deepEqual(asked, [`restart ${UNIT}`, `reload-unit ${UNIT}`, `restart ${UNIT}`]);
  const phases = fake.heard.filter((line) => line.startsWith('phase'));
  assert.deepEqual(phases.slice(0, 3), ['phase 0 serving', 'phase 0 stop', 'phase 0 serving']);
  assert.ok(phases.includes('phase 0 reload'));
  assert.ok(recording.events.some(({ what }) => what === 'reload'));
});

test('watch --restart: a service that was down is stopped again', async () => {
  const distort = (properties: Map<string, unknown>) =>
    properties.set('Slice', 'own.slice').set('ControlGroup', '');
  const { system } = await watched({ restart: true, seconds: 3 }, { running: [], distort });
  const asked = system.calls.filter((call) => /^(restart|stop-unit) /.test(call));
  assert.deepEqual(asked, [`restart ${UNIT}`, `restart ${UNIT}`, `stop-unit ${UNIT}`]);
});

for (const [why, properties, code] of [
  ['refuses it', { RefuseManualStop: true }, 'not-restarted'],
  ['would end this program', { ControlGroup: '/own.slice/demo.service' }, 'own-service'],
] as const) {
  test(`watch --restart: a service whose restart ${why} is not restarted`, async () => {
    const distort = (all: Map<string, unknown>) => {
      for (const [name, value] of Object.entries(properties)) all.set(name, value);
    };
    const files = { '/proc/self/cgroup': '0::/own.slice/demo.service/here\n' };
    assert.equal((await failure(watched({ restart: true }, { distort, files })))[0], code);
  });
}

test('watch --exercise: the end of the command ends the watch, and its failure is a warning', async () => {
  const ended = { status: 7, stdout: '', stderr: 'x\nno server\n' };
  const programs = {
    '/bin/sh': ([, , script]: readonly string[]) => {
      assert.equal(script, 'unset NOTIFY_SOCKET\nload');
      return ended;
    },
  };
  const { diagnostics, recording } = await watched({ exercise: 'load' }, { programs });
  assert.deepEqual(codes(diagnostics), ['exercise-failed']);
  assert.match(diagnostics[0]!.message, /status 7: no server$/);
  const found = recording.events.map(({ what }) => what);
  assert.deepEqual(found, ['serving', 'exercise']);
});

test('watch: a long one is saved each minute, marked as incomplete', async () => {
  assert.deepEqual((await watched({ seconds: 130 })).saves, [true, true, false]);
});

for (const [dumps, code] of [
  [0, 'watch-failed'],
  [1, 'watch-failed'],
] as const) {
  test(`watch: an observer that is killed after ${dumps} saves is an error, and ${code}`, async () => {
    await assert.rejects(
      watched({ seconds: 70 }, { fake: seeing(dumps, { status: 128 }) }),
      ({ exit, diagnostics }) => {
        assert.deepEqual([exit, codes(diagnostics)], [2, ['observer-failed', code]]);
        return true;
      },
    );
  });
}

test('watch: a manager that is gone ends it, and everything seen is saved', async () => {
  const system = watchedMachine(seeing(1));
  const saves = savesOf(system, 0);
  let looks = 0;
  system.changed = async () => {
    if (++looks > 10) throw new UserError(error('bus-failed', 'it is gone'), 2);
    return false;
  };
  await assert.rejects(watch(fakeContext(system), [UNIT], { seconds: 60 }), ({ diagnostics }) => {
    assert.deepEqual([codes(diagnostics), saves], [['bus-failed', 'watch-failed'], [true]]);
    return true;
  });
});

test("watch: a disk that is full for a while doesn't end it, and is reported once", async () => {
  const { saves, told, diagnostics } = await watched({ seconds: 200, quiet: true }, { failing: 2 });
  assert.deepEqual(
    [saves.length, told, diagnostics],
    [4, ['no space left on device; saving is tried again every minute'], []],
  );
});

test("watch: if one recording can't be saved, the other one is", async () => {
  const fake = new FakeObserver({ dumps: [['{"dump":', JSON.stringify(dump())]] });
  const other = { '/usr/lib/systemd/system/a.service': '[Service]\nExecStart=/bin/a\n' };
  const system = watchedMachine(fake, { files: other });
  const saves = savesOf(system, 0);
  const failed = failure(watch(fakeContext(system), ['a', UNIT], { seconds: 3 }));
  assert.deepEqual([(await failed)[0], saves], ['observer-failed', [false]]);
});

test('watch: a manager that waits for its start is notified', async () => {
  let calls = 0;
  const programs = { 'systemd-notify': () => ({ status: calls++, stdout: '', stderr: '' }) };
  await watched({ seconds: 1 }, { programs });
  assert.equal(calls, 0);
  const system = watchedMachine(seeing(1), { programs });
  const { caller } = fakeContext(system);
  const environment = { ...caller.environment, NOTIFY_SOCKET: '/run/systemd/notify' };
  await watch(fakeContext(system, { caller: { ...caller, environment } }), [UNIT], { seconds: 1 });
  assert.equal(calls, 1);
});

test("watch: only root watches system services, and users need the observer's rights", async () => {
  const user = { superuser: false };
  assert.deepEqual(await failure(watched({}, { context: user })), [
    'needs-root',
    'only root may watch services',
    'run it with sudo',
  ]);
  assertMayWatch(fakeContext(watchedMachine(seeing(0)), { ...user, placement: OF_USER }));
  const answer = '{"error":{"code":"not-permitted","message":"no BPF"}}';
  const refused = () => new FakeObserver({ answer });
  const [code, , hint] = await failure(
    watched({}, { fake: refused(), context: { ...user, placement: OF_USER } }),
  );
  assert.equal(code, 'cannot-watch');
  assert.match(
    hint!,
    /^sudo systemd-run --pty --uid=\$USER .*='CAP_PERFMON CAP_BPF' sandbox-unit learn --user demo.service$/,
  );
  assert.match((await failure(watched({}, { fake: refused() })))[2]!, /^run it as root, with CAP_BPF/);
});

test('watch: refuses a template, and any service on an unknown kind of machine', async () => {
  const template = watch(fakeContext(watchedMachine(seeing(0))), ['x@.service'], {});
  assert.equal((await failure(template))[0], 'unit-template');
  assert.equal((await failure(watched({}, { context: { machine: undefined } })))[0], 'no-helper');
});

test('watch: the group of a stopped service is expected in its slice', async () => {
  const distort = (properties: Map<string, unknown>) => {
    properties.set('ControlGroup', '');
    properties.set('Slice', 'own.slice');
  };
  const { fake } = await watched({ seconds: 1 }, { running: [], distort });
  assert.ok(fake.heard.includes('unit 0 /sys/fs/cgroup/own.slice/demo.service'));
});
