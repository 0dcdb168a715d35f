import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { VERBS } from '../../src/cli/commands/verbs.js';
import type { CodeEntry } from '../../src/codes/entry.js';
import { SUBJECTS } from '../../src/codes/subjects.js';
import { codesPage } from '../support/codes-page.js';
import { assertMade } from '../support/golden.js';
import { inRepository } from '../support/repository.js';
import { sentencesOf, wordsOf } from '../support/sentences.js';

const codesOf = ({ entries }: (typeof SUBJECTS)[number]): string[] => Object.keys(entries);

const ALL = SUBJECTS.flatMap(codesOf);

/** The text of all files of a folder whose names end so, those in `src/codes/` aside. */
const textOf = (folder: string, end: string): string =>
  readdirSync(inRepository(folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(end) && !path.startsWith('codes/'))
    .map((path) => readFileSync(inRepository(folder, path), 'utf8'))
    .join('\n');

const found = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, code]) => code!);

/** Codes that the sources make diagnostics of: by a function, by a constant, and in pairs with a message. */
const MADE = found(
  textOf('src', '.ts'),
  /(?:\b(?:error|warning|note|severe|fail|failure|fileError|drift)\(\s*|\bnativeProgram\(context, '[a-z-]+', |code: |^(?:export )?const [A-Z_]+ = |=> \[|^ +(?:'[a-z-]+', )?\[(?:'[a-z-]+', \[)?)'([a-z\d-]+)'/gm,
);

/** Codes of the Ansible collection's own. */
const OF_ANSIBLE = found(textOf('integrations/ansible', '.py'), /\bcode="([a-z-]+)"/g);

test('each code has one entry, and is used', () => {
  assert.ok(ALL.length > 150);
  const used = new Set([...MADE, ...OF_ANSIBLE]);
  const found = ALL.filter((code, i) => ALL.indexOf(code) !== i || !used.has(code));
  assert.deepEqual(found, []);
  assert.deepEqual(
    OF_ANSIBLE.filter((code) => !ALL.includes(code)),
    [],
  );
});

test('only commands that show codes load their entries', () => {
  const loads = /^(?:import|export) (?!type\b)[^;]*'(?:\.\.\/)+codes\//m;
  const files = readdirSync(inRepository('src'), { recursive: true, encoding: 'utf8' });
  const loading = files.filter(
    (path) => path.endsWith('.ts') && loads.test(readFileSync(inRepository('src', path), 'utf8')),
  );
  assert.deepEqual(loading.sort(), ['cli/report/code-help.ts']);
});

test('a code is in kebab-case, and the gaps have one subject', () => {
  const found = ALL.filter((code) => !/^[a-z]+(?:-[a-z0-9]+)*$/.test(code));
  assert.deepEqual(found, []);
  const withGaps = SUBJECTS.filter((one) => codesOf(one).some((code) => code.startsWith('gap-')));
  assert.deepEqual(
    withGaps.map(({ heading }) => heading),
    ['Gaps: lines that nothing would enforce'],
  );
  assert.ok(codesOf(withGaps[0]!).every((code) => code.startsWith('gap-')));
});

test('the text of each code is short sentences', () => {
  const texts = SUBJECTS.flatMap(({ entries }) => Object.values(entries)).flatMap((entry: CodeEntry) =>
    typeof entry === 'string' ? [entry] : [entry.cause, entry.wayOut],
  );
  const found = texts.filter((text) => !/^(?:[A-Z`]|systemd |x86-64).*[.]$/.test(text));
  assert.deepEqual(found, []);
  assert.deepEqual(
    sentencesOf(texts.join('\n\n')).filter((sentence) => wordsOf(sentence).length > 30),
    [],
  );
});

test('the page of all codes is made from their entries', () => {
  const page = codesPage();
  assertMade('docs/when-something-breaks.md', page);
  const found = sentencesOf(page).filter((sentence) => wordsOf(sentence).length > 30);
  assert.deepEqual(found, []);
  const commands = [...page.matchAll(/`sandbox-unit ([a-z]+)/g)].map(([, verb]) => verb!);
  assert.ok(commands.length > 15);
  const verbs = ['help', ...VERBS.map(({ name }) => name)];
  assert.deepEqual(
    commands.filter((verb) => !verbs.includes(verb)),
    [],
  );
});

/** The codes in backquotes that a comment names behind `@throws UserError`. */
const thrown = (comment: string): string[] => found(comment, /`([a-z]+(?:-[a-z]+)+)`/g);

test('comments name existing codes, each once', () => {
  const comments = found(textOf('src', '.ts'), /@throws UserError((?:[^@*]|\*(?! @|\/))*)/g);
  assert.ok(comments.length > 100);
  assert.deepEqual(
    comments
      .map(thrown)
      .flatMap((codes) => codes.filter((code, i) => !ALL.includes(code) || codes.indexOf(code) !== i)),
    [],
  );
});
