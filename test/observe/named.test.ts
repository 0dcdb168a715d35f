import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type DumpFacts, namedDump } from '../../src/observe/named.js';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { parseDump } from '../../src/observe/parse-dump.js';
import { formatRecording } from '../../src/observe/recording/format.js';
import { parseRecording } from '../../src/observe/recording/parse.js';
import { PATH_USES } from '../../src/observe/recording/recording.js';
import { dump } from '../support/dumps.js';
import { recording } from '../support/recordings.js';

const HASH = 'cd'.repeat(32);

const FACTS: DumpFacts = {
  machine: 'x86-64',
  watched: [{ abi: 'native', name: 'socket', arguments: [0, 1] }],
  hashes: new Map([['/usr/sbin/demod', HASH]]),
};

const named = (more: Partial<ObservedUnit> = {}, facts = FACTS) => namedDump(dump(more), facts);

test('numbers become names, masks become lists', () => {
  const { calls, refused, programs } = named();
  assert.deepEqual(programs, [
    { path: '/usr/bin/dash', hash: null, phases: ['start'] },
    { path: '/usr/sbin/demod', hash: HASH, phases: ['start', 'stop'] },
  ]);
  assert.deepEqual(
    calls.map(({ architecture, number, name, count, programs: by }) => [
      architecture,
      number,
      name,
      count,
      by,
    ]),
    [
      ['x86-64', 0, 'read', 906, [0, 1]],
      ['x86-64', 59, 'execve', 2, [0]],
      ['x86', 11, 'execve', 1, [1]],
      ['x86-64', 4000, null, 3, [1]],
    ],
  );
  assert.deepEqual(calls[0]!.phases, { start: 4, serving: 900, stop: 2 });
  const found = calls.map(({ onceReady }) => onceReady);
  assert.deepEqual(found, [['serving'], [], ['serving'], ['serving']]);
  assert.deepEqual(
    refused.map(({ name, answer }) => [name, answer]),
    [
      ['clone3', 38],
      ['ptrace', 'kill'],
    ],
  );
});

test('each machine has its own ABIs, and numbers of x32 lack their bit', () => {
  const calls = (['native', 'compat', 'x32'] as const).map((abi) => ({
    ...{ abi, first: 0, last: 0, slices: 1, counts: [1, 0, 0, 0] as const, programs: 0, onceReady: 0 },
    nr: abi === 'x32' ? 0x40000000 : 63,
  }));
  const at = (machine: DumpFacts['machine']) =>
    named({ calls }, { ...FACTS, machine }).calls.map(({ architecture, name }) => `${architecture} ${name}`);
  assert.deepEqual(at('x86-64'), ['x86-64 uname', 'x86 dup2', 'x32 read']);
  assert.deepEqual(at('arm64').slice(0, 2), ['arm64 read', 'arm dup2']);
  assert.deepEqual(at('riscv64').slice(0, 1), ['riscv64 read']);
});

test('bytes become text, with invalid ones marked', () => {
  const { paths } = named();
  assert.deepEqual(paths[1], { path: '/srv/größe', use: 'failed', phases: ['serving'], count: 2, errno: 2 });
  assert.deepEqual(paths[3], { path: 'end/of/it', use: 'read', phases: ['serving'], count: 1, cut: true });
  const [odd] = named({ paths: [{ use: 'read', phases: 1, path: '/a\xff', count: 1 }] }).paths;
  assert.equal(odd!.path, '/a\ufffd');
});

test('arguments have the call of their line, and values without a line count as lost', () => {
  const { arguments: all, lost } = named({
    arguments: [...dump().arguments, { watch: 7, phases: 1, values: [['1']], lost: 2 }],
  });
  const found = all.map(({ name, values, lost: more }) => [name, values.length, more]);
  assert.deepEqual(found, [['socket', 2, 1]]);
  assert.equal(lost.arguments, 3);
});

test('capabilities have their names, and the calls that needed them', () => {
  assert.deepEqual(
    named().capabilities.map(({ name, calls }) => [name, calls]),
    [
      ['CAP_NET_BIND_SERVICE', ['bind']],
      ['CAP_62', []],
    ],
  );
});

test("what doesn't fit a recording counts as lost, and the observer's losses stay", () => {
  const { lost, forkFlags, modes } = named({
    paths: [
      { use: 'read', phases: 1, path: 'pipe:[1]', count: 1 },
      { use: 'read', phases: 1, path: '/a', count: 1 },
    ],
    programs: [{ path: 'memfd:x', phases: 1 }],
  });
  assert.deepEqual(lost, { paths: 3, programs: 1, capabilities: 2, forkFlags: 1 });
  assert.deepEqual([forkFlags, modes], [[18874385], [0o640]]);
});

test('a program without room in the table makes the programs incomplete', () => {
  const [read] = dump().calls;
  const { calls, lost } = named({ calls: [{ ...read!, programs: 2 ** 31 + 1 }] });
  assert.deepEqual([calls[0]!.programs, lost.programs], [[0], 1]);
});

const count = fc.oneof(fc.nat(5), fc.constant(Number.MAX_SAFE_INTEGER));
const abi = fc.constantFrom('native' as const, 'compat' as const, 'x32' as const);
const nr = fc.oneof(fc.nat(500), fc.constant(0xffffffff));
const mask = fc.oneof(fc.nat(7), fc.constant(Number.MAX_SAFE_INTEGER));
const bytes = fc.string({ unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)) });
const path = fc.oneof(
  bytes,
  bytes.map((text) => `/${text}`),
  fc.constant('/x'.repeat(2048)),
);
const decimal = fc.oneof(fc.constant('18446744073709551615'), fc.nat().map(String));
const errno = fc.nat(4095);
const device = fc.constant('char 1:3');
const call = { abi, nr, programs: mask };

const anyDump: fc.Arbitrary<ObservedUnit> = fc.record({
  dump: fc.constant(0),
  lives: count,
  slices: count,
  programs: fc.array(fc.record({ path, phases: fc.nat(15) }), { maxLength: 64 }),
  calls: fc.array(
    fc.record({
      ...call,
      first: fc.nat(1000),
      last: fc.nat(1000),
      slices: fc.nat(9),
      counts: fc.tuple(count, count, count, count),
      onceReady: fc.nat(15),
    }),
  ),
  refused: fc.array(fc.record({ ...call, errno, count })),
  arguments: fc.array(
    fc.record({
      watch: fc.nat(2),
      phases: fc.nat(15),
      values: fc.array(fc.array(decimal, { minLength: 1, maxLength: 2 })),
      lost: fc.nat(2),
    }),
  ),
  paths: fc.array(
    fc.record(
      {
        use: fc.constantFrom(...PATH_USES),
        phases: fc.nat(15),
        path,
        count,
        errno,
        device,
        cut: fc.boolean(),
      },
      { requiredKeys: ['use', 'phases', 'path', 'count'] },
    ),
  ),
  peers: fc.array(
    fc.record(
      {
        ...{ use: fc.constantFrom('bind', 'accept'), family: fc.nat(50), type: fc.nat(9), address: path },
        ...{ port: fc.option(fc.nat(65_535)), count, errno },
      },
      { requiredKeys: ['use', 'family', 'type', 'address', 'port', 'count'] },
    ),
  ),
  capabilities: fc.array(
    fc.record({
      ...{ capability: fc.nat(63), granted: fc.boolean(), count, lost: fc.nat(2) },
      calls: fc.array(fc.record({ abi, nr })),
    }),
  ),
  forkFlags: fc.array(decimal),
  modes: fc.array(fc.nat(0o7777)),
  ringOperations: fc.array(fc.nat(255)),
  lost: fc.dictionary(fc.constantFrom('paths', 'misses'), fc.nat(2)),
  blind: fc.array(fc.constantFrom('capabilities', 'paths')),
});

test('a recording of any dump can be read back', () => {
  fc.assert(
    fc.property(anyDump, (observed) => {
      const taken = parseDump(new TextEncoder().encode(JSON.stringify(observed)));
      assert.ok(!('severity' in taken), JSON.stringify(taken).slice(0, 300));
      const whole = { ...recording(), ...namedDump(taken, FACTS) };
      const back = parseRecording(formatRecording(whole), 'x.json');
      assert.ok('version' in back, JSON.stringify(back).slice(0, 300));
    }),
  );
});
