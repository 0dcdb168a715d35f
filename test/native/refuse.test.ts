import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe } from 'node:test';
import { MAX_PROGRAM_LENGTH } from '../../src/seccomp/filter/filter-file.js';
import { compiled } from '../support/compiled.js';
import { asNobody, filterRefusing, rootObstacle, writeFilter } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';

const { folder, paths, skip, test } = compiled({});
const { launcher } = paths;

const good = skip ? new Uint8Array(44) : filterRefusing({});
const at = (name: string) => join(folder, name);

/** A refusal is a status and one line; the program, which would print, never runs. */
async function refusal(
  options: readonly string[],
  as = (argv: readonly string[]): readonly string[] => argv,
): Promise<{ status: number; line: string }> {
  const { status, stdout, stderr } = await run(as([launcher, ...options]));
  assert.equal(stdout, '');
  assert.match(stderr, /^sandbox-unit-launcher: [^\n]+\n$/);
  return { status, line: stderr.slice('sandbox-unit-launcher: '.length, -1) };
}

const RUN = ['--', 'echo', 'ran'];

/** The good file with some bytes after an offset replaced. */
function changed(offset: number, ...bytes: number[]): Uint8Array {
  const copy = good.slice();
  copy.set(bytes, offset);
  return copy;
}

const word = (value: number) => [value & 255, (value >> 8) & 255, (value >> 16) & 255, (value >> 24) & 255];

function joined(...parts: (Uint8Array | number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

describe('the launcher refuses a filter file', () => {
  const entry = good.slice(24, 36);
  const program = good.slice(36);
  const CASES: readonly [string, Uint8Array, string][] = [
    ['empty', new Uint8Array(), 'is too short'],
    ['cut within the header', good.slice(0, 20), 'is too short'],
    ['cut within the table', good.slice(0, 30), 'is too short'],
    ['cut within the program', good.slice(0, -1), 'is not as long as its header says'],
    ['with a byte too many', joined(good, [0]), 'is not as long as its header says'],
    ['of another kind', changed(0, 0x7f), 'does not begin as a filter file does'],
    ['of version 0', changed(8, 0), "has a version that this launcher doesn't know"],
    ['of version 2', changed(8, 2), "has a version that this launcher doesn't know"],
    [
      'for stage entry with one program',
      changed(12, 1),
      "has for an architecture only one of the two programs of stage 'entry'",
    ],
    ['for an unknown stage', changed(12, 3), "asks for a stage that this launcher doesn't know"],
    ['for running services', changed(12, 2), "is of stage 'ready', which is for running services"],
    ['with an unknown flag', changed(16, 4), "has flags that this launcher doesn't know"],
    ['with the highest flag', changed(19, 0x80), "has flags that this launcher doesn't know"],
    ['with no program', changed(20, 0), 'must hold one to eight programs'],
    ['with nine programs', changed(20, 9), 'must hold one to eight programs'],
    ['with more programs than bytes', changed(20, 8), 'is too short'],
    ['with another role', changed(28, 1), "has a program of a role that this launcher doesn't know"],
    ['with an empty program', changed(32, 0, 0), 'has a program that is empty or too long'],
    [
      'with a program that is too long',
      changed(32, ...word(MAX_PROGRAM_LENGTH + 1)),
      'has a program that is empty or too long',
    ],
    [
      'with a program longer than all numbers',
      changed(32, 255, 255, 255, 255),
      'has a program that is empty or too long',
    ],
    ['for another machine', changed(24, 0xf3, 0, 0, 0xc0), 'has no program for this machine'],
    [
      'with two programs for this machine',
      joined(changed(20, 2).slice(0, 24), entry, entry, program, program),
      'has two programs of one role for one architecture',
    ],
    ['too long by far', new Uint8Array(1 << 20), 'is too long'],
  ];
  for (const [index, [name, bytes, problem]] of CASES.entries()) {
    test(name, async () => {
      const path = writeFilter(folder, `bad-${index}`, bytes);
      assert.deepEqual(await refusal([`--filter=${path}`, ...RUN]), {
        status: 228,
        line: `the filter '${path}' ${problem}`,
      });
    });
  }

  test('with a program that the kernel refuses', async () => {
    const path = writeFilter(folder, 'no-return', changed(good.length - 8, 0x20));
    assert.deepEqual(await refusal([`--filter=${path}`, ...RUN]), {
      status: 228,
      line:
        "can't load the filter: EINVAL (invalid argument); " +
        'the kernel refuses the program or the flags, or has no seccomp filters',
    });
  });
});

describe('the launcher refuses a filter file that another user could have written', () => {
  const modes = [0o664, 0o646, 0o666].map((mode) => [`mode ${mode.toString(8)}`, mode] as const);
  for (const [name, mode] of modes) {
    test(name, async () => {
      const path = writeFilter(folder, name, good);
      chmodSync(path, mode);
      assert.deepEqual(await refusal([`--filter=${path}`, ...RUN]), {
        status: 228,
        line: `the filter '${path}' is writable by group or others; chmod go-w it`,
      });
    });
  }

  const owned = (name: string, uid: number) => {
    const path = writeFilter(folder, name, good);
    chownSync(path, uid, uid);
    return path;
  };
  const belongs = (path: string) => ({
    status: 228,
    line: `the filter '${path}' belongs to another user; chown it to root`,
  });

  test("another user's file, as root", { skip: rootObstacle() }, async () => {
    const path = owned('of-nobody', 65534);
    assert.deepEqual(await refusal([`--filter=${path}`, ...RUN]), belongs(path));
  });

  test("a third user's file, as a user", { skip: rootObstacle() }, async () => {
    const path = owned('of-daemon', 1);
    assert.deepEqual(await refusal([`--filter=${path}`, ...RUN], asNobody), belongs(path));
  });

  test("a user's own file, unless it is for a user's own manager", { skip: rootObstacle() }, async () => {
    const path = owned('own', 65534);
    assert.deepEqual(await refusal([`--filter=${path}`, ...RUN], asNobody), belongs(path));
    assert.equal((await run(asNobody([launcher, `--filter=${path}`, '--user', ...RUN]))).stdout, 'ran\n');
  });

  test("a third user's file for a user's own manager", { skip: rootObstacle() }, async () => {
    const path = owned('of-daemon-for-user', 1);
    assert.deepEqual(await refusal([`--filter=${path}`, '--user', ...RUN], asNobody), belongs(path));
  });

  test("a filter file of root's is accepted, whichever user starts the launcher", {
    skip: rootObstacle(),
  }, async () => {
    for (const options of [[], ['--user']]) {
      const argv = [launcher, `--filter=${owned('of-root', 0)}`, ...options, ...RUN];
      assert.equal((await run(asNobody(argv))).stdout, 'ran\n');
    }
  });
});

describe('the launcher refuses as a filter', () => {
  const fifo = at('fifo');
  before(() => {
    symlinkSync(writeFilter(folder, 'linked', good), at('link'));
    mkdirSync(at('directory'));
    spawnSync('mkfifo', ['-m', '644', fifo]);
  });
  const notRegular = (path: string) => `the filter '${path}' is not a regular file`;
  const CASES: readonly [string, string, string][] = [
    [
      'a symbolic link',
      at('link'),
      `the filter '${at('link')}' can't be opened: ELOOP (too many symbolic links); name the file itself, not a symbolic link`,
    ],
    ['a directory', at('directory'), notRegular(at('directory'))],
    ['a FIFO without a writer', fifo, notRegular(fifo)],
    ['an endless device', '/dev/zero', notRegular('/dev/zero')],
    [
      'a file of /proc',
      '/proc/self/status',
      "the filter '/proc/self/status' does not begin as a filter file does",
    ],
    [
      'a name without a file',
      at('absent'),
      `the filter '${at('absent')}' can't be opened: ENOENT (no such file or directory)`,
    ],
    ['an empty name', '', "the filter '' can't be opened: ENOENT (no such file or directory)"],
    [
      'a name that is too long',
      `/${'x'.repeat(300)}`,
      `the filter '/${'x'.repeat(159)}...' can't be opened: ENAMETOOLONG (name too long)`,
    ],
    [
      'a name with control characters',
      '/a\nb\x1b[31m',
      "the filter '/a\\x0ab\\x1b[31m' can't be opened: ENOENT (no such file or directory)",
    ],
  ];
  for (const [name, path, line] of CASES) {
    test(name, async () => {
      assert.deepEqual(await refusal([`--filter=${path}`, ...RUN]), { status: 228, line });
    });
  }

  test('a file that may not be read', { skip: rootObstacle() }, async () => {
    const path = writeFilter(folder, 'secret', good);
    chmodSync(path, 0o600);
    assert.deepEqual(await refusal([`--filter=${path}`, ...RUN], asNobody), {
      status: 228,
      line: `the filter '${path}' can't be opened: EACCES (permission denied)`,
    });
  });
});

describe('the launcher refuses base64 that is not exactly right', () => {
  const text = Buffer.from(good).toString('base64');
  const CASES: readonly [string, string, string][] = [
    ['empty', '', 'is too short'],
    [
      'a character short',
      text.slice(0, -1),
      "in base64 must have a multiple of four characters, padded with '='",
    ],
    ['with a space', ` ${text.slice(1)}`, "in base64 has a character that doesn't belong there"],
    ['with a line end', `${text}\n`, "in base64 has a character that doesn't belong there"],
    ['in the alphabet for URLs', `-_${text.slice(2)}`, "in base64 has a character that doesn't belong there"],
    ['padded too much', `${text}====`, "in base64 has a character that doesn't belong there"],
    ['going on after its padding', `QQ==${text}`, "in base64 has a character that doesn't belong there"],
    ['padded in the middle', `Q=Q=${text}`, "in base64 has a character that doesn't belong there"],
    ['with bits behind its end', 'QR==', 'in base64 has bits behind its end'],
    ['not of a filter file', 'QUJD', 'is too short'],
  ];
  for (const [name, data, problem] of CASES) {
    test(name, async () => {
      assert.deepEqual(await refusal([`--filter-base64=${data}`, ...RUN]), {
        status: 228,
        line: `the filter '--filter-base64=' ${problem}`,
      });
    });
  }
});

describe('the launcher refuses a command line that is not exactly right', () => {
  const filter = `--filter=${at('good')}`;
  const noDashes = "there is no '--' with a program after it";
  const oneFilter = 'exactly one of --filter= and --filter-base64= is needed';
  const CASES: readonly [string, string[], string][] = [
    ['without anything', [], noDashes],
    ['without --', [filter], noDashes],
    ['with the program before --', [filter, 'echo', '--', 'ran'], "unknown option 'echo' before '--'"],
    ['with an unknown option', ['--filters=x', ...RUN], "unknown option '--filters=x' before '--'"],
    [
      'with a value apart from its option',
      ['--filter', 'x', ...RUN],
      "unknown option '--filter' before '--'",
    ],
    ['with a line end in an option', ['--x\ny', ...RUN], "unknown option '--x\\x0ay' before '--'"],
    ['with an option twice', [filter, filter, ...RUN], "the option '--filter=' is given twice"],
    ['without a program', [filter, '--'], "there is no program after '--'"],
    ['with an empty program', [filter, '--', ''], "the program's name is empty"],
    ['with --script alone', ['--script'], "there is no script after '--script'"],
    ['with --script after an option', [filter, '--script', 'x'], "unknown option '--script' before '--'"],
    ['without a filter', RUN, oneFilter],
    ['with two filters', [filter, '--filter-base64=QUJD', ...RUN], oneFilter],
    [
      'with a relative search path',
      [filter, '--search-path=/bin:bin', ...RUN],
      "--search-path= needs absolute directories, not '/bin:bin'",
    ],
    [
      'with an empty search path',
      [filter, '--search-path=', ...RUN],
      "--search-path= needs absolute directories, not ''",
    ],
    [
      'with an empty directory at the end of the search path',
      [filter, '--search-path=/bin:', ...RUN],
      "--search-path= needs absolute directories, not '/bin:'",
    ],
  ];
  for (const [name, argv, problem] of CASES) {
    test(name, async () => {
      writeFilter(folder, 'good', good);
      assert.deepEqual(await refusal(argv), {
        status: 2,
        line: `${problem}; see sandbox-unit-launcher --help`,
      });
    });
  }

  test('options after -- belong to the program', async () => {
    const { stdout } = await run([launcher, filter, '--', 'echo', '--version', '--']);
    assert.equal(stdout, '--version --\n');
  });

  test('--help and --version answer on standard output', async () => {
    const help = await run([launcher, '--help']);
    assert.match(help.stdout, /^usage: sandbox-unit-launcher /);
    assert.deepEqual([help.status, help.stderr], [0, '']);
    const { version } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'));
    assert.deepEqual(await run([launcher, '--version']), {
      status: 0,
      stdout: `sandbox-unit-launcher ${version}\n`,
      stderr: '',
    });
  });
});

describe('the launcher refuses a program that cannot be started', () => {
  const mustBe =
    'EACCES (permission denied); it must be a regular file that this user may execute, on a mount that allows it';
  before(() => {
    writeFileSync(at('plain'), 'text');
    writeFileSync(at('no-interpreter'), '#!/absent/interpreter\n');
    writeFileSync(at('text'), 'neither a program nor a script');
    writeFileSync(at('of-root-only'), '#!/bin/sh\necho ran\n');
    chmodSync(at('plain'), 0o644);
    chmodSync(at('no-interpreter'), 0o755);
    chmodSync(at('text'), 0o755);
    chmodSync(at('of-root-only'), 0o700);
    mkdirSync(at('folder'));
  });
  const CASES: readonly [string, string, string][] = [
    ['absent', '/absent/program', "can't execute '/absent/program': ENOENT (no such file or directory)"],
    [
      'absent from the search path',
      'absent-program',
      "can't find the program 'absent-program': ENOENT (no such file or directory); give its path, or its directory by --search-path=",
    ],
    ['without the right to execute it', at('plain'), `can't execute '${at('plain')}': ${mustBe}`],
    ['a directory', at('folder'), `can't execute '${at('folder')}': ${mustBe}`],
    ['a device', '/dev/null', `can't execute '/dev/null': ${mustBe}`],
    ['beneath a file', '/etc/passwd/x', "can't execute '/etc/passwd/x': ENOTDIR (not a directory)"],
    [
      'without its interpreter',
      at('no-interpreter'),
      `can't execute '${at('no-interpreter')}': ENOENT (no such file or directory); its interpreter or dynamic linker is missing`,
    ],
    [
      'of no known format',
      at('text'),
      `can't execute '${at('text')}': ENOEXEC (not a program that this kernel runs); it is for another machine, or a script without '#!'`,
    ],
  ];
  for (const [name, program, line] of CASES) {
    test(name, async () => {
      const filter = writeFilter(folder, 'good', good);
      assert.deepEqual(await refusal([`--filter=${filter}`, '--', program, 'ran']), { status: 203, line });
    });
  }

  test('without the right to execute it, for this user', { skip: rootObstacle() }, async () => {
    const options = [`--filter=${writeFilter(folder, 'good', good)}`, '--', at('of-root-only')];
    assert.deepEqual(await refusal(options, asNobody), {
      status: 203,
      line: `can't execute '${at('of-root-only')}': ${mustBe}`,
    });
  });
});

test('a filter without no_new_privs is refused to a user without rights', {
  skip: rootObstacle(),
}, async () => {
  const path = writeFilter(folder, 'without-nnp', filterRefusing({}, { noNewPrivileges: false }));
  assert.deepEqual(await refusal([`--filter=${path}`, ...RUN], asNobody), {
    status: 228,
    line:
      "can't load the filter: EACCES (permission denied); " +
      "it needs no_new_privs, by the filter's flag, or CAP_SYS_ADMIN",
  });
});
