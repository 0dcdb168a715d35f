/**
 * Tests of learn/watch/watch.ts, learn/watch/course.ts, learn/watch/life.ts, learn/watch/keeping.ts and
 * learn/watch/target.ts: a watch, on a machine in memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { error, UserError } from '../../../src/diagnostic.js';
import type { WatchOptions } from '../../../src/learn/watch/course.js';
import type { Watched } from '../../../src/learn/watch/keeping.js';
import { watch } from '../../../src/learn/watch/watch.js';
import { UNIT } from '../../support/demo-service.js';
import { FakeObserver } from '../../support/fake-observer.js';
import { type FakeOptions, fakeContext } from '../../support/fake-system.js';
import { watchedMachine } from '../../support/watch-in-memory.js';

async function watched(
  options: WatchOptions,
  { fake = new FakeObserver(), ...more }: FakeOptions & { fake?: FakeObserver } = {},
) {
  const system = watchedMachine(fake, more);
  const kept: (readonly Watched[])[] = [];
  const diagnostics = await watch(fakeContext(system), [UNIT], options, async (all) => void kept.push(all));
  return { fake, system, kept, diagnostics };
}

const codes = (found: readonly { readonly code: string }[]) => found.map(({ code }) => code);

test('a service is watched for a time, in its control group, without what sets it up', async () => {
  const { fake, system, kept, diagnostics } = await watched({ seconds: 3 });
  assert.ok(fake.heard.includes('unit 0 /sys/fs/cgroup/system.slice/demo.service'));
  assert.ok(fake.heard.includes('setup /usr/lib/systemd/systemd-executor'));
  assert.deepEqual(fake.heard.slice(fake.heard.indexOf('start')), ['start', 'phase 0 serving', 'dump']);
  assert.equal(kept.length, 1);
  const [one] = kept[0]!;
  assert.deepEqual([one!.service.name, one!.truncated, one!.slice], [UNIT, false, 10]);
  assert.ok(one!.end - one!.begin >= 3000);
  assert.deepEqual(diagnostics, []);
  const own = system.changes.filter((call) => !call.includes('/run/sandbox-unit/watches/'));
  assert.deepEqual(own, []);
});

test('the manager is asked about a service that does not change once in a while', async () => {
  const fake = new FakeObserver({ dumps: Array.from({ length: 4 }, () => ['{"dump":0}']) });
  const { system } = await watched({ seconds: 100 }, { fake });
  const asked = system.calls.filter((call) => call === `unit ${UNIT}`);
  assert.ok(asked.length > 5 && asked.length < 20, `${asked.length}`);
});

test('commands are told by their lines', async () => {
  let time = 0n;
  const distort = (properties: Map<string, unknown>) => {
    const [[path, argv, flags]] = properties.get('ExecStartEx') as [unknown[]];
    properties.set('ExecStartEx', [[path, argv, flags, 0n, ++time, 0n, 0n, 1, 0, 0]]);
  };
  const { kept } = await watched({ seconds: 15 }, { distort });
  const commands = kept.at(-1)![0]!.events.filter(({ what }) => what === 'command');
  assert.deepEqual(
    [...new Set(commands.map(({ line }) => line))],
    ['ExecStart=/usr/sbin/demod --foreground'],
  );
});

test('with a restart it lives a whole life', async () => {
  const { fake, system, kept } = await watched({ restart: true });
  const asked = system.calls.filter((call) => /^(restart|reload-unit) /.test(call));
  assert.deepEqual(asked, [`restart ${UNIT}`, `reload-unit ${UNIT}`, `restart ${UNIT}`]);
  const told = fake.heard.filter((line) => line.startsWith('phase'));
  assert.deepEqual(told.slice(0, 3), ['phase 0 serving', 'phase 0 stop', 'phase 0 serving']);
  assert.ok(told.includes('phase 0 reload'));
  assert.ok(kept.at(-1)![0]!.events.some(({ what }) => what === 'reload'));
});

test('a service that was down is down again', async () => {
  const distort = (properties: Map<string, unknown>) =>
    properties.set('Slice', 'own.slice').set('ControlGroup', '');
  const { system } = await watched({ restart: true }, { running: [], distort });
  const asked = system.calls.filter((call) => /^(restart|stop-unit) /.test(call));
  assert.deepEqual(asked, [`restart ${UNIT}`, `restart ${UNIT}`, `stop-unit ${UNIT}`]);
});

test('a service whose restart is refused is not watched with one', async () => {
  const distort = (properties: Map<string, unknown>) => properties.set('RefuseManualStop', true);
  await assert.rejects(watched({ restart: true }, { distort }), ({ diagnostics: [first] }) => {
    assert.equal(first.code, 'not-restarted');
    return true;
  });
});

test('a service that must not be restarted is not watched with a restart', async () => {
  const distort = (properties: Map<string, unknown>) =>
    properties.set('ControlGroup', '/own.slice/demo.service');
  const files = { '/proc/self/cgroup': '0::/own.slice/demo.service/here\n' };
  await assert.rejects(watched({ restart: true }, { distort, files }), ({ diagnostics }) => {
    assert.equal(diagnostics[0].severity, 'error');
    return true;
  });
});

test('an exercise ends the watch, and its failure is told', async () => {
  const programs = { '/bin/sh': () => ({ status: 7, stdout: '', stderr: 'x\nno server\n' }) };
  const { diagnostics, kept } = await watched({ exercise: 'load' }, { programs });
  assert.deepEqual(codes(diagnostics), ['exercise-failed']);
  assert.match(diagnostics[0]!.message, /status 7: no server$/);
  assert.deepEqual(
    kept[0]![0]!.events.map(({ what }) => what),
    ['serving', 'exercise'],
  );
});

test('a long watch is kept each minute, marked as cut short', async () => {
  const fake = new FakeObserver({ dumps: Array.from({ length: 4 }, () => ['{"dump":0}']) });
  const { kept } = await watched({ seconds: 130 }, { fake });
  assert.deepEqual(
    kept.map(([one]) => one!.truncated),
    [true, true, false],
  );
});

test('an observer that is killed ends the watch with an error, and says what is kept', async () => {
  for (const [dumps, code] of [
    [[], 'nothing-kept'],
    [[['{"dump":0}']], 'cut-short'],
  ] as const) {
    const fake = new FakeObserver({ dumps, status: 128 });
    await assert.rejects(watched({ seconds: 70 }, { fake }), ({ exit, diagnostics }) => {
      assert.deepEqual([exit, codes(diagnostics)], [2, ['observer-ended', code]]);
      return true;
    });
  }
});

test('a manager that is gone ends the watch, and all that was seen is kept', async () => {
  const system = watchedMachine(new FakeObserver());
  const kept: Watched[] = [];
  let looks = 0;
  system.changed = async () => {
    if (++looks > 10) throw new UserError(error('bus-lost', 'it is gone'), 2);
    return false;
  };
  const keep = async (all: readonly Watched[]) => void kept.push(...all);
  await assert.rejects(watch(fakeContext(system), [UNIT], { seconds: 60 }, keep), ({ diagnostics }) => {
    assert.deepEqual(codes(diagnostics), ['bus-lost', 'cut-short']);
    return true;
  });
  assert.deepEqual(
    kept.map(({ truncated }) => truncated),
    [true],
  );
});

test('a disk that is full for a while ends no watch', async () => {
  const fake = new FakeObserver({ dumps: Array.from({ length: 6 }, () => ['{"dump":0}']) });
  const told: string[] = [];
  const system = watchedMachine(fake);
  const context = fakeContext(system);
  const tell = (line: string) => void told.push(line);
  let times = 0;
  const keep = async () => {
    if (++times <= 2) throw new UserError(error('unwritable', 'no space left on device'), 2);
  };
  const caller = { ...context.caller, tell };
  assert.deepEqual(await watch({ ...context, caller }, [UNIT], { seconds: 200, quiet: true }, keep), []);
  assert.deepEqual([times, told], [4, ['no space left on device; it is tried again each minute']]);
});

test('only root may watch, and a template is no service', async () => {
  const system = watchedMachine(new FakeObserver());
  const keep = async () => undefined;
  const user = fakeContext(system, { superuser: false });
  await assert.rejects(
    watch(user, [UNIT], {}, keep),
    ({ diagnostics: [first] }) => first.code === 'needs-root',
  );
  await assert.rejects(
    watch(fakeContext(system), ['x@.service'], {}, keep),
    ({ diagnostics: [first] }) => first.code === 'unit-template',
  );
});

test('the group of a service that is down will be made in its slice', async () => {
  const distort = (properties: Map<string, unknown>) => {
    properties.set('ControlGroup', '');
    properties.set('Slice', 'own.slice');
  };
  const { fake } = await watched({ seconds: 1 }, { running: [], distort });
  assert.ok(fake.heard.includes('unit 0 /sys/fs/cgroup/own.slice/demo.service'));
});
