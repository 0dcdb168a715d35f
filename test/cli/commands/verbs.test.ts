import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EXCLUSIVE, OPTIONS } from '../../../src/cli/commands/options.js';
import type { Verb } from '../../../src/cli/commands/verb.js';
import { VERBS } from '../../../src/cli/commands/verbs.js';

const ALL: readonly (readonly [words: string, verb: Verb])[] = VERBS.flatMap((one) =>
  'verbs' in one
    ? one.verbs.map((verb) => [`${one.name} ${verb.name}`, verb] as const)
    : [[one.name, one] as const],
);

test('the table of verbs has each once, with an action', async () => {
  const words = ALL.map(([name]) => name);
  assert.equal(new Set(words).size, words.length);
  const actions = await Promise.all(ALL.map(([, verb]) => verb.load()));
  for (const [i, action] of actions.entries()) assert.equal(typeof action, 'function', words[i]);
  assert.equal(new Set(actions).size, actions.length);
});

test('the table of verbs: each verb that ends has --json, each option once, and only existing options', () => {
  for (const [name, { options }] of ALL) {
    assert.equal(new Set(options).size, options.length, name);
    // `facts` prints JSON Lines anyway; the events of `watch` are in the journal, with their fields.
    assert.equal(options.includes('json'), name !== 'facts' && name !== 'watch', name);
    for (const option of options) assert.ok(Object.hasOwn(OPTIONS, option), `${name} ${option}`);
  }
});

test('the table of options: each has its own flags, and a verb', () => {
  const flags = Object.values(OPTIONS).flatMap(([text]) => text.match(/(?<![\w-])--?[a-zA-Z][\w-]*/g) ?? []);
  assert.equal(new Set(flags).size, flags.length);
  const used = new Set(ALL.flatMap(([, { options }]) => options));
  for (const option of Object.keys(OPTIONS)) assert.ok(used.has(option as keyof typeof OPTIONS), option);
  for (const pair of Object.entries(EXCLUSIVE))
    for (const option of pair.flat()) assert.ok(Object.hasOwn(OPTIONS, option!));
});

test('the table of verbs: each example is a command line of its verb', () => {
  for (const [name, { examples, operands }] of ALL) {
    assert.ok(examples.length > 0, name);
    for (const example of examples) assert.ok(`${example} `.startsWith(`${name} `), example);
    if (operands?.startsWith('<')) for (const example of examples) assert.notEqual(example, name);
  }
});
