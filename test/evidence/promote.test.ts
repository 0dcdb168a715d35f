import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPromoted, promotion, type Used } from '../../src/evidence/promote.js';
import { editPolicy } from '../../src/policy/edit.js';
import { parsePolicy } from '../../src/policy/parse.js';
import { bundledSets } from '../../src/syscalls/sets.js';

const SETS = bundledSets();
const FILE = 'x.toml';

const TEXT = `[syscalls]
action = "EPERM"
allow = [
  "read", # always
  "ioctl",
]
log = ["@timer", "poll", "chmod"]

[[syscalls.rules]]
syscall = "ioctl"
when = [{ arg = 1, in = ["TCGETS"] }]
action = "allow"

[[syscalls.rules]]
syscall = "ioctl"
when = [{ arg = 1, ge = 0 }]
action = "log"
`;

const TCGETS = '21505';
const parsed = (text: string) => {
  const { policy } = parsePolicy(text, FILE);
  return policy;
};

const ioctl = (values: readonly string[], lost = 0): Used['arguments'][number] => ({
  ...{ architecture: 'x86-64', name: 'ioctl', arguments: [1], lost },
  values: values.map((value) => [value]),
});

const used = (names: readonly string[], values: Used['arguments'] = []): Used => ({
  calls: names.map((name) => ({ name, architecture: 'x86-64' })),
  arguments: values,
});

function promoted(seen: Used, text = TEXT) {
  const before = parsed(text);
  const planned = promotion(before.syscalls!, FILE, seen, SETS);
  const after = editPolicy(text, planned.edits)!;
  return { before, planned, after, is: isPromoted(before, parsed(after), planned, SETS) };
}

test('calls that were used are allowed, others of their sets are refused', () => {
  const { planned, after, is } = promoted(used(['read', 'poll', 'timer_create', 'ioctl'], [ioctl([TCGETS])]));
  assert.deepEqual(planned.allowed, ['poll', 'timer_create']);
  assert.ok(planned.refused.includes('chmod') && planned.refused.includes('timer_delete'));
  assert.deepEqual([planned.ruled, planned.kept, is], [['ioctl'], [], true]);
  const { allow, log, rules } = parsed(after).syscalls!;
  assert.deepEqual(
    allow!.map(({ name }) => name),
    ['read', 'ioctl', 'poll', 'timer_create'],
  );
  assert.deepEqual(log, []);
  assert.match(after, /# always/);
  assert.equal(rules[1]!.action.value, parsed('[syscalls]\naction = "EPERM"\n').syscalls!.action!.value);
});

const KEPT: readonly [says: string, values: Used['arguments']][] = [
  ['another value was used', [ioctl([TCGETS, '7'])]],
  ['values were lost', [ioctl([TCGETS], 3)]],
  ['no values are known', []],
];

for (const [says, values] of KEPT) {
  test(`a rule goes on recording where ${says}`, () => {
    const { planned, after, is } = promoted(used(['ioctl'], values));
    assert.deepEqual([planned.ruled, planned.kept, is], [[], ['ioctl'], true]);
    assert.match(after, /ge = 0 \}\]\naction = "log"/);
  });
}

test('a rule goes on recording where another ABI made the call, and its values are not known', () => {
  const seen = used(['ioctl'], [ioctl([TCGETS])]);
  const others = { ...seen, calls: [...seen.calls, { name: 'ioctl', architecture: 'x86' }] };
  assert.deepEqual(promoted(others).planned.kept, ['ioctl']);
});

test('a rule of a call that was never made refuses', () => {
  assert.deepEqual(promoted(used([])).planned.ruled, ['ioctl']);
});

test('a call that a list would let through is denied', () => {
  for (const allow of ['allow = ["@system-service"]', 'implicit = true']) {
    const text = `[syscalls]\naction = "EPERM"\n${allow}\nlog = ["poll", "chmod"]\n`;
    const { planned, after, is } = promoted(used(['poll']), text);
    assert.deepEqual([planned.allowed, planned.refused, is], [['poll'], ['chmod'], true]);
    assert.deepEqual(
      parsed(after).syscalls!.deny.map(({ name }) => name),
      ['chmod'],
    );
  }
});

test('a policy that records nothing has nothing to promote', () => {
  const { syscalls } = parsed('[syscalls]\nallow = ["read"]\n');
  assert.deepEqual(promotion(syscalls!, FILE, used([]), SETS).edits, []);
});

test('entries of bases stay', () => {
  const { syscalls } = parsed(TEXT);
  assert.deepEqual(promotion(syscalls!, 'other.toml', used(['poll']), SETS).edits, []);
});

test('an edit that says something else is no promotion', () => {
  const { before, planned, after } = promoted(used(['poll']));
  for (const wrong of [after.replace('"poll"', '"ppoll"'), after.replace('"read", ', ''), TEXT]) {
    assert.equal(isPromoted(before, parsed(wrong), planned, SETS), false);
  }
});
