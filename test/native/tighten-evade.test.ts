/** Filters that running threads are given while they go from one control group to another. */
import assert from 'node:assert/strict';
import { chownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, type TestContext } from 'node:test';
import { GROUPS_ROOT } from '../support/control-groups.js';
import { compileC, PROGRAMS } from '../support/native.js';
import { run } from '../support/run.js';
import { testsUnless } from '../support/tests-unless.js';
import { filtersOf, startIn, tightening } from '../support/tightened.js';
import { until } from '../support/until.js';

const setting = tightening();
const { skip, group, program, tighten } = setting;
const test = testsUnless(skip);

/** So many that a process comes from the first to the last while those in between are listed. */
const GROUPS = 400;

before(async () => {
  if (skip === undefined) await compileC([join(PROGRAMS, 'evade.c')], program('evade'));
});

/** @returns 0 where all groups below a group are removed */
const removeBelow = async (path: string) =>
  (await run(['find', path, '-mindepth', '1', '-type', 'd', '-delete'])).status;

/** Makes groups below a group. @returns two of them, in the order in which they are listed, the last of all behind */
function divide(t: TestContext, path: string, count: number): [string, string] {
  t.after(() => until(`${path} has no groups`, async () => (await removeBelow(path)) === 0));
  for (let i = 0; i < count; i++) mkdirSync(join(path, `${i}`));
  // The one that is named last in a folder is looked at first.
  const order = readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .reverse();
  const at = (index: number) => join(path, order.at(index)!.name);
  return [at(count / 2), at(-1)];
}

/** The group of a process; ENAMETOOLONG where the kernel can't name it, and nothing where the process is gone. */
function groupOf(pid: number): string | undefined {
  try {
    return /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1];
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code === 'ENAMETOOLONG' ? 'ENAMETOOLONG' : undefined;
  }
}

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
};

/** The status of each process that goes about below a group. */
const evaders = (path: string): string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) =>
        groupOf(pid)?.startsWith(`${path.slice(GROUPS_ROOT!.length)}/`) || groupOf(pid) === 'ENAMETOOLONG',
    )
    .map(statusOf)
    .filter((status) => status.startsWith('Name:\tready\n') && !/^State:\tZ/m.test(status));

/** Has all below a group stand still, so that none comes or goes while it is looked at. */
async function freeze(path: string): Promise<void> {
  writeFileSync(join(path, 'cgroup.freeze'), '1');
  await until('all stand still', () => /^frozen 1$/m.test(readFileSync(join(path, 'cgroup.events'), 'utf8')));
}

for (const [way, groups, count] of [
  ['watch-move', GROUPS, 1],
  ['watch-fork', GROUPS, 1],
  ['deep-watch-move', GROUPS, 1],
  ['move', 2, 20],
  ['fork', 2, 20],
] as const)
  test(`${way}: none evades the filter, nor its reader`, async (t) => {
    const path = group(t);
    const [first, last] = divide(t, path, groups);
    const { pid } = await startIn(t, path, [program('evade'), way, first, last]);
    await until('all are there', () => statusOf(pid!).startsWith('Name:\tcomplete\n'));
    await until('they go about', () => evaders(path).length > 0);
    const { status, stdout, stderr } = await tighten(path);
    assert.deepEqual([status, stderr], [0, ''], stdout);
    const filters = await filtersOf(setting, path);
    assert.ok(filters.length > count, `${filters.length} were seen`);
    assert.ok(
      filters.every(({ isWanted }) => isWanted),
      JSON.stringify(filters),
    );
    await freeze(path);
    const found = evaders(path);
    // One that forks is there twice for a moment.
    assert.ok(found.length >= count, `${found.length} go about`);
    for (const each of found) assert.match(each, /^Seccomp:\t2$/m);
  });

/** Runs a command where a file of /proc has nothing. */
const without = (file: string, argv: readonly string[]) =>
  run([...['unshare', '--mount', '/bin/sh', '-c', 'mount --bind /dev/null "$0"; exec "$@"', file], ...argv]);
const tightenWithout = async (file: string, path: string): Promise<string> => {
  const words = ['--report', '--cgroup', path, '--filter', program('refusing')];
  const { status, stdout } = await without(file, [program('tighten'), ...words]);
  return `${status} ${stdout}`;
};

test("tighten: a process whose group the kernel doesn't show is found if it is the unit's", async (t) => {
  const path = group(t);
  const [first, last] = divide(t, path, GROUPS);
  await startIn(t, path, [program('evade'), 'watch-move', first, last]);
  await until('it goes about', () => evaders(path).length === 1);
  const pid = /^Pid:\t(\d+)$/m.exec(evaders(path)[0]!)?.[1];
  const file = `/proc/${pid}/cgroup`;
  assert.match(await tightenWithout(file, path), /^0 paused \d+\ntightened 2 2\n$/);
  assert.match(evaders(path)[0]!, /^Seccomp:\t2$/m);
  const { stdout } = await without(file, [program('read-filters'), path]);
  assert.match(stdout, new RegExp(`^(?:thread|same) ${pid} \\d+$`, 'm'));
});

test("tighten: a process whose group the kernel doesn't show is left alone if it isn't the unit's", async (t) => {
  const [path, other] = [group(t), group(t)];
  divide(t, path, 1);
  const { pid } = await startIn(t, other, ['/usr/bin/sleep', '1000']);
  const own = await startIn(t, path, ['/usr/bin/sleep', '1000']);
  const file = `/proc/${pid}/cgroup`;
  assert.match(await tightenWithout(file, path), /^0 paused \d+\ntightened 1 1\n$/);
  assert.match(statusOf(pid!), /^TracerPid:\t0$.*^Seccomp:\t0$/ms);
  const { stdout } = await without(file, [program('read-filters'), path]);
  assert.match(stdout, new RegExp(`^thread ${own.pid} 1\nfilter [0-9a-f]+\n$`));
});

test('tighten: all processes are examined if other users than root can move threads', async (t) => {
  // The file tells the ID that was given last.
  const unlisted = '1 finding 0 unlisted 5\nunchanged\n';
  const path = group(t);
  await startIn(t, path, ['/usr/bin/sleep', '1000']);
  chownSync(path, 65534, 65534);
  assert.equal(await tightenWithout('/proc/loadavg', path), unlisted);
  chownSync(path, 0, 0);
  divide(t, path, 1);
  assert.equal(await tightenWithout('/proc/loadavg', path), unlisted);
  assert.equal(await removeBelow(path), 0);
  assert.match(await tightenWithout('/proc/loadavg', path), /^0 paused \d+\ntightened 1 1\n$/);
});
