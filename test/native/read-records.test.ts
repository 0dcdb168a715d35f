/** The reader of the kernel's records, on the real kernel's. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, test } from 'node:test';
import { LOG } from '../../src/syscalls/action.js';
import { numbersOf } from '../../src/syscalls/numbers.js';
import {
  asNobody,
  buildLauncher,
  filterRefusing,
  MACHINE,
  rootObstacle,
  sharedFolder,
  writeFilter,
} from '../support/native.js';
import { run } from '../support/run.js';
import { compile } from '../support/service.js';

const skip = rootObstacle();
const folder = sharedFolder();
const NAME = `record-${process.pid}`;
const CALLS = 5000;
let launcher: string;
let reader: string;

before(async () => {
  if (skip) return;
  launcher = await buildLauncher(folder);
  reader = join(dirname(launcher), 'read-records');
  await compile(['test/native/programs/many-calls.c'], join(folder, NAME));
  await compile(['test/native/programs/netlink-flood.c'], join(folder, 'flood'));
});

/** Starts the reader, and says how to stop it; undefined if this machine shows it no records. */
async function start(argv: readonly string[] = [reader]) {
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const output = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  const ended = once(child, 'close');
  await Promise.race([once(output, 'line'), ended]);
  if (lines[0] !== 'listening') return undefined;
  return {
    async stop(): Promise<string[]> {
      child.stdin.end();
      assert.deepEqual(await ended, [0, null]);
      return lines;
    },
  };
}

test('no record is missing among thousands, and none comes after the end', { skip }, async (t) => {
  const listening = await start();
  if (!listening) return t.skip("the kernel's records can't be seen here");
  const filter = writeFilter(folder, 'log', filterRefusing({ getppid: LOG }));
  const words = [launcher, `--filter=${filter}`, '--', join(folder, NAME), `${CALLS}`];
  assert.deepEqual(await run(words), { status: 0, stdout: '', stderr: '' });
  const lines = await listening.stop();
  const own = lines.filter((line) => line.includes(`comm="${NAME}"`));
  assert.equal(own.length, CALLS);
  const number = numbersOf(MACHINE!).get('getppid');
  for (const line of own) assert.match(line, new RegExp(`^record audit\\(.* syscall=${number} `));
  assert.equal(new Set(own).size, CALLS, 'every record has a number of its own');
  assert.ok(!lines.includes('lost'));
});

test('the control group of a process that is still there comes with its record', { skip }, async (t) => {
  const listening = await start();
  if (!listening) return t.skip("the kernel's records can't be seen here");
  const filter = writeFilter(folder, 'one', filterRefusing({ getppid: LOG }));
  const child = spawn(launcher, [`--filter=${filter}`, '--', join(folder, NAME), '1', 'wait'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const group = readFileSync(`/proc/${child.pid}/cgroup`, 'utf8').trimEnd().split('\n');
  const lines = await listening.stop();
  child.stdin.end();
  const at = lines.findIndex((line) => line.includes(` pid=${child.pid} comm="${NAME}" `));
  assert.deepEqual(
    lines.slice(at + 1, at + 1 + group.length),
    group.map((line) => `group ${line}`),
  );
});

test('it says so where no records can be had', { skip }, async () => {
  const cases: [argv: string[], reason: RegExp][] = [
    [asNobody([reader]), /^read-records: can't listen to the kernel's records: EPERM /],
    [['unshare', '--net', reader], /^read-records: no records come; /],
    [[reader, 'word'], /^read-records: it takes no 'word'; see read-records --help\n$/],
  ];
  for (const [argv, reason] of cases) {
    const { status, stdout, stderr } = await run(argv);
    assert.ok(status === 1 || status === 2);
    assert.equal(stdout, '');
    assert.match(stderr, reason);
  }
});

test('it does not wait for ever where other messages keep coming', { skip }, async () => {
  const { status, stderr } = await run(['unshare', '--net', join(folder, 'flood'), reader]);
  assert.match(stderr, /^read-records: no records come; /);
  assert.equal(status, 1);
});
