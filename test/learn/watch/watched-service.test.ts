import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WatchedService } from '../../../src/learn/watch/watched-service.js';
import { NO_EXEC } from '../../support/demo-service.js';
import { fakeContext, machineWith } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

const state = (activeState: string, run = 1, more: object = {}) =>
  unitState({ ActiveState: activeState, InvocationID: Buffer.from([run]), ...more });
type State = ReturnType<typeof state>;

const SERVICE = `[Service]
ExecStartPre=-/bin/pre0 "-t"
ExecStartPre=/bin/pre1 -t
ExecStart=/bin/demod
`;

/** A watched service, and a look at it in another state. */
function watched(before: State, file = SERVICE) {
  const system = machineWith(file, NO_EXEC);
  const context = fakeContext(system);
  const known = system.unit.bind(system);
  let now = before;
  let asked = 0;
  system.changed = async () => true;
  system.unit = async (name) => (asked++ === 0 ? now : known(name));
  const service = new WatchedService(context, { name: 'demo.service', state: before });
  const look = (next: State, lives: number, at: number) => {
    [now, asked] = [next, 0];
    return service.poll(lives, at);
  };
  const events = () => service.events.map(({ what, at }) => `${what} ${at}`);
  const lines = () => service.events.splice(0).flatMap(({ line }) => line ?? []);
  return { service, look, events, lines };
}

test('a service passes its phases, each for a second at least', async () => {
  const { look, events } = watched(state('active'));
  const looks: readonly [string, number, number, string | undefined][] = [
    ['active', 0, 0, undefined],
    ['reloading', 0, 1, 'reload'],
    ['active', 0, 2, 'serving'],
    ['deactivating', 0, 3, 'stop'],
    ['inactive', 0, 4, undefined],
    ['activating', 1, 5, undefined],
    ['active', 1, 5.5, undefined],
    ['active', 1, 6.2, 'serving'],
  ];
  for (const [activeState, lives, at, told] of looks)
    assert.equal(
      (await look(state(activeState, 1 + lives), lives, at))?.phase,
      told,
      `${activeState} at ${at}`,
    );
  assert.deepEqual(events(), ['serving 0', 'reload 1', 'serving 2', 'stop 3', 'start 5', 'serving 6.2']);
});

test('a start and a stop between two checks are seen, and a failure is no stop', async () => {
  const { service, look, events } = watched(state('active'));
  assert.equal(await look(state('active', 2), 0, 10), undefined);
  assert.equal(service.phase, 'start');
  const ready = state('active', 2, { ActiveEnterTimestampMonotonic: 5_000_000n });
  assert.deepEqual(await look(ready, 0, 19), { phase: 'serving', since: 6_000_000 });
  assert.equal(await look(state('failed', 2), 0, 21), undefined);
  assert.deepEqual(await look(state('inactive', 2), 0, 22), { phase: 'stop' });
  assert.deepEqual(events(), ['serving 0', 'start 10', 'serving 19', 'stop 22']);
});

test('a stopped service is in no phase until it starts', async () => {
  const { service, look, events } = watched(state('inactive', 0));
  assert.equal(await look(state('inactive', 0), 0, 1), undefined);
  assert.deepEqual([service.phase, events()], [undefined, []]);
});

test('a phase that the watch causes lasts to its end, though the manager shows another', async () => {
  const { service, look, events } = watched(state('active'));
  service.cause('reload', 5);
  assert.equal(await look(state('active'), 0, 5.2), undefined);
  assert.equal(service.phase, 'reload');
  service.settle(true);
  assert.equal((await look(state('active'), 0, 6))?.phase, 'serving');
  service.cause('stop', 7);
  assert.equal(await look(state('active', 2), 1, 7.2), undefined);
  assert.equal((await look(state('active', 2), 1, 9))?.phase, 'serving');
  service.cause('reload', 10);
  service.settle(false);
  service.cause('reload', 11);
  await look(state('activating', 3), 2, 12);
  service.settle(true);
  assert.deepEqual(
    events(),
    ['serving 0', 'reload 5', 'serving 6', 'stop 7', 'start 7.2', 'serving 9', 'start 12'],
    'a reload that fails, or ends in another start, is none',
  );
});

/** Commands as the manager has them (type a(sasasttttuii)), by the times of their starts. */
const started = (pre: readonly number[], start: number) => {
  const command = (path: string, time: number, ...words: string[]) => {
    return [path, [path, ...words], [], 5n, BigInt(time), 0n, 0n, 7, 0, 0];
  };
  return state('active', 1, {
    ExecStartPreEx: pre.map((time, i) => command(`/bin/pre${i}`, time, '-t')),
    ExecStartEx: [command('/bin/demod', start)],
  });
};

test('commands after the begin of the watch are recorded by their lines, however often the manager forgets', async () => {
  const { look, lines } = watched(started([1, 0], 2));
  const pre = ['ExecStartPre=-/bin/pre0 "-t"', 'ExecStartPre=/bin/pre1 -t'];
  for (const [now, expected] of [
    [started([1, 0], 2), []],
    [started([3, 4], 5), [...pre, 'ExecStart=/bin/demod']],
    [started([3, 4], 5), []],
    [started([0, 0], 0), []],
    [started([6, 0], 0), pre.slice(0, 1)],
  ] as const) {
    await look(now, 0, 1);
    assert.deepEqual(lines(), expected);
  }
});

test('if the manager has other commands than the files, its own text is recorded', async () => {
  const { look, lines } = watched(
    started([0, 0], 0),
    '[Service]\nExecStart=/bin/true\nExecStart=/bin/false\n',
  );
  await look(started([1, 0], 2), 0, 1);
  assert.deepEqual(lines(), ['ExecStartPre=/bin/pre0 -t', 'ExecStart=/bin/demod']);
});

test('500 events of one kind, and of one command, are kept, and the others are counted', () => {
  const { service } = watched(state('inactive'));
  for (let at = 0; at < 600; at++) {
    service.note({ what: 'start', at });
    service.note({ what: 'command', at, line: 'ExecStartPre=/bin/false' });
  }
  service.note({ what: 'command', at: 600, line: 'ExecStopPost=/bin/true' });
  assert.deepEqual([service.events.length, service.lostEvents], [1001, 200]);
});
