import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from './repository.js';

const FOLDER = inRepository('test/support');

test('README.md names every shared file of the tests, once, and no other', () => {
  const items = readFileSync(`${FOLDER}/README.md`, 'utf8').match(/^- [^:]*:/gm) ?? [];
  const named = items.flatMap((item) => [...item.matchAll(/`([^`]+)`/g)].map(([, name]) => name));
  const files = readdirSync(FOLDER).filter((name) => name !== 'README.md' && !name.endsWith('.test.ts'));
  assert.deepEqual(named.sort(), files.sort());
});
