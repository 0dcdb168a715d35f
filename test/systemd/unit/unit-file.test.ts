/** Tests of systemd/unit/unit-file.ts and systemd/unit/lines.ts: unit files as systemd reads them, lines and bytes that it refuses included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';

const MIB = 1024 * 1024;

/** `section.key=value` of every assignment, then `line:code` of every diagnostic. */
function seen(text: string | Uint8Array): string[] {
  const { assignments, diagnostics } = parseUnitFile('x.service', text);
  return [
    ...assignments.map((a) => `${a.section}.${a.key}=${a.value}`),
    ...diagnostics.map((d) => `${d.at?.line}:${d.code}`),
  ];
}

const bytes = (...parts: (string | number)[]) =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : [part])),
  );

const cases: [string, string | Uint8Array, string[]][] = [
  ['an empty file', '', []],
  ['comments, blank lines and white space', '# c\n ; c\n\n [S]\n  A =  b c  \n\tB\t=\n', ['S.A=b c', 'S.B=']],
  [
    'the same key in several sections, in order',
    '[A]\nK=1\nL=2\nK=3\n[B]\nK=4\n[A]\nK=5',
    ['A.K=1', 'A.L=2', 'A.K=3', 'B.K=4', 'A.K=5'],
  ],
  [
    'no inline comments, no unquoting',
    '[S]\nA=b # c ; d\nB="q"\nC=true\nD=a=b\nE=[x]\n',
    ['S.A=b # c ; d', 'S.B="q"', 'S.C=true', 'S.D=a=b', 'S.E=[x]'],
  ],
  ['values that look like tokens', '[s0]\nk0=v1\nv0=k0\n', ['s0.k0=v1', 's0.v0=k0']],
  [
    'names that objects have',
    '[__proto__]\nconstructor=1\n__proto__=2\n[constructor]\ntoString=3\n',
    ['__proto__.constructor=1', '__proto__.__proto__=2', 'constructor.toString=3'],
  ],
  [
    'dots and brackets in names',
    '[X-a.b]\nk.l=1\nk[]=2\nk[]=3\n[ S ]\nA=1\n',
    ['X-a.b.k.l=1', 'X-a.b.k[]=2', 'X-a.b.k[]=3', ' S .A=1'],
  ],
  [
    'quotes and odd characters in keys',
    '[S]\n"a b"=1\nü=2\n;c=3\na;b=4\n',
    ['S."a b"=1', 'S.ü=2', 'S.a;b=4'],
  ],
  ['a continuation becomes one space', '[S]\nA=b\\\n  c\\\nd\n', ['S.A=b   c d']],
  ['a comment within a continuation', '[S]\nA=b \\\n# no \\\n  ; no\n c\n', ['S.A=b   c']],
  ['a blank line ends a continuation', '[S]\nA=b \\\n\nB=c\n', ['S.A=b', 'S.B=c']],
  ['an even number of backslashes', '[S]\nA=b\\\\\nB=c\\\\\\\nD=e\n', ['S.A=b\\\\', 'S.B=c\\\\ D=e']],
  ['white space after a backslash', '[S]\nA=b\\ \nB=c\n', ['S.A=b\\', 'S.B=c']],
  ['a continuation at the end of the file', '[S]\nA=b\\', ['S.A=b']],
  ['a continued header', '[S\\\n]\nA=1\n', ['S .A=1']],
  ['a continuation that begins with nothing', '[S]\n\\\n \\\nA=1\n', ['S.A=1']],
  ['a byte order mark', bytes(0xef, 0xbb, 0xbf, '[S]\nA=1\n'), ['S.A=1']],
  [
    'a byte order mark on a later line, once',
    bytes('[S]\n', 0xef, 0xbb, 0xbf, 'A=1\n', 0xef, 0xbb, 0xbf, 'B=1\n'),
    ['S.A=1', 'S.\ufeffB=1'],
  ],
  ['a comment after a byte order mark is no comment', bytes('[S]\n', 0xef, 0xbb, 0xbf, '#A=1\n'), ['S.#A=1']],
  ['DOS line ends', '[S]\r\nA=b\\\r\nc\r\n', ['S.A=b c']],
  ['old Mac line ends', '[S]\rA=1\rB=2', ['S.A=1', 'S.B=2']],
  ['NUL ends a line', '[S]\0A=1\0B=\\\0c', ['S.A=1', 'S.B=c']],
  [
    'a line end of two characters counts once',
    '[S]\n\rA\n\r\n=\nB',
    ['2:bad-unit-file', '4:bad-unit-file', '5:bad-unit-file'],
  ],
  ['white space that is none to systemd', '[S]\n\u00a0A\u00a0=\u2003b\v\n', ['S.\u00a0A\u00a0=\u2003b\v']],
  ['what systemd ignores', 'A=1\n[S]\nB\n=1\n', ['1:bad-unit-file', '3:bad-unit-file', '4:bad-unit-file']],
  ['a section header without its bracket', '[S]\nA=1\n[T\nB=1\n', ['S.A=1', '3:unit-file-cut-short']],
  ['a lone bracket', '[S]\n[\nB=1\n', ['2:unit-file-cut-short']],
  ['an empty section name', '[]\nB=1\n', ['.B=1']],
  ['a quote in a section name', '[S]\n[a"b]\nB=1\n', ['2:unit-file-cut-short']],
  ['a backslash in a section name', '[a\\b]\nB=1\n', ['1:unit-file-cut-short']],
  ['a control character in a section name', '[a\tb]\nB=1\n', ['1:unit-file-cut-short']],
  ['bytes that are not UTF-8', bytes('[S]\nA=1\nX-B=', 0xff, '\nC=1\n'), ['S.A=1', '3:unit-file-cut-short']],
  ['bytes that are not UTF-8 in a comment', bytes('[S]\n# ', 0xff, '\nC=1\n'), ['S.C=1']],
  [
    'bytes that are not UTF-8 in a continuation',
    bytes('[S]\nA=1\\\n', 0xc3, '\\\n2\nC=1\n'),
    ['3:unit-file-cut-short'],
  ],
  ['a surrogate in UTF-8', bytes('[S]\nA=', 0xed, 0xa0, 0x80, '\nC=1\n'), ['2:unit-file-cut-short']],
  ['a noncharacter', '[S]\nA=\ufdd0\nC=1\n', ['2:unit-file-cut-short']],
  ['a noncharacter of a higher plane', '[S]\nA=\u{5ffff}\nC=1\n', ['2:unit-file-cut-short']],
  ['a private character', '[S]\nA=\ue000\u{10fffd}\n', ['S.A=\ue000\u{10fffd}']],
  ['a line of 1 MiB', `[S]\nA=1\n#${'x'.repeat(MIB - 1)}\nC=1\n`, ['S.A=1', '3:unit-file-cut-short']],
  ['a line just short of 1 MiB', `[S]\nA=1\n#${'x'.repeat(MIB - 2)}\nC=1\n`, ['S.A=1', 'S.C=1']],
  [
    'joined lines of more than 1 MiB',
    `[S]\n#\nA=${'x'.repeat(MIB / 2)}\\\n${'y'.repeat(MIB / 2)}\nC=1\n`,
    ['4:unit-file-cut-short'],
  ],
];

for (const [name, text, expected] of cases) {
  test(`unit file: ${name}`, () => assert.deepEqual(seen(text), expected));
}

test('joined lines of exactly 1 MiB are read', () => {
  const text = `[S]\nA=${'x'.repeat(MIB / 2 - 3)}\\\n${'y'.repeat(MIB / 2)}\nC=1\n`;
  assert.deepEqual(
    parseUnitFile('x', text).assignments.map((a) => [a.key, a.value.length]),
    [
      ['A', MIB - 2],
      ['C', 1],
    ],
  );
});

test('a key has the line that it was written on', () => {
  const text = '\ufeff[S]\n  Key = a \\\n b\n\\\n  K2=c\nü=d\n';
  assert.deepEqual(
    parseUnitFile('/a/b.conf', text).assignments.map((a) => a.at),
    [
      { file: '/a/b.conf', line: 2, column: 3, length: 3 },
      { file: '/a/b.conf', line: 5, column: 3, length: 2 },
      { file: '/a/b.conf', line: 6, column: 1, length: 1 },
    ],
  );
});

test('the error of a truncated file has a place and a hint', () => {
  const file = parseUnitFile('x.conf', '[S]\nA=1\n [T"]\n');
  assert.deepEqual(file.stoppedAt, { file: 'x.conf', line: 3, column: 2, length: 4 });
  assert.deepEqual(file.diagnostics, [
    {
      severity: 'warning',
      code: 'unit-file-cut-short',
      message: `systemd stops reading the file at the section header '[T"]'`,
      hint: 'correct the line: systemd ignores the rest of the file',
      at: file.stoppedAt,
    },
  ]);
});

test('a file with many lines, continuations and backslashes is read in time', () => {
  const text = `[S]\nA=1${'\\\n'.repeat(200_000)}\n${'B=\\\\\n'.repeat(50_000)}C=${'\\'.repeat(500_000)}x\n${'[S]\n'.repeat(50_000)}`;
  const { assignments, stoppedAt } = parseUnitFile('x', text);
  assert.equal(stoppedAt, undefined);
  assert.equal(assignments.length, 50_002);
});
