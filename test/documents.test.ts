import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OPTIONS } from '../src/cli/commands/options.js';
import { VERBS } from '../src/cli/commands/verbs.js';
import { BEFORE, ENDS, RUNS, SHORTER } from './booted/document-runs.js';
import { documentPaths, markdownSteps, readDocument } from './support/document.js';
import { commandsToRun, ELSEWHERE, whyElsewhere } from './support/elsewhere.js';
import { inRepository } from './support/repository.js';
import { sentencesOf, wordsOf } from './support/sentences.js';

const DOCUMENTS = ['ARCHITECTURE.md', 'CONTRIBUTING.md'];

const read = (name: string): string => readFileSync(inRepository(name), 'utf8');

test('sentences are split correctly', () => {
  const text =
    '# A heading\n\nOne (`a.b`). Two\nlines: `x`.\n\n- Three.\n- Four; five.\n\n    code. Code.\n\n| a | b |\n';
  const found = ['A heading', 'One (`a.b`).', 'Two\nlines: `x`.', 'Three.', 'Four; five.', 'a', 'b'];
  assert.deepEqual(sentencesOf(text), found);
});

/** Files and folders of the sources, by their paths in the repository. */
const PLACES = [
  'src',
  'test',
  'native-helper',
  'integrations',
  'host-scripts',
  'man',
  'templates',
  'scripts',
  'packaging',
  'bench',
  'docs',
].flatMap((folder) => [
  folder,
  ...readdirSync(inRepository(folder), { recursive: true, encoding: 'utf8' }).map(
    (path) => `${folder}/${path}`,
  ),
]);

test('no sentence of the architecture is longer than 30 words, nor one of a page with commands', () => {
  const pages = PLACES.filter((path) => /^docs\/.*\.md$/.test(path) && read(path).includes('\n```console'));
  assert.ok(pages.length > 5);
  for (const name of ['ARCHITECTURE.md', ...pages]) {
    const sentences = sentencesOf(read(name).replaceAll(/^```.*?^```$/gms, ''));
    assert.ok(sentences.length > 15, name);
    assert.deepEqual(
      sentences.filter((sentence) => wordsOf(sentence).length > 30),
      [],
      name,
    );
  }
});

/** Whether a path is there, or a longer one that ends with it. */
const isThere = (path: string): boolean => PLACES.some((place) => `/${place}`.endsWith(`/${path}`));

/** Paths of the project that a text names; `/proc/PID/exe` is the machine's, `man/VERB.1` stands for several. */
const pathsIn = (text: string): string[] =>
  [...text.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\/?)`/g)]
    .map(([, path]) => path!.replace(/\/$/, ''))
    .filter((path) => /\/|\.(?:ts|[chs]|md|mjs)$/.test(path) && !/[A-Z]{4}|^node_modules|^build/.test(path));

for (const name of DOCUMENTS) {
  test(`the files that ${name} names exist`, () => {
    const paths = pathsIn(read(name));
    assert.ok(paths.length > 5);
    const found = paths.filter((path) => !isThere(path));
    assert.deepEqual(found, []);
  });
}

/** The long flags of a verb. */
function flagsOf(name: string): ReadonlySet<string> {
  const verb = VERBS.find((one) => one.name === name);
  assert.ok(verb !== undefined && 'options' in verb, name);
  const flags = verb.options.map((option) => verb.own?.[option]?.[0] ?? OPTIONS[option][0]);
  return new Set(flags.flatMap((flag) => /--[\w-]+/.exec(flag) ?? []));
}

test('the command lines of documents for users have existing verbs and options', () => {
  const names = [
    'README.md',
    'integrations/puppet/README.md',
    ...PLACES.filter((path) => /^docs\/.*\.md$/.test(path)),
  ];
  const lines = [
    ...names
      .map(read)
      .join('\n')
      .matchAll(/sandbox-unit ([a-z]+)\b([^#'`\n]*)/g),
  ];
  const options = lines.flatMap(([, verb, rest]) =>
    [...rest!.matchAll(/(?<=\s)--[a-z][\w-]*/g)].map(([flag]) => [verb!, flag] as const),
  );
  assert.ok(options.length > 40);
  for (const [verb, flag] of options) assert.ok(flagsOf(verb).has(flag), `${verb} ${flag}`);
});

const isRun = (path: string): boolean => RUNS.some((one) => one.path === path);

test('test/booted/pages.test.ts runs every command line of documents for users', () => {
  const documents = documentPaths().map(readDocument);
  assert.ok(documents.flatMap(commandsToRun).length > 150);
  assert.deepEqual(documents.filter(({ path }) => !isRun(path)).flatMap(commandsToRun), []);
  const forgotten = markdownSteps('```console\n# sandbox-unit status\n```\n\n    npm run x\n');
  const page = { path: 'docs/new.md', text: '', steps: forgotten };
  assert.deepEqual([isRun(page.path), commandsToRun(page)], [false, ['docs/new.md: sandbox-unit status']]);
});

test('each comment on a command line of a document is for an existing one', () => {
  const documents = documentPaths().map(readDocument);
  const lines = documents.flatMap(({ path, steps }) =>
    steps.flatMap((step) => (step.kind === 'command' ? [{ path, command: step.command }] : [])),
  );
  const run = lines.filter(({ path, command }) => whyElsewhere(path, command) === undefined);
  const has = (of: typeof lines, command: RegExp, document = /^/) =>
    of.some((line) => document.test(line.path) && command.test(line.command));
  for (const [document, command, why] of ELSEWHERE) {
    assert.ok(has(lines, command, document), `${command}`);
    for (const [path] of why.matchAll(/\btest\/[\w./-]+/g)) assert.ok(isThere(path.replace(/\/$/, '')), path);
  }
  for (const [document, command] of BEFORE) assert.ok(has(run, command, new RegExp(document)), `${command}`);
  for (const [command] of [...SHORTER, ...ENDS]) assert.ok(has(run, command), `${command}`);
  for (const { path } of RUNS)
    assert.ok(
      documents.some((one) => one.path === path),
      path,
    );
});
