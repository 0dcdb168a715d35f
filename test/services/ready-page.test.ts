/** docs/ready-on-services.md has what runs came to: with UPDATE_GOLDEN=1 it is written anew. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { assertMade } from '../support/golden.js';
import { inRepository } from '../support/repository.js';
import { PHASED, RELOADED_ANYWAY } from './phase-calls.js';
import { pageWith, type Result, readResults, textOf } from './ready-page.js';
import { READY } from './ready-services.js';
import { FURTHER, RUNTIMES, runtimeTable } from './runtimes.js';

const PAGE = 'docs/ready-on-services.md';
const textIn = (path: string): string => readFileSync(inRepository(path), 'utf8');

describe(PAGE, () => {
  const page = textIn(PAGE);
  const results = readResults();

  test('has the results', () => assertMade(PAGE, pageWith(page, results)));

  test('lists only services that work', () => {
    const names = { daemons: READY, runtimes: RUNTIMES, calls: PHASED.map((name) => ({ name })) };
    for (const table of ['daemons', 'runtimes', 'calls'] as const) {
      assert.deepEqual(Object.keys(results[table]), names[table].map(({ name }) => name).sort());
      for (const [name, { package: of, problems }] of Object.entries(results[table])) {
        assert.deepEqual(problems, [], `${table}: ${name}`);
        assert.match(of!, /^[a-z][\w.+-]* \d/, `${table}: ${name}`);
      }
    }
    assert.equal(READY.length, 10);
    assert.equal(READY.filter(({ needs }) => needs).length, 1);
    assert.equal(PHASED.length, 20);
    assert.match(
      textIn('CHANGELOG.md'),
      /Nine of ten daemons of\s+Debian that need `execve` to start lose it so/,
    );
  });

  test('says of each runtime that it answered, and that no request failed', () => {
    for (const [name, { atWork }] of Object.entries(results.runtimes)) {
      assert.ok(atWork!.answers > 0, name);
      assert.equal(atWork!.failed, 0, name);
    }
  });

  test('says that no service gains calls', () => {
    for (const [name, { counts }] of Object.entries(results.calls))
      for (const { start, serving, unreloaded } of counts ? [counts.all, counts.critical] : [])
        assert.ok(start >= serving && serving >= unreloaded, name);
  });

  test('names services whose reload systemd refuses, and other refusals of runtimes', () => {
    for (const name of RELOADED_ANYWAY)
      assert.ok(page.includes(`- **${name}** is reloaded by its log rotation`));
    assert.ok(page.replaceAll('\n', ' ').includes(FURTHER.map((calls) => `\`${calls}\``).join(', ')));
  });

  test('has each number and each problem of the file', () => {
    const other = (of: Result): Result => ({ ...of, problems: ['it | fails\nin the end'] });
    const [daemons, runtimes, calls] = [results.daemons, results.runtimes, results.calls];
    const made = pageWith(page, {
      daemons: { ...daemons, squid: other(daemons.squid!) },
      runtimes: { ...runtimes, node: { ...runtimes.node!, atWork: { threads: 1, answers: 2, failed: 3 } } },
      calls: { ...calls, nginx: { problems: [] }, named: other(calls.named!) },
    });
    assert.match(made, /^\| squid \|.*\| \*\*BROKEN\*\*: it \\\| fails \|$/m);
    assert.match(made, /^\| Node.js \| node \| 1 \| 2 \| 3 \|/m);
    assert.match(made, /^\| nginx \|(?: {2}\|){6} nothing is taken \|$/m);
    assert.match(made, /^\| named \|.*\| \*\*BROKEN\*\*: it \\\| fails \|$/m);
    const { start } = calls.nginx!.counts!.critical;
    const [before, after] = [pageWith(page, results), made].map((text) =>
      Number(/Of (\d+) critical calls/.exec(text)![1]),
    );
    assert.equal(before! - after!, start);
  });

  test('has no row of a service that was not tried', () => {
    const { nginx: _, ...calls } = results.calls;
    assert.match(
      pageWith(page, { ...results, calls }),
      /^\| nginx \|.*\| \*\*BROKEN\*\*: it was not tried \|$/m,
    );
    assert.throws(() => pageWith('', results), /lacks the sums/);
    assert.throws(() => pageWith(page.replaceAll('| runtime |', ''), results), /lacks a table/);
  });

  test('the file of results is sorted', () => {
    assert.equal(textIn('test/golden/ready-on-services.json'), textOf(results));
  });
});

test('a row of a runtime has its error', () => {
  const service = { name: 'x', runtime: 'X', by: 'a page', asked: [] };
  assert.deepEqual(
    runtimeTable([{ service, problems: ['it | fails\nin the end'] }])
      .split('\n')
      .slice(2),
    ['| X | x |  |  |  | a page | **BROKEN**: it \\| fails |', ''],
  );
});
