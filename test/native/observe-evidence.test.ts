/** The observer on the real kernel: what calls do to files, whom they deal with, which are refused. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { SETUP } from '../support/control-groups.js';
import { numberOf, observe, observedProgram, runIn } from '../support/observer.js';
import { testsUnless } from '../support/tests-unless.js';

const built = observedProgram();
const { skip, groups } = built;
const test = testsUnless(skip);
/** Of a script: it does nothing. */
const INTERPRETER = realpathSync('/bin/true');

/** Calls to look at, as lines of the observer. */
const LOOKS: readonly [call: string, look: string][] = [
  ['openat', 'open 1 0'],
  ['mmap', 'mmap - -'],
  ['newfstatat', 'stat 1 0'],
  ['faccessat2', 'access 1 0'],
  ['chdir', 'chdir 0 -'],
  ['fchdir', 'chdir - -'],
  ['chroot', 'chroot 0 -'],
  ['execve', 'exec 0 -'],
  ['capset', 'capabilities 1 -'],
  ['prctl', 'capabilities - -'],
  ['mkdir', 'make 0 -'],
  ['mknod', 'make 0 -'],
  ['mknodat', 'make 1 0'],
  ['rmdir', 'change-directory 0 -'],
  ['unlinkat', 'change-directory 1 0'],
  ['rename', 'change-directory 0 -'],
  ['rename', 'change-directory 1 -'],
  ['renameat', 'change-directory 3 2'],
  ['chmod', 'change-attribute 0 -'],
  ['fchmod', 'change-attribute - 0'],
  ['fchown', 'change-attribute - 0'],
  ['fsetxattr', 'change-attribute - 0'],
  ['utimensat', 'change-attribute 1 0'],
  ['ioctl', 'ioctl - 0'],
  ['bind', 'bind - -'],
  ['connect', 'connect - -'],
  ['accept4', 'accept - -'],
  ['sendto', 'sendto - -'],
];

interface Watching {
  readonly options?: readonly string[];
  /** Evidence that isn't seen with these. */
  readonly blind?: readonly string[];
  /** Losses by table. */
  readonly lost?: Readonly<Record<string, number>>;
  readonly prepare?: (folder: string) => void;
}

/** Watches a part of the program, in a folder of its own. */
async function watchPart(
  part: string,
  { options = [], blind = [], lost = {}, prepare = () => {} }: Watching = {},
) {
  const group = groups.make(groups.at(part + options));
  const lines = LOOKS.flatMap(([call, look]) => {
    const [kind, ...words] = look.split(' ');
    return `look native ${numberOf(call)} ${kind} ${words.join(' ')}`;
  });
  const watched = await observe([built.observer, ...options], [SETUP, ...lines, `unit 0 ${group}`]);
  const own = join(built.folder, part + options);
  mkdirSync(own);
  prepare(own);
  assert.deepEqual(await runIn(group, [built.program, part], own), { status: 0, stdout: '', stderr: '' });
  const [unit] = await watched.end();
  assert.deepEqual([unit!.lost, unit!.blind], [lost, blind]);
  return { unit: unit!, own };
}

/** Uses of paths, each as USE PATH, with the errno and the device behind it. */
const usesOf = ({ paths }: ObservedUnit) =>
  paths.map(({ use, path, errno, device, cut }) =>
    [use, path, ...[errno ?? [], device ?? [], cut ? 'cut' : []].flat()].join(' '),
  );

test('observe: paths have the operations on them', async () => {
  const { unit, own } = await watchPart('paths');
  const uses = new Set(usesOf(unit));
  const expected = [
    `execute ${built.program}`,
    `map-executable ${built.program}`,
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
  assert.deepEqual([...unit.modes].sort(), [0o600, 0o640, 0o750]);
  const made = unit.paths.find(({ use, path }) => use === 'write' && path === `${own}/made`);
  assert.deepEqual([made!.count, made!.phases], [1, 2]);
});

test('observe: directories that were entered are reported, with the calls relative to them', async () => {
  const { unit, own } = await watchPart('directories');
  const entered = unit.paths.filter(({ use }) => use === 'enter');
  assert.deepEqual(
    new Map(entered.map(({ path, count, errno }) => [path, errno ?? count])),
    new Map([
      [`${own}/a`, 2],
      [`${own}/a/b`, 1],
      [`${own}/a/missing`, 2], // ENOENT
    ]),
  );
});

test('observe: a name that is a link is reported, with its target', async () => {
  const { unit, own } = await watchPart('links');
  const uses = usesOf(unit);
  const told = uses
    .filter((use) => use.startsWith('stat '))
    .map((use) => use.replace(/observed-\d+$/, 'observed-PID'));
  assert.deepEqual(
    new Set(told),
    new Set([`stat ${own}/folder/../away/bin`, `stat ${own}/link`, 'stat /tmp/observed-PID']),
  );
  for (const use of ['read /dev/null char 1:3', 'reference /usr/bin', 'enter /usr'])
    assert.ok(uses.includes(use), `${use}\n${uses.join('\n')}`);
  // Whoever asks whether a file may be written wishes to.
  const changed = unit.paths.filter(({ use }) => use === 'change-attribute').map(({ path }) => path);
  assert.deepEqual(changed, [`${own}/folder`]);
});

test("observe: paths of a process in its own root are the host's", async () => {
  const { unit, own } = await watchPart('jail');
  const uses = usesOf(unit);
  for (const use of [
    `enter ${own}/jail`,
    `write ${own}/jail/made`,
    `create-in ${own}/jail`,
    `stat ${own}/jail/made`,
    `change-directory ${own}/jail`,
  ])
    assert.ok(uses.includes(use), `${use}\n${uses.join('\n')}`);
  const found = unit.peers.map(({ use, address }) => [use, address]);
  assert.deepEqual(found, [['bind', `${own}/jail/socket`]]);
});

test('observe: modes are those of all kinds of files, after the umask', async () => {
  const { unit } = await watchPart('makes');
  const octal = unit.modes.map((mode) => mode.toString(8)).sort();
  assert.deepEqual(octal, ['2750', '640', '660', '710', '770']);
});

test('observe: files are reported that change without being written to', async () => {
  const { unit, own } = await watchPart('attributes');
  const changed = unit.paths.filter(({ use }) => use === 'change-attribute').map(({ path }) => path);
  assert.deepEqual(
    changed.sort(),
    ['chmod', 'chown', 'flags', 'times', 'xattr'].map((name) => join(own, name)),
  );
});

test('observe: a path is the same in any mount namespace', async () => {
  const group = groups.make(groups.at('namespaces'));
  const look = `look native ${numberOf('openat')} open 1 0`;
  const own = join(built.folder, 'namespaces');
  mkdirSync(own);
  writeFileSync(join(own, 'file'), '');
  const watched = await observe([built.observer], [SETUP, look, `unit 0 ${group}`]);
  for (let life = 0; life < 2; life++)
    await runIn(group, ['unshare', '--mount', built.program, 'read-file'], own);
  const [unit] = await watched.end();
  const read = unit!.paths.filter(({ use, path }) => use === 'read' && path === `${own}/file`);
  const found = read.map(({ count }) => count);
  assert.deepEqual(found, [2]);
});

test('observe: each path of a file is reported', async () => {
  const { unit, own } = await watchPart('places');
  const written = unit.paths.filter(({ use }) => use === 'write').map(({ path }) => path);
  assert.deepEqual(
    written.sort(),
    ['mounted', 'one', 'two'].map((folder) => `${own}/${folder}/file`),
  );
});

test('observe: a script and its interpreter are both executed', async () => {
  const { unit, own } = await watchPart('script', {
    prepare: (at) => {
      writeFileSync(join(at, 'script'), `#!${INTERPRETER}\n`);
      chmodSync(join(at, 'script'), 0o755);
    },
  });
  const uses = usesOf(unit);
  for (const path of [join(own, 'script'), INTERPRETER, built.program])
    assert.ok(uses.includes(`execute ${path}`), `${path}\n${uses.join('\n')}`);
  const paths = unit.programs.map(({ path }) => path);
  assert.deepEqual(paths, [built.program, INTERPRETER]);
  assert.equal(unit.forkFlags.length, 1);
});

test('observe: io_uring reports its operations', async () => {
  const { unit } = await watchPart('ring');
  assert.deepEqual(unit.ringOperations, [0]); // IORING_OP_NOP
});

test("observe: addresses are those of a socket's peers", async () => {
  const { unit, own } = await watchPart('peers');
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
    { use: 'bind', ...there, address: `@observed@${statSync(own).ino}` },
    { use: 'bind', ...there, address: `${own}/below/socket` },
    { use: 'connect', ...there, address: '/nowhere/socket', errno: 2 },
  ];
  const byText = (list: readonly object[]) =>
    list.map((peer) => JSON.stringify(Object.entries(peer).sort())).sort();
  assert.deepEqual(byText(unit.peers), byText(expected));
});

const ONLY_REFUSED = {
  options: ['--refused-only'],
  blind: ['leavers', 'paths', 'peers', 'modes', 'forkFlags', 'ringOperations'],
};

const ONLY_CONFINED = { options: ['--confined-only'], blind: ['capabilities', 'ringOperations'] };

test('observe: with --confined-only calls of processes without a filter are not counted', async () => {
  const { unit } = await watchPart('calls', ONLY_CONFINED);
  assert.deepEqual(unit.calls, []);
});

for (const how of [{}, ONLY_REFUSED, ONLY_CONFINED]) {
  const { options = [] }: Watching = how;
  test(`observe: calls that a filter refuses are reported, by errno or as killed for ${options}`, async () => {
    const { unit } = await watchPart('refused', how);
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
        .map(([call, errno, count]) => ({
          ...{ abi: 'native', nr: numberOf(call), errno, count, programs: 1 },
          // The control group was there when the watch began.
          ...(how === ONLY_REFUSED ? { before: true } : {}),
        }))
        .sort((a, b) => b.count - a.count || a.nr - b.nr),
    );
    const made = new Set(unit.calls.map(({ nr }) => nr));
    for (const [call] of expected) assert.ok(!made.has(numberOf(call)), call);
    assert.equal(made.has(numberOf('geteuid')), how !== ONLY_REFUSED);
  });
}

test('observe: a call that a filter makes succeed counts as lost among the refused', async () => {
  const { unit } = await watchPart('answered', { lost: { refused: 2 } });
  assert.deepEqual(unit.refused, []);
});

test('observe: a call that a filter traps counts once, also if the signal is handled', async () => {
  const { unit } = await watchPart('trapped');
  const found = unit.refused.map(({ nr, errno, count }) => [nr, errno, count]);
  assert.deepEqual(found, [[numberOf('getgid'), 0, 1]]);
});

/** Asked for when memory is reserved. */
const CAP_SYS_ADMIN = 21;

test('observe: a capability that is needed when a stack grows, outside a call, loses nothing', async () => {
  const { unit } = await watchPart('stack');
  const asked = unit.capabilities.filter(({ capability }) => capability === CAP_SYS_ADMIN);
  assert.notEqual(asked.length, 0);
  for (const { lost, calls } of asked) {
    assert.equal(lost, 0);
    assert.ok(calls.every(({ nr }) => nr < 1000));
  }
});

test('observe: capabilities have the calls that needed them', async () => {
  const { unit } = await watchPart('nothing');
  const asked = unit.capabilities.find(({ capability }) => capability === CAP_SYS_ADMIN);
  assert.equal(asked!.granted, true);
  assert.ok(asked!.count >= asked!.calls.length && asked!.calls.length > 0);
  assert.ok(asked!.calls.some(({ abi, nr }) => abi === 'native' && nr === numberOf('mmap')));
});

test('observe: all calls that needed a capability are reported, however many', async () => {
  const { unit } = await watchPart('into-fresh-pages');
  const asked = unit.capabilities.find(({ capability }) => capability === CAP_SYS_ADMIN)!;
  const names = new Set(asked.calls.map(({ nr }) => nr));
  for (const call of ['uname', 'pipe2', 'sched_getattr', 'pread64', 'read'])
    assert.ok(names.has(numberOf(call)), call);
  assert.ok(names.size >= 34, `${names.size}`);
  assert.equal(asked.lost, 0);
});

test('observe: capabilities that a process keeps by name, or passes on, are reported', async () => {
  const [CHOWN, SETPCAP, NET_BIND_SERVICE] = [0, 8, 10];
  const { unit } = await watchPart('keeps');
  const askedBy = (call: string) =>
    unit.capabilities
      .filter(({ granted, calls }) => granted && calls.some(({ nr }) => nr === numberOf(call)))
      .map(({ capability }) => capability);
  assert.deepEqual(askedBy('capset'), [CHOWN, SETPCAP, NET_BIND_SERVICE]); // the kernel asks for the second
  assert.ok(askedBy('prctl').includes(NET_BIND_SERVICE));
});
