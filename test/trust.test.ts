/** The promises of docs/trust.md: each names the tests that hold it. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { inRepository } from './support/repository.js';

const PAGE = readFileSync(inRepository('docs/trust.md'), 'utf8');

interface Named {
  readonly file: string;
  readonly title: string;
}

/** The tests that "Held by" names: files, each with the titles behind it. */
function namedIn(page: string): Named[] {
  const lists = page.match(/^ {2}- Held by (?:.+\n)(?: {4}.+\n)*/gm) ?? [];
  return lists.flatMap((list) => {
    const text = list.replace(/\s+/g, ' ');
    let file = '';
    return [...text.matchAll(/`([\w/-]+)`:|\*([^*]+)\*/g)].flatMap(([, path, title]) => {
      file = path ?? file;
      return title === undefined ? [] : { file: `test/${file}.test.ts`, title };
    });
  });
}

/** Whether a source has a title, `…` in the place of each `${…}`. */
const hasTitle = (source: string, title: string): boolean =>
  [`'${title}'`, `"${title}"`, `\`${title}\``].some((quoted) =>
    source.replace(/\$\{[^}]*\}/g, '…').includes(quoted),
  );

test('each promise of docs/trust.md names existing tests', () => {
  const named = namedIn(PAGE);
  assert.ok(named.length > 30);
  assert.equal(PAGE.match(/\*[^*]+\*/g)?.length, named.length, 'a title is named in no list');
  for (const { file, title } of named) {
    assert.ok(existsSync(inRepository(file)), `${file} is gone: ${title}`);
    assert.ok(hasTitle(readFileSync(inRepository(file), 'utf8'), title), `${file} has no test '${title}'`);
  }
});

test('a named test is found by its title, also one of a table', () => {
  const page = '- A promise.\n  - Held by `a/b`: *one*; *two\n    lines*;\n    `c`: *…: three*\n- A limit.\n';
  assert.deepEqual(namedIn(page), [
    { file: 'test/a/b.test.ts', title: 'one' },
    { file: 'test/a/b.test.ts', title: 'two lines' },
    { file: 'test/c.test.ts', title: '…: three' },
  ]);
  assert.ok(hasTitle(`test(\`\${kind}: three\`, () => {`, '…: three'));
  assert.ok(!hasTitle('// one\ntest("another one");', 'one'));
});
