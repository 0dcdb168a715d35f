import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXIT, error, note } from '../src/diagnostic.js';
import { type Outcome, shown } from '../src/outcome.js';

const OUTCOME: Outcome = {
  exit: EXIT.findings,
  json: { small: 7n, large: 2n ** 60n },
  text: 'for people\n',
  diagnostics: [note('hosts', 'by the way'), error('unreadable', 'it is wrong')],
  sources: new Map(),
};

test('text is printed to standard output, diagnostics to standard error', () => {
  const { output, errors } = shown(OUTCOME, {});
  assert.equal(output, 'for people\n');
  assert.equal(errors, 'note[hosts]: by the way\nerror[unreadable]: it is wrong\n');
});

test('--quiet prints neither the text nor notes', () => {
  assert.deepEqual(shown(OUTCOME, { quiet: true }), {
    output: '',
    errors: 'error[unreadable]: it is wrong\n',
  });
});

test('JSON is one object on standard output, with numbers that no reader rounds', () => {
  const { output, errors } = shown(OUTCOME, { json: true, quiet: true });
  assert.equal(errors, '');
  const { ok, small, large, diagnostics } = JSON.parse(output);
  assert.deepEqual([ok, small, large], [false, 7, '1152921504606846976']);
  const found = diagnostics.map(({ code }: { code: string }) => code);
  assert.deepEqual(found, ['hosts', 'unreadable']);
  for (const exit of [EXIT.ok, EXIT.pending]) {
    assert.equal(JSON.parse(shown({ ...OUTCOME, exit }, { json: true }).output).ok, true);
  }
});

test('short JSON is made from the whole, with reasons, places and hints', () => {
  const summary = ({ small }: Outcome['json']) => ({ tiny: small });
  const at = { file: 'x.toml', line: 3, column: 1, length: 2 };
  const diagnostics = [
    note('hosts', 'by the way'),
    error('unreadable', 'it is wrong', { at, hint: 'mend it' }),
  ];
  const { output } = shown({ ...OUTCOME, diagnostics, summary }, { json: true, jsonForm: 'summary' });
  assert.deepEqual(JSON.parse(output), {
    ...{ ok: false, tiny: 7 },
    reasons: [
      { severity: 'error', code: 'unreadable', message: 'it is wrong', hint: 'mend it', ...at },
      { severity: 'note', code: 'hosts', message: 'by the way' },
    ],
  });
});
