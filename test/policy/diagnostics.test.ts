import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check } from '../../src/cli/commands/check.js';
import { EXIT, hasErrors, inOrder, renderDiagnostic } from '../../src/diagnostic.js';
import { FakeSystem, fakeContext } from '../support/fake-system.js';
import { assertGolden, goldenNames, readGolden } from '../support/golden.js';

const POLICIES = goldenNames('policies').filter((name) => name.endsWith('.toml'));

/** Everything that `check` has to say of a policy, as it is printed. */
async function checked(name: string) {
  const system = new FakeSystem({ files: { [name]: readGolden('policies', name) } });
  const { diagnostics, sources, exit } = await check(fakeContext(system), [name]);
  const text = inOrder(diagnostics)
    .map((d) => `${renderDiagnostic(d, sources)}\n`)
    .join('');
  return { text, exit, diagnostics };
}

for (const name of POLICIES) {
  test(`all errors of test/golden/policies/${name} are reported at once`, async () => {
    const { text, exit, diagnostics } = await checked(name);
    assertGolden(`policies/${name.replace(/toml$/, 'txt')}`, text);
    assert.ok(diagnostics.length > 0);
    assert.equal(exit, hasErrors(diagnostics) ? EXIT.findings : EXIT.ok);
  });
}

/** Codes are for scripts: to rename one breaks them. */
const CODES = [
  'contradiction',
  'directive-value',
  'expectation-failed',
  'no-policy',
  'open-door',
  'policy-syntax',
  'policy-value',
  'refused-directive',
  'unknown-directive',
  'unknown-key',
  'unknown-syscall',
  'unknown-template',
];

test('each code has a policy that shows it', async () => {
  const found = new Set<string>();
  for (const name of POLICIES) for (const { code } of (await checked(name)).diagnostics) found.add(code);
  assert.deepEqual([...found].sort(), CODES);
});

test('every diagnostic of a policy has a place', async () => {
  for (const name of POLICIES) {
    for (const { at, message } of (await checked(name)).diagnostics) assert.ok(at, `${name}: ${message}`);
  }
});
