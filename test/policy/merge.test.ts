import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLOSING, mergePolicies } from '../../src/policy/merge.js';
import { parsePolicy } from '../../src/policy/parse.js';
import type { Policy } from '../../src/policy/policy.js';
import { ALLOW, errnoAction, KILL } from '../../src/seccomp/syscalls/action.js';
import { directives } from '../../src/systemd/directives/table.js';
import { RESTRICTS } from '../../src/systemd/directives/values/strictness.js';

function policy(file: string, source: string): Policy {
  const parsed = parsePolicy(source, file);
  assert.deepEqual(parsed.diagnostics, []);
  return parsed.policy;
}

/** Merges sources called `a`, `b`, …, the last of which extends the others. */
function merged(...sources: string[]): Policy {
  const policies = sources.map((source, i) => policy('abcdef'[i]!, source));
  return mergePolicies(policies.slice(0, -1), policies.at(-1)!);
}

const names = (entries: readonly { readonly name: string }[] | undefined) => entries?.map(({ name }) => name);

test('a policy without a base is unchanged', () => {
  const own = policy('a', '[syscalls]\ndeny = ["uname"]');
  assert.equal(mergePolicies([], own), own);
});

test('lists of calls are joined, bases first and in their order', () => {
  const { syscalls } = merged(
    '[syscalls]\nallow = ["read"]\ndeny = ["uname"]\nlog = ["bpf"]',
    '[syscalls]\ndeny = ["mount"]',
    '[syscalls]\nallow = ["write"]\ndeny = ["uname:EPERM"]\nlog = ["keyctl"]',
  );
  assert.deepEqual(names(syscalls!.allow), ['read', 'write']);
  assert.deepEqual(names(syscalls!.deny), ['uname', 'mount', 'uname']);
  assert.deepEqual(names(syscalls!.log), ['bpf', 'keyctl']);
  const found = syscalls!.deny.map(({ at }) => at.file);
  assert.deepEqual(found, ['a', 'b', 'c']);
});

test('an allow list comes from any policy that has one', () => {
  const allowing = '[syscalls]\nallow = ["read"]';
  const denying = '[syscalls]\ndeny = ["uname"]';
  assert.deepEqual(names(merged(allowing, denying).syscalls!.allow), ['read']);
  assert.deepEqual(names(merged(denying, allowing).syscalls!.allow), ['read']);
  assert.equal(merged(denying, denying).syscalls!.allow, undefined);
});

test('[syscalls] comes from a base alone, too', () => {
  assert.deepEqual(names(merged('[syscalls]\ndeny = ["uname"]', '').syscalls!.deny), ['uname']);
  assert.equal(merged('', '').syscalls, undefined);
});

/** Keys of which the last one written holds. */
const SINGLE: readonly [key: keyof NonNullable<Policy['syscalls']>, first: string, second: string][] = [
  ['action', '"EPERM"', '"kill"'],
  ['unknown', '"EPERM"', '"kill"'],
  ['inherit', 'true', 'false'],
  ['implicit', 'true', 'false'],
  ['architectures', '["x86"]', '["native"]'],
  ['enforcer', '"auto"', '"launcher"'],
  ['stage', '"entry"', '"exec"'],
];

for (const [key, first, second] of SINGLE) {
  test(`the last '${key}' wins`, () => {
    const one = `[syscalls]\n${key} = ${first}`;
    const other = `[syscalls]\n${key} = ${second}`;
    const value = (...sources: string[]) => merged(...sources).syscalls![key];
    const alone = policy('a', one).syscalls![key];
    assert.deepEqual(value(other, one), relocate(alone, 'b'));
    assert.deepEqual(value(one, '[syscalls]'), alone);
    assert.deepEqual(value(one, ''), alone);
    assert.notDeepEqual(value(one, other), relocate(alone, 'b'));
  });
}

test('[ready] is joined as [syscalls] is', () => {
  const base =
    '[ready]\nallow = ["accept4"]\ndeny = ["execve"]\nreload = true\nsettle = "1s"\nstart-post = "after"';
  const { ready } = merged(base, '[ready]\ndeny = ["bind"]\naction = "kill"\nreload = false');
  assert.deepEqual(names(ready!.allow), ['accept4']);
  assert.deepEqual(names(ready!.deny), ['execve', 'bind']);
  const found = [ready!.action, ready!.reload, ready!.settle, ready!.startPost].map((one) => one?.value);
  assert.deepEqual(found, [KILL, false, 1000, 'after']);
  assert.deepEqual(merged(base, '').ready, policy('a', base).ready);
  assert.equal(merged('', '').ready, undefined);
});

/** The same as it would be in another file. */
const relocate = (value: unknown, file: string) =>
  JSON.parse(JSON.stringify(value), (key, inner) => (key === 'file' ? file : inner));

test('`understood` is joined', () => {
  const understood = '[apply]\nunderstood = ["locks-out"]';
  const merged = mergePolicies([policy('a', understood), policy('b', '')], policy('c', understood));
  const found = merged.understood.map(({ at }) => at.file);
  assert.deepEqual(found, ['a', 'c']);
});
const singles = ({ wrap, settle, probe, probeAs, probeTimeout, reload, refused, listening }: Policy) => [
  ...[wrap, settle, probe, probeAs],
  ...[probeTimeout, reload, refused, listening],
];

test('of other single values the last one wins, too', () => {
  const base = policy(
    'a',
    'description = "base"\n[exec]\nwrap = ["ExecStart"]\n[apply]\nsettle = "1s"\nprobe = ["true"]\nprobe-as = "a"\nprobe-timeout = "1s"\nreload = true\nrefused = "warn"\nlistening = "warn"',
  );
  const empty = policy('b', '');
  const inherited = mergePolicies([base], empty);
  assert.deepEqual(singles(inherited), singles(base));
  const own = policy(
    'b',
    'description = "own"\n[exec]\nwrap = ["ExecReload"]\n[apply]\nsettle = "2s"\nprobe = ["false"]\nprobe-as = "b"\nprobe-timeout = "2s"\nreload = false\nrefused = "rollback"\nlistening = "rollback"',
  );
  const over = mergePolicies([base], own);
  assert.deepEqual(singles(over), singles(own));
});

test('a policy keeps its own name', () => {
  const result = mergePolicies([policy('a', 'description = "base"')], policy('b', 'extends = ["a"]'));
  const found = [result.file, result.description, result.extends.map(({ value }) => value)];
  assert.deepEqual(found, ['b', undefined, ['a']]);
});

test('of directives with one name the last one wins, at its own place', () => {
  const { service } = merged(
    '[service]\nPrivateTmp = true\nProtectSystem = "strict"',
    '[service]\nProtectHome = true',
    '[service]\nProtectSystem = "full"',
  );
  assert.deepEqual(
    service.map(({ name, value, at }) => [name, value, at.file]),
    [
      ['PrivateTmp', true, 'a'],
      ['ProtectHome', true, 'b'],
      ['ProtectSystem', 'full', 'c'],
    ],
  );
});

/** The value of the one directive that sources come to, the last of which extends the others. */
const joined = (...sources: string[]) => {
  const { service } = merged(...sources.map((lines) => `[service]\n${lines}`));
  assert.equal(service.length, 1);
  return service[0]!.value;
};

test('a list that closes adds to those of its bases, a list that opens replaces them', () => {
  for (const name of CLOSING)
    assert.deepEqual(joined(`${name} = ["/a"]`, `${name} = "/b  /c"`, `${name} = ["/d"]`), [
      ...['/a', '/b', '/c', '/d'],
    ]);
  for (const name of ['ReadWritePaths', 'ExecPaths', 'BindPaths', 'IPAddressAllow'])
    assert.deepEqual(joined(`${name} = ["/a"]`, `${name} = ["/b"]`), ['/b']);
});

test('of BindReadOnlyPaths the paths that are bound onto themselves are kept', () => {
  const base = 'BindReadOnlyPaths = ["/a", "-/b:/b:norbind", "/from:/to", "/c\\\\:d"]';
  assert.deepEqual(joined(base, 'BindReadOnlyPaths = ["/e:/f"]'), [
    ...['/a', '-/b:/b:norbind', '/c\\:d', '/e:/f'],
  ]);
});

test('a path that a policy names again has only its own entry', () => {
  const anew = (name: string, base: string, own: string) =>
    joined(`${name} = ["${base}", "/z"]`, `${name} = ["${own}"]`);
  assert.deepEqual(anew('InaccessiblePaths', '-/a', '/a'), ['/z', '/a']);
  assert.deepEqual(anew('TemporaryFileSystem', '/a:ro', '/a:ro,size=1M'), ['/z', '/a:ro,size=1M']);
  assert.deepEqual(anew('BindReadOnlyPaths', '/a', '/b:/a'), ['/z', '/b:/a']);
});

test('a closed path is opened again by `loosen` beside the list, or by an empty list', () => {
  const base = 'InaccessiblePaths = ["/a"]';
  assert.deepEqual(joined(base, 'InaccessiblePaths = ["/b"]\nloosen = ["InaccessiblePaths"]'), ['/b']);
  assert.deepEqual(joined(`${base}\nloosen = ["InaccessiblePaths"]`, 'InaccessiblePaths = ["/b"]'), [
    '/a',
    '/b',
  ]);
  assert.deepEqual(joined(base, 'InaccessiblePaths = []'), []);
  assert.deepEqual(joined(base, 'InaccessiblePaths = ""'), '');
});

test('the table of lists that close has existing directives', () => {
  const rows = directives()
    .filter(({ strictness }) => strictness === RESTRICTS)
    .map(({ name }) => name);
  assert.deepEqual([...CLOSING].sort(), ['BindReadOnlyPaths', ...rows].sort());
});

test('expectations of the start and after readiness are kept side by side', () => {
  const expect = (phase: string, action: string) =>
    `[[expect]]\nsyscall = "x"\n${phase}action = "${action}"\n`;
  const { expect: found } = merged(
    expect('', 'kill') + expect('phase = "ready"\n', 'kill'),
    expect('phase = "start"\n', 'allow') + expect('phase = "ready"\n', 'EPERM'),
  );
  assert.deepEqual(
    found.map(({ phase, action }) => [phase?.value, action.value]),
    [
      ['start', ALLOW],
      ['ready', errnoAction(1)],
    ],
  );
});

test('of expectations on one call with the same arguments the last one wins', () => {
  const expect = (call: string, action: string) => `[[expect]]\nsyscall = "${call}"\n${action}`;
  const { expect: found } = merged(
    [expect('x', 'args = [1, 0]\naction = "kill"'), expect('x', 'action = "kill"')].join('\n'),
    [expect('x', 'args = [1]\naction = "allow"'), expect('y', 'action = "kill"')].join('\n'),
  );
  assert.deepEqual(
    found.map(({ syscall, args, action }) => [syscall.value, args.length, action.value, syscall.at.file]),
    [
      ['x', 0, KILL, 'a'],
      ['x', 1, ALLOW, 'b'],
      ['y', 0, KILL, 'b'],
    ],
  );
});

test('rules, expectations and loosened directives are joined, rules so that the first to decide is the last one written', () => {
  const source = (call: string) =>
    `[service]\nloosen = ["${call}"]\n[[syscalls.rules]]\nsyscall = "${call}"\nwhen = [{ arg = 0, eq = 1 }]\naction = "kill"\n[[expect]]\nsyscall = "${call}"\naction = "kill"`;
  const result = merged(source('x'), source('y'), source('z'));
  const found = result.syscalls!.rules.map((rule) => rule.syscall.value);
  assert.deepEqual(found, ['z', 'y', 'x']);
  assert.deepEqual(
    result.expect.map(({ syscall, action }) => [syscall.value, action.value]),
    [
      ['x', KILL],
      ['y', KILL],
      ['z', KILL],
    ],
  );
  const values = result.loosen.map(({ value }) => value);
  assert.deepEqual(values, ['x', 'y', 'z']);
});

test('a merge changes none of the policies', () => {
  const base = policy('a', '[syscalls]\ndeny = ["uname"]\n[service]\nPrivateTmp = true');
  const own = policy('b', '[syscalls]\ndeny = ["mount"]\n[service]\nPrivateTmp = false');
  const before = JSON.stringify([base, own]);
  mergePolicies([base], own);
  assert.equal(JSON.stringify([base, own]), before);
});
