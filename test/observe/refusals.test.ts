import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observedIn } from '../../src/observe/parse-dump.js';
import { refusalsIn } from '../../src/observe/refusals.js';
import { dump } from '../support/dumps.js';

const refusals = (seen: Parameters<typeof dump>[0]) =>
  refusalsIn(observedIn(JSON.stringify(dump(seen))), 'x86-64');

const path = {
  use: 'write',
  phases: 1,
  path: '/srv/a',
  count: 2,
  errno: 30,
  programs: 0,
  root: true,
} as const;

test('refused paths have the wish, the errno and whether root asked', () => {
  assert.deepEqual(refusals({ refused: [], paths: [path], peers: [], capabilities: [] }), [
    {
      ...{ kind: 'path', path: '/srv/a', wish: 'write', errno: 30, isRoot: true, count: 2, programs: [] },
    },
  ]);
});

test('a path that was cut, is relative, or was not refused is left out', () => {
  const paths = [
    { ...path, cut: true },
    { ...path, path: 'a' },
    { ...path, count: 0 },
  ];
  assert.deepEqual(refusals({ refused: [], paths, peers: [], capabilities: [] }), []);
});

test('a refused call is named, and says whether a filter refused it', () => {
  const call = { abi: 'native', nr: 59, errno: 1, count: 3, programs: 0 } as const;
  const found = refusals({
    refused: [call, { ...call, failed: true }],
    paths: [],
    peers: [],
    capabilities: [],
  });
  assert.deepEqual(
    found.map((one) => one.kind === 'call' && [one.call, one.byFilter, one.count]),
    [
      ['execve', true, 3],
      ['execve', false, 3],
    ],
  );
});

test('only capabilities that were lacked are reported, without those of files, of which paths tell more', () => {
  const lacked = { granted: false, count: 1, calls: [{ abi: 'native', nr: 49 }], lost: 0 } as const;
  const capabilities = [
    { ...lacked, capability: 10 },
    { ...lacked, capability: 1 },
    { ...lacked, capability: 12, granted: true },
  ];
  const found = refusals({ refused: [], paths: [], peers: [], capabilities });
  assert.deepEqual(found, [
    { kind: 'capability', capability: 'CAP_NET_BIND_SERVICE', count: 1, programs: [], calls: ['bind'] },
  ]);
});

test('an address that could not be used is reported if it was refused', () => {
  const peer = { use: 'connect', family: 2, type: 1, address: '10.0.0.1', port: 80, count: 1 } as const;
  const peers = [{ ...peer, errno: 1 }, { ...peer, errno: 111 }, peer];
  const found = refusals({ refused: [], paths: [], peers, capabilities: [] });
  assert.deepEqual(
    found.map((one) => one.kind === 'address' && [one.address, one.port, one.errno]),
    [['10.0.0.1', 80, 1]],
  );
});
