/** The observer on the real kernel: calls, their arguments, phases, programs; what becomes of control groups. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { SETUP } from '../support/control-groups.js';
import { compileProgram, sharedFolder } from '../support/native.js';
import {
  buildObserver,
  countsOf,
  groupsOfTest,
  numberOf,
  type Observer,
  observe,
  observerObstacle,
  runIn,
} from '../support/observer.js';
import { run } from '../support/run.js';
import { testsUnless } from '../support/tests-unless.js';
import { until } from '../support/until.js';

const skip = observerObstacle();
const test = testsUnless(skip);
const folder = sharedFolder();
const groups = groupsOfTest();
let observer: string;
let program: string;
let lookup: string;

before(async () => {
  if (skip) return;
  observer = await buildObserver(folder);
  program = await compileProgram('observed', folder, ['-pthread']);
  lookup = await compileProgram('bpf-gone', folder);
});

const DONE = { status: 0, stdout: '', stderr: '' };
const runParts = async (group: string, ...parts: string[]) =>
  assert.deepEqual(await runIn(group, [program, ...parts], folder), DONE);

/** Starts the observer on one control group. */
const observeOne = (group: string, ...lines: string[]) =>
  observe([observer], [SETUP, ...lines, `unit 0 ${group}`]);

for (const options of [[], ['--calls-only']]) {
  test(`observe: calls of all threads and children are counted, each once ${options}`, async () => {
    const group = groups.make(groups.at(`calls${options.length}`));
    const watched = await observe([observer, ...options], [SETUP, `unit 0 ${group}`]);
    await runParts(group, 'calls');
    const [unit] = await watched.end();
    const made = ['getppid', 'getuid', 'getgid', 'execve'].map((call) => countsOf(unit!, call));
    // The program is there when execve() returns: the call itself is that of the shell, which sets up.
    assert.deepEqual(made, [
      [0, 1000, 0, 0],
      [0, 1000, 0, 0],
      [0, 100, 0, 0],
      [0, 0, 0, 0],
    ]);
    assert.deepEqual(unit!.programs, [{ path: program, phases: 0b10 }]);
    for (const { programs, first, last, slices } of unit!.calls)
      assert.deepEqual([programs, slices, first <= last], [1, 1, true]);
    assert.deepEqual(unit!.lost, {});
    assert.equal(unit!.blind.includes('refused'), options.length > 0);
  });
}

const hasStrace = spawnSync('strace', ['--version']).error === undefined;

test('observe sees the calls that strace sees, as often, and those that a filter refuses', {
  skip: skip ?? (hasStrace ? undefined : "'strace' is missing: apt-get install strace"),
}, async () => {
  const group = groups.make(groups.at('strace'));
  const strace = /\S+$/.exec((await run(['sh', '-c', 'command -v strace'])).stdout.trim())![0];
  // As a launcher does, it traces a program that makes its calls itself.
  const watched = await observeOne(group, `launcher ${strace}`);
  const counted = join(folder, 'strace');
  const words = [strace, '-f', '-qq', '-c', '-U', 'name,calls', '-o', counted, program];
  await runIn(group, [...words, 'calls', 'arguments', 'paths', 'peers', 'refused'], folder);
  const [unit] = await watched.end();
  const lines = readFileSync(counted, 'utf8').matchAll(/^(\w+) +(\d+)$/gm);
  const traced = new Map([...lines].map(([, name, count]) => [name!, Number(count)]));
  traced.delete('total');
  // strace counts calls that return, and the execve() that begins the program.
  for (const name of ['execve', 'exit', 'exit_group']) traced.delete(name);
  const refusedOf = (name: string) =>
    unit!.refused.filter(({ nr }) => nr === numberOf(name)).reduce((sum, { count }) => sum + count, 0);
  const seen = [...traced.keys()].map((name) => {
    const made = countsOf(unit!, name).reduce((sum, count) => sum + count);
    return [name, made + refusedOf(name)] as const;
  });
  assert.deepEqual(new Map(seen), traced);
  assert.equal(
    unit!.calls.length,
    traced.size + 2 - 1,
    'exit and exit_group are more, uname is refused alone',
  );
});

test('observe: programs outside and setup programs are ignored', async () => {
  const group = groups.make(groups.at('own'));
  const other = groups.make(groups.at('other'));
  const watched = await observeOne(group, `setup ${program}`);
  await runParts(other, 'calls');
  await runParts(group, 'calls');
  const [unit] = await watched.end();
  assert.deepEqual([unit!.calls, unit!.programs], [[], []]);
});

test('observe: a setup program may be replaced during the watch', async () => {
  const group = groups.make(groups.at('replaced'));
  const setup = join(folder, 'setup');
  copyFileSync(program, setup);
  const watched = await observeOne(group, `setup ${setup}`);
  copyFileSync(program, `${setup}.new`);
  renameSync(`${setup}.new`, setup);
  assert.deepEqual(await runIn(group, [setup, 'calls'], folder), DONE);
  const [unit] = await watched.end();
  assert.deepEqual([unit!.calls, unit!.programs], [[], [{ path: realpathSync(setup), phases: 0 }]]);
});

test('observe: programs are told apart if files have adjacent numbers and no generation', async (context) => {
  // overlayfs has no generations.
  const at = join(folder, 'overlay');
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(at, name));
  for (const path of [lower, upper, work, merged]) mkdirSync(path!, { recursive: true });
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
  assert.deepEqual(await run(['mount', '-t', 'overlay', 'overlay', '-o', options, merged!]), DONE);
  context.after(() => run(['umount', merged!]));
  const many = Array.from({ length: 8 }, (_, index) => join(merged!, `program-${index}`));
  const group = groups.make(groups.at('adjacent'));
  const watched = await observeOne(group);
  for (const path of many) {
    copyFileSync(program, path);
    assert.deepEqual(await runIn(group, [path, 'calls'], folder), DONE);
  }
  const [unit] = await watched.end();
  const paths = unit!.programs.map(({ path }) => path);
  assert.deepEqual(paths, many);
});

test('observe: a deeper group belongs to the unit', async () => {
  const group = groups.make(groups.at('above'));
  const watched = await observeOne(group);
  await runParts(groups.make(join(group, 'below')), 'calls');
  assert.deepEqual(countsOf((await watched.end())[0]!, 'getppid'), [0, 1000, 0, 0]);
});

test('observe: values of arguments are told apart, also in pairs, masked, and in memory', async () => {
  const group = groups.make(groups.at('arguments'));
  const watch = (call: string, words: string) => `watch native ${numberOf(call)} ${words}`;
  const watched = await observeOne(
    group,
    watch('socket', '0 1 0 0 0'),
    watch('socket', '1 - 0 0 ff'),
    watch('openat2', '2 - 8 16 0'),
    watch('lseek', '1 - 0 0 0'),
    watch('ioctl', '1 - 0 0 ffffffff'),
  );
  await runParts(group, 'arguments', 'many-values');
  const [unit] = await watched.end();
  const [pairs, masked, memory, whole, many] = unit!.arguments;
  assert.deepEqual(pairs, {
    watch: 0,
    phases: 2,
    values: [
      ['2', '1'],
      ['1', '2'],
    ],
    lost: 0,
  });
  assert.deepEqual(masked!.values, [['1'], ['2']]);
  assert.deepEqual(memory!.values, [['4']]); // RESOLVE_NO_SYMLINKS, and nothing of the call that got EFAULT
  assert.deepEqual(whole!.values, [['18446744073709551614']]);
  assert.equal(many!.values.length, 62);
  assert.equal(many!.lost, 38);
  assert.deepEqual(unit!.lost, {});
});

test('observe: calls by other conventions have another ABI, with arguments of its width', {
  skip: skip ?? (process.arch === 'x64' ? undefined : 'only x86-64 has them in one program'),
}, async () => {
  const group = groups.make(groups.at('conventions'));
  const watched = await observeOne(group, 'watch compat 19 1 - 0 0 0', 'watch x32 39 0 - 0 0 0');
  await runParts(group, 'conventions');
  const [unit] = await watched.end();
  const others = unit!.calls.filter(({ abi }) => abi !== 'native');
  assert.deepEqual(
    others.map(({ abi, nr, counts }) => [abi, nr, counts[1]]),
    [
      ['compat', 19, 1],
      ['x32', 39, 1],
    ],
  );
  assert.deepEqual(unit!.arguments[0], { watch: 0, phases: 2, values: [['4294967294']], lost: 0 });
});

test('observe: a recreated group is followed from its first call on, with new phases', async () => {
  const slice = groups.at('slice');
  groups.make(slice);
  const group = join(slice, 'service');
  const watched = await observeOne(group);
  for (let life = 0; life < 3; life++) {
    if (life === 2) {
      // The slice of a template goes with its last instance.
      await groups.remove(slice);
      groups.make(slice);
    }
    groups.make(group);
    await runParts(group, 'calls');
    watched.send('phase 0 serving');
    await watched.dump();
    await runParts(group, 'calls');
    watched.send('phase 0 stop');
    await watched.dump();
    await runParts(group, 'calls');
    await groups.remove(group);
  }
  const [unit] = await watched.end();
  assert.deepEqual([unit!.lives, unit!.lost], [3, {}]);
  assert.deepEqual(countsOf(unit!, 'getppid'), [3000, 3000, 0, 3000]);
  assert.deepEqual(unit!.programs, [{ path: program, phases: 0b1011 }]);
});

test("observe: a process that is moved out of the group is counted, one moved inside isn't", async () => {
  const [group, outside] = [groups.make(groups.at('left')), groups.make(groups.at('outside'))];
  const below = groups.make(`${group}/below`);
  const watched = await observeOne(group);
  const moves = [below, outside, group, outside].map((to) => `echo $$ >${to}/cgroup.procs; /bin/true`);
  await runIn(group, ['sh', '-c', moves.join('\n')]);
  const [unit] = await watched.end();
  assert.deepEqual(unit!.lost, { leavers: 2 });
});

test('observe: units are told apart', async () => {
  const names = ['one', 'two', 'three'];
  const own = names.map((name) => groups.make(groups.at(name)));
  const watched = await observe([observer], [SETUP, ...own.map((group, index) => `unit ${index} ${group}`)]);
  watched.send('phase 2 reload');
  await watched.dump();
  await Promise.all([runParts(own[0]!, 'calls'), runParts(own[2]!, 'calls', 'calls')]);
  const counts = (await watched.end()).map((unit) => [unit.dump, countsOf(unit, 'getppid')]);
  assert.deepEqual(counts, [
    [0, [0, 1000, 0, 0]],
    [1, [0, 0, 0, 0]],
    [2, [0, 0, 2000, 0]],
  ]);
});

/** The BPF programs that a process has. */
function bpfPrograms({ child }: Observer): string[] {
  const at = `/proc/${child.pid}/fdinfo`;
  return readdirSync(at).flatMap((fd) => {
    const [, id] = /^prog_id:\s*(\d+)$/m.exec(readFileSync(join(at, fd), 'utf8')) ?? [];
    return id === undefined ? [] : [id];
  });
}

test('observe: a tick a second reports progress, and a kill leaves nothing', async () => {
  const group = groups.make(groups.at('killed'));
  const watched = await observeOne(group);
  const ids = new Set(bpfPrograms(watched));
  assert.ok(ids.size >= 8);
  const other = await observeOne(group);
  await until('the observer ticks', () => other.ticks.length > 0);
  assert.deepEqual(other.ticks[0], { units: [{ calls: 0, lost: 0, lives: 0, refused: 0 }] });
  watched.child.kill('SIGKILL');
  await once(watched.child, 'close');
  const left = new Set(bpfPrograms(other));
  assert.ok([...ids].every((id) => !left.has(id)));
  // Where all processors are taken the kernel's own threads come to it late.
  await until('the programs are gone', async () => (await run([lookup, ...ids])).status === 0, 300_000);
  await other.end();
});

test('observe: a signal ends it like the end of its input', async () => {
  const group = groups.make(groups.at('signalled'));
  const watched = await observeOne(group);
  await runParts(group, 'calls');
  watched.child.kill('SIGTERM');
  assert.deepEqual(countsOf((await watched.end())[0]!, 'getppid'), [0, 1000, 0, 0]);
});
