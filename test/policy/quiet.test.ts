/** Policies that people begin with have nothing that they would be warned of. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { check } from '../../src/cli/commands/check.js';
import { FakeSystem, fakeContext, HOME } from '../support/fake-system.js';
import { inRepository, templateFiles } from '../support/repository.js';

const TEMPLATES = Object.fromEntries(
  templateFiles().map((name) => [
    `${HOME}/templates/${name}`,
    readFileSync(inRepository(`templates/${name}`), 'utf8'),
  ]),
);

const README = [...readFileSync(inRepository('README.md'), 'utf8').matchAll(/```toml\n(.*?)```/gs)].map(
  ([, policy], i) => [`/README-${i + 1}.toml`, policy!] as const,
);

test('README.md shows a policy', () => assert.equal(README.length, 1));

const POLICIES = { ...TEMPLATES, ...Object.fromEntries(README) };

for (const path of Object.keys(POLICIES)) {
  test(`check has no warning for ${path}`, async () => {
    const context = fakeContext(new FakeSystem({ files: POLICIES }));
    const { diagnostics } = await check(context, [path]);
    const found = diagnostics.filter(({ severity }) => severity !== 'note');
    assert.deepEqual(found, []);
  });
}
