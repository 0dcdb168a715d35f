/** The observer where it can't see, or can't hold, all: it says so. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import { SETUP } from '../support/control-groups.js';
import { asNobody, compileProgram, sharedFolder } from '../support/native.js';
import {
  buildObserver,
  countsOf,
  groupsOfTest,
  numberOf,
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

before(async () => {
  if (skip) return;
  observer = await buildObserver(folder);
  program = await compileProgram('observed', folder, ['-pthread']);
});

/** The error that the observer ends with. */
async function refusal(argv: readonly string[], lines: readonly string[]) {
  const { status, stdout, stderr } = await run(argv, { input: [...lines, 'start', ''].join('\n') });
  assert.deepEqual([status, stderr], [1, '']);
  const { error } = JSON.parse(stdout);
  return [error.code, error.message];
}

test('observe: a full table of paths counts what has no room', async () => {
  const group = groups.make(groups.at('full'));
  const look = `look native ${numberOf('openat')} open 1 0`;
  const watched = await observe([observer], [SETUP, look, `unit 0 ${group}`]);
  await runIn(group, [program, 'many-files'], folder);
  const [unit] = await watched.end();
  const files = unit!.paths.filter(({ use }) => use === 'write');
  assert.ok(files.length > 8000 && files.length <= 8192);
  const made = unit!.paths.find(({ use }) => use === 'create-in');
  assert.deepEqual([made!.path, made!.count], [folder, 9000]);
  assert.equal(unit!.lost.paths! + files.length, 9000);
});

test('observe: calls of programs that have no room have the highest bit', async () => {
  const group = groups.make(groups.at('programs'));
  const watched = await observe([observer], [SETUP, `unit 0 ${group}`]);
  const many = Array.from({ length: 33 }, (_, index) => join(folder, `program-${index}`));
  for (const path of many) {
    copyFileSync(program, path);
    await runIn(group, [path, 'calls'], folder);
  }
  const [unit] = await watched.end();
  const paths = unit!.programs.map(({ path }) => path);
  assert.deepEqual(paths, many.slice(0, 31));
  const called = unit!.calls.find(({ nr }) => nr === numberOf('getppid'));
  assert.deepEqual([called!.programs, called!.counts], [0xffffffff, [0, 33_000, 0, 0]]);
  assert.ok(unit!.lost.programs! > 0);
});

test('observe: a service that hides behind a setup program is reported', async () => {
  const group = groups.make(groups.at('hidden'));
  const setup = join(folder, 'setup');
  copyFileSync(program, setup);
  const watched = await observe([observer], [SETUP, `setup ${setup}`, `unit 0 ${group}`]);
  // As systemd does it, from outside.
  await runIn(group, [setup, 'calls'], folder);
  assert.deepEqual((await watched.dump())[0]!.lost, {});
  // By a child of the service's program, and by one whose parent has ended.
  await runIn(group, [program, 'hide'], folder);
  const [unit] = await watched.end();
  assert.deepEqual(unit!.lost, { hidden: 2 });
  assert.deepEqual(countsOf(unit!, 'getppid'), [0, 0, 0, 0]);
  const allowed = await observe([observer], [SETUP, `launcher ${setup}`, `unit 0 ${group}`]);
  await runIn(group, [program, 'hide'], folder);
  assert.deepEqual((await allowed.end())[0]!.lost, {});
});

test('observe: a group whose distant ancestor is recreated is found again, with a loss', async () => {
  const names = ['a', 'b', 'c', 'd', 'service'];
  const paths = names.map((_, index) => groups.at(names.slice(0, index + 1).join('/')));
  const makeAll = () => {
    for (const path of paths) groups.make(path);
  };
  makeAll();
  const group = paths.at(-1)!;
  const watched = await observe([observer], [SETUP, `unit 0 ${group}`]);
  for (const path of [...paths].reverse()) await groups.remove(path);
  makeAll();
  await until('the observer finds the group', () => {
    const last = watched.ticks.at(-1) as { units: { lives: number }[] } | undefined;
    return last?.units[0]?.lives === 1;
  });
  await runIn(group, [program, 'calls'], folder);
  const [unit] = await watched.end();
  assert.deepEqual([unit!.lives, unit!.lost], [1, { groups: 1 }]);
  assert.deepEqual(countsOf(unit!, 'getppid'), [1000, 0, 0, 0]);
});

test("observe: if the kernel's lockdown forbids programs, that is the reason", async () => {
  const group = groups.make(groups.at('locked'));
  const lock =
    'mount -t tmpfs none /sys/kernel/security && echo "none integrity [confidentiality]" >/sys/kernel/security/lockdown';
  const hidden = ['unshare', '--mount', 'sh', '-c', `${lock} && exec "$0" "$@"`, ...asNobody([observer])];
  assert.match((await refusal(hidden, [`unit 0 ${group}`])).join(' '), /^locked-down /);
});

test('observe: without BTF, permission, or a control group the error names what is missing', async () => {
  const group = groups.make(groups.at('refused'));
  const unit = `unit 0 ${group}`;
  const hidden = ['unshare', '--mount', 'sh', '-c', 'mount -t tmpfs none /sys && exec "$0"', observer];
  assert.match((await refusal(hidden, [unit])).join(' '), /^no-btf .*CONFIG_DEBUG_INFO_BTF/);
  assert.match((await refusal(asNobody([observer]), [unit])).join(' '), /^not-permitted .*CAP_BPF/);
  const missing = [`${group}/missing/service`, folder].map((path) => refusal([observer], [`unit 0 ${path}`]));
  const [below, other] = await Promise.all(missing);
  assert.match(below!.join(' '), /^no-cgroup the control group that \S+ is in can't be opened: No such file/);
  assert.match(other!.join(' '), /^no-cgroup \S+ isn't in a control group of version 2$/);
});

describe('observe ends at an invalid line', () => {
  const CASES: readonly [lines: string[], message: RegExp][] = [
    [[], /there is no unit/],
    [['unit 1 /x'], /line 1: the index of a unit is how many came before/],
    [['unit 0 x'], /line 1: it must be: unit INDEX PATH/],
    [['unit 0 /x', 'unit 1 /x/y'], /line 2: the control group of a unit is within another's/],
    [['slice 0'], /line 1: it must be: slice SECONDS/],
    [['slice 1.55'], /it must be: slice/],
    [['setup relative'], /it must be: setup PATH/],
    [['launcher relative'], /it must be: launcher PATH/],
    [['watch native 0 7 - 0 0 0'], /it must be: watch/],
    [['watch native 0 0 - 3 0 0'], /it must be: watch/],
    [['watch native 600 0 - 0 0 0'], /it must be: watch/],
    [['watch native 0 0 - 0 0 0 x'], /it must be: watch/],
    [Array(5).fill('watch native 0 0 - 0 0 0'), /line 5: the call has too many watches/],
    [['look native 0 read 0 -'], /it must be: look/],
    [Array(3).fill('look native 0 open 0 -'), /line 3: the call has too many looks/],
    [Array.from({ length: 65 }, (_, i) => `unit ${i} /x${i}`), /line 65: there are too many units/],
    [['nothing'], /line 1: no such word/],
    [['x'.repeat(20_000)], /too long/],
  ];
  for (const [lines, message] of CASES)
    test(`${lines.at(-1)?.slice(0, 40)}`, async () => {
      const [code, text] = await refusal([observer], lines);
      assert.equal(code, 'bad-line');
      assert.match(text, message);
    });
});

test('observe: the words of the command line are checked', async () => {
  const { status, stderr } = await run([observer, '--all']);
  assert.deepEqual([status, stderr], [2, "observe: it takes no '--all'; see observe --help\n"]);
});
