import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  isPromoted,
  promotedComments,
  promotion,
  type UsedCalls,
} from '../../../src/learn/profile/promote.js';
import { editPolicy } from '../../../src/policy/edit.js';
import { parsePolicy } from '../../../src/policy/parse.js';
import { ALLOW, ENOSYS, errnoAction } from '../../../src/seccomp/syscalls/action.js';
import { resolveCalls, verdictOn } from '../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { learned } from '../../support/learned.js';
import { NGINX } from '../../support/learned-services.js';

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

const ioctl = (values: readonly string[], lost = 0): UsedCalls['arguments'][number] => ({
  ...{ architecture: 'x86-64', name: 'ioctl', arguments: [1], lost },
  values: values.map((value) => [value]),
});

const used = (
  names: readonly string[],
  values: UsedCalls['arguments'] = [],
  more: Partial<UsedCalls> = {},
): UsedCalls => ({
  calls: names.map((name) => ({ architecture: 'x86-64', name })),
  arguments: values,
  ...{ lost: {}, blind: [] },
  ...more,
});

function promoted(seen: UsedCalls, text = TEXT) {
  const before = parsed(text);
  const planned = promotion(before.syscalls!, FILE, seen, SETS);
  const after = editPolicy(text, planned.edits)!;
  return { before, planned, after, is: isPromoted(before, parsed(after), planned, SETS) };
}

test('calls that were used are allowed, others of their sets are refused', () => {
  const { planned, after, is } = promoted(used(['read', 'poll', 'timer_create', 'ioctl'], [ioctl([TCGETS])]));
  assert.deepEqual(planned.allowed, ['poll', 'timer_create']);
  assert.ok(planned.unused.includes('chmod') && planned.unused.includes('timer_delete'));
  assert.deepEqual([planned.ruled, planned.kept, is], [['ioctl'], [], true]);
  const { allow, log, rules } = parsed(after).syscalls!;
  const names = allow!.map(({ name }) => name);
  assert.deepEqual(names, ['read', 'ioctl', 'poll', 'timer_create']);
  assert.deepEqual(log, []);
  assert.match(after, /# always/);
  assert.equal(rules[1]!.action.value, parsed('[syscalls]\naction = "EPERM"\n').syscalls!.action!.value);
});

const ioctlOn = (architecture: string) => ({ architecture, name: 'ioctl' });

const KEPT: readonly [says: string, values: UsedCalls['arguments'], more?: Partial<UsedCalls>][] = [
  ['another value was used', [ioctl([TCGETS, '7'])]],
  ['values were lost', [ioctl([TCGETS], 3)]],
  ['no values are known', []],
  ['values of another argument are known', [{ ...ioctl([TCGETS]), arguments: [2] }]],
  ['an ABI has no values', [ioctl([TCGETS])], { calls: ['x86-64', 'i386'].map(ioctlOn) }],
  [
    'an ABI has none but lost ones',
    [ioctl([TCGETS]), { ...ioctl([]), architecture: 'i386' }],
    { calls: ['i386'].map(ioctlOn) },
  ],
  ['arguments were lost', [ioctl([TCGETS])], { lost: { memory: 1 } }],
  ['the kernel shows no arguments', [ioctl([TCGETS])], { blind: ['arguments'] }],
];

for (const [says, values, more] of KEPT) {
  test(`a rule still logs if ${says}`, () => {
    const { planned, after, is } = promoted(used(['ioctl'], values, more));
    assert.deepEqual([planned.ruled, planned.kept, is], [[], ['ioctl'], true]);
    assert.match(after, /ge = 0 \}\]\naction = "log"/);
  });
}

test("if one row of arguments covers all calls, others don't matter", () => {
  const rows = [{ ...ioctl([TCGETS]), arguments: [2] }, ioctl([TCGETS])];
  assert.deepEqual(promoted(used(['ioctl'], rows)).planned.ruled, ['ioctl']);
});

test("an edit of a rule that isn't planned is rejected", () => {
  const { before, planned, after } = promoted(used(['ioctl'], [ioctl([TCGETS])]));
  for (const [from, to] of [
    ['"TCGETS"', '"TCSETS"'],
    ['arg = 1, in', 'arg = 2, in'],
    ['action = "allow"', 'action = "log"'],
    ['ge = 0 }]\naction = "EPERM"', 'ge = 0 }]\naction = "allow"'],
    ['ge = 0 }]\naction = "EPERM"', 'ge = 0 }]\naction = "log"'],
    ['action = "EPERM"\nallow', 'action = "EPERM"\nunknown = "kill"\nallow'],
    ['action = "EPERM"\nallow', 'action = "EPERM"\narchitectures = ["native", "i386"]\nallow'],
  ] as const) {
    assert.ok(after.includes(from), from);
    assert.equal(isPromoted(before, parsed(after.replace(from, to)), planned, SETS), false, to);
  }
});

test('a rule still logs if another ABI made the call with unknown values', () => {
  const seen = used(['ioctl'], [ioctl([TCGETS])]);
  const others = { ...seen, calls: [...seen.calls, { name: 'ioctl', architecture: 'x86' }] };
  assert.deepEqual(promoted(others).planned.kept, ['ioctl']);
});

test('a rule of an unused call refuses', () => {
  assert.deepEqual(promoted(used([])).planned.ruled, ['ioctl']);
});

test('a call that a list would let through is denied', () => {
  for (const allow of ['allow = ["@system-service"]', 'implicit = true']) {
    const text = `[syscalls]\naction = "EPERM"\n${allow}\nlog = ["poll", "chmod"]\n`;
    const { planned, after, is } = promoted(used(['poll']), text);
    assert.deepEqual([planned.allowed, planned.unused, is], [['poll'], ['chmod'], true]);
    const names = parsed(after).syscalls!.deny.map(({ name }) => name);
    assert.deepEqual(names, ['chmod']);
  }
});

test('unused calls with a fallback get ENOSYS, whatever the policy answers', () => {
  const text =
    '[syscalls]\naction = "EPERM"\nallow = ["read"]\nlog = ["copy_file_range", "statx", "chmod"]\n';
  const { planned, after, is } = promoted(used(['statx']), text);
  assert.deepEqual([planned.unused, is], [['chmod', 'copy_file_range'], true]);
  const named = resolveCalls(parsed(after).syscalls!, SETS);
  const answer = (name: string) => verdictOn(named, name).otherwise;
  assert.deepEqual(['copy_file_range', 'statx', 'chmod'].map(answer), [ENOSYS, ALLOW, errnoAction(1)]);
  assert.match(after, /deny = \["copy_file_range:ENOSYS"\]/);
  const wrong = after.replace('"copy_file_range:ENOSYS"', '');
  assert.equal(isPromoted(parsed(text), parsed(wrong), planned, SETS), false);
});

test('learn --promote: a policy that logs nothing has nothing to promote', () => {
  const { syscalls } = parsed('[syscalls]\nallow = ["read"]\n');
  assert.deepEqual(promotion(syscalls!, FILE, used([]), SETS).edits, []);
});

test('entries of bases stay', () => {
  const { syscalls } = parsed(TEXT);
  assert.deepEqual(promotion(syscalls!, 'other.toml', used(['poll']), SETS).edits, []);
});

test('an edit with another meaning is rejected', () => {
  const { before, planned, after } = promoted(used(['poll']));
  for (const wrong of [after.replace('"poll"', '"ppoll"'), after.replace('"read", ', ''), TEXT]) {
    assert.equal(isPromoted(before, parsed(wrong), planned, SETS), false);
  }
});

test('a comment on rules of a learned policy is updated; a hand-written one stays', () => {
  const { text: written } = learned(NGINX, {
    reachable: new Set(['sysinfo', 'chmod', 'ioctl', 'prctl']),
  });
  const promoted = (text: string, value: string) => {
    const { policy } = parsePolicy(text, FILE);
    const planned = promotion(
      policy.syscalls!,
      FILE,
      {
        calls: ['sysinfo', 'ioctl'].map((name) => ({ architecture: 'x86-64', name })),
        arguments: [{ architecture: 'x86-64', name: 'ioctl', arguments: [1], lost: 0, values: [[value]] }],
        ...{ lost: {}, blind: [] },
      },
      SETS,
    );
    return editPolicy(text, [...planned.edits, ...promotedComments(planned, policy.syscalls!, FILE)])!;
  };
  const TCGETS = '21505';
  const after = promoted(written, TCGETS);
  assert.doesNotMatch(after, /Not seen: let through and logged|Others are let through and logged/);
  assert.match(after, /^ {2}# Used while it was let through and logged\n {2}"sysinfo",\n\]$/m);
  assert.match(after, /^# Requests to devices, .* libraries use by themselves\. Others are refused\.$/m);
  const kept = promoted(written, '7');
  assert.match(kept, /^# Requests to devices, .* Others are let through and logged\.$/m);
  assert.match(kept, /^# Operations on the process itself .* Others are refused\.$/m);
  const own = promoted(written.replace(/^# Requests.*$/m, '# My own.'), TCGETS);
  assert.match(own, /^# My own\.\n\[\[syscalls\.rules\]\]\nsyscall = "ioctl"$/m);
  assert.equal(promoted(written.replaceAll('\n', '\r\n'), TCGETS), after.replaceAll('\n', '\r\n'));
});
