import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { onDefaults, parseDefaults } from '../../src/policy/defaults.js';
import { POLICY } from '../../src/policy/schema.js';
import { ABIS } from '../../src/seccomp/syscalls/abi.js';
import { errnoAction, permits } from '../../src/seccomp/syscalls/action.js';
import { evaluate } from '../../src/seccomp/syscalls/policy.js';
import { resolve, resolveCalls } from '../../src/seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../../src/seccomp/syscalls/section.js';
import { targetSets } from '../support/fake-system.js';
import { section } from '../support/named-policies.js';
import { planned, policyOf } from '../support/planned.js';
import { callFor } from '../support/policies.js';
import { policyFrom, WHOLE } from '../support/policy.js';

/** What is wrong with defaults, each with its line. */
const wrong = (text: string) =>
  parseDefaults(text, 'd.toml').diagnostics.map(({ code, message, at }) => `${at!.line} ${code}: ${message}`);

const GOOD = `description = "all of them"
[syscalls]
deny = ["@mount", "ptrace:kill", "bpf:EPERM"]
action = "EPERM"
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_PACKET" }]
action = "EACCES"
[service]
ProtectHome = true
[apply]
settle = "3s"
probe-timeout = "10s"
refused = "rollback"
listening = "rollback"
`;

test('defaults may only restrict services', () => {
  const { policy, diagnostics } = parseDefaults(GOOD, 'd.toml');
  assert.deepEqual(diagnostics, []);
  const found = policy.service.map(({ name, isDefault }) => [name, isDefault]);
  assert.deepEqual(found, [['ProtectHome', true]]);
});

test('every other key is an error at its place', () => {
  const names = wrong(WHOLE).flatMap((one) => /host-defaults: '(.*)' can't be/.exec(one)?.[1] ?? []);
  const { syscalls, service, exec, apply, ...top } = POLICY;
  const keysOf = (key: typeof syscalls) => Object.keys((key!.shape as { keys: object }).keys);
  const allowed = /^(?:description|deny|action|rules|settle|probe-timeout|refused|listening)$/;
  const others = [...Object.keys(top), ...[syscalls, service, apply].flatMap(keysOf), 'exec'];
  assert.ok(exec);
  assert.deepEqual(names.sort(), others.filter((name) => !allowed.test(name)).sort());
  assert.deepEqual(wrong('[apply]\nprobe = ["true"]'), [
    "2 host-defaults: 'probe' can't be in the host's defaults, only in the policies of units",
  ]);
});

test('an entry that allows a call is an error, because an allow list would include it', () => {
  const why = "host-defaults: the host's defaults can only refuse calls, and this would let one through";
  assert.deepEqual(wrong('[syscalls]\naction = "log"'), [`2 ${why}`]);
  assert.deepEqual(wrong('[syscalls]\ndeny = ["bpf",\n"mount:log"]'), [`3 ${why}`]);
  const rule = '[[syscalls.rules]]\nsyscall = "bpf"\nwhen = [{ arg = 0, eq = 1 }]\naction = ';
  assert.deepEqual(wrong(`${rule}"allow"`), [`4 ${why}`]);
  assert.deepEqual(wrong(`${rule}"log"`), [`4 ${why}`]);
});

test('an error in any policy is an error in defaults', () => {
  const found = wrong('x = 1\nservice = 2\n[syscalls]\ndney = []').map((one) => one.split(':')[0]);
  assert.deepEqual(found, [...['1 unknown-key', '2 policy-value', '4 unknown-key']]);
});

/** The refusing parts of an arbitrary section: those that defaults may have. */
const defaults = (): fc.Arbitrary<SyscallsSection> =>
  section().map(({ at, deny, rules, action }) => ({
    at,
    allow: undefined,
    deny: deny.filter((entry) => !entry.action || !permits(entry.action)),
    log: [],
    rules: rules.filter((rule) => !permits(rule.action.value)),
    action: action && permits(action.value) ? undefined : action,
    ...{ unknown: undefined, inherit: undefined, implicit: undefined, architectures: undefined },
    ...{ enforcer: undefined, stage: undefined },
  }));

test('defaults never allow a call that the policy itself refuses', () => {
  const sets = targetSets();
  const meaningOf = (one: SyscallsSection) => resolve(resolveCalls(one, sets), 'x86-64');
  const cases = fc.tuple(section(), defaults()).chain(([own, host]) => {
    const merged = onDefaults(policyOf(host), policyOf(own)).syscalls!;
    const both = { own: meaningOf(own), merged: meaningOf(merged) };
    return fc.tuple(fc.constant(both), fc.array(callFor(both.merged), { minLength: 20, maxLength: 60 }));
  });
  let refused = 0;
  fc.assert(
    fc.property(cases, ([{ own, merged }, calls]) => {
      for (const call of calls) {
        const [before, after] = [own, merged].map((policy) => permits(evaluate(policy, call)));
        if (after) assert.ok(before);
        else if (before) refused++;
      }
    }),
  );
  assert.ok(refused > 0);
});

test('defaults refuse a call although the policy only logs what it denies', () => {
  const host = parseDefaults('[syscalls]\ndeny = ["acct"]\naction = "EPERM"', 'd.toml').policy;
  const { syscalls } = onDefaults(host, policyFrom('[syscalls]\ndeny = ["@file-system"]\naction = "log"'));
  const meaning = resolve(resolveCalls(syscalls!, targetSets()), 'x86-64');
  assert.equal(evaluate(meaning, { arch: ABIS['x86-64'].arch, nr: 163, args: [] }), errnoAction(1));
});

test('an action alone adds no filter to a policy without calls', () => {
  const host = parseDefaults('[syscalls]\naction = "EPERM"\n[service]\nPrivateTmp = true', 'd.toml').policy;
  const bare = onDefaults(host, policyFrom('[service]\nProtectHome = true'));
  assert.deepEqual([bare.syscalls, bare.service.length], [undefined, 2]);
  const own = onDefaults(host, policyFrom('[syscalls]\ndeny = ["acct"]'));
  assert.equal(own.syscalls!.action?.value, errnoAction(1));
  for (const refusing of [
    'deny = ["acct"]',
    'rules = [{ syscall = "bpf", when = [{ arg = 0, eq = 1 }], action = 1 }]',
  ])
    assert.ok(onDefaults(parseDefaults(`[syscalls]\n${refusing}`, 'd.toml').policy, policyFrom('')).syscalls);
});

test('each line of the defaults is shown at its own place', () => {
  const host = parseDefaults(GOOD, '/etc/sandbox-unit/defaults.toml').policy;
  const own = policyOf({ ...host.syscalls!, deny: [], rules: [], action: undefined });
  const { lines } = planned(onDefaults(host, own));
  const places = lines.map(({ at, subject }) => `${at.file}:${at.line} ${subject}`);
  assert.ok(places.includes('/etc/sandbox-unit/defaults.toml:10 ProtectHome'), places.join('\n'));
});
