import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OPTIONS, type Options, VERBS } from '../src/commands/verbs.js';
import { EXIT } from '../src/diagnostic.js';
import { type Keys, POLICY, type Shape } from '../src/policy/schema.js';
import { manualParts } from './support/manual.js';

/** What is behind each `\-` of `.Fl \-json`, as on the command line. */
const flags = (text: string) =>
  [...text.matchAll(/\bFl ((?:\\-[a-z]+)+)/g)].map(([, name]) => `-${name!.replaceAll('\\', '')}`).sort();

const flagOf = (name: keyof Options) => OPTIONS[name][0].split(' ').find((word) => word.startsWith('--'))!;

test("each command's options are in the synopsis of sandbox-unit(1)", () => {
  const synopses = manualParts('sandbox-unit.1', 'Sh').get('SYNOPSIS')!.split('.Nm\n.Cm ').slice(1);
  const written = synopses.map((text): [string, string[]] => [
    text.split('\n', 1)[0]!,
    flags(text.split('.Nm')[0]!),
  ]);
  const there = VERBS.flatMap((verb): [string, string[]][] =>
    'verbs' in verb
      ? verb.verbs.map(({ name, options }) => [`${verb.name} ${name}`, options.map(flagOf).sort()])
      : [[verb.name, verb.options.map(flagOf).sort()]],
  );
  assert.deepEqual(written, there);
});

test('each command has its place in the description of sandbox-unit(1), and each option', () => {
  const { DESCRIPTION = '', OPTIONS: options = '' } = Object.fromEntries(manualParts('sandbox-unit.1', 'Sh'));
  const commands = [...DESCRIPTION.matchAll(/^\.It Cm (.*)$/gm)].map(([, name]) => name);
  assert.deepEqual(
    commands,
    VERBS.map(({ name }) => name),
  );
  const items = [...options.matchAll(/^\.It (Fl .*)$/gm)].flatMap(([, item]) => flags(item!));
  const there = [...(Object.keys(OPTIONS) as (keyof Options)[]).map(flagOf), '--help', '--version'];
  assert.deepEqual(items.sort(), there.sort());
});

test('the exit statuses are those of sandbox-unit(1)', () => {
  const items = [
    ...manualParts('sandbox-unit.1', 'Sh')
      .get('EXIT STATUS')!
      .matchAll(/^\.It (\d+)$/gm),
  ];
  assert.deepEqual(
    items.map(([, status]) => Number(status)),
    Object.values(EXIT),
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
  const isSection = ({ type }: Shape) => type !== 'string' && type !== 'list';
  const { rules, ...syscalls } = (POLICY.syscalls!.shape as { keys: Keys }).keys;
  const { expect, ...others } = POLICY;
  const sections = Object.entries(others).filter(([, { shape }]) => isSection(shape));
  const there = {
    'Top level': Object.keys(others).filter((name) => !isSection(others[name]!.shape)),
    ...Object.fromEntries(sections.map(([name, { shape }]) => [`[${name}]`, sectionOf(shape)])),
    '[syscalls]': Object.keys(syscalls),
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
