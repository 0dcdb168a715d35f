import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '../../../src/cli/commands/check.js';
import { UserError } from '../../../src/diagnostic.js';
import { MAX_POLICY_SIZE } from '../../../src/policy/policy-size.js';
import { INPUT_NAME, inputPolicy, readInputFirst } from '../../../src/prepare/load/input-policy.js';
import { loadPolicy } from '../../../src/prepare/load/load-policy.js';
import { NO_EXEC } from '../../support/demo-service.js';
import { FakeSystem, fakeContext, HOME, withInput } from '../../support/fake-system.js';

const FILES = { '/etc/base.toml': NO_EXEC, [`${HOME}/templates/base.toml`]: NO_EXEC };

const context = (input: string | Uint8Array) =>
  withInput(fakeContext(new FakeSystem({ files: FILES })), input);

/** Codes of a policy that came by standard input, and the places that they name. */
async function found(input: string | Uint8Array): Promise<string[]> {
  try {
    const on = context(input);
    const loaded = await loadPolicy(on, await inputPolicy(on), { trusted: true, confines: true });
    return loaded.diagnostics.map(({ code, at }) => `${code} ${at?.file ?? '-'}`);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return cause.diagnostics.map(({ code, at }) => `${code} ${at?.file ?? '-'}`);
  }
}

test('a policy from standard input is read and checked like a file', async () => {
  assert.deepEqual(await found(NO_EXEC), []);
  assert.deepEqual(await found('[syscalls]\ndney = []\n'), [`unknown-key ${INPUT_NAME}`]);
  assert.deepEqual(await found('a = 1\na = 2\n'), [`policy-syntax ${INPUT_NAME}`]);
  assert.deepEqual(await found(new Uint8Array([0xff])), [`policy-syntax ${INPUT_NAME}`]);
  assert.deepEqual(await found('#'.repeat(MAX_POLICY_SIZE + 1)), [`policy-syntax ${INPUT_NAME}`]);
  assert.deepEqual(await found(''), [`no-policy ${INPUT_NAME}`]);
});

test('a policy from standard input extends templates and absolute paths only', async () => {
  for (const base of ['base', '/etc/base.toml']) assert.deepEqual(await found(`extends = ["${base}"]\n`), []);
  for (const base of ['base.toml', './base.toml', '../etc/base.toml', '-/x'])
    assert.deepEqual(await found(`extends = ["${base}"]\n`), [`policy-value ${INPUT_NAME}`]);
  // The word for the input is none within a policy.
  assert.deepEqual((await found('extends = ["-"]\n'))[0], `unknown-template ${INPUT_NAME}`);
});

test('check --policy=- reads standard input', async () => {
  const good = await check(context(NO_EXEC), ['-', '/etc/base.toml']);
  assert.deepEqual([good.exit, good.text], [0, '-: ok\n/etc/base.toml: ok\n']);
  const bad = await check(context('[syscalls]\ndeny = ["exceve"]\n'), ['-']);
  assert.deepEqual([bad.exit, bad.diagnostics[0]!.at?.file], [1, INPUT_NAME]);
  assert.ok(bad.sources.has(INPUT_NAME));
});

test('standard input is read beforehand for a policy, and otherwise never', async () => {
  let reads = 0;
  const on = context(NO_EXEC);
  const counting = { ...on, caller: { ...on.caller, readInput: async () => new Uint8Array(reads++) } };
  await readInputFirst(counting, {});
  await readInputFirst(counting, { policy: '/etc/base.toml' });
  assert.equal(reads, 0);
  await readInputFirst(counting, { policy: '-' });
  assert.equal(reads, 1);
});
