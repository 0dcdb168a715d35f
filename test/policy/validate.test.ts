import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseToml } from '../../src/policy/toml.js';
import { isInteger, isTable, validateShape } from '../../src/policy/validate.js';
import { WHOLE } from '../support/policy.js';

const found = (source: string) =>
  validateShape(parseToml(source, 'p.toml')).map(
    ({ code, message, hint, at }) =>
      `${at?.line}:${at?.column} ${code}: ${message}${hint === undefined ? '' : ` (${hint})`}`,
  );

test('every key in its form is right', () => assert.deepEqual(found(WHOLE), []));

const CASES: readonly [source: string, ...found: string[]][] = [
  ['[syscall]\n', "1:2 unknown-key: unknown key 'syscall' (did you mean 'syscalls'?)"],
  ['deny = []', "1:1 unknown-key: unknown key 'deny' ('deny' belongs in [syscalls] or [ready])"],
  ['PrivateTmp = true', "1:1 unknown-key: unknown key 'PrivateTmp' (directives belong in [service])"],
  ['syscalls = 1', "1:12 policy-value: 'syscalls' must be a table"],
  ['[syscalls]\ndeny = "execve"', "2:8 policy-value: 'syscalls.deny' must be a list, in brackets"],
  ['[syscalls]\ndeny = [1]', "2:9 policy-value: an entry of 'syscalls.deny' must be a string"],
  ['[syscalls]\ninherit = "no"', "2:11 policy-value: 'syscalls.inherit' must be true or false"],
  [
    '[syscalls]\naction = 1.5',
    "2:10 policy-value: 'syscalls.action' must be an action: a string or an errno",
  ],
  [
    '[syscalls]\nstage = "later"',
    "2:9 policy-value: unknown value 'later' of 'syscalls.stage' (one of exec, entry)",
  ],
  [
    '[syscalls]\nenforcer = "laucher"',
    "2:12 policy-value: unknown value 'laucher' of 'syscalls.enforcer' (did you mean 'launcher'?)",
  ],
  ['[syscalls]\nstage = 1', "2:9 policy-value: 'syscalls.stage' must be a string"],
  [
    '[apply]\nsettle = "1 day"',
    `2:10 policy-value: 'apply.settle' must be a time span such as "3s", at most an hour`,
  ],
  [
    '[apply]\nsettle = 3',
    `2:10 policy-value: 'apply.settle' must be a time span such as "3s", at most an hour`,
  ],
  [
    '[ready]\nsettle = "61s"',
    `2:10 policy-value: 'ready.settle' must be a time span such as "3s", at most a minute`,
  ],
  [
    '[ready]\nsettle = "abc"',
    `2:10 policy-value: 'ready.settle' must be a time span such as "3s", at most a minute`,
  ],
  ['[apply]\nprobe = 1', "2:9 policy-value: 'apply.probe' must be a text or a list"],
  ['[apply]\nprobe = []', "2:9 policy-value: 'apply.probe' must be a list that is not empty"],
  [
    '[apply]\nprobe = [["a"], []]',
    "2:17 policy-value: an entry of 'apply.probe' must be a list that is not empty",
  ],
  ['[apply]\nprobe = [["a", 1]]', "2:16 policy-value: an entry of 'apply.probe' must be a string"],
  ['[apply]\nprobe = ["a", {}]', "2:15 policy-value: an entry of 'apply.probe' must be a string"],
  ['[[expect]]\nsyscall = "uname"', "1:3 policy-value: the key 'action' is missing"],
  [
    '[[expect]]\nsyscall = "a"\naction = "kill"\nargs = [1.5]',
    "4:9 policy-value: an entry of 'expect.args' must be a number or a constant's name",
  ],
];

for (const [source, ...wanted] of CASES) {
  test(`${JSON.stringify(source)}: ${wanted[0]!.replace(/^\S+ /, '')}`, () => {
    const [first, ...more] = found(source);
    assert.ok(first!.startsWith(wanted[0]!), first);
    assert.deepEqual(more, []);
  });
}

test('an argument is one of six, and its width one of two', () => {
  const condition = (text: string) =>
    found(`[[syscalls.rules]]\nsyscall = "a"\naction = "kill"\nwhen = [{ ${text} }]`);
  assert.deepEqual(condition('arg = 5, eq = 1'), []);
  assert.match(
    condition('arg = 6, eq = 1')[0]!,
    /'syscalls\.rules\.when\.arg' must be one of 0, 1, 2, 3, 4, 5$/,
  );
  assert.match(condition('arg = 0, width = 16, eq = 1')[0]!, /must be one of 32, 64$/);
  assert.match(condition('arg = 0, in = []')[0]!, /must be a list that is not empty$/);
  assert.match(condition('eq = 1')[0]!, /policy-value: the key 'arg' is missing$/);
});

test('all errors are reported at once', () => {
  assert.equal(found('a = 1\nb = 2\n[syscalls]\ndeny = 1\nlog = [1, 2]').length, 5);
});

test('a table is no list, date or null; a whole number may be any that TOML has', () => {
  assert.deepEqual([{}, [], new Date(0), null, 'a', undefined].map(isTable), [
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
  assert.deepEqual([1, 2n ** 64n, 1.0, 1.5, 2 ** 53, Number.NaN, '1', true].map(isInteger), [
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ]);
});
