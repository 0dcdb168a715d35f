import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeProfile, profileMachine } from '../../../src/learn/profile/make-profile.js';
import type { Recording } from '../../../src/observe/recording/recording.js';
import { call, fullRecording, hostNamed, recording } from '../../support/recordings.js';

const profile = (recordings: readonly Recording[], architecture = 'x86-64') =>
  makeProfile('demo.service', recordings, architecture);

const LATER = { begin: '2026-11-21T10:00:00.000Z', end: '2026-11-21T10:10:00.000Z' };
const TWO = { ...LATER, host: hostNamed('two') };

test('calls are joined, with the hosts and recordings that show them', () => {
  const again = recording({
    ...LATER,
    programs: [
      { path: '/usr/bin/dash', hash: null, phases: ['start'] },
      { path: '/usr/sbin/demod', hash: null, phases: ['start', 'stop'] },
    ],
    calls: [call('read', { count: 5, first: 2, last: 3, phases: { serving: 4, stop: 1 }, programs: [0, 1] })],
  });
  const { calls, hosts, recordings, seconds } = profile([recording(), again, recording(TWO)]);
  assert.deepEqual([hosts, recordings, seconds], [2, 3, 1800]);
  assert.deepEqual(
    calls.map(({ name, hosts: of, recordings: shown }) => [name, of, shown]),
    [
      ['execve', 2, 2],
      ['read', 2, 3],
      ['write', 2, 2],
    ],
  );
  const read = calls.find(({ name }) => name === 'read')!;
  assert.deepEqual(read, {
    architecture: 'x86-64',
    name: 'read',
    count: 205,
    first: '2026-11-20T10:00:01.000Z',
    last: '2026-11-21T10:08:20.000Z',
    phases: { serving: 204, stop: 1 },
    programs: ['/usr/sbin/demod', '/usr/bin/dash'],
    onceReady: ['serving', 'stop'],
    hosts: 2,
    recordings: 3,
  });
});

test('the order of recordings affects only the order of programs', () => {
  const all = [fullRecording(), recording(LATER), fullRecording(TWO)];
  const { watches, ...one } = profile(all);
  const { watches: turned, ...other } = profile(all.toReversed());
  assert.deepEqual(other, one);
  assert.deepEqual(turned, watches.toReversed());
});

test('a call of another ABI is a different call, and one without a name has its number', () => {
  const calls = [
    call('read'),
    call('read', { architecture: 'x86', number: 3 }),
    { ...call('read'), name: null, number: 470 },
  ];
  const refused = [
    { architecture: 'x86-64', number: 471, name: null, answer: 38, count: 1, programs: [] },
    { architecture: 'x86-64', number: 435, name: 'clone3', answer: 38, count: 1, programs: [0] },
    { architecture: 'x86-64', number: 435, name: 'clone3', answer: 'kill' as const, count: 2, programs: [] },
  ];
  const made = profile([recording({ calls, refused }), recording({ ...TWO, calls, refused })]);
  const found = made.calls.map(({ name, architecture }) => `${name} ${architecture}`);
  assert.deepEqual(found, ['read x86', 'read x86-64']);
  assert.deepEqual([made.nameless, made.namelessRefused], [['x86-64 470'], ['x86-64 471']]);
  assert.deepEqual(
    made.refused.map(({ name, answer, count, hosts }) => [name, answer, count, hosts]),
    [
      ['clone3', 38, 2, 2],
      ['clone3', 'kill', 4, 2],
    ],
  );
});

test('values of arguments are joined, with the hosts that show them', () => {
  const values = (...of: string[][]) => [
    {
      ...{ architecture: 'x86-64', name: 'socket', arguments: [0, 1], phases: ['start'] as const, lost: 1 },
      values: of,
    },
  ];
  const [socket] = profile([
    recording({ arguments: values(['10', '1'], ['2', '1']) }),
    recording({ ...TWO, arguments: values(['2', '1']) }),
  ]).arguments;
  assert.deepEqual(socket!.values, [
    ['2', '1'],
    ['10', '1'],
  ]);
  assert.deepEqual(socket!.shown, [
    { hosts: 2, recordings: 2 },
    { hosts: 1, recordings: 1 },
  ]);
  assert.equal(socket!.lost, 2);
});

test('paths, peers and capabilities are joined; failures stay separate', () => {
  const failed = {
    path: '/etc/demo.conf',
    use: 'read' as const,
    phases: ['stop'] as const,
    count: 1,
    errno: 13,
  };
  const made = profile([
    fullRecording(),
    fullRecording({
      ...TWO,
      paths: [failed, { path: '/etc/demo.conf', use: 'read', phases: ['serving'], count: 4 }],
      capabilities: [{ name: 'CAP_NET_BIND_SERVICE', granted: true, count: 2, calls: ['bind', 'socket'] }],
    }),
  ]);
  const conf = made.paths.filter(({ path }) => path === '/etc/demo.conf');
  assert.deepEqual(
    conf.map(({ errno, count, phases, hosts }) => [errno, count, phases, hosts]),
    [
      [undefined, 5, ['start', 'serving'], 2],
      [13, 1, ['stop'], 1],
    ],
  );
  assert.deepEqual(
    made.peers.map(({ address, count, recordings }) => [address, count, recordings]),
    [
      ['/run/x', 8, 2],
      ['0.0.0.0', 2, 2],
    ],
  );
  assert.deepEqual(made.capabilities, [
    {
      name: 'CAP_NET_BIND_SERVICE',
      granted: true,
      count: 3,
      calls: ['bind', 'socket'],
      hosts: 2,
      recordings: 2,
    },
  ]);
  assert.deepEqual([made.lost, made.blind], [{ paths: 6 }, ['capabilities']]);
});

test('a program has each content that it had', () => {
  const program = (hash: string | null) => [{ path: '/usr/sbin/demod', hash, phases: ['start'] as const }];
  const [a, b] = ['aa'.repeat(32), 'bb'.repeat(32)];
  const made = profile([a, b, b, null].map((hash) => recording({ programs: program(hash!) })));
  assert.deepEqual(made.programs, [
    { path: '/usr/sbin/demod', phases: ['start'], hashes: [a, b], unread: 1, hosts: 1, recordings: 4 },
  ]);
});

test('recordings of another machine are counted, but not used', () => {
  const arm = recording({
    host: { ...hostNamed('arm'), architecture: 'arm64' },
    calls: [call('read', { architecture: 'arm64', number: 63 })],
    lost: { calls: 4 },
  });
  const made = profile([recording(), arm]);
  assert.deepEqual([made.hosts, made.recordings, made.apart, made.lost], [1, 1, { arm64: 1 }, {}]);
  assert.ok(made.calls.every(({ architecture }) => architecture === 'x86-64'));
  assert.deepEqual(
    [profileMachine([recording(), arm], 'x86-64'), profileMachine([recording(), arm], 'riscv64')],
    ['x86-64', 'arm64'],
  );
  assert.equal(profileMachine([], 'x86-64'), undefined);
});
