/** Tests of explain/change.ts, explain/cause.ts and explain/refused-call.ts: the line that decides, and the smallest change. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { type Circumstances, causeOf } from '../../src/explain/cause.js';
import { changesFor } from '../../src/explain/change.js';
import {
  type AllowingChange,
  type Confinement,
  failedExpectations,
  named,
} from '../../src/explain/refused-call.js';
import { nameCall } from '../../src/explain/tally.js';
import { ownLimits } from '../../src/plan/calls/own-limits.js';
import { mergePolicies } from '../../src/policy/merge.js';
import type { Policy } from '../../src/policy/policy.js';
import { ABIS } from '../../src/seccomp/syscalls/abi.js';
import { ALLOW } from '../../src/seccomp/syscalls/action.js';
import { nameOf, numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { decide, type Verdict } from '../../src/seccomp/syscalls/policy.js';
import { resolve } from '../../src/seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../../src/seccomp/syscalls/section.js';
import { bundledSets } from '../../src/seccomp/syscalls/sets.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { unitFile } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';
import { inRepository, templateFiles } from '../support/repository.js';

const limits = (lines: string) => ownLimits(effectiveUnit([unitFile(lines)]), bundledSets(), 257);
const confinementOf = (policy: Policy, lines = ''): Confinement => ({
  ...{ policy, machine: 'x86-64', sets: bundledSets(), own: limits(lines), refusers: () => [] },
});

const callOf = (name: string, args?: readonly bigint[]) =>
  nameCall('x86-64', {
    ...{ arch: ABIS['x86-64'].arch, nr: numbersOf('x86-64').get(name)! },
    ...(args ? { args } : {}),
  });

const changes = (name: string, policy: Policy, lines = '', args?: readonly bigint[]) =>
  changesFor(callOf(name, args), confinementOf(policy, lines), (call) =>
    limits(`${lines}\nSystemCallFilter=${call}\n`),
  );

/** Does to a policy's text what a change says. */
function edited(text: string, { does, text: added, line }: AllowingChange): string {
  const lines = text.split('\n');
  const [, word] = /^take ("[^"]+")/.exec(does) ?? [];
  if (word !== undefined) {
    lines[line! - 1] = lines[line! - 1]!.replace(new RegExp(`${word},? *`), '');
    return lines.join('\n');
  }
  if (does.startsWith('add a rule')) {
    lines.splice(line === undefined ? lines.length : line - 1, 0, ...added!.split('\n'));
    return lines.join('\n');
  }
  if (line === undefined) return `${text}\n${added}\n`;
  if (does.startsWith('change the expected action')) {
    lines[line - 1] = added!;
    return lines.join('\n');
  }
  const at = lines[line - 1]!;
  const quote = at.indexOf('"');
  lines[line - 1] = `${at.slice(0, quote)}${added}, ${at.slice(quote)}`;
  return lines.join('\n');
}

/** What a policy says of every number. */
const verdicts = (policy: Policy, lines = ''): ReadonlyMap<number, Verdict> =>
  resolve(named(confinementOf(policy, lines)), 'x86-64').abis.get('x86-64')!.verdicts;

/** The expectations of a policy that don't hold. */
const disappointed = (policy: Policy) =>
  failedExpectations(confinementOf(policy)).map(({ message }) => message);

/** The templates that speak of calls themselves, each without what it extends. */
const TEMPLATES = templateFiles()
  .map((name) => ({ name, text: readFileSync(inRepository('templates', name), 'utf8') }))
  .map(({ name, text }) => ({ name, own: text.replace(/^extends.*$/m, '') }))
  .filter(({ name, own }) => policyFrom(own, name).syscalls);

test('some templates refuse calls', () => assert.ok(TEMPLATES.length > 1));

for (const { name, own } of TEMPLATES) {
  test(`every call that ${name} refuses gets a change that allows it and nothing else`, () => {
    assertExact(own, (source) => policyFrom(source, name));
  });
  test(`every call that a policy that extends ${name} refuses gets a change that allows it and nothing else`, () => {
    const base = policyFrom(own, name);
    assertExact('description = "own"\n', (source) => mergePolicies([base], policyFrom(source, 'own.toml')));
  });
}

function assertExact(source: string, parse: (source: string) => Policy): void {
  const policy = parse(source);
  const before = verdicts(policy);
  const already = new Set(disappointed(policy));
  const refused = [...before].filter(
    ([, verdict]) => verdict.otherwise !== ALLOW || verdict.rules.length > 0,
  );
  assert.ok(refused.length > 0);
  for (const [number] of refused) {
    const call = nameOf('x86-64', number)!;
    const found = changes(call, policy);
    assert.ok(found.length > 0, call);
    const fromBelow = [...found].sort((a, b) => (b.line ?? Infinity) - (a.line ?? Infinity));
    const changed = parse(fromBelow.reduce(edited, source));
    assert.ok(
      disappointed(changed).every((message) => already.has(message)),
      call,
    );
    const after = verdicts(changed);
    const verdict = after.get(number)!;
    for (const args of [[0n], [1n << 32n], [2n ** 64n - 1n]]) {
      assert.equal(decide(verdict, [...args, 0n, 1n, 2n, 3n, 4n]), ALLOW, call);
    }
    for (const [other, was] of before) {
      if (other !== number) assert.deepEqual(plain(after.get(other)!), plain(was), `${call}: ${other}`);
    }
  }
}

const plain = ({ rules, otherwise }: Verdict) => ({ rules, otherwise });

const DENY = '[syscalls]\ndeny = ["@mount", "ptrace"]\naction = "EPERM"\n';
const ALLOWS = '[syscalls]\nallow = ["@basic-io"]\ndeny = ["uname"]\n';
const RULE = (name: string, when?: string) =>
  `[[syscalls.rules]]\nsyscall = "${name}"\n` +
  `when = [${when ?? '{ arg = 0, ge = 0 }'}]${when ? '' : ' # any value'}\naction = "allow"`;

const CAUSES: readonly [
  call: string,
  policy: string,
  lines: string,
  what: string,
  line: number | undefined,
][] = [
  ['mount', DENY, '', 'deny @mount', 2],
  ['ptrace', DENY, '', 'deny ptrace', 2],
  ['mount', '[syscalls]\nallow = ["@mount"]\ndeny = ["mount:EACCES"]\n', '', 'deny mount:EACCES', 3],
  ['socket', ALLOWS, '', 'not in allow', 2],
  [
    'mount',
    `${DENY}${RULE('mount')}`,
    '',
    'another filter: neither the policy nor a known directive refuses it',
    undefined,
  ],
  ['mount', `${DENY}${RULE('mount', '{ arg = 0, ge = 1 }')}`, '', 'rules on the arguments of mount', 4],
  ['uname', '[syscalls]\nlog = ["uname"]\n', '', 'log uname', 2],
  ['uname', DENY, 'SystemCallFilter=~uname', "the unit's own SystemCallFilter=", undefined],
  [
    'uname',
    '[service]\nProtectClock = true\n',
    'SystemCallFilter=~uname',
    "the unit's own SystemCallFilter=",
    undefined,
  ],
];

for (const [call, policy, lines, what, line] of CAUSES) {
  test(`${call} by ${JSON.stringify(policy)} and ${lines || 'no filter of its own'}: ${what}`, () => {
    const cause = causeOf(callOf(call), confinementOf(policyFrom(policy), lines));
    assert.deepEqual([cause.what, cause.at?.line], [what, line]);
  });
}

test('the smallest change:', () => {
  const does = (...given: Parameters<typeof changes>) =>
    changes(...given).map((change) => [change.does, change.text]);
  assert.deepEqual(does('ptrace', policyFrom(DENY)), [['take "ptrace" out of deny in line 2', undefined]]);
  assert.deepEqual(does('mount', policyFrom(DENY)), [['add a rule that allows mount', RULE('mount')]]);
  assert.deepEqual(does('socket', policyFrom(ALLOWS)), [['add "socket" to allow in line 2', '"socket"']]);
  assert.deepEqual(does('uname', policyFrom(ALLOWS)), [
    ['take "uname" out of deny in line 3', undefined],
    ['add "uname" to allow in line 2', '"uname"'],
  ]);
  const unit = ['add SystemCallFilter=uname to the unit', '[Service]\nSystemCallFilter=uname'];
  assert.deepEqual(does('uname', policyFrom(DENY), 'SystemCallFilter=~uname'), [unit]);
  assert.deepEqual(does('uname', policyFrom(DENY), 'SystemCallFilter=@basic-io'), [unit]);
  assert.deepEqual(does('ptrace', policyFrom(DENY), 'SystemCallFilter=~ptrace').at(-1), [
    'add SystemCallFilter=ptrace to the unit',
    '[Service]\nSystemCallFilter=ptrace',
  ]);
});

test('a rule for the arguments of a core dump, and for those alone', () => {
  const policy = `[syscalls]\n${RULE('socket', '{ arg = 0, in = ["AF_UNIX"] }, { arg = 2, eq = 0, width = 64 }')}\n`;
  const args = [16n, 3n, 2n ** 64n - 1n, 9n, 9n, 9n];
  const [change, ...more] = changes('socket', policyFrom(policy), '', args);
  assert.deepEqual(more, []);
  assert.equal(
    change!.text,
    RULE('socket', '{ arg = 0, eq = 16 }, { arg = 2, eq = "18446744073709551615", width = 64 }'),
  );
  const after = verdicts(policyFrom(edited(policy, change!))).get(41)!;
  assert.equal(decide(after, args), ALLOW);
  assert.notEqual(decide(after, [16n, 3n, 1n, 9n, 9n, 9n]), ALLOW);
  assert.equal(decide(after, [1n, 0n, 0n, 0n, 0n, 0n]), ALLOW);
});

const onX86 = (name: string, args?: readonly bigint[]) =>
  nameCall('x86-64', { arch: ABIS.x86.arch, nr: numbersOf('x86').get(name)!, ...(args ? { args } : {}) });

test('arguments of another convention are read from their places', () => {
  const policy = `[syscalls]\narchitectures = ["x86"]\n${RULE('fallocate', '{ arg = 3, lt = 0x1000, width = 64 }')}\n`;
  const confinement = confinementOf(policyFrom(policy));
  const small = onX86('fallocate', [3n, 0n, 1n, 2n, 7n, 0n]);
  const large = onX86('fallocate', [3n, 0n, 1n, 2n, 7n, 1n]);
  assert.equal(causeOf(small, confinement).kind, 'elsewhere');
  assert.equal(causeOf(large, confinement).what, 'no rule on fallocate matches these arguments');
  const [change] = changesFor(large, confinement, () => undefined);
  assert.equal(change!.text, RULE('fallocate', '{ arg = 3, eq = 4294967303, width = 64 }'));
});

test('no rule is proposed if no filter could compare the arguments', () => {
  const policy = `[syscalls]\narchitectures = ["x86"]\n${RULE('mmap', '{ arg = 2, eq = 1 }')}\n`;
  const confinement = confinementOf(policyFrom(policy));
  for (const args of [undefined, [1n, 0n, 1n, 0n, 0n, 0n]]) {
    const { what, at } = causeOf(onX86('mmap', args), confinement);
    const why = 'rules on mmap, which here has its arguments in memory, where no filter looks';
    assert.deepEqual([what, at!.line], [why, 3]);
    const found = changesFor(onX86('mmap', args), confinement, () => undefined);
    assert.deepEqual(found, []);
  }
});

test('a rule for all arguments is proposed if no filter could compare them', () => {
  const confinement = confinementOf(policyFrom('[syscalls]\narchitectures = ["x86"]\ndeny = ["@setuid"]\n'));
  const [change] = changesFor(onX86('setuid'), confinement, () => undefined);
  assert.equal(change!.text, RULE('setuid'));
  const after = policyFrom(`[syscalls]\narchitectures = ["x86"]\ndeny = ["@setuid"]\n${change!.text}`);
  const verdict = resolve(named(confinementOf(after)), 'x86-64')
    .abis.get('x86')!
    .verdicts.get(23)!;
  assert.equal(decide(verdict, [1n, 2n, 3n, 4n, 5n, 6n]), ALLOW);
});

test('an expectation that contradicts a change is changed with it', () => {
  const own = `${DENY}[[expect]]\nsyscall = "ptrace"\nargs = [4]\naction = "EPERM"\n`;
  const allowed = ['change the expected action in line 7', 'action = "allow"', 7];
  const told = (policy: Policy) =>
    changes('ptrace', policy)
      .map(({ does, text, line }) => [does, text, line])
      .at(-1);
  assert.deepEqual(told(policyFrom(own)), allowed);
  const extended = mergePolicies([policyFrom(own, 'base')], policyFrom('description = "own"', 'own'));
  const anew = '[[expect]]\nsyscall = "ptrace"\nargs = [4]\naction = "allow"';
  assert.deepEqual(told(extended), ['add an expectation that replaces base:5', anew, undefined]);
});

test('unknown numbers and closed conventions are named as such', () => {
  const confinement = confinementOf(policyFrom(ALLOWS));
  const at = (arch: number, nr: number) => {
    const call = nameCall('x86-64', { arch, nr });
    return {
      name: call.name,
      kind: causeOf(call, confinement).kind,
      changes: changesFor(call, confinement, () => undefined),
    };
  };
  assert.deepEqual(at(0xc000003e, 9999), { name: 'call 9999', kind: 'unknown-number', changes: [] });
  assert.deepEqual(at(0x40000003, 11), { name: 'execve', kind: 'closed-convention', changes: [] });
  assert.deepEqual(at(0xc00000b7, 11), { name: 'call 11', kind: 'closed-convention', changes: [] });
});

describe('a call that is refused once the service serves', () => {
  const ready = '[ready]\nallow = ["accept4"]\ndeny = ["@critical", "statx"]\nlog = ["openat"]\n';
  const policy = policyFrom(`[syscalls]\ndeny = ["mount"]\nlog = ["bind", "brk"]\n${ready}`);

  test('is explained by its line of [ready]', () => {
    const cause = (name: string, seen?: Circumstances) => {
      const { kind, what, at, phase } = causeOf(callOf(name), confinementOf(policy), seen);
      return [kind, what, at?.line, phase];
    };
    assert.deepEqual(cause('execve'), ['denied', 'deny @critical, once it serves', 6, 'ready']);
    assert.deepEqual(cause('openat'), ['recorded', 'log openat, once it serves', 7, 'ready']);
    assert.deepEqual(cause('swapon'), ['not-allowed', 'not in allow, once it serves', 5, 'ready']);
    assert.deepEqual(cause('mount'), ['denied', 'deny mount', 2, undefined]);
    assert.equal(cause('read')[0], 'elsewhere');
    // The start only records it.
    assert.deepEqual(cause('bind'), ['denied', 'deny @critical, once it serves', 6, 'ready']);
    assert.deepEqual(cause('brk'), ['recorded', 'log brk', 3, undefined]);
    const atStart = { isRefused: false, mayBeServing: false };
    assert.deepEqual(cause('bind', atStart), ['recorded', 'log bind', 3, undefined]);
    assert.equal(cause('bind', { ...atStart, mayBeServing: true })[0], 'denied');
  });

  test('is explained by an allow list if its number is unknown', () => {
    const call = nameCall('x86-64', { arch: ABIS['x86-64'].arch, nr: 9999 });
    const { kind, what, phase } = causeOf(call, confinementOf(policy));
    assert.deepEqual([kind, phase], ['not-allowed', 'ready']);
    assert.match(what, /^newer than the table of .*, and not in allow, once it serves$/);
    const denying = policyFrom('[syscalls]\ndeny = ["mount"]\n[ready]\ndeny = ["bind"]\n');
    assert.equal(causeOf(call, confinementOf(denying)).kind, 'elsewhere');
  });

  test('gets a change of [ready] that allows it and nothing else, and [syscalls] is unchanged', () => {
    const source = `${TABLES}[ready]
deny = ["execve", "@setuid"]
allow = ["@system-service"]
[[ready.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_NETLINK" }]
action = "EPERM"
`;
    const own = policyFrom(source);
    const inReady = (name: string, args?: readonly bigint[]) =>
      changesFor(callOf(name, args), confinementOf(own), () => undefined, 'ready');
    const TAKEN: readonly (readonly [call: string, does: string, args?: readonly bigint[]])[] = [
      ['execve', 'take "execve" out of deny in line 5'],
      ['swapon', 'add "swapon" to allow in line 6'],
      ['setuid', 'add a rule that allows setuid'],
      ['socket', 'add a rule that allows socket before the others on socket, in line 7', [16n, 0n, 0n]],
    ];
    for (const [call, does, args] of TAKEN) {
      const found = inReady(call, args);
      assert.deepEqual(
        found.map((one) => one.does),
        [does],
      );
      assert.ok(!found.some(({ text }) => text?.includes('syscalls')));
      const after = policyFrom(found.reduce(edited, source));
      assert.deepEqual(plainLists(after.syscalls!), plainLists(own.syscalls!), call);
      const answers = (policy: Policy) =>
        resolve(named(confinementOf(policy), 'ready'), 'x86-64').abis.get('x86-64')!.verdicts;
      for (const [number, was] of answers(own)) {
        const is = answers(after).get(number)!;
        if (nameOf('x86-64', number) === call)
          assert.equal(decide(is, [...(args ?? [0n, 0n, 0n]), 0n, 0n, 0n]), ALLOW, call);
        else assert.deepEqual(plain(is), plain(was), `${call}: ${number}`);
      }
    }
  });

  test('in a base gets a change of the file, and its expectation is changed', () => {
    const base = policyFrom(
      '[ready]\nallow = ["accept4"]\n[[expect]]\nphase = "ready"\nsyscall = "bind"\naction = "EPERM"',
      'base',
    );
    const policy = mergePolicies([base], policyFrom('description = "own"', 'own'));
    const found = changesFor(callOf('bind'), confinementOf(policy), () => undefined, 'ready');
    assert.deepEqual(
      found.map(({ does, text, where }) => [does, text, where]),
      [
        ['allow "bind" in [ready]', '[ready]\nallow = ["bind"]', 'own'],
        [
          'add an expectation that replaces base:5',
          '[[expect]]\nsyscall = "bind"\nphase = "ready"\naction = "allow"',
          'own',
        ],
      ],
    );
  });
});

const TABLES = '[syscalls]\ndeny = ["mount"]\nallow = ["@system-service", "swapon"]\n';

/** Lists and rules without their places. */
const plainLists = ({ allow, deny, rules }: SyscallsSection) =>
  JSON.stringify([allow, deny, rules], (key, value) => {
    if (key === 'at') return undefined;
    return typeof value === 'bigint' ? `${value}` : value;
  });
