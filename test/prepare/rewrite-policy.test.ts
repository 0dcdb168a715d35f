import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prepare } from '../../src/prepare/prepare.js';
import { rewritePolicy } from '../../src/prepare/rewrite-policy.js';
import { machine } from '../support/apply-in-memory.js';
import { UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { fakeContext, HOME } from '../support/fake-system.js';

const FILE = `/etc/sandbox-unit/${UNIT}.toml`;
const POLICY = '# mine\n[syscalls]\ndeny = ["ptrace"]\n';

async function prepared(options = {}) {
  const system = machine({ files: { [`${HOME}/templates/no-exec.toml`]: POLICY } }, POLICY);
  const context = fakeContext(system);
  const one = await prepare(context, UNIT, options);
  const text = () => new TextDecoder().decode(system.files.get(FILE)!.bytes);
  const after = one.policy.policy.syscalls?.deny[0]?.at;
  const edits = [{ kind: 'add', list: 'deny', name: 'execve', after } as const];
  const rewrite = (isProved = true, write = true) =>
    rewritePolicy(context, one, { edits, isProved: () => isProved, byHand: 'by hand' }, write);
  return { system, rewrite, text };
}

test('a file is edited, and the rest of its text stays', async () => {
  const { rewrite, text } = await prepared();
  assert.deepEqual(await rewrite(), { before: POLICY, after: text() });
  assert.equal(text(), '# mine\n[syscalls]\ndeny = ["ptrace", "execve"]\n');
});

test('the policy is unchanged if only the new text is requested', async () => {
  const { rewrite, text } = await prepared();
  assert.match((await rewrite(true, false)).after, /"execve"/);
  assert.equal(text(), POLICY);
});

test('the policy is unchanged if the new text fails the check, the file has changed, or it is a template', async () => {
  const { system, rewrite, text } = await prepared();
  assert.equal((await failure(rewrite(false)))[0], 'not-written');
  assert.equal(text(), POLICY);
  system.files.set(FILE, { bytes: new TextEncoder().encode(`${POLICY}\n`), mode: 0o644 });
  assert.match((await failure(rewrite())).join(), /edited during this run/);
  const template = await prepared({ template: 'no-exec' });
  assert.match((await failure(template.rewrite())).join(), /it is a template/);
});
