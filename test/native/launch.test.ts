import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { MAX_PROGRAM_LENGTH } from '../../src/seccomp/filter/filter-file.js';
import { ALLOW, errnoAction } from '../../src/seccomp/syscalls/action.js';
import { compiled } from '../support/compiled.js';
import {
  asNobody,
  compileProgram,
  filterRefusing,
  MACHINE,
  rootObstacle,
  STAGES,
  writeFilter,
} from '../support/native.js';
import { run } from '../support/run.js';

const { folder, paths, skip, test } = compiled({ state: [], under: [] });
const { launcher, state, under } = paths;

const refusals = { execve: errnoAction(1) };
const filterBytes = skip ? new Uint8Array() : filterRefusing(refusals);
const filter = writeFilter(folder, 'filter', filterBytes);
/** A filter of each stage, and how to launch a program by it. */
const LAUNCHES = STAGES.map(({ stage, startOf }) => {
  const bytes = skip ? new Uint8Array() : filterRefusing(refusals, startOf(refusals));
  const path = writeFilter(folder, `filter-${stage}`, bytes);
  return { stage, launch: (...argv: string[]) => [launcher, `--filter=${path}`, '--', ...argv] };
});

const launch = (...argv: string[]) => [launcher, `--filter=${filter}`, '--', ...argv];

/** The lines of a successful run. */
async function linesOf(argv: readonly string[], env?: Record<string, string>): Promise<string[]> {
  const { status, stdout, stderr } = await run(argv, env ? { env } : {});
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return stdout.split('\n').slice(0, -1);
}

const linesWith = (lines: readonly string[], ...keys: string[]) =>
  lines.filter((line) => keys.some((key) => line.startsWith(key)));

/** What the filter itself changes, and what differs between any two processes. */
const isOwn = (line: string) =>
  /^(NoNewPrivs|Seccomp|Seccomp_filters|pid|parent|group|session)[:=]/.test(line);

describe('a launched program finds everything as without the launcher', () => {
  const SURROUNDINGS = 'umask 027; cd /proc; exec 5</etc/passwd 9>/dev/null; read line <&5; exec "$@"';
  const surround = (...argv: string[]) => [
    ...['sh', '-c', SURROUNDINGS, 'sh'],
    ...[under, '--ignore=1', '--ignore=13', '--block=10', '--close=0', '--', ...argv],
  ];
  const env = { PATH: '/usr/bin', EMPTY: '', ODD: 'a\nb=$c"\x01', LISTEN_PID: '1' };
  const argv = ['', 'a b', '$x', '-x', '--', '\xff'];

  const USERS = [
    { who: 'as root', as: (line: readonly string[]) => [...line], obstacle: skip },
    { who: 'as a user without any rights', as: asNobody, obstacle: rootObstacle() },
  ];
  const CASES = LAUNCHES.flatMap((one) => USERS.map((user) => ({ ...one, ...user })));
  for (const { stage, launch, who, as, obstacle } of CASES) {
    test(`${who}, at stage ${stage}`, { skip: obstacle }, async () => {
      const direct = await linesOf(as(surround(state, ...argv)), env);
      const launched = await linesOf(as(surround(...launch(state, ...argv))), env);
      const found = launched.filter((line) => !isOwn(line));
      assert.deepEqual(
        found,
        direct.filter((line) => !isOwn(line)),
      );
      assert.equal(linesWith(direct, 'descriptor=0 ', 'descriptor=5 ', 'descriptor=9 ').length, 2);
      assert.ok(direct.includes('SigBlk:\t0000000000000200') && direct.includes('SigIgn:\t0000000000001001'));
    });
  }

  for (const { stage, launch } of LAUNCHES) {
    test(`the process is the same, at stage ${stage}`, async () => {
      const lines = await linesOf(['sh', '-c', 'echo "pid=$$"; exec "$@"', 'sh', ...launch(state)]);
      assert.equal(lines[0], linesWith(lines.slice(1), 'pid=')[0]);
      assert.deepEqual(linesWith(lines, 'Name:', 'Threads:'), ['Name:\tstate', 'Threads:\t1']);
    });
  }
});

describe('a launched program has exactly one filter more', () => {
  test('a launched program has no_new_privs where the filter file says so', async () => {
    assert.deepEqual(linesWith(await linesOf(launch(state)), 'NoNewPrivs', 'Seccomp'), [
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
      'Seccomp_filters:\t1',
    ]);
  });

  test("a launched program has no no_new_privs if the filter file doesn't ask for it", {
    skip: rootObstacle(),
  }, async () => {
    const bytes = filterRefusing({}, { noNewPrivileges: false });
    const argv = [launcher, `--filter=${writeFilter(folder, 'without-nnp', bytes)}`, '--', state];
    assert.deepEqual(linesWith(await linesOf(argv), 'NoNewPrivs', 'Seccomp'), [
      'NoNewPrivs:\t0',
      'Seccomp:\t2',
      'Seccomp_filters:\t1',
    ]);
  });

  test('a launched program has the same filter from a base64 argument', async () => {
    const argv = [launcher, `--filter-base64=${Buffer.from(filterBytes).toString('base64')}`, '--', state];
    assert.deepEqual(linesWith(await linesOf(argv), 'NoNewPrivs', 'Seccomp'), [
      'NoNewPrivs:\t1',
      'Seccomp:\t2',
      'Seccomp_filters:\t1',
    ]);
  });

  test('a launched program has the longest possible filter', async () => {
    const load: Instruction = { code: 0x20, jt: 0, jf: 0, k: 0 };
    const program = Array.from({ length: MAX_PROGRAM_LENGTH - 1 }, () => load);
    program.push({ code: 0x06, jt: 0, jf: 0, k: ALLOW });
    const bytes = filterRefusing({}, { programs: new Map([[MACHINE!, program]]) });
    const argv = [launcher, `--filter=${writeFilter(folder, 'longest', bytes)}`, '--', state];
    assert.deepEqual(linesWith(await linesOf(argv), 'Seccomp_filters'), ['Seccomp_filters:\t1']);
  });
});

describe('every kind of program can be launched', () => {
  for (const [kind, options] of [
    ['dynamic', ['-no-pie']],
    ['dynamic position-independent', ['-pie']],
    ['static', ['-static']],
    ['static position-independent', ['-static-pie']],
  ] as const) {
    test(kind, async () => {
      const own = join(folder, kind);
      mkdirSync(own);
      const program = await compileProgram('state', own, options);
      for (const { launch } of LAUNCHES) {
        const arguments_ = linesWith(await linesOf(launch(program, 'x')), 'argument');
        assert.deepEqual(arguments_, ['arguments=2', `argument=${program}`, 'argument=x']);
      }
    });
  }

  test('a script', async () => {
    const script = join(folder, 'script');
    writeFileSync(script, '#!/bin/sh -e\necho "$0 $*"\n');
    chmodSync(script, 0o755);
    for (const { launch } of LAUNCHES) {
      assert.deepEqual(await linesOf(launch(script, 'a', 'b')), [`${script} a b`]);
    }
  });
});

describe('a program is found as systemd finds it', () => {
  const twin = 'sandbox-unit-test-twin';

  before(() => {
    for (const [directory, text, mode] of [
      ['first', '#!/bin/sh\necho first\n', 0o644],
      ['second', '#!/bin/sh\necho second\n', 0o755],
      ['third', '#!/bin/sh\necho third\n', 0o755],
    ] as const) {
      mkdirSync(join(folder, directory));
      writeFileSync(join(folder, directory, twin), text);
      chmodSync(join(folder, directory, twin), mode);
    }
    mkdirSync(join(folder, 'zeroth', twin), { recursive: true });
  });

  const search = (...directories: string[]) =>
    `--search-path=${directories.map((name) => (name.startsWith('/') ? name : join(folder, name))).join(':')}`;

  test('in the first directory with an executable file of that name', async () => {
    const directories = search(
      'absent',
      'zeroth',
      '/etc/passwd',
      'first',
      `/${'x'.repeat(5000)}`,
      'second',
      'third',
    );
    assert.deepEqual(await linesOf([launcher, `--filter=${filter}`, directories, '--', twin]), ['second']);
  });

  test('in the usual directories without --search-path=, and not in PATH', async () => {
    const env = { PATH: join(folder, 'second') };
    const argv = [launcher, `--filter=${filter}`, '--'];
    assert.deepEqual(await linesOf([...argv, 'sh', '-c', 'echo found'], env), ['found']);
    assert.equal((await run([...argv, twin], { env })).status, 203);
  });

  test('by its path, from the directory of the caller', async () => {
    const argv = [launcher, `--filter=${filter}`, search('third'), '--', `./${twin}`];
    assert.equal((await run(argv, { cwd: join(folder, 'second') })).stdout, 'second\n');
  });

  test('with its name as argument zero, unless --argv0= has another', async () => {
    const argv = [launcher, `--filter=${filter}`, search(folder)];
    const arguments_ = async (...options: string[]) =>
      linesWith(await linesOf([...argv, ...options, '--', 'state', 'x']), 'argument=');
    assert.deepEqual(await arguments_(), ['argument=state', 'argument=x']);
    assert.deepEqual(await arguments_('--argv0=-other name'), ['argument=-other name', 'argument=x']);
    assert.deepEqual(await arguments_('--argv0='), ['argument=', 'argument=x']);
  });
});
