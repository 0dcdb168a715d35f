import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scanExecLine } from '../../../../src/systemd/unit/exec/line.js';
import { execArguments } from '../../../support/exec-arguments.js';

const at = { file: 'x.service', line: 3, column: 1, length: 9 };

/** A command less what is as usual. */
const command = (prefixes: string, path: string, rest: string, extra = {}) => ({
  prefixes,
  path: { raw: path, value: path },
  rest,
  bareName: false,
  at,
  ...extra,
});

const good: [string, object[]][] = [
  ['/bin/a', [command('', '/bin/a', '')]],
  ['/bin/a  b "c d"  ', [command('', '/bin/a', 'b "c d"')]],
  ['-!!:/bin/a b', [command('-!!:', '/bin/a', 'b')]],
  ['!-!/bin/a', [command('!-!', '/bin/a', '')]],
  ['+/bin/a', [command('+', '/bin/a', '')]],
  ['|echo hi', [command('|', 'echo', 'hi', { bareName: true })]],
  ['|', [command('|', '', '', { bareName: true })]],
  ['@/bin/a "b c" d e', [command('@', '/bin/a', 'd e', { argv0: { raw: '"b c"', value: 'b c' } })]],
  ['@/bin/a b', [command('@', '/bin/a', '', { argv0: { raw: 'b', value: 'b' } })]],
  ['@/bin/a \\; ";"', [command('@', '/bin/a', '";"', { argv0: { raw: '\\;', value: ';' } })]],
  ['a b', [command('', 'a', 'b', { bareName: true })]],
  ['--a', [command('-', '-a', '', { bareName: true })]],
  ['"/opt/my app/x" y', [command('', '', 'y', { path: { raw: '"/opt/my app/x"', value: '/opt/my app/x' } })]],
  [
    "'-@/opt/a b' c",
    [
      command('-@', '', '', {
        path: { raw: '"/opt/a b"', value: '/opt/a b' },
        argv0: { raw: 'c', value: 'c' },
      }),
    ],
  ],
  [
    '-"@"/a\\x20b c',
    [command('-@', '', '', { path: { raw: '"/a\\x20b"', value: '/a b' }, argv0: { raw: 'c', value: 'c' } })],
  ],
  ['%h/a %i', [command('', '%h/a', '%i')]],
  [
    '/bin/a b ; /bin/c ; -/bin/d e',
    [command('', '/bin/a', 'b'), command('', '/bin/c', ''), command('-', '/bin/d', 'e')],
  ],
  ['/bin/a \\; ";" ;b', [command('', '/bin/a', '\\; ";" ;b')]],
  ['; ";" /bin/a ;', [command('', '/bin/a', '')]],
];

for (const [value, expected] of good) {
  test(`the Exec line ${JSON.stringify(value)} is parsed`, () =>
    assert.deepEqual(scanExecLine(value, at), { commands: expected }));
}

const long = 'a'.repeat(256);

/** Whether systemd goes on after the line, how many commands it takes of it, and why not all. */
const bad: [string, 'ignored' | 'fatal', number, string][] = [
  ['-', 'ignored', 0, "the path is empty: ''"],
  ['@', 'fatal', 0, "the path is empty: ''"],
  ['"/bin/a b', 'ignored', 0, 'a quote is not closed'],
  ['/bin/a "b', 'fatal', 0, 'a quote is not closed'],
  ['-/bin/a "b', 'ignored', 0, 'a quote is not closed'],
  ['/bin/a ; "/bin/b', 'ignored', 1, 'a quote is not closed'],
  ['/bin/a ; /bin/b "c', 'fatal', 1, 'a quote is not closed'],
  ['bin/a', 'fatal', 0, "the path is neither absolute nor a plain name: 'bin/a'"],
  ['-./a', 'ignored', 0, "the path is neither absolute nor a plain name: './a'"],
  ['/bin/', 'fatal', 0, "the path is a folder: '/bin/'"],
  ['/bin/..', 'fatal', 0, "the path is a folder: '/bin/..'"],
  ['.', 'fatal', 0, "the path is a folder: '.'"],
  ["/bin/a\\'b", 'fatal', 0, "the path has quotes, backslashes or control characters: '/bin/a'b'"],
  ['/bin/\\q', 'fatal', 0, "the path has quotes, backslashes or control characters: '/bin/\\q'"],
  ['/bin/a\\nb', 'fatal', 0, "the path has quotes, backslashes or control characters: '/bin/a\\x0ab'"],
  [`/bin/${long}`, 'fatal', 0, `the path is too long: '/bin/${'a'.repeat(55)}…'`],
  [long, 'fatal', 0, `the path is too long: '${'a'.repeat(60)}…'`],
  [`/${'a/'.repeat(2048)}b`, 'fatal', 0, `the path is too long: '/${'a/'.repeat(29)}a…'`],
  ['@/bin/a', 'fatal', 0, 'the prefix @ needs two words: path and argv[0]'],
  ['@-/bin/a ; /bin/b', 'ignored', 0, 'the prefix @ needs two words: path and argv[0]'],
];

for (const [value, effect, commands, message] of bad) {
  test(`the Exec line ${JSON.stringify(value).slice(0, 40)} is ${effect}`, () => {
    const problem = {
      severity: effect === 'fatal' ? 'error' : 'warning',
      code: 'bad-unit-file',
      message,
      at,
    };
    const scanned = scanExecLine(value, at);
    assert.deepEqual({ ...scanned, commands: scanned.commands.length }, { commands, problem });
  });
}

test('a line of separators has no command', () => {
  assert.deepEqual(scanExecLine('; ;', at), { commands: [] });
});

test('a path of 255 bytes a name is not too long', () => {
  assert.equal(scanExecLine(`/${'a'.repeat(255)}/${'é'.repeat(127)}`, at).commands.length, 1);
  assert.equal(scanExecLine(`/${'é'.repeat(128)}`, at).commands.length, 0);
});

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: systemd's own notation
test('arguments are unquoted and unescaped, and keep specifiers and variables', () => {
  assert.deepEqual(execArguments('"a b" \\; ";" \\x41 $A "${B}" %n \'\' \\q'), [
    'a b',
    ';',
    ';',
    'A',
    '$A',
    '${B}',
    '%n',
    '',
    '\\q',
  ]);
  assert.deepEqual(execArguments(''), []);
});
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: as above

test('a long line is read in time', () => {
  const { commands } = scanExecLine(`/bin/a ${'\\q"x" '.repeat(100_000)}${'; /bin/b '.repeat(30_000)}`, at);
  assert.equal(commands.length, 30_001);
});
