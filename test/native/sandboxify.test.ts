import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { LAUNCHER_CALLS } from '../../src/seccomp/filter/filter-file.js';
import { BARE, compiled } from '../support/compiled.js';
import { asNobody, compileProgram, rootObstacle } from '../support/native.js';
import { type RunResult, run } from '../support/run.js';

const { folder, paths, skip } = compiled({ under: [], still: BARE, state: [] });
const { under, still, state } = paths;

const sandboxify = join(folder, 'sandboxify');
const library = join(folder, 'libsandbox.so');

type Variables = Readonly<Record<string, string>>;

const PATH = '/usr/local/bin:/usr/bin:/bin';
const DENY_UNAME = { SECCOMP_SYSCALL_DENY: 'uname' };
const adding = (...calls: string[]) =>
  calls.map((call) => `adding ${call} to the process seccomp filter\n`).join('');

/** The two ways into a sandbox, and what their messages begin with. */
const WAYS = [
  {
    name: 'sandboxify',
    start: (argv: readonly string[], env: Variables) => run([sandboxify, ...argv], { env: { PATH, ...env } }),
  },
  {
    name: 'libsandbox',
    start: (argv: readonly string[], env: Variables) =>
      run(argv, { env: { PATH, LD_PRELOAD: library, ...env } }),
  },
];

const ended = ({ status, stdout, stderr }: RunResult) => ({ status, stdout, stderr });
const SIGSYS = 128 + 31;

for (const { name, start } of WAYS) {
  describe(name, { skip }, () => {
    test('kills at a call of the deny list, and at no other', async () => {
      const killed = await start(['uname'], DENY_UNAME);
      assert.deepEqual(ended(killed), { status: SIGSYS, stdout: '', stderr: adding('uname') });
      const other = await start(['echo', 'ran'], DENY_UNAME);
      assert.deepEqual(ended(other), { status: 0, stdout: 'ran\n', stderr: adding('uname') });
    });

    test('reports the calls of the filter in the order of the list, and those that the machine lacks', async () => {
      const list = 'uname:arm_fadvise64_64:reboot:uname';
      const { stderr } = await start(['true'], { SECCOMP_SYSCALL_DENY: list });
      const skipped = 'skipping arm_fadvise64_64: not a system call of this machine\n';
      assert.equal(stderr, `${adding('uname')}${skipped}${adding('reboot', 'uname')}`);
    });

    test('with SECCOMP_DEFAULT_ACTION=log lets refused calls through', async () => {
      const env = { ...DENY_UNAME, SECCOMP_DEFAULT_ACTION: 'log' };
      assert.deepEqual(ended(await start(['uname'], env)), {
        status: 0,
        stdout: 'Linux\n',
        stderr: adding('uname'),
      });
    });

    test('removes its variables from the environment, and nothing else', async () => {
      const env = {
        A: '1',
        SECCOMP_DEFAULT_ACTION: 'log',
        SECCOMP_SYSCALL: 'x',
        ...DENY_UNAME,
        SECCOMP_SYSCALL_DENYX: 'y',
        Z: '2',
      };
      const inside = await start(['env'], env);
      const kept = { PATH, ...(name === 'libsandbox' ? { LD_PRELOAD: library } : {}) };
      const expected = { ...kept, A: '1', SECCOMP_SYSCALL: 'x', SECCOMP_SYSCALL_DENYX: 'y', Z: '2' };
      const lines = Object.entries(expected).map(([key, value]) => `${key}=${value}\n`);
      assert.equal(inside.stdout, lines.join(''));
    });

    test('keeps them in /proc/self/environ as libsandbox.so, and removes them as sandboxify', async () => {
      const { stdout } = await start(['cat', '/proc/self/environ'], { A: '1', ...DENY_UNAME });
      const variables = stdout.split('\0');
      assert.ok(variables.includes('A=1'));
      assert.equal(variables.includes('SECCOMP_SYSCALL_DENY=uname'), name === 'libsandbox');
    });

    test('sets no_new_privs and loads one filter', async () => {
      const { stdout } = await start([state], DENY_UNAME);
      assert.match(stdout, /^NoNewPrivs:\t1$/m);
      assert.match(stdout, /^Seccomp:\t2$/m);
      assert.match(stdout, /^Seccomp_filters:\t1$/m);
    });

    test('with SECCOMP_DEFAULT_ACTION=allow loads none, and leaves that to other programs', async () => {
      const { stdout, stderr } = await start([state], { SECCOMP_DEFAULT_ACTION: 'allow' });
      assert.equal(stderr, '');
      assert.match(stdout, /^environment=SECCOMP_DEFAULT_ACTION=allow$/m);
      assert.match(stdout, /^Seccomp_filters:\t0$/m);
      assert.match(stdout, /^NoNewPrivs:\t0$/m);
    });

    const REFUSED: readonly [env: Variables, says: RegExp][] = [
      [{}, /there is neither .*; SECCOMP_DEFAULT_ACTION=allow runs/],
      [{ SECCOMP_DEFAULT_ACTION: 'log' }, /there is neither/],
      [{ SECCOMP_SYSCALL_DENY: '' }, /is empty/],
      [{ SECCOMP_SYSCALL_ALLOW: '' }, /is empty/],
      [{ SECCOMP_SYSCALL_DENY: 'unmae' }, /unknown call 'unmae'/],
      [{ ...DENY_UNAME, SECCOMP_SYSCALL_ALLOW: 'read' }, /are both set/],
      [{ ...DENY_UNAME, SECCOMP_DEFAULT_ACTION: 'kil' }, /can't be 'kil'/],
      [{ ...DENY_UNAME, SECCOMP_DEFAULT_ACTION: 'allow' }, /but there is a list/],
    ];
    for (const [env, says] of REFUSED) {
      test(`runs nothing with ${JSON.stringify(env)}`, async () => {
        const { status, stdout, stderr } = await start(['echo', 'ran'], env);
        assert.deepEqual({ status, stdout }, { status: 2, stdout: '' });
        assert.match(stderr, says);
        assert.match(stderr, new RegExp(`^${name}: [^\\n]+\\n$`));
      });
    }

    test('works as a user without any rights, under another filter', { skip: rootObstacle() }, async () => {
      const inner = ['env', 'SECCOMP_SYSCALL_DENY=uname'];
      const preload = name === 'libsandbox' ? [`LD_PRELOAD=${library}`] : [];
      const command = (program: string) => [
        ...asNobody([sandboxify, ...inner, ...preload]),
        ...(name === 'sandboxify' ? [sandboxify] : []),
        program,
      ];
      const env = { PATH, SECCOMP_SYSCALL_DENY: 'reboot' };
      const [killed, ran] = [await run(command('uname'), { env }), await run(command(state), { env })];
      assert.deepEqual(ended(killed), {
        status: SIGSYS,
        stdout: '',
        stderr: adding('reboot', 'uname'),
      });
      assert.match(ran.stdout, /^Seccomp_filters:\t2$/m);
    });

    test('runs nothing if another filter refuses its calls', async () => {
      const CASES: readonly [string, number, RegExp][] = [
        ['seccomp:1', 228, /can't load the filter: EPERM/],
        ['seccomp:0', 228, /another filter fakes the call's success/],
        ['prctl:1', 227, /can't set no_new_privs: EPERM/],
        ['prctl:0', 227, /can't set no_new_privs/],
      ];
      const inner = name === 'sandboxify' ? [sandboxify] : ['/usr/bin/env', `LD_PRELOAD=${library}`];
      for (const [failing, status, says] of CASES) {
        const result = await run([under, `--fail=${failing}`, '--', ...inner, 'echo', 'ran'], {
          env: { PATH, ...(name === 'sandboxify' ? { SECCOMP_SYSCALL_DENY: 'reboot' } : DENY_UNAME) },
        });
        assert.deepEqual([result.status, result.stdout], [status, ''], failing);
        assert.match(result.stderr, says);
      }
    });
  });
}

describe('sandboxify', { skip }, () => {
  const start = WAYS[0]!.start;

  test('starts a program whose filter allows it one call', async () => {
    const result = await start([still], { SECCOMP_SYSCALL_ALLOW: 'exit_group' });
    assert.deepEqual(ended(result), { status: 7, stdout: '', stderr: adding('exit_group') });
  });

  test('makes no other calls than the launcher', async () => {
    const calls = LAUNCHER_CALLS.filter((call) => call !== 'openat' && call !== 'read');
    const argv = [under, `--permit=${calls.join(',')}`, '--', sandboxify, still];
    assert.equal((await run(argv, { env: { PATH, SECCOMP_SYSCALL_ALLOW: 'exit_group' } })).status, 7);
  });

  test('finds programs by PATH, and in the current folder for an empty part', async () => {
    copyFileSync(still, join(folder, 'only-here'));
    const status = async (path: string, cwd: string) =>
      (await run([sandboxify, 'only-here'], { env: { PATH: path, ...DENY_UNAME }, cwd })).status;
    assert.equal(await status(`/absent:${folder}`, '/'), 7);
    assert.equal(await status('/absent:', folder), 7);
    assert.equal(await status(':/absent', folder), 7);
    assert.equal(await status('/absent', folder), 203);
  });

  test("reports a program that can't be started", async () => {
    const text = join(folder, 'text');
    writeFileSync(text, 'no program');
    chmodSync(text, 0o755);
    const CASES: readonly [string[], number, string][] = [
      [[], 2, 'there is no program; see sandboxify --help'],
      [['--'], 2, 'there is no program; see sandboxify --help'],
      [['--deny=x', 'true'], 2, "unknown option '--deny=x'; see sandboxify --help"],
      [
        ['absent-program'],
        203,
        "can't find the program 'absent-program': ENOENT (no such file or directory); give its path, or its directory in PATH",
      ],
      [['/absent/x'], 203, "can't execute '/absent/x': ENOENT (no such file or directory)"],
    ];
    for (const [argv, status, says] of CASES) {
      const result = await start(argv, DENY_UNAME);
      assert.deepEqual(ended(result), { status, stdout: '', stderr: `sandboxify: ${says}\n` });
    }
    const unfit = await start([text], DENY_UNAME);
    assert.equal(unfit.status, 203);
    assert.match(unfit.stderr, /can't execute .*: ENOEXEC/);
  });

  test('has a help and a version', async () => {
    assert.match((await run([sandboxify, '--help'])).stdout, /^usage: sandboxify /);
    assert.match((await run([sandboxify, '--version'])).stdout, /^sandboxify \d/);
  });
});

describe('libsandbox.so', { skip }, () => {
  const start = WAYS[1]!.start;
  const NOTHING_SAID = /^libsandbox: there is neither/;

  test('is not loaded into a static program, which runs unconfined', async () => {
    const result = await start([still], { SECCOMP_SYSCALL_DENY: 'exit_group' });
    assert.deepEqual(ended(result), { status: 7, stdout: '', stderr: '' });
  });

  test('in a child of a confined program finds the filter, by a call that no list refuses', async () => {
    const env = { SECCOMP_SYSCALL_DENY: 'uname:prctl:seccomp' };
    const result = await start(['sh', '-c', 'echo one; /bin/echo two; uname; echo $?'], env);
    assert.equal(result.stdout, `one\ntwo\n${SIGSYS}\n`);
    assert.doesNotMatch(result.stderr, /libsandbox/);
    const launched = await run([sandboxify, 'echo', 'ran'], { env: { PATH, LD_PRELOAD: library, ...env } });
    assert.deepEqual([launched.status, launched.stdout], [0, 'ran\n']);
  });

  test("doesn't take a foreign filter for its own", async () => {
    for (const failing of ['getrandom:1', 'getrandom:38']) {
      const argv = [under, `--fail=${failing}`, '--', '/usr/bin/env', `LD_PRELOAD=${library}`, 'echo', 'ran'];
      const { status, stdout, stderr } = await run(argv, { env: { PATH } });
      assert.deepEqual([status, stdout], [2, '']);
      assert.match(stderr, NOTHING_SAID);
    }
  });

  test('confines threads that exist when it is loaded', async () => {
    const program = await compileProgram('late-load', folder, ['-pthread']);
    const { status, stdout } = await run([program, library], { env: { PATH, ...DENY_UNAME } });
    assert.deepEqual([status, stdout], [SIGSYS, '']);
    const free = await run([program, library], { env: { PATH, SECCOMP_SYSCALL_DENY: 'reboot' } });
    assert.deepEqual([free.status, free.stdout], [0, 'named\n']);
  });

  test("works before other libraries' constructors run", async () => {
    const early = await compileProgram('early', folder, ['-shared', '-fPIC', '-pthread']);
    const needing = join(folder, 'needing');
    const built = await run(
      ['cc', '-o', needing, '-xc', '-', '-xnone', '-Wl,--no-as-needed', early, library],
      {
        input: 'int main(void) { return 0; }',
      },
    );
    assert.deepEqual(ended(built), { status: 0, stdout: '', stderr: '' });
    for (const [argv, preload] of [
      [['true'], `${early}:${library}`],
      [['true'], `${library}:${early}`],
      [[needing], ''],
    ] as const) {
      const env = { PATH, LD_PRELOAD: preload, LD_LIBRARY_PATH: folder, EARLY: 'uname' };
      const free = await run(argv, { env: { ...env, SECCOMP_SYSCALL_DENY: 'reboot' } });
      assert.deepEqual([free.status, free.stdout], [0, 'early uname: allowed\n']);
      const confined = await run(argv, { env: { ...env, ...DENY_UNAME } });
      assert.deepEqual([confined.status, confined.stdout], [SIGSYS, '']);
    }
  });

  test("doesn't load into programs that need it when it is missing", async () => {
    assert.ok(existsSync(join(folder, 'needing')));
    const { status, stdout } = await run([join(folder, 'needing')], { env: { PATH, ...DENY_UNAME } });
    assert.deepEqual([status, stdout], [127, '']);
  });
});
