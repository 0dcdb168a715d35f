/** Policies, unit files, names and variables that mean ill, given to the command; no systemd is needed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ENVIRONMENT, LIBRARY } from '../support/cli.js';
import { runCommand } from '../support/command.js';
import { assertReadable, assertRefused } from '../support/hostile.js';
import { inRepository } from '../support/repository.js';
import { type RunResult, run } from '../support/run.js';
import { temporaryFolder, writeTree } from '../support/temporary.js';
import { alternatives } from '../support/thorough.js';

const COMMAND = inRepository('dist/sandbox-unit.cjs');
const MEGABYTE = 1 << 20;

let folder: string;
let root: string;
const ending: (() => void)[] = [];
before(() => {
  folder = temporaryFolder({ after: (end) => ending.push(end as () => void) });
  root = join(folder, 'root');
  writeTree(folder, {
    'good.toml': '[syscalls]\ndeny = ["uname"]\n',
    'root/usr/lib/systemd/libsystemd-shared-257.so': LIBRARY,
    'root/usr/lib/x86_64-linux-gnu/libc.so.6': '',
    'root/usr/lib/x86_64-linux-gnu/libseccomp.so.2': '',
    'root/usr/sbin/demod': '',
    'root/usr/lib/systemd/system/demo.service': '[Service]\nExecStart=/usr/sbin/demod\n',
  });
  process.chdir(folder);
});
after(() => {
  for (const end of ending) end();
});

/** Runs the command in this process. What it throws fails the test. */
const ask = (words: readonly string[]): Promise<RunResult> => runCommand(words, ENVIRONMENT);

/** Starts the command as it is installed. */
const start = (words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<RunResult> =>
  run([process.execPath, COMMAND, ...words], { env: { ...ENVIRONMENT, ...env }, cwd: folder });

/** Kinds, sizes and contents of all that is in the folder. */
function listing(directory = folder): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    const facts = lstatSync(path);
    if (facts.isDirectory()) return [`${path}/`, ...listing(path)];
    if (facts.isSymbolicLink()) return [`${path} -> ${readlinkSync(path)}`];
    const content = facts.isFile() ? createHash('sha256').update(readFileSync(path)).digest('hex') : '';
    return [`${path} ${facts.mode} ${facts.nlink} ${facts.size} ${content}`];
  });
}

/** Runs a command line after which all files have to be as they were. */
async function changesNothing(words: readonly string[]): Promise<RunResult> {
  const were = listing();
  const result = await ask(words);
  assert.deepEqual(listing(), were, words.join(' '));
  return result;
}

/** Contents of policies; the code of the first error, and the place in the file. */
const POLICIES: readonly [what: string, content: string | Uint8Array, code: string, place?: string][] = [
  ['a NUL', 'a = "\0"\n', 'policy-syntax', ':1:6: '],
  [
    'bytes that are no text',
    Buffer.from('[syscalls]\ndeny = ["\xff"]\n', 'latin1'),
    'policy-syntax',
    ':1:1: ',
  ],
  ['ten megabytes', '#'.repeat(10 * MEGABYTE), 'too-large'],
  [
    'a line of a megabyte',
    `[syscalls]\ndeny = ["${'x'.repeat(MEGABYTE - 99)}"]\n`,
    'unknown-syscall',
    ':2:9: ',
  ],
  ['20,000 lists in lists', `a = ${'['.repeat(20_000)}${']'.repeat(20_000)}`, 'policy-syntax', ':1:1: '],
  ['20,000 tables in tables', `a = ${'{a='.repeat(20_000)}1${'}'.repeat(20_000)}`, 'policy-syntax', ':1:1: '],
  ['a key of 20,000 parts', `[a${'.a'.repeat(20_000)}]\nb = 1`, 'policy-syntax', ':1:1: '],
  ['20,000 open lists', `a = ${'['.repeat(20_000)}`, 'policy-syntax', ':1:'],
  ['__proto__', '[syscalls]\n__proto__ = 1\n', 'policy-syntax', ':2:1: '],
  ['constructor', 'constructor.x = 1\n', 'policy-syntax', ':1:1: '],
  ['toString', '[service]\ntoString.call = "x"\n', 'policy-syntax', ':2:1: '],
  ['a line break in a call', '[syscalls]\ndeny = ["execve\\n[Service]"]\n', 'unknown-syscall', ':2:9: '],
  ['a specifier for a call', '[syscalls]\ndeny = ["%n"]\n', 'unknown-syscall', ':2:9: '],
  [
    'a variable for an action',
    '[syscalls]\ndeny = ["uname"]\naction = "$ACTION"\n',
    'policy-value',
    ':3:10: ',
  ],
  ['escape codes in a key', '[syscalls]\n"\\u001b[2J" = 1\n', 'unknown-key', ':2:1: '],
  ['a right-to-left mark', '[syscalls]\ndeny = ["\u202e"]\n', 'unknown-syscall', ':2:9: '],
  [
    'a line break in a directive',
    '[service]\nReadWritePaths = ["/a\\nExecStart=/bin/b"]\n',
    'directive-value',
    ':2:18: ',
  ],
  [
    'a line break in the name of a directive',
    '[service]\n"Nice=1\\nUser" = 1\n',
    'unknown-directive',
    ':2:1: ',
  ],
  [
    'a NUL in a probe',
    '[syscalls]\ndeny = ["uname"]\n[apply]\nprobe = ["/bin/a\\u0000"]\n',
    'policy-value',
    ':4:10: ',
  ],
  ['itself as its base', 'extends = ["./POLICY"]\n', 'policy-value', ':1:12: '],
  ['a base with a line break', 'extends = ["a\\nb.toml"]\n', 'no-policy', ':1:12: '],
  ['a base with a NUL', 'extends = ["a\\u0000.toml"]\n', 'unreadable', ':1:12: '],
  ['a device as its base', 'extends = ["/dev/zero"]\n', 'bad-file', ':1:12: '],
  [
    'a base ten thousand folders down',
    `extends = ["${'x/'.repeat(10_000)}x.toml"]\n`,
    'unreadable',
    ':1:12: ',
  ],
  ['a base below a template', 'extends = ["../no-exec"]\n', 'no-policy', ':1:12: '],
  [
    'thousands of bases that are not there',
    `extends = [${Array.from({ length: 4000 }, (_, i) => `"x${i}.toml"`).join()}]\n`,
    'policy-value',
    ':1:',
  ],
];

/** Keys that take a number; `@` is where it stands, in the text's last line. */
const NUMBERS: readonly string[] = [
  '[syscalls]\ndeny = ["uname"]\naction = @',
  '[syscalls]\ndeny = ["uname"]\nunknown = @',
  '[syscalls]\ndeny = [@]',
  '[[syscalls.rules]]\nsyscall = "uname"\naction = @',
  ...['arg = @', 'arg = 0, eq = @', 'arg = 0, in = [@]', 'arg = 0, eq = 1, width = @'].map(
    (condition) => `[[syscalls.rules]]\nsyscall = "uname"\naction = "EPERM"\nwhen = [{ ${condition} }]`,
  ),
  '[[expect]]\nsyscall = "uname"\naction = @',
  '[[expect]]\nsyscall = "uname"\naction = "kill"\nargs = [@]',
  '[apply]\nsettle = @',
  ...['Nice', 'LimitNOFILE', 'MemoryMax', 'UMask', 'CPUWeight'].map((name) => `[service]\n${name} = @`),
];

/** Numbers that are none, too large ones, and dates. */
const NO_NUMBERS: readonly (readonly [what: string, number: string])[] = [
  ['a million digits', '9'.repeat(1_000_000)],
  ['a hexadecimal number of 100 digits', `0x${'f'.repeat(100)}`],
  ['a fraction', '1.5'],
  ['infinity', 'inf'],
  ['a date', '2020-01-01T00:00:00Z'],
];

for (const [what, number] of NO_NUMBERS) {
  test(`${what} is no number of a policy, whatever the key, and has its place`, async () => {
    const names = NUMBERS.map((text, i) => {
      writeTree(folder, { [`number-${i}.toml`]: text.replace('@', number) });
      return `number-${i}.toml`;
    });
    for (const [i, name] of names.entries()) {
      const { status, stdout, stderr } = await ask(['check', name]);
      const lines = NUMBERS[i]!.split('\n');
      const column = lines.at(-1)!.indexOf('@') + 1;
      const place = `number-${i}.toml:${lines.length}:${column}: error[`;
      assert.equal(status, 1, NUMBERS[i]);
      assert.ok((stdout + stderr).includes(place), `${place}\n${stdout}${stderr}`.slice(0, 2000));
      assert.doesNotMatch(stdout + stderr, /cannot|undefined|null|TypeError/i);
    }
  });
}

describe('a policy with', () => {
  for (const [i, [what, content, code, place]] of POLICIES.entries()) {
    test(`${what} is refused with its place, and nothing is written`, async () => {
      const name = `hostile-${i}.toml`;
      const text = typeof content === 'string' ? content.replace('POLICY', name) : content;
      writeTree(folder, { [name]: text });
      for (const words of alternatives([
        ['apply', 'demo', '--root', root, '--policy', name],
        ['check', name],
      ])) {
        const result = await changesNothing(words);
        assertRefused(result, code, words.join(' '), place === undefined ? '' : `${name}${place}`);
      }
    });
  }

  test('a chain of ten thousand bases is refused as too long', async () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => [
      `chain/${i}.toml`,
      `extends = ["${i + 1}.toml"]\n`,
    ]);
    writeTree(folder, Object.fromEntries(chain));
    const result = await ask(['check', 'chain/0.toml']);
    assertRefused(result, 'policy-value', 'check', 'chain/63.toml:1:12: ');
  });

  test('a file that others can write is refused to root', {
    skip: process.getuid?.() === 0 ? false : 'needs root, to make files of other users',
  }, async () => {
    writeTree(folder, { 'writable.toml': '', 'theirs.toml': '', 'folder/policy.toml': '', 'ours.toml': '' });
    chmodSync(join(folder, 'writable.toml'), 0o666);
    chownSync(join(folder, 'theirs.toml'), 65534, 65534);
    symlinkSync('../ours.toml', join(folder, 'folder/link.toml'));
    symlinkSync('folder/link.toml', join(folder, 'by-theirs.toml'));
    chownSync(join(folder, 'folder'), 65534, 65534);
    for (const name of [
      'writable.toml',
      'theirs.toml',
      'folder/policy.toml',
      'folder/link.toml',
      'by-theirs.toml',
    ]) {
      const words = ['--root', root, '--policy', name];
      for (const verb of ['plan', 'apply']) {
        assertRefused(await changesNothing([verb, 'demo', ...words]), 'untrusted-file', `${verb} ${name}`);
      }
    }
  });
});

/** What is in the place of a policy. */
const NO_FILES: readonly [what: string, make: (path: string) => void, code: string][] = [
  ['a folder', (path) => mkdirSync(path), 'bad-file'],
  ['a pipe', (path) => execFileSync('mkfifo', [path]), 'bad-file'],
  ['a device', (path) => symlinkSync('/dev/zero', path), 'bad-file'],
  ['a link to itself', (path) => symlinkSync(path, path), 'unreadable'],
  ['a link that leads nowhere', (path) => symlinkSync('nowhere', path), 'no-policy'],
];

for (const [what, make, code] of NO_FILES) {
  test(`${what} is not accepted as a policy`, async () => {
    const file = `${what.replaceAll(' ', '-')}.toml`;
    make(join(folder, file));
    for (const words of [
      ['check', file],
      ['generate', 'demo', '--root', root, '--policy', file],
    ]) {
      assertRefused(await changesNothing(words), code, words.join(' '));
    }
  });
}

/** Command lines that a unit's name is missing from. */
const VERBS = [
  ...['plan', 'generate', 'apply', 'revert', 'status', 'verify', 'explain'].map((verb) => [verb, '--']),
  ['run', '--deny=uname', '--property=Nice=1', '--unit'],
];
/** The one that writes. */
const WRITES = 2;
/** The name that every command gets. */
const WHOLE = 'a\nb';

/** Words that name no unit, and the code. */
const NAMES: readonly [name: string, code: string][] = [
  [WHOLE, 'invalid-unit-name'],
  ['%n', 'invalid-unit-name'],
  ['a@%i', 'invalid-unit-name'],
  ['$HOME', 'invalid-unit-name'],
  ['a"b', 'invalid-unit-name'],
  ["a'b", 'invalid-unit-name'],
  ['../x', 'invalid-unit-name'],
  ['x/../../etc', 'invalid-unit-name'],
  ['\u001b[2J', 'invalid-unit-name'],
  ['x'.repeat(100_000), 'invalid-unit-name'],
];

describe('a unit name', () => {
  for (const [i, [name, code]] of NAMES.entries()) {
    test(`${JSON.stringify(name.slice(0, 20))} is refused`, async () => {
      const verbs = VERBS.filter((_, verb) => name === WHOLE || verb % NAMES.length === i || verb === WRITES);
      for (const verb of verbs)
        assertRefused(
          await ask([...verb, name, ...(verb[0] === 'run' ? ['true'] : [])]),
          code,
          verb.join(' '),
        );
    });
  }

  for (const name of ['__proto__', 'constructor', 'toString', '..service', '-x']) {
    test(`${name} is only the name of a unit that doesn't exist`, async () => {
      for (const verb of ['apply', 'revert', 'status']) {
        assertRefused(await ask([verb, '--root', root, '--', name]), 'no-unit', verb);
      }
    });
  }
});

/** Unit files, and what `plan` has to say; nothing where the unit is as good as others. */
const UNITS: readonly [what: string, content: string | Uint8Array, code?: string][] = [
  ['ten megabytes', `[Service]\nExecStart=/usr/sbin/demod\n${'#'.repeat(10 * MEGABYTE)}`, 'too-large'],
  ['a line of a megabyte', `[Service]\nExecStart=/usr/sbin/demod ${'x'.repeat(MEGABYTE)}\n`, 'bad-unit-file'],
  ['a NUL', '[Service]\nExecStart=/usr/sbin/demod\nUser=a\0b\n'],
  [
    'bytes that are no text',
    Buffer.from('[Service]\nExecStart=/usr/sbin/demod \xff\n', 'latin1'),
    'bad-unit-file',
  ],
  ['escape codes in a name', '[Service]\nExecStart=/usr/sbin/demod\n\u001b[2J=\u001b[2J\n'],
  ['escape codes in a section', '[Service]\nExecStart=/usr/sbin/demod\n[\u001b[2J]\n', 'bad-unit-file'],
  ['inherited names', '[__proto__]\nx=1\n[Service]\nExecStart=/usr/sbin/demod\n__proto__=1\nconstructor=2\n'],
  ['a line that goes on without end', `[Service]\nExecStart=/usr/sbin/demod ${'\\\n'.repeat(100_000)}\n`],
];

describe('a unit file with', () => {
  for (const [i, [what, content, code]] of UNITS.entries()) {
    test(`${what} ${code === undefined ? 'is read' : 'is refused'}`, async () => {
      const unit = `hostile-${i}.service`;
      const path = `root/usr/lib/systemd/system/${unit}`;
      writeTree(folder, { [path]: content });
      const options = ['--root', root, '--policy', 'good.toml'];
      for (const verb of ['plan', 'generate', ...(code === undefined ? [] : ['apply'])]) {
        const result = await changesNothing([verb, unit, ...options]);
        if (code === undefined) {
          assertReadable(result, verb);
          assert.equal(result.status, 0, result.stderr);
        } else assertRefused(result, code, verb);
      }
    });
  }
});

/** Variables that change what Node or the C library does. */
const ENVIRONMENTS: readonly Readonly<Record<string, string>>[] = [
  { NODE_OPTIONS: '--stack-trace-limit=100 --trace-uncaught --enable-source-maps' },
  { NODE_OPTIONS: '--throw-deprecation --pending-deprecation' },
  { NODE_DEBUG: '', NODE_DISABLE_COLORS: '', FORCE_COLOR: '3', TERM: '\u001b[2J' },
  { LANG: 'tr_TR.UTF-8', LC_ALL: '../../x\n', LANGUAGE: '%n', NODE_ICU_DATA: '/nonexistent' },
  { HOME: '/nonexistent\n', XDG_RUNTIME_DIR: '../..', TMPDIR: '/nonexistent' },
  { SYSTEMD_UNIT_PATH: '/a\nb:../..:' },
];

test('these environment variables change no output', async () => {
  const lines = [
    ['plan', 'demo', '--root', root, '--policy', 'good.toml'],
    ['check', 'nothing.toml'],
  ];
  for (const words of lines) {
    const usual = await start(words);
    for (const environment of ENVIRONMENTS) {
      assert.deepEqual(await start(words, environment), usual, JSON.stringify(environment));
    }
  }
});

for (const address of [
  '',
  'x',
  'unix',
  'unix:',
  'unix:path',
  'unix:abstract=x',
  'unixexec:path=/bin/false',
  'unix:path=/a\nb',
]) {
  test(`the bus address ${JSON.stringify(address)} leads to no bus`, async () => {
    for (const words of [
      ['apply', 'demo'],
      ['run', '--deny', 'uname', 'true'],
    ]) {
      const result = await start(words, { DBUS_SYSTEM_BUS_ADDRESS: address });
      assertRefused(result, 'no-bus', words.join(' '));
    }
  });
}
