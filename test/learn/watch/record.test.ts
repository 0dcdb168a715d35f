import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import { formatRecording } from '../../../src/evidence/recording/format.js';
import { parseRecording } from '../../../src/evidence/recording/parse.js';
import { Recorder } from '../../../src/learn/watch/record.js';
import { watchedOn } from '../../../src/observer/watch-list.js';
import type { UnitState } from '../../../src/system/unit-state.js';
import type { NamespaceOf, View } from '../../../src/unit/view.js';
import { UNIT } from '../../support/demo-service.js';
import { FakeObserver } from '../../support/fake-observer.js';
import { fakeContext, program } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';
import { watchedMachine } from '../../support/watch-in-memory.js';

const socket = watchedOn('x86-64').findIndex(
  ({ abi, watched }) => abi === 'native' && watched.call === 'socket',
);

const DUMP = {
  dump: 0,
  lives: 1,
  slices: 3,
  programs: [{ path: '/usr/sbin/demod', phases: 0b11 }],
  calls: [
    {
      abi: 'native',
      nr: 41,
      first: 0.5,
      last: 9,
      slices: 2,
      counts: [1, 5, 0, 0],
      programs: 1,
      onceReady: 2,
    },
  ],
  refused: [{ abi: 'native', nr: 435, errno: 38, count: 1, programs: 1 }],
  arguments: [{ watch: socket, phases: 2, values: [['2', '1']], lost: 0 }],
  paths: [{ use: 'read', phases: 1, path: '/etc/demo', count: 2 }],
  peers: [{ use: 'bind', family: 2, type: 1, address: '0.0.0.0', port: 80, count: 1 }],
  capabilities: [],
  forkFlags: [],
  modes: [420],
  ringOperations: [],
  lost: {},
  blind: ['capabilities'],
};

const FILES = {
  '/proc/sys/kernel/hostname': 'web1\n',
  '/proc/sys/kernel/osrelease': '6.12.0\n',
  '/etc/machine-id': `${'0a'.repeat(16)}\n`,
  '/usr/sbin/demod': program('demo'),
};

test('a dump becomes a recording that can be stored: names, the host, hashes of programs', async () => {
  const context = fakeContext(watchedMachine(new FakeObserver(), { files: FILES }));
  const watched = {
    machine: 'x86-64' as const,
    service: { name: UNIT, state: unitState() },
    begin: 1_700_000_000_000,
    end: 1_700_000_030_000,
    slice: 10,
    dump: JSON.stringify(DUMP),
    events: [{ what: 'start', at: 1 }] as const,
    lostEvents: 0,
    truncated: false,
  };
  const recorder = new Recorder(context);
  const recording = await recorder.recordingOf(watched);
  assert.deepEqual(recorder.latest(), [recording]);
  const { host, calls, refused, arguments: found } = recording;
  assert.deepEqual(
    calls.map(({ name, count }) => [name, count]),
    [['socket', 6]],
  );
  assert.deepEqual(
    refused.map(({ name, answer }) => [name, answer]),
    [['clone3', 38]],
  );
  assert.deepEqual(
    found.map(({ name, arguments: at, values }) => [name, at, values]),
    [['socket', [0, 1], [['2', '1']]]],
  );
  assert.deepEqual([host.name, host.kernel, host.architecture], ['web1', '6.12.0', 'x86-64']);
  assert.match(host.id, /^[0-9a-f]{32}$/);
  assert.notEqual(host.id, createHash('sha256').update('0a'.repeat(16)).digest('hex'));
  assert.equal(recording.programs[0]!.hash, createHash('sha256').update('demo').digest('hex'));
  assert.deepEqual(parseRecording(formatRecording(recording), 'x.json'), recording);
});

test('a dump that is none is an error', async () => {
  const context = fakeContext(watchedMachine(new FakeObserver(), { files: FILES }));
  const watched = {
    machine: 'x86-64' as const,
    service: { name: UNIT, state: unitState() },
    ...{ begin: 0, end: 0, slice: 10, dump: '{"dump":', events: [], lostEvents: 0, truncated: false },
  };
  await assert.rejects(new Recorder(context).recordingOf(watched), UserError);
});

for (const [root, mainPid] of [
  ['RootDirectory', 7],
  ['RootImage', 7],
  ['RootImage', 0],
] as const) {
  test(`with ${root}= a program has the hash of what ${mainPid === 0 ? 'nobody sees' : 'the service sees'}`, async () => {
    const distort = (properties: Map<string, unknown>) => properties.set('MainPID', mainPid);
    const system = watchedMachine(new FakeObserver(), { files: FILES, distort });
    const walk = system.walk.bind(system);
    system.walk = async (path: string, from?: View | NamespaceOf) =>
      from === undefined
        ? walk(path)
        : { real: undefined, untrusted: [], content: new TextEncoder().encode(JSON.stringify(from)) };
    const watched = (state: UnitState) => ({
      machine: 'x86-64' as const,
      service: { name: UNIT, state },
      ...{
        begin: 0,
        end: 9000,
        slice: 10,
        dump: JSON.stringify(DUMP),
        events: [],
        lostEvents: 0,
        truncated: false,
      },
    });
    const recorder = new Recorder(fakeContext(system));
    const hashIn = async (state: UnitState) => (await recorder.recordingOf(watched(state))).programs[0]!.hash;
    const sum = (text: string) => createHash('sha256').update(text).digest('hex');
    assert.equal(await hashIn(unitState()), sum('demo'));
    const own = await hashIn(unitState({ [root]: '/srv/root' }));
    assert.equal(own, mainPid === 0 ? null : sum('{"process":7}'));
    assert.equal(await hashIn(unitState({ [root]: '/' })), sum('demo'));
  });
}
