/** Tests of all of cli/command-line/: what the words of a command line ask for, its help, and its errors. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CommanderError } from 'commander';
import { askedBy } from '../../../src/cli/command-line/asked.js';
import { COMMAND_GROUPS, groupOf, inGroups, OUTPUT } from '../../../src/cli/command-line/help-groups.js';
import { parse } from '../../../src/cli/command-line/parse.js';
import { usageError } from '../../../src/cli/command-line/usage.js';
import { OPTIONS, type VerbOptions } from '../../../src/cli/commands/options.js';
import { VERBS } from '../../../src/cli/commands/verbs.js';
import { PLAIN } from '../../../src/theme.js';

test('the options --json and --color are read before the command line is parsed', () => {
  assert.deepEqual(askedBy(['status', '--json=summary', '--color=never']), {
    words: ['status', '--json', '--color=never'],
    json: true,
    jsonForm: 'summary',
    color: 'never',
  });
  assert.deepEqual(askedBy(['plan', 'x', '--color=odd']), {
    words: ['plan', 'x', '--color=odd'],
    json: false,
  });
  // Words behind -- are operands, and those of run another program's.
  assert.deepEqual(askedBy(['plan', '--', '--json', '--color=never']).json, false);
  assert.deepEqual(askedBy(['run', 'jq', '--json=full']).words, ['run', 'jq', '--json=full']);
});

async function parsed(...words: string[]) {
  const printed: string[] = [];
  const ran: unknown[] = [];
  const theme = () => ({ ...PLAIN, paint: (role: string, text: string) => `<${role}>${text}</>` });
  const print = (text: string) => printed.push(text);
  const exit = await parse(
    { ...askedBy(words), print, printError: print, theme },
    async (verb, operands, options) => {
      ran.push([verb.name, operands, options]);
      return 7;
    },
  ).catch((cause) => {
    if (!(cause instanceof CommanderError)) throw cause;
    return cause;
  });
  return { exit, ran, text: printed.join('') };
}

test('a verb gets its operands and options, and its exit status is returned', async () => {
  const { exit, ran } = await parsed('plan', 'demo', '--color', 'always', '--no-pager', '--quiet');
  assert.equal(exit, 7);
  const given = { askPassword: true, color: 'always', pager: false, quiet: true };
  assert.deepEqual(ran, [['plan', ['demo'], given]]);
});

test('a wrong value of --color is an error that lists the right ones', async () => {
  const { exit } = await parsed('plan', 'demo', '--color', 'red');
  assert.ok(exit instanceof CommanderError);
  assert.match(
    usageError(exit, ['plan', 'demo', '--color', 'red']).message,
    /'red' is invalid.*auto, always, never/,
  );
});

test('an option of an earlier version is an error with a hint', async () => {
  for (const words of [
    ['generate', 'demo', '--at-boot'],
    ['generate', 'demo', '--if-changed', 'run'],
  ]) {
    const { exit } = await parsed(...words);
    assert.ok(exit instanceof CommanderError);
    const { message, hint } = usageError(exit, words);
    assert.equal(message, `unknown option '${words[2]}'`);
    assert.match(hint!, /this option was removed: without '--runtime' the files are for \/etc/);
  }
});

test('help: each command is under a heading of its kind, and each heading has commands', async () => {
  const { text } = await parsed('--help');
  const names = VERBS.map(({ name }) => name);
  const found = [...COMMAND_GROUPS.keys()].filter((name) => !names.includes(name));
  assert.deepEqual(found, []);
  assert.deepEqual(
    names.filter((name) => !COMMAND_GROUPS.has(name)),
    [],
  );
  const headings = [...text.matchAll(/^<place>(.*)<\/>/gm)].map(([, heading]) => heading);
  for (const heading of new Set(COMMAND_GROUPS.values())) assert.ok(headings.includes(heading), heading);
  assert.ok(!headings.includes('Commands:'));
});

test('help: the options of a command are listed by heading', async () => {
  const { text } = await parsed('apply', '--help');
  const parts = new Map(
    text.split(/^<place>/m).map((part) => [part.slice(0, part.indexOf('<')), part] as const),
  );
  assert.match(parts.get('Policy:')!, /^ {2}--template <name>/m);
  assert.match(parts.get('Where:')!, /^ {2}--root <dir>/m);
  assert.match(parts.get('Options:')!, /^ {2}--purge/m);
  assert.match(parts.get(OUTPUT)!, /--json\[=summary\][\s\S]*--color <when>[\s\S]*--no-pager[\s\S]*--help/);
  assert.match(parts.get('Examples:')!, /sandbox-unit apply --all/);
});

test('help: options keep their order under a heading, and none is lost', () => {
  const names = Object.keys(OPTIONS) as (keyof VerbOptions)[];
  const sorted = inGroups(names);
  assert.deepEqual([...sorted].sort(), [...names].sort());
  const headings = sorted.map(groupOf);
  const changes = headings.filter((heading, i) => heading !== headings[i - 1]);
  assert.equal(new Set(changes).size, changes.length);
});
