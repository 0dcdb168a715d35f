/** The table of docs/templates.md says what the templates leave, and each template for a service has a row. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { inRepository } from '../support/repository.js';
import { directivesOf, OWN_TEMPLATES, ownTable, type Results, rate } from './own-templates.js';

/** A user's service has a test of its own: test/booted/user-template.test.ts. */
const OF_USERS = 'user-service';

const TABLE = readFileSync(inRepository('docs/templates.md'), 'utf8').match(/^\|.*\|$/gm) ?? [];
const cellsOf = (row: string): string[] =>
  row
    .slice(2, -2)
    .split('|')
    .map((cell) => cell.trim());

/** What the row of a template and a service says of the releases. */
function resultsOf(template: string, service: string): Results {
  const row = TABLE.map(cellsOf).find((cells) => cells[0] === template && cells[1] === service);
  assert.ok(row, `docs/templates.md has no row of ${template} on ${service}`);
  return [row.at(-2)!, row.at(-1)!];
}

describe('docs/templates.md', () => {
  test('has the numbers of the templates', async () => {
    const all = OWN_TEMPLATES.map((one) => [one, resultsOf(one.template, one.service)] as const);
    assert.equal(`${TABLE.join('\n')}\n`, await ownTable(all));
  });

  test('says of each template that it works, on all releases that it is tried on', () => {
    for (const { template, service, older } of OWN_TEMPLATES) {
      const [trixie, bookworm] = resultsOf(template, service);
      assert.match(trixie, /^works\b/);
      assert.match(bookworm, older ? /^works\b/ : /^$/);
    }
  });
});

test("lists of a policy beside a template's open nothing that the template closes", async () => {
  const dovecot = OWN_TEMPLATES.find(({ template }) => template === 'dovecot')!;
  const lines = [
    'ReadOnlyPaths=/root',
    'BindReadOnlyPaths=/run/mysqld',
    'InaccessiblePaths=/srv',
    'TemporaryFileSystem=/opt:ro',
  ];
  const toml = lines.map((line) => line.replace(/=(.*)/, ' = ["$1"]')).join('\n');
  const found = await directivesOf(dovecot, toml);
  const has = (name: string, ...paths: string[]) => {
    const line = found.find((one) => one.startsWith(`${name}=`))!;
    for (const path of paths) assert.match(line, new RegExp(`[= ]${path}( |$)`), line);
  };
  has('TemporaryFileSystem', '/run:ro,nodev,noexec,nosuid', '/opt:ro');
  has('BindReadOnlyPaths', '/usr', '/run/systemd/notify', '/run/mysqld');
  has('InaccessiblePaths', '/srv');
});

test('each template for a service is tried on one', () => {
  const names = readdirSync(inRepository('templates/services')).map((file) => file.replace(/\.toml$/, ''));
  const tried = new Set([...OWN_TEMPLATES.map(({ template }) => template), OF_USERS]);
  assert.deepEqual(names.sort(), [...tried].sort());
});

for (const one of OWN_TEMPLATES) {
  test(`${one.template} on ${one.service} increases no exposure, and has a plan on an older systemd`, async () => {
    const { exposure, calls } = await rate(one);
    assert.ok(Number(exposure[1]) <= Number(exposure[0]));
    assert.ok(calls < 310, `${calls}`);
    await rate(one, '252.39');
  });
}
