import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OPTIONS } from '../src/commands/options.js';
import { VERBS } from '../src/commands/verbs.js';
import { inRepository } from './support/repository.js';
import { sentencesOf, wordsOf } from './support/sentences.js';

const DOCUMENTS = ['ARCHITECTURE.md', 'CONTRIBUTING.md'];

const read = (name: string): string => readFileSync(inRepository(name), 'utf8');

test('sentences are told apart', () => {
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
  test(`the files that ${name} names are there`, () => {
    const paths = pathsIn(read(name));
    assert.ok(paths.length > 5);
    assert.deepEqual(
      paths.filter((path) => !isThere(path)),
      [],
    );
  });
}

/** The long flags of a verb. */
function flagsOf(name: string): ReadonlySet<string> {
  const verb = VERBS.find((one) => one.name === name);
  assert.ok(verb !== undefined && 'options' in verb, name);
  const flags = verb.options.map((option) => verb.own?.[option]?.[0] ?? OPTIONS[option][0]);
  return new Set(flags.flatMap((flag) => /--[\w-]+/.exec(flag) ?? []));
}

test('the command lines of documents for users have verbs and options that there are', () => {
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
