/** The observer on the real kernel: what calls do to files, whom they deal with, which are refused. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import type { ObservedUnit } from '../../src/learn/observer/observed.js';
import { SETUP } from '../support/control-groups.js';
import { compileProgram, sharedFolder } from '../support/native.js';
import {
  buildObserver,
  groupsOfTest,
  numberOf,
  observe,
  observerObstacle,
  runIn,
} from '../support/observer.js';

const skip = observerObstacle();
const folder = realpathSync(sharedFolder());
const groups = groupsOfTest();
/** Of a script: it does nothing. */
const INTERPRETER = realpathSync('/bin/true');
let observer: string;
let program: string;

before(async () => {
  if (skip) return;
  observer = await buildObserver(folder);
  program = await compileProgram('observed', folder, ['-pthread']);
});

/** Calls to look at, as lines of the observer. */
const LOOKS: readonly [call: string, look: string][] = [
  ['openat', 'open 1 0'],
  ['mmap', 'mmap - -'],
  ['newfstatat', 'stat 1 0'],
  ['execve', 'exec 0 -'],
  ['mkdir', 'change-directory 0 -'],
  ['rmdir', 'change-directory 0 -'],
  ['unlinkat', 'change-directory 1 0'],
  ['rename', 'change-directory 0 -'],
  ['rename', 'change-directory 1 -'],
  ['renameat', 'change-directory 3 2'],
  ['chmod', 'change-attribute 0 -'],
  ['bind', 'bind - -'],
  ['connect', 'connect - -'],
  ['accept4', 'accept - -'],
  ['sendto', 'sendto - -'],
];

/** Watches a part of the program, in a folder of its own. */
async function watchPart(part: string, prepare: (folder: string) => void = () => {}) {
  const group = groups.make(groups.at(part));
  const lines = LOOKS.flatMap(([call, look]) => {
    const [kind, ...words] = look.split(' ');
    return `look native ${numberOf(call)} ${kind} ${words.join(' ')}`;
  });
  const watched = await observe([observer], [SETUP, ...lines, `unit 0 ${group}`]);
  const own = join(folder, part);
  mkdirSync(own);
  prepare(own);
  assert.deepEqual(await runIn(group, [program, part], own), { status: 0, stdout: '', stderr: '' });
  const [unit] = await watched.end();
  assert.deepEqual([unit!.lost, unit!.blind], [{}, []]);
  return { unit: unit!, own };
}

/** Uses of paths, each as USE PATH, with the errno and the device behind it. */
const usesOf = ({ paths }: ObservedUnit) =>
  paths.map(({ use, path, errno, device, cut }) =>
    [use, path, ...[errno ?? [], device ?? [], cut ? 'cut' : []].flat()].join(' '),
  );

test('paths tell what was done to them', { skip }, async () => {
  const { unit, own } = await watchPart('paths');
  const uses = new Set(usesOf(unit));
  const expected = [
    `execute ${program}`,
    `map-executable ${program}`,
    `reference ${own}/folder`,
    `read ${own}/made`,
    `write ${own}/made`,
    `create-in ${own}`,
    `change-directory ${own}`,
    `change-directory ${own}/folder`,
    'read /dev/null char 1:3',
    `failed ${own}/missing/file 2`,
    `stat ${own}/missing 2`,
    `change-attribute ${own}/folder`,
    'map-executable /memfd:code',
  ];
  for (const use of expected) assert.ok(uses.has(use), `${use}\n${[...uses].join('\n')}`);
  const long = [...uses].find((use) => use.startsWith(`stat ${own}/xxx`));
  assert.match(long!, /^stat \S+\/x{251}\/end 36 cut$/); // ENAMETOOLONG
  assert.deepEqual([...unit.modes].sort(), [0o600, 0o640]);
  const made = unit.paths.find(({ use, path }) => use === 'write' && path === `${own}/made`);
  assert.deepEqual([made!.count, made!.phases], [1, 2]);
});

test('of a script both it and its interpreter are executed', { skip }, async () => {
  const { unit, own } = await watchPart('script', (at) => {
    writeFileSync(join(at, 'script'), `#!${INTERPRETER}\n`);
    chmodSync(join(at, 'script'), 0o755);
  });
  const uses = usesOf(unit);
  for (const path of [join(own, 'script'), INTERPRETER, program])
    assert.ok(uses.includes(`execute ${path}`), `${path}\n${uses.join('\n')}`);
  assert.deepEqual(
    unit.programs.map(({ path }) => path),
    [program, INTERPRETER],
  );
  assert.equal(unit.forkFlags.length, 1);
});

test('io_uring tells its operations', { skip }, async () => {
  const { unit } = await watchPart('ring');
  assert.deepEqual(unit.ringOperations, [0]); // IORING_OP_NOP
});

test('addresses tell whom sockets deal with', { skip }, async () => {
  const { unit } = await watchPart('peers');
  const [STREAM, DATAGRAM, UNIX, INET] = [1, 2, 1, 2];
  const connected = unit.peers.find(({ use, family }) => use === 'connect' && family === INET);
  assert.ok(connected!.port! > 1023);
  const here = { family: INET, address: '127.0.0.1', count: 1 };
  const there = { family: UNIX, type: DATAGRAM, port: null, count: 1 };
  const expected = [
    { use: 'bind', ...here, type: STREAM, port: 0 },
    { use: 'connect', ...here, type: STREAM, port: connected!.port },
    { use: 'accept', ...here, type: STREAM, port: null },
    { use: 'send', ...here, type: DATAGRAM, port: 9 },
    { use: 'bind', ...there, address: '@observed@x' },
    { use: 'connect', ...there, address: '/nowhere/socket', errno: 2 },
  ];
  const byText = (list: readonly object[]) =>
    list.map((peer) => JSON.stringify(Object.entries(peer).sort())).sort();
  assert.deepEqual(byText(unit.peers), byText(expected));
});

test('calls that a filter refuses are told, by errno or as killed for', { skip }, async () => {
  const { unit } = await watchPart('refused');
  const expected: [call: string, errno: number, count: number][] = [
    ['uname', 100, 5],
    ['getppid', 1, 3],
    ['getuid', 0, 1],
    ['getgid', 0, 1],
    ['getegid', 0, 1],
  ];
  assert.deepEqual(
    [...unit.refused].sort((a, b) => b.count - a.count || a.nr - b.nr),
    expected
      .map(([call, errno, count]) => ({ abi: 'native', nr: numberOf(call), errno, count, programs: 1 }))
      .sort((a, b) => b.count - a.count || a.nr - b.nr),
  );
  const made = new Set(unit.calls.map(({ nr }) => nr));
  for (const [call] of expected) assert.ok(!made.has(numberOf(call)), call);
  assert.ok(made.has(numberOf('geteuid')));
});

/** Asked for when memory is reserved. */
const CAP_SYS_ADMIN = 21;

test('a capability that is asked for while a stack grows, in no call, loses nothing', { skip }, async () => {
  const { unit } = await watchPart('stack');
  const asked = unit.capabilities.filter(({ capability }) => capability === CAP_SYS_ADMIN);
  assert.notEqual(asked.length, 0);
  for (const { lost, calls } of asked) {
    assert.equal(lost, 0);
    assert.ok(calls.every(({ nr }) => nr < 1000));
  }
});

test('capabilities come with the calls that asked', { skip }, async () => {
  const { unit } = await watchPart('nothing');
  const asked = unit.capabilities.find(({ capability }) => capability === CAP_SYS_ADMIN);
  assert.equal(asked!.granted, true);
  assert.ok(asked!.count >= asked!.calls.length && asked!.calls.length > 0);
  assert.ok(asked!.calls.some(({ abi, nr }) => abi === 'native' && nr === numberOf('mmap')));
});
