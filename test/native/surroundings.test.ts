import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { type FilterFile, LAUNCHER_CALLS } from '../../src/seccomp/filter/filter-file.js';
import { type Action, ALLOW, errnoAction, KILL } from '../../src/seccomp/syscalls/action.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { BARE, compiled } from '../support/compiled.js';
import { compileProgram, filterRefusing, MACHINE, type Refusals, writeFilter } from '../support/native.js';
import { run } from '../support/run.js';

const { folder, paths, test } = compiled({ under: [], still: BARE });
const { launcher, under, still } = paths;

let written = 0;
function filterOption(refusals: Refusals, change: Partial<FilterFile> = {}): string {
  written += 1;
  return `--filter=${writeFilter(folder, `filter-${written}`, filterRefusing(refusals, change))}`;
}

/** The launcher's last words without its name, and how it ended. */
async function endOf(argv: readonly string[]): Promise<{ end: number | NodeJS.Signals; line: string }> {
  const { status, signal, stdout, stderr } = await run(argv);
  assert.equal(stdout, '');
  return { end: signal ?? status, line: stderr.replace(/^sandbox-unit-launcher: (.*)\n$/, '$1') };
}

describe('under a filter that refuses what the launcher needs, nothing runs', () => {
  const seccompHint = '; another filter refuses seccomp: SystemCallFilter= must permit it';
  const prctlHint = '; another filter refuses prctl: SystemCallFilter= must permit it';
  const randomHint = '; another filter refuses getrandom: SystemCallFilter= must permit it';
  const EPERM = 'EPERM (operation not permitted)';
  const ENOSYS = 'ENOSYS (call not available)';
  const CASES: readonly { fail: string[]; end: number; line: string; change?: Partial<FilterFile> }[] = [
    { fail: ['seccomp:1'], end: 228, line: `can't load the filter: ${EPERM}${seccompHint}` },
    { fail: ['seccomp:0'], end: 228, line: "can't load the filter; another filter fakes the call's success" },
    {
      fail: ['seccomp:38'],
      change: { log: true },
      end: 228,
      line: `can't load the filter: ${ENOSYS}${seccompHint}`,
    },
    {
      fail: ['seccomp:38', 'prctl:1'],
      change: { noNewPrivileges: false },
      end: 228,
      line: `can't load the filter: ${EPERM}${seccompHint}`,
    },
    {
      fail: ['seccomp:38', 'prctl:0'],
      change: { noNewPrivileges: false },
      end: 228,
      line: "can't load the filter; another filter fakes the call's success",
    },
    { fail: ['prctl:1'], end: 227, line: `can't set no_new_privs: ${EPERM}${prctlHint}` },
    { fail: ['prctl:0'], end: 227, line: `can't set no_new_privs${prctlHint}` },
    { fail: ['getrandom:38'], end: 228, line: `can't draw a random key: ${ENOSYS}${randomHint}` },
    { fail: ['getrandom:0'], end: 228, line: `can't draw a random key${randomHint}` },
    { fail: ['openat:1'], end: 228, line: `the filter 'FILTER' can't be opened: ${EPERM}` },
    { fail: ['newfstatat:1'], end: 228, line: `the filter 'FILTER' can't be looked at: ${EPERM}` },
    { fail: ['newfstatat:0'], end: 228, line: "the filter 'FILTER' is not a regular file" },
    { fail: ['read:1'], end: 228, line: `the filter 'FILTER' can't be read: ${EPERM}` },
    { fail: ['read:0'], end: 228, line: "the filter 'FILTER' is too short" },
  ];
  for (const { fail, end, line, change = {} } of CASES) {
    test(`${fail.join(' and ')}${change.log ? ' with the log flag' : ''}`, async () => {
      const option = filterOption({}, change);
      const failing = fail.map((one) => `--fail=${one}`);
      assert.deepEqual(await endOf([under, ...failing, '--', launcher, option, '--', 'echo', 'ran']), {
        end,
        line: line.replace('FILTER', option.slice('--filter='.length)),
      });
    });
  }

  test('without seccomp(2), prctl(2) loads the same filter', async () => {
    const command = [launcher, filterOption({ uname: errnoAction(100) }), '--', 'uname'];
    const { status, stderr } = await run([under, '--fail=seccomp:38', '--', ...command], {
      env: { LC_ALL: 'C' },
    });
    assert.equal(status, 1);
    assert.match(stderr, /Network is down/);
  });
});

describe('the launcher makes the calls that are listed, and no other', () => {
  const permit = (calls: readonly string[]) => [under, `--permit=${calls.join(',')}`, '--', launcher];
  const without = (name: string) => LAUNCHER_CALLS.filter((call) => call !== name);
  const failing = () => [filterOption({}), '--', '/absent/program'];

  test('the listed calls are enough to launch a program', async () => {
    const argv = [...permit(LAUNCHER_CALLS), filterOption({}), '--', still];
    assert.deepEqual(await endOf(argv), { end: 7, line: '' });
  });

  test('the listed calls are enough to report a failure', async () => {
    assert.deepEqual(await endOf([...permit(LAUNCHER_CALLS), ...failing()]), {
      end: 203,
      line: "can't execute '/absent/program': ENOENT (no such file or directory)",
    });
  });

  for (const call of LAUNCHER_CALLS) {
    const forFailures = call === 'write' || call === 'exit_group';
    test(`${call} is needed to ${forFailures ? 'report a failure' : 'launch a program'}`, async () => {
      const options = forFailures ? failing() : [filterOption({}), '--', still];
      const { end } = await endOf([...permit(without(call)), ...options]);
      // Without execve the launcher itself isn't started.
      assert.equal(end, 'SIGSYS');
    });
  }

  test('after the filter is loaded it makes only its execve', async () => {
    const nr = numbersOf(MACHINE!).get('exit_group')!;
    const onlyExit: Instruction[] = [
      { code: 0x20, jt: 0, jf: 0, k: 0 },
      { code: 0x15, jt: 0, jf: 1, k: nr },
      { code: 0x06, jt: 0, jf: 0, k: ALLOW },
      { code: 0x06, jt: 0, jf: 0, k: KILL },
    ];
    const option = filterOption({}, { programs: new Map([[MACHINE!, onlyExit]]) });
    assert.deepEqual(await endOf([launcher, option, '--', still]), { end: 7, line: '' });
  });
});

describe('if the exec fails and the filter refuses the report, the process still ends:', () => {
  const text = join(folder, 'text');
  before(() => {
    writeFileSync(text, 'neither a program nor a script');
    chmodSync(text, 0o755);
  });
  const said = `can't execute '${text}': ENOEXEC (not a program that this kernel runs); it is for another machine, or a script without '#!'`;
  const trap = process.arch === 'arm64' ? 'SIGTRAP' : 'SIGILL';
  const eperm = errnoAction(1);
  const CASES: readonly [string, Readonly<Record<string, Action>>, number | string, string][] = [
    ['nothing', {}, 203, said],
    ['write', { write: eperm }, 203, ''],
    ['exit_group', { exit_group: eperm }, trap, said],
    ['write and exit_group', { write: eperm, exit_group: eperm }, trap, ''],
    ['write, by a success that is none', { write: errnoAction(0), exit_group: errnoAction(0) }, trap, ''],
    ['write, deadly', { write: KILL }, 'SIGSYS', ''],
    ['exit_group, deadly', { exit_group: KILL }, 'SIGSYS', said],
  ];
  for (const [name, refusals, end, line] of CASES) {
    test(`refused: ${name}`, async () => {
      assert.deepEqual(await endOf([launcher, filterOption(refusals), '--', text]), { end, line });
    });
  }
});

test('with standard descriptors closed, the program finds them closed', async () => {
  const state = await compileProgram('state', folder);
  const option = filterOption({});
  const { stdout } = await run([under, '--close=0', '--close=2', '--', launcher, option, '--', state]);
  const descriptors = stdout.match(/(?<=^descriptor=)\d+/gm)?.map(Number) ?? [];
  const found = [0, 1, 2].filter((fd) => descriptors.includes(fd));
  assert.deepEqual(found, [1]);
});

test('with standard error closed, a failure still ends in its status', async () => {
  const argv = [under, '--close=2', '--', launcher, filterOption({}), '--', '/absent/program'];
  assert.deepEqual(await endOf(argv), { end: 203, line: '' });
});
