/** Tests of cli/report/explain-short.ts and all of what it says of many calls at once. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explanationsText } from '../../../src/cli/report/explain.js';
import { namesToAdd } from '../../../src/cli/report/explain-short.js';
import type { Explanation } from '../../../src/explain/explanation.js';
import type { AllowingChange } from '../../../src/explain/refused-call.js';

const FILE = '/etc/p.toml';
const at = { file: FILE, line: 2, column: 10, length: 3 };

const adds = (name: string, line: number | undefined = 2): AllowingChange => ({
  ...{ does: `add "${name}"`, where: FILE, text: `"${name}"` },
  ...(line === undefined ? {} : { line }),
  edit: { kind: 'add', list: 'allow', name, after: at },
});

const explanation = (name: string, number: number, more: Partial<Explanation> = {}): Explanation => ({
  call: { abi: 'x86-64', number, name, known: true },
  ...{ got: 'recorded', count: 1, last: 1_700_000_000_000, certain: true },
  processes: [{ pid: number, name: 'demod', program: '/usr/sbin/demod' }],
  cause: { kind: 'not-allowed', what: 'not in allow', at },
  changes: [adds(name)],
  ...{ instead: undefined, opens: undefined },
  ...more,
});

const further = { scope: 'system', words: ['--record'] } as const;
const text = (all: Explanation[], more: object = {}) =>
  explanationsText('demo.service', all, { sources: new Map(), machine: 'x86-64', further, ...more });

const MOUNT = explanation('mount', 165, { opens: 'it may mount' });
const UNAME = explanation('uname', 63);
const UMOUNT = explanation('umount2', 166, { opens: 'it may mount' });

test('calls with one cause are printed together, with one list that allows them', () => {
  assert.equal(
    text([MOUNT, UNAME, UMOUNT]),
    `demo.service: no call was refused, 3 would be

${FILE}:2:10: error[refused-call]: 3 calls were recorded: not in allow
    mount, umount2, uname
  by demod (/usr/sbin/demod), last at 2023-11-14T22:13:20.000Z

  to allow them, add to allow in line 2 (${FILE})
      "mount", "umount2", "uname"
  warning[opens]: mount, umount2: it may mount

'sandbox-unit explain --record --write demo.service' writes it into the policy; 'sandbox-unit explain --record --verbose demo.service' shows more about each call
`,
  );
});

test('a policy without a list gets one to paste as a whole', () => {
  const lists = [explanation('mount', 165), UNAME].map((one) => ({
    ...one,
    changes: [adds(one.call.name, undefined)].map(({ line: _, ...change }) => change),
  }));
  assert.match(
    text(lists),
    /\n {2}to allow them, write \(\/etc\/p\.toml\)\n {6}\[syscalls\]\n {6}allow = \[\n {8}"mount", "uname",\n {6}\]\n/,
  );
});

test('calls of the two tables are printed apart, each with its own list', () => {
  const ready = (name: string, number: number): Explanation => ({
    ...explanation(name, number),
    phase: 'ready',
    cause: {
      kind: 'not-allowed',
      what: 'not in allow, once it serves',
      at: { ...at, line: 5 },
      phase: 'ready',
    },
    changes: [inReady(name)],
  });
  const inReady = (name: string): AllowingChange => {
    const { line: _, ...change } = adds(name);
    return { ...change, edit: { kind: 'add', table: 'ready', list: 'allow', name, after: undefined } };
  };
  const anew = (one: Explanation): Explanation => ({
    ...one,
    changes: one.changes.map(({ line: _, ...change }) => change),
  });
  const shown = text([anew(MOUNT), anew(UNAME), ready('bind', 49), ready('execve', 59)]);
  assert.match(shown, /: 2 calls were recorded: not in allow\n/);
  assert.match(shown, /: 2 calls were recorded: not in allow, once it serves\n {4}bind, execve\n/);
  assert.match(shown, /last at 2023-11-14T22:13:20\.000Z, once it served\n/);
  const list = (table: string, names: string) =>
    ` {6}\\[${table}\\]\n {6}allow = \\[\n {8}${names},\n {6}\\]\n`;
  assert.match(
    shown,
    new RegExp(`${list('syscalls', '"mount", "uname"')}.*\n${list('ready', '"bind", "execve"')}`),
  );
  assert.deepEqual(namesToAdd([inReady('bind'), adds('b')]), ['b']);
  assert.deepEqual(namesToAdd([inReady('bind'), adds('b')], 'ready'), ['bind']);
});

test('calls that are denied by name are one group, and leave each line together', () => {
  const denied = (name: string, number: number, line: number): Explanation => {
    const there = { ...at, line };
    const change: AllowingChange = {
      ...{ does: `take "${name}" out of deny in line ${line}`, where: FILE, line },
      edit: { kind: 'take-out', entry: name, at: there },
    };
    const cause = { kind: 'denied', what: `deny ${name}`, at: there } as const;
    return explanation(name, number, { cause, changes: [change], got: 'killed' });
  };
  const set = { kind: 'denied', what: 'deny @debug', at } as const;
  const shown = text([
    denied('mount', 165, 5),
    denied('uname', 63, 4),
    denied('bind', 49, 5),
    explanation('ptrace', 101, { cause: set, changes: [] }),
  ]);
  assert.match(shown, /error\[refused-call\]: 3 calls ended their process: by name in deny, lines 4, 5\n/);
  assert.match(shown, /error\[refused-call\]: ptrace \(101\) was recorded: deny @debug\n/);
  assert.match(
    shown,
    /\n {2}to allow them, take "mount", "bind" out of deny in line 5 \(.*\)\n {2}and take "uname" out/,
  );
});

test('guesses, findings and recorded calls are not mixed', () => {
  const cause = { kind: 'recorded', what: 'log mount', at } as const;
  const shown = text([
    UNAME,
    explanation('mount', 165, { certain: false, changes: [] }),
    explanation('bpf', 321, { cause, changes: [] }),
  ]);
  assert.match(shown, /: error\[refused-call\]: uname \(63\) was recorded/);
  assert.match(shown, /: error\[refused-call\]: probably of this unit: mount \(165\) was recorded/);
  assert.match(shown, /: note\[recorded-call\]: bpf \(321\) was recorded/);
  assert.equal(shown.match(/no change is proposed/g)?.length, 1);
});

test('--verbose prints each call, and one list at the end', () => {
  const shown = text([MOUNT, UNAME], { verbose: true });
  assert.equal(shown.match(/to allow it,/g)?.length, 2);
  assert.match(shown, /by demod\[63\]/);
  assert.match(shown, /\n {2}to allow them, add to allow in line 2 \(.*\)\n {6}"mount", "uname"\n/);
  assert.doesNotMatch(shown, /--verbose/);
});

test('a written policy is shown as a diff, with only the remaining steps', () => {
  const unit: AllowingChange = {
    does: 'add SystemCallFilter=uname',
    where: 'systemctl edit',
    text: '[Service]',
  };
  const both = { ...UNAME, changes: [...UNAME.changes, unit] };
  const shown = text([MOUNT, both], { diff: '--- a\n+++ b\n', left: [both] });
  assert.match(
    shown,
    /\n--- a\n\+\+\+ b\n\n {2}to allow them, add SystemCallFilter=uname \(systemctl edit demo\.service\)\n/,
  );
  assert.doesNotMatch(shown, /add to allow|--write/);
});

test('names to add are sorted, without duplicates', () => {
  assert.deepEqual(namesToAdd([adds('b'), adds('a'), adds('b')]), ['a', 'b']);
});
