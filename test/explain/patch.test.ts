/** Tests of explain/patch.ts: what --write makes of a policy, and when it leaves it alone. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explain } from '../../src/cli/commands/explain.js';
import { UserError } from '../../src/diagnostic.js';
import type { Explanation } from '../../src/explain/explanation.js';
import { isProved } from '../../src/explain/patch.js';
import { mergePolicies } from '../../src/policy/merge.js';
import { bundledSets } from '../../src/seccomp/syscalls/sets.js';
import { type FakeSystem, fakeContext } from '../support/fake-system.js';
import { policyFrom } from '../support/policy.js';
import { machine, POLICY_FILE, record, UNIT } from '../support/refusals-in-memory.js';

const bytes = (text: string) => ({ bytes: new TextEncoder().encode(text), mode: 0o640 });

/** A machine whose service was killed for mount, uname and bpf, with a policy. */
function refusedUnder(policy: string, calls: readonly number[] = [165, 63, 321]): FakeSystem {
  const system = machine({ records: calls.map((call) => record(100, call)) });
  system.files.set(POLICY_FILE, bytes(policy));
  return system;
}

async function write(system: FakeSystem, options: { policy?: string; template?: string } = {}) {
  const outcome = await explain(fakeContext(system), [UNIT], { write: true, ...options });
  const codes = outcome.diagnostics.map(({ code }) => code);
  return { ...outcome, codes, policy: new TextDecoder().decode(system.files.get(POLICY_FILE)!.bytes) };
}

const ALLOWS = `# mine
[syscalls]
allow = [
  "@basic-io", # all of it
  "@file-system"
]
action = "kill"
`;

test('--write: allows what was refused, keeps comments and mode, and shows the change', async () => {
  const system = refusedUnder(ALLOWS);
  const { exit, codes, policy, text, json } = await write(system);
  const after = ALLOWS.replace('system"\n', 'system",\n  "bpf", "mount", "uname"\n');
  assert.deepEqual([exit, policy], [0, after]);
  assert.ok(codes.includes('written'));
  assert.equal(system.files.get(POLICY_FILE)!.mode, 0o640);
  assert.equal(
    json.diff,
    `--- ${POLICY_FILE}\n+++ ${POLICY_FILE}\n@@ -2,6 +2,7 @@\n [syscalls]\n allow = [\n   "@basic-io", # all of it\n` +
      '-  "@file-system"\n+  "@file-system",\n+  "bpf", "mount", "uname"\n ]\n action = "kill"\n',
  );
  assert.ok(text.includes(json.diff as string));
  assert.match(text, /\n {2}warning\[opens\]: bpf: it can then load programs into the kernel\n/);
  // The calls of the past are no refusals of this policy.
  assert.equal((await write(system)).policy, after);
});

test("--write: the hint's command names a policy that is not found by itself", async () => {
  const hint = ({ diagnostics }: Awaited<ReturnType<typeof write>>) =>
    diagnostics.find(({ code }) => code === 'written')!.hint;
  assert.equal(hint(await write(refusedUnder(ALLOWS))), `run 'sandbox-unit apply ${UNIT}' to apply it`);
  const system = refusedUnder(ALLOWS);
  system.files.set('/srv/named.toml', bytes(ALLOWS));
  assert.equal(
    hint(await write(system, { policy: '/srv/named.toml' })),
    `run 'sandbox-unit apply --policy /srv/named.toml ${UNIT}' to apply it`,
  );
});

test('--write: entries leave a deny list, an expectation changes, and rules come first', async () => {
  const policy = `[syscalls]
deny = ["mount", "uname:EPERM", "@debug"]
[[syscalls.rules]]
syscall = "bpf"
when = [{ arg = 0, eq = 5 }]
action = "kill"
[[expect]]
syscall = "mount"
action = "kill"
`;
  const { exit, policy: after } = await write(refusedUnder(policy));
  assert.equal(exit, 0);
  assert.equal(
    after,
    `[syscalls]
deny = ["@debug"]
[[syscalls.rules]]
syscall = "bpf"
when = [{ arg = 0, ge = 0 }] # any value
action = "allow"

[[syscalls.rules]]
syscall = "bpf"
when = [{ arg = 0, eq = 5 }]
action = "kill"
[[expect]]
syscall = "mount"
action = "allow"
`,
  );
});

test('--write: each table gets only its own calls', async () => {
  const { exit, policy: denying } = await write(
    refusedUnder(
      '[syscalls]\ndeny = ["mount", "uselib"]\n[ready]\ndeny = ["uname", "bpf", "bind"]\naction = "kill"\n',
    ),
  );
  assert.equal(exit, 0);
  assert.equal(denying, '[syscalls]\ndeny = ["uselib"]\n[ready]\ndeny = ["bind"]\naction = "kill"\n');
  const { policy: allowing } = await write(
    refusedUnder(
      '[ready]\naction = "kill"\nallow = ["accept4"]\n[syscalls]\nallow = ["@system-service", "bpf"]\n',
    ),
  );
  assert.equal(
    allowing,
    '[ready]\naction = "kill"\nallow = ["accept4", "bpf", "uname"]\n[syscalls]\nallow = ["@system-service", "bpf", "mount"]\n',
  );
});

test('--write: a table [ready] without a list gets one', async () => {
  const system = refusedUnder('extends = ["base"]\n[ready]\ndeny = ["bind"]\n', [63]);
  system.files.set(
    '/etc/sandbox-unit/templates/base.toml',
    bytes('[ready]\nallow = ["accept4"]\naction = "kill"\n'),
  );
  const { exit, policy } = await write(system);
  assert.deepEqual([exit, policy], [0, 'extends = ["base"]\n[ready]\nallow = ["uname"]\ndeny = ["bind"]\n']);
});

test('--write: a list in an inline table is edited', async () => {
  const { exit, policy } = await write(refusedUnder('syscalls = { deny = ["mount"], rules = [] }\n', [165]));
  assert.deepEqual([exit, policy], [0, 'syscalls = { deny = [], rules = [] }\n']);
});

const RULE = 'rules = [{ syscall = "mount", when = [{ arg = 0, eq = 1 }], action = "kill" }]';

const UNSAFE: readonly [what: string, policy: string][] = [
  ['rules that are inline', `[syscalls]\ndeny = ["@mount"]\n${RULE}\n`],
  ['a string on several lines', '[syscalls]\nallow = ["@basic-io", """\n@process"""]\n'],
];

for (const [what, policy] of UNSAFE) {
  test(`--write with ${what}: nothing is written, and the hint shows the alternative`, async () => {
    const { exit, codes, policy: after, text, diagnostics } = await write(refusedUnder(policy, [165]));
    assert.deepEqual([exit, codes.at(-1), after], [2, 'not-written', policy]);
    assert.match(diagnostics.at(-1)!.hint!, /^'sandbox-unit explain demo\.service' shows what to write$/);
    assert.match(text, /to allow it/);
  });
}

test('--write: a policy for several units is left unchanged', async () => {
  const templates = '/etc/sandbox-unit/templates/strict.toml';
  const packaged = '/usr/lib/sandbox-unit/demo.service.toml';
  for (const [file, options] of [
    [templates, { template: 'strict' }],
    [packaged, { policy: packaged }],
  ] as const) {
    const system = refusedUnder(ALLOWS, [165]);
    system.files.set(file, bytes(ALLOWS));
    const { exit, codes } = await write(system, options);
    assert.deepEqual([exit, codes.at(-1)], [2, 'not-written'], file);
    assert.equal(new TextDecoder().decode(system.files.get(file)!.bytes), ALLOWS);
  }
});

test("--write: a call that may be another service's is not written", async () => {
  const system = machine({ records: [record(7, 165)] });
  system.files.set(POLICY_FILE, bytes(ALLOWS));
  const { exit, codes, policy } = await write(system);
  assert.deepEqual([exit, codes.includes('nothing-to-write'), policy], [1, true, ALLOWS]);
});

test('--write: a byte order mark and DOS line ends are kept', async () => {
  const dos = `\ufeff${ALLOWS.replaceAll('\n', '\r\n')}`;
  const system = refusedUnder(dos, [165]);
  assert.equal((await write(system)).exit, 0);
  const { bytes: after } = system.files.get(POLICY_FILE)!;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(after);
  assert.equal(text, dos.replace('system"\r\n', 'system",\r\n  "mount"\r\n'));
});

test("--write: a file that can't be written, or changed in between, is reported", async () => {
  const full = refusedUnder(ALLOWS, [165]);
  full.replace = async () => {
    throw new UserError({ severity: 'error', code: 'unwritable', message: 'no space' }, 1);
  };
  assert.deepEqual([(await write(full)).exit, (await write(full)).codes.at(-1)], [2, 'unwritable']);
  const changed = refusedUnder(ALLOWS, [165]);
  const walk = changed.walk.bind(changed);
  changed.walk = async (path) => {
    if (path === POLICY_FILE) changed.files.set(POLICY_FILE, bytes(`${ALLOWS}#\n`));
    return walk(path);
  };
  const { exit, codes, policy } = await write(changed);
  assert.deepEqual([exit, codes.at(-1), policy], [2, 'not-written', `${ALLOWS}#\n`]);
});

test('the check of an edit finds a change of the other table', () => {
  const call = { abi: 'x86-64', number: 321, name: 'bpf', known: true } as const;
  const change = { does: '', where: POLICY_FILE, edit: { kind: 'insert', text: '', before: undefined } };
  const cause = { kind: 'denied', what: '', phase: 'ready' };
  const explanation = { call, cause, changes: [change] } as unknown as Explanation;
  const BASE = '[syscalls]\ndeny = ["bpf", "mount"]\n[ready]\ndeny = ["bpf", "bind"]\n';
  const proved = (text: string) =>
    isProved({ policy: policyFrom(BASE), sets: bundledSets(), machine: 'x86-64' }, policyFrom(text), [
      explanation,
    ]);
  assert.equal(proved(BASE.replace('"bpf", "bind"', '"bind"')), true);
  assert.equal(proved(BASE.replace('"bpf", "mount"', '"mount"')), false, 'it is still refused');
  assert.equal(proved(BASE.replaceAll('"bpf", ', '')), false, 'more is let through');
  assert.equal(proved(BASE.replace('"bpf", "bind"', '"bind"').concat('reload = true\n')), false);
  assert.equal(proved(BASE.replace('"bpf", "bind"', '"bind"').concat('log = ["read"]\n')), false);
});

test('the check of an edit finds whatever else a text would change', () => {
  const call = { abi: 'x86-64', number: 165, name: 'mount', known: true } as const;
  const change = { does: '', where: POLICY_FILE, edit: { kind: 'insert', text: '', before: undefined } };
  const cause = { kind: 'denied', what: '' };
  const explanation = { call, cause, changes: [change] } as unknown as Explanation;
  const BASE = '[syscalls]\nallow = ["@basic-io"]\n[service]\nPrivateTmp = true\n';
  const proved = (text: string, base = BASE) =>
    isProved(
      { policy: mergePolicies([], policyFrom(base)), sets: bundledSets(), machine: 'x86-64' },
      policyFrom(text),
      [explanation],
    );
  const good = BASE.replace('io"', 'io", "mount"');
  assert.equal(proved(good), true);
  assert.equal(proved(`# ${good}`.replace('# [', '#\n[')), true, 'places do not matter');
  assert.equal(proved(BASE), false, 'it is still refused');
  assert.equal(proved(good.replace('mount', '@mount')), false, 'more is let through');
  assert.equal(proved(good.replace('true', 'false')), false);
  assert.equal(proved(good.replace('[service]', 'unknown = "kill"\n[service]')), false);
  assert.equal(proved(good.replace('[service]', 'log = ["bpf"]\n[service]')), false);
  assert.equal(proved(good.replace('mount"', 'mount", "nonsense"')), false, 'check refuses it');
  const RULE = '[[syscalls.rules]]\nsyscall = "mount"\nwhen = [{ arg = 0, eq = 1 }]\naction = "kill"\n';
  const FIRST = RULE.replace('eq = 1', 'ge = 0').replace('kill', 'allow');
  assert.equal(proved(BASE + FIRST + RULE, BASE + RULE), true);
  assert.equal(proved(BASE + FIRST, BASE + RULE), false, 'another rule is gone');
  assert.equal(proved(BASE + RULE + FIRST, BASE + RULE), false, 'another rule decides');
});
