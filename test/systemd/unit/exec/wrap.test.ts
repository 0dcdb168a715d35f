import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderDiagnostic, UserError } from '../../../../src/diagnostic.js';
import { quoteExecWord, wrapExecCommand } from '../../../../src/systemd/unit/exec/wrap.js';
import { execArguments } from '../../../support/exec-arguments.js';
import { commandsOf, execLineCases, updateExecLineCase, wrapped } from '../../../support/exec-lines.js';

const cases = execLineCases();

test('the golden corpus is complete', () => assert.ok(cases.length > 60));

for (const { name, written, expected } of cases) {
  test(`wrapping an Exec line: ${name}`, () => {
    const result = wrapped(written);
    const actual =
      typeof result === 'string' ? result : renderDiagnostic(result).replace(/^\S+ /, '').split('\n')[0]!;
    if (process.env.UPDATE_GOLDEN === '1') updateExecLineCase(name, written, actual);
    else assert.equal(actual, expected);
  });
}

const quoted: [string, string, string][] = [
  ['--filter=/etc/x.filter', '--filter=/etc/x.filter', '--filter=/etc/x.filter'],
  ['', '""', '""'],
  ['a b', '"a b"', '"a b"'],
  ['$A', '"$$A"', '"$A"'],
  ['50%', '"50%%"', '"50%%"'],
  [';', '";"', '";"'],
  ['a"b\\c\'', '"a\\"b\\\\c\'"', '"a\\"b\\\\c\'"'],
  ['a\nb\t\x7f', '"a\\x0ab\\x09\\x7f"', '"a\\x0ab\\x09\\x7f"'],
  ['é😀', '"é😀"', '"é😀"'],
];

for (const [word, expected, withoutEnv] of quoted) {
  test(`the word ${JSON.stringify(word)} is quoted`, () => {
    assert.equal(quoteExecWord(word, { noEnv: false }), expected);
    assert.equal(quoteExecWord(word, { noEnv: true }), withoutEnv);
  });
}

for (const word of ['a\0b', 'a\ud800', '\uffff']) {
  test(`the word ${JSON.stringify(word)} can't be an argument`, () => {
    assert.throws(
      () => quoteExecWord(word, { noEnv: false }),
      (e) => e instanceof UserError && e.diagnostics[0]?.code === 'policy-value',
    );
  });
}

for (const path of ['launcher', '/opt/', '/opt/a"b', '/opt/a\\b', '/opt/a\nb', '']) {
  test(`${JSON.stringify(path)} can't be the launcher`, () => {
    const commands = commandsOf('ExecStart=/bin/true');
    assert.ok(Array.isArray(commands));
    assert.throws(
      () => wrapExecCommand(commands[0]!, [path]),
      (e) => e instanceof UserError && e.diagnostics[0]?.code === 'policy-value',
    );
  });
}

test('quoted words read back unchanged, except for specifiers and variables', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.constantFrom('\\', '"', "'", ' ', ';', '\n', '%', '$', '{', '\x01') }),
  );
  const words = fc.array(
    text.map((word) => word.replace(/[\0\p{Surrogate}\p{Noncharacter_Code_Point}]/gu, '')),
  );
  fc.assert(
    fc.property(words, fc.boolean(), (list, noEnv) => {
      const written = list.map((word) => quoteExecWord(word, { noEnv })).join(' ');
      const doubled = list.map((word) => word.replaceAll('%', '%%'));
      const expected = noEnv ? doubled : doubled.map((word) => word.replaceAll('$', '$$$$'));
      assert.deepEqual(execArguments(written), expected);
    }),
    { numRuns: 1000 },
  );
});
