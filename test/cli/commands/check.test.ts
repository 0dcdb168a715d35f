import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '../../../src/cli/commands/check.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';

const GOOD = '[syscalls]\ndeny = ["execve", "execveat"]\n[[expect]]\nsyscall = "execve"\naction = "kill"\n';
const BAD = '[syscalls]\ndeny = ["exceve"]\n';
const files = { 'good.toml': GOOD, 'bad.toml': BAD, 'service.toml': '[service]\nPrivateTmp = true\n' };

async function checked(...names: string[]) {
  const system = new FakeSystem({ files });
  const result = await check(fakeContext(system), names);
  return { ...result, calls: system.calls };
}

test('check: prints the names of good policies, with exit status 0', async () => {
  const result = await checked('good.toml', 'service.toml');
  assert.deepEqual(
    [result.exit, result.text, result.diagnostics],
    [0, 'good.toml: ok\nservice.toml: ok\n', []],
  );
  assert.deepEqual(result.json, {
    files: [
      { file: 'good.toml', ok: true },
      { file: 'service.toml', ok: true },
    ],
  });
});

test('check: checks expectations of a serving service, with [syscalls] and without', async () => {
  const ready = '[ready]\ndeny = ["execve", "execveat"]\n[[expect]]\nphase = "ready"\nsyscall = "execve"\n';
  const rule = '[[syscalls.rules]]\nsyscall = "execve"\nwhen = [{ arg = 0, eq = 0 }]\naction = "kill"\n';
  const policies = {
    'alone.toml': `${ready}action = "EPERM"\n`,
    'wrong.toml': `${ready}action = "kill"\n`,
    'both.toml': `${rule}${ready}action = "kill"\n`,
  };
  const { text, diagnostics } = await check(
    fakeContext(new FakeSystem({ files: policies })),
    Object.keys(policies),
  );
  assert.equal(text, 'alone.toml: ok\nboth.toml: ok\n');
  assert.deepEqual(
    diagnostics
      .filter(({ severity }) => severity === 'error')
      .map(({ code, message }) => `${code}: ${message}`),
    ["expectation-failed: execve on x86-64, arm64, riscv64 gets 'EPERM' once it serves, not 'kill'"],
  );
});

test('check: checks all of several policies, whichever are wrong', async () => {
  const result = await checked('bad.toml', 'good.toml', 'gone.toml');
  assert.deepEqual([result.exit, result.text], [2, 'good.toml: ok\n']);
  const codes = result.diagnostics.map(({ code }) => code);
  assert.deepEqual(codes, ['unknown-syscall', 'no-policy']);
  assert.deepEqual(result.sources.get('bad.toml'), BAD);
  const found = (result.json.files as { ok: boolean }[]).map(({ ok }) => ok);
  assert.deepEqual(found, [false, true, false]);
});

test('check: asks only for files of the machine', async () => {
  const { calls } = await checked('good.toml', 'bad.toml');
  const ofDefaults = ['read /etc/sandbox-unit/defaults.toml', 'links /etc/sandbox-unit'];
  assert.deepEqual(calls, ['read good.toml', ...ofDefaults, 'read bad.toml', ...ofDefaults]);
});

test("check: uses the host's defaults, and reports a policy that is wrong with them", async () => {
  const path = '/etc/sandbox-unit/defaults.toml';
  const checkedWith = (defaults: string, name = 'good.toml') =>
    check(fakeContext(new FakeSystem({ files: { ...files, [path]: defaults } })), [name]);
  assert.equal((await checkedWith('[service]\nProtectHome = true\n')).exit, 0);
  const { exit, diagnostics, sources } = await checkedWith('[service]\nProtectHome = "maybe"\n');
  const [{ code, at } = assert.fail()] = diagnostics;
  assert.deepEqual([exit, code, `${at!.file}:${at!.line}`], [1, 'directive-value', `${path}:2`]);
  assert.ok(sources.has(path));
});

test('check: a file with the name of the defaults is checked as defaults, in any folder', async () => {
  const at = async (path: string, text: string) => {
    const { exit, diagnostics } = await check(fakeContext(new FakeSystem({ files: { [path]: text } })), [
      path,
    ]);
    return [exit, ...diagnostics.map(({ code }) => code)];
  };
  for (const path of ['defaults.toml', 'repository/defaults.toml', '/etc/sandbox-unit/defaults.toml']) {
    assert.deepEqual(await at(path, '[apply]\nsettle = "3s"\n'), [0], path);
    assert.deepEqual(await at(path, '[syscalls]\nallow = ["read"]\n'), [1, 'host-defaults'], path);
  }
});

test('check: accepts files that others could write', async () => {
  const system = new FakeSystem({ files, untrusted: ['good.toml'] });
  assert.equal((await check(fakeContext(system), ['good.toml'])).exit, 0);
});

test('check: finds lines of [ready] that are wrong for every unit without asking for one', async () => {
  const of = async (text: string) => {
    const system = new FakeSystem({ files: { 'x.toml': text, 'base.toml': '[ready]\ndeny = ["bpf"]\n' } });
    const { exit, diagnostics } = await check(fakeContext(system), ['x.toml']);
    return [exit, ...diagnostics.map(({ code, message }) => `${code}: ${message}`)];
  };
  const nothing = 'contradiction: [ready] has no effect: it refuses no call that is allowed before';
  assert.deepEqual(await of('[ready]\n'), [1, nothing]);
  assert.deepEqual(await of('[ready]\ndeny = []\n'), [1, nothing]);
  assert.deepEqual(await of('[syscalls]\ndeny = ["bpf"]\n[ready]\ndeny = ["bpf", "acct"]\n'), [
    ...[1, "contradiction: 'bpf' is refused from the start already: this line has no effect"],
  ]);
  assert.deepEqual(await of('[ready]\ndeny = ["exit_group", "acct"]\n'), [
    ...[1, "indispensable: no program can run without 'exit_group'"],
  ]);
  assert.ok(
    (await of('[ready]\ndeny = ["@default"]\n')).includes(
      "indispensable: '@default' includes exit: no program can run without 'exit'",
    ),
  );
  assert.deepEqual(await of('[ready]\ndeny = ["exit_group:log", "acct"]\n'), [0]);
  assert.deepEqual(await of('[ready]\nallow = ["read"]\n'), [0]);
  assert.deepEqual(await of('extends = ["./base.toml"]\n[syscalls]\ndeny = ["bpf"]\n'), [1, nothing]);
});
