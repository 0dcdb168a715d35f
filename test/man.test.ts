import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OPTIONS, type VerbOptions } from '../src/cli/commands/options.js';
import type { Verb, VerbGroup } from '../src/cli/commands/verb.js';
import { VERBS } from '../src/cli/commands/verbs.js';
import { groupBy } from '../src/collections.js';
import { EXIT } from '../src/diagnostic.js';
import { type Keys, POLICY, type Shape } from '../src/policy/schema.js';
import { inLayer, layerAvailable } from './support/layer.js';
import { manualPages, manualParts, manualSentences, manualText } from './support/manual.js';
import { inRepository } from './support/repository.js';

/** What is behind each `\-` of `.Fl \-json`, as on the command line. */
const flags = (text: string) =>
  [...text.matchAll(/\bFl ((?:\\-[a-z]+)+)/g)].map(([, name]) => `-${name!.replaceAll('\\', '')}`).sort();

/** The flags of a list's items. */
const itemsOf = (text: string) =>
  [...text.matchAll(/^\.It (Fl .*)$/gm)].flatMap(([, item]) => flags(item!)).sort();

/** The long flag of an option, which may be a verb's own. */
const flagIn = (verb: Verb | VerbGroup | undefined, name: keyof VerbOptions) => {
  const own = verb && 'own' in verb ? verb.own?.[name] : undefined;
  const [words] = own ?? OPTIONS[name];
  return words.split(' ').find((word) => word.startsWith('--'))!;
};

/** The words of a verb, and its options, for each command line that it has. */
const commandsOf = (verb: Verb | VerbGroup): (readonly [string, readonly (keyof VerbOptions)[]])[] =>
  'verbs' in verb
    ? verb.verbs.map(({ name, options }) => [`${verb.name} ${name}`, options])
    : [[verb.name, verb.options]];

const isCommon = (name: keyof VerbOptions) =>
  VERBS.flatMap(commandsOf).filter(([, options]) => options.includes(name)).length >= 4;

const statusesIn = (text: string) => [...text.matchAll(/^\.It (\d+)$/gm)].map(([, status]) => Number(status));

for (const verb of VERBS) {
  const page = `sandbox-unit-${verb.name}.1`;
  const commands = commandsOf(verb);
  const flagOf = (name: keyof VerbOptions) => flagIn(verb, name);

  test(`${page} has each option of its verb, in the synopsis and with a description`, () => {
    const parts = manualParts(page, 'Sh');
    const lines = parts
      .get('SYNOPSIS')!
      .split('.Nm sandbox-unit\n.Cm ')
      .slice(1)
      .map((text) => [text.split('\n', 1)[0]!, flags(text)] as const);
    // A verb that does several things has a line for each.
    const synopses = groupBy(lines, ([name]) => name);
    assert.deepEqual(
      [...synopses].map(([name, all]) => [name, [...new Set(all.flatMap(([, of]) => of))].sort()]),
      commands.map(([name, options]) => [name, options.map(flagOf).sort()]),
    );
    const all = new Set(commands.flatMap(([, options]) => options.map(flagOf)));
    assert.deepEqual(itemsOf(parts.get('OPTIONS')!), [...all].sort());
  });

  test(`${page} has the sections of a page, and the exit statuses of its verb`, () => {
    const parts = manualParts(page, 'Sh');
    const headings = ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'OPTIONS', 'EXIT STATUS', 'EXAMPLES', 'SEE ALSO'];
    const found = headings.filter((heading) => !parts.get(heading)?.trim());
    assert.deepEqual(found, []);
    // The statuses of `run` are systemd-run's.
    if (verb.name === 'run') return;
    // `status` has it where a unit waits to be confirmed.
    const mayBePending = verb.name === 'status' || commands.some(([, options]) => options.includes('check'));
    const statuses = statusesIn(parts.get('EXIT STATUS')!);
    assert.equal(statuses.includes(EXIT.pending), mayBePending);
    for (const status of [EXIT.ok, EXIT.failure]) assert.ok(statuses.includes(status));
  });
}

test('sandbox-unit(1) has a line for each command, and the common options', () => {
  const { COMMANDS = '', OPTIONS: options = '' } = Object.fromEntries(manualParts('sandbox-unit.1', 'Sh'));
  const found = [...COMMANDS.matchAll(/^\.It Xr (\S+) 1$/gm)].map(([, name]) => name);
  assert.deepEqual(
    found,
    VERBS.map(({ name }) => `sandbox-unit-${name}`),
  );
  const common = (Object.keys(OPTIONS) as (keyof VerbOptions)[])
    .filter(isCommon)
    .map((name) => flagIn(undefined, name));
  assert.deepEqual(itemsOf(options), [...common, '--color', '--no-pager', '--help', '--version'].sort());
});

test('exit statuses in manuals are those of sandbox-unit(1)', () => {
  const text = manualParts('sandbox-unit.1', 'Sh').get('EXIT STATUS')!;
  assert.deepEqual(statusesIn(text), Object.values(EXIT));
});

test('the package installs every page', () => {
  const { man } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as { man: string[] };
  assert.deepEqual(
    man.toSorted(),
    manualPages().map((page) => `man/${page}`),
  );
});

test('references of manuals exist', () => {
  const pages = manualPages();
  for (const page of pages) {
    const text = manualText(page);
    const others = [...text.matchAll(/\bXr (sandbox\S+) (\d)/g)].map(([, name, part]) => `${name}.${part}`);
    const headings = [...text.matchAll(/^\.S[hs] (.*)$/gm)].map(([, heading]) => heading!);
    const own = [...text.matchAll(/\bSx (.*?)(?: [.,)])*$/gm)].map(([, heading]) => heading!);
    assert.deepEqual(
      [...others.filter((one) => !pages.includes(one)), ...own.filter((one) => !headings.includes(one))],
      [],
      page,
    );
  }
});

test('no sentence of a manual is longer than 30 words', () => {
  for (const page of manualPages()) {
    const sentences = manualSentences(page);
    assert.ok(sentences.length > 5, page);
    assert.deepEqual(
      sentences.filter((words) => words.length > 30).map((words) => words.join(' ')),
      [],
      page,
    );
  }
});

test('mandoc finds nothing in the manuals', { skip: layerAvailable() }, async () => {
  const pages = manualPages().map((page) => inRepository('man', page));
  const { stdout } = await inLayer(['mandoc', '-T', 'lint', '-W', 'all', ...pages]);
  // Other pages aren't installed there, nor are these.
  const isMissing = (line: string) => line.includes(': referenced manual not found: ');
  const lines = stdout.trim().split('\n');
  assert.ok(lines.some(isMissing), 'nothing was looked at');
  assert.deepEqual(
    lines.filter((line) => !isMissing(line)),
    [],
  );
});

/** Keys of a table and of the tables in its lists, but not of its sections. */
const keysOf = (keys: Keys): string[] =>
  Object.entries(keys).flatMap(([name, { shape }]) => [name, ...keysWithin(shape)]);

const keysWithin = (shape: Shape): string[] =>
  shape.type === 'list' && shape.of.type === 'table' ? keysOf(shape.of.keys) : [];

const sectionOf = (shape: Shape): string[] =>
  shape.type === 'table' || shape.type === 'directives' ? keysOf(shape.keys) : keysWithin(shape);

test('each key of a policy is in its section of sandbox-unit.toml(5)', () => {
  const isSection = ({ type }: Shape) => !['string', 'boolean', 'list'].includes(type);
  const { rules, ...syscalls } = (POLICY.syscalls!.shape as { keys: Keys }).keys;
  const ready = (POLICY.ready!.shape as { keys: Keys }).keys;
  const { expect, ...others } = POLICY;
  const sections = Object.entries(others).filter(([, { shape }]) => isSection(shape));
  const there = {
    'Top level': Object.keys(others).filter((name) => !isSection(others[name]!.shape)),
    ...Object.fromEntries(sections.map(([name, { shape }]) => [`[${name}]`, sectionOf(shape)])),
    '[syscalls]': Object.keys(syscalls),
    '[ready]': Object.keys(ready),
    '[[syscalls.rules]]': keysWithin(rules!.shape),
    '[[expect]]': keysWithin(expect!.shape),
  };
  const written = [...manualParts('sandbox-unit.toml.5', 'Ss')].map(([heading, text]) => {
    const words = [...text.matchAll(/^\.(?:It )?Ic (.*)$/gm)].flatMap(([, line]) => line!.split(/[ ,]+/));
    return [heading, [...new Set(words.filter((word) => /^[a-z]/.test(word)))].sort()];
  });
  const sorted = Object.entries(there).map(([heading, keys]) => [heading, keys.sort()]);
  assert.deepEqual(Object.fromEntries(written), Object.fromEntries(sorted));
});
