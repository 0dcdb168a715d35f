/** The second table of docs/ready-on-services.md has each runtime, and what was refused besides. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from '../support/repository.js';
import { FURTHER, RUNTIMES, type RuntimeService, runtimeTable, type TriedRuntime } from './runtimes.js';

const page = readFileSync(inRepository('docs/ready-on-services.md'), 'utf8');

/** What the page says of a service. */
function rowOf(service: RuntimeService): TriedRuntime {
  const [, ...counts] =
    new RegExp(`^\\| .* \\| ${service.name} \\| (\\d+) \\| (\\d+) \\| (\\d+) \\|`, 'm').exec(page) ?? [];
  const [threads, answers, failed] = counts.map(Number);
  return { service, atWork: { threads: threads!, answers: answers!, failed: failed! }, problems: [] };
}

test('docs/ready-on-services.md says of each runtime that no request failed', () => {
  const rows = RUNTIMES.map(rowOf);
  assert.ok(page.includes(runtimeTable(rows)));
  for (const { service, atWork } of rows) {
    assert.ok(atWork!.answers > 0, service.name);
    assert.equal(atWork!.failed, 0, service.name);
  }
});

test('it says what they were refused besides', () => {
  assert.ok(page.replaceAll('\n', ' ').includes(FURTHER.map((calls) => `\`${calls}\``).join(', ')));
});

test('a row says what was wrong', () => {
  const service = { name: 'x', runtime: 'X', by: 'a page', asked: [] };
  assert.deepEqual(
    runtimeTable([{ service, problems: ['it | fails\nin the end'] }])
      .split('\n')
      .slice(2),
    ['| X | x |  |  |  | a page | **BROKEN**: it \\| fails |', ''],
  );
});
