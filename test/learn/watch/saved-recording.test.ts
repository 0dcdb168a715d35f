import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { SavedRecording } from '../../../src/learn/watch/saved-recording.js';
import { WatchedService } from '../../../src/learn/watch/watched-service.js';
import { parseRecording } from '../../../src/observe/recording/parse.js';
import { watchedOn } from '../../../src/observe/watch-list.js';
import type { NamespaceOf, RootView } from '../../../src/systemd/unit/view.js';
import { UNIT } from '../../support/demo-service.js';
import { dump } from '../../support/dumps.js';
import { failure } from '../../support/failure.js';
import { type FakeSystem, fakeContext, program } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';
import { seenMachine } from '../../support/watch-in-memory.js';

const socket = watchedOn('x86-64').findIndex(
  ({ abi, watched }) => abi === 'native' && watched.call === 'socket',
);

const DUMP = dump({
  programs: [{ path: '/usr/sbin/demod', phases: 0b11 }],
  refused: [{ abi: 'native', nr: 435, errno: 38, count: 1, programs: 1 }],
  arguments: [{ watch: socket, phases: 2, values: [['2', '1']], lost: 0 }],
});

const machine = () => seenMachine({ files: { '/usr/sbin/demod': program('demo') } });

/** A recording of a service with these properties. */
function recordingOf(system: FakeSystem, properties: Readonly<Record<string, unknown>> = {}) {
  const context = fakeContext(system);
  const service = new WatchedService(context, { name: UNIT, state: unitState(properties) });
  const one = new SavedRecording(context, service);
  const seen = { machine: 'x86-64', begin: 0, slice: 10, truncated: true } as const;
  const save = (seconds = 60, text = JSON.stringify(DUMP)) => one.save({ ...seen, seconds, dump: text });
  return { service, one, save };
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

test('a dump becomes a recording on disk: names, the host, hashes of programs', async () => {
  const system = machine();
  const { service, one, save } = recordingOf(system);
  service.note({ what: 'start', at: 1 });
  service.lostEvents = 7;
  await save();
  const { recording, path } = one.saved!;
  const { host, refused, arguments: found, programs, events, lost } = recording;
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
  assert.notEqual(host.id, sha256('0a'.repeat(16)));
  assert.equal(programs[0]!.hash, sha256('demo'));
  assert.deepEqual([events, lost.events], [[{ what: 'start', at: 1 }], 7]);
  assert.ok(!('severity' in parseRecording(system.files.get(path)!.bytes, path)));
});

test('an invalid dump is an error', async () => {
  assert.equal((await failure(recordingOf(machine()).save(60, '{"dump":')))[0], 'observer-failed');
});

for (const [root, mainPid] of [
  ['RootDirectory', 7],
  ['RootImage', 7],
  ['RootImage', 0],
] as const) {
  test(`with ${root}= a program has the hash of ${mainPid === 0 ? 'nothing while the service is down' : 'the file that the service sees'}`, async () => {
    const system = machine();
    const walk = system.walk.bind(system);
    system.walk = async (path: string, from?: RootView | NamespaceOf) =>
      from === undefined
        ? walk(path)
        : { real: undefined, untrusted: [], content: new TextEncoder().encode(JSON.stringify(from)) };
    const { one, save } = recordingOf(system, { [root]: '/srv/root', MainPID: mainPid });
    await save();
    assert.equal(one.saved!.recording.programs[0]!.hash, mainPid === 0 ? null : sha256('{"process":7}'));
  });
}
