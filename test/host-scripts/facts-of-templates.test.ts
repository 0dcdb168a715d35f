/** What facts says of a host at once, so that a plan of a template needs no second look at it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parsePolicy } from '../../src/policy/parse.js';
import { inRepository } from '../support/repository.js';

const textOf = (path: string) => readFileSync(inRepository(path), 'utf8');

test('facts: asks for each path in /run that a template binds, and for no other', () => {
  const files = ['templates', 'templates/services'].flatMap((folder) =>
    readdirSync(inRepository(folder)).map((name) => `${folder}/${name}`),
  );
  const bound = files
    .filter((path) => path.endsWith('.toml'))
    .flatMap((path) => parsePolicy(textOf(path), path).policy.service)
    .filter(({ name }) => ['BindPaths', 'BindReadOnlyPaths'].includes(name))
    .flatMap(({ value }) => (Array.isArray(value) ? value : []))
    .flatMap((word: string) => /^-?\/run\/([^:]+)/.exec(word)?.[1] ?? []);
  const [, names = ''] =
    /for name in ((?:[^;\\]|\\\n)+); do\n +look \/run\/\$name\n/.exec(textOf('host-scripts/facts')) ?? [];
  assert.deepEqual(names.split(/[\s\\]+/), [...new Set(bound)].sort());
});
