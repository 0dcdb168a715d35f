import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { dropInDirectories, selectDropIns } from '../../../src/systemd/unit/search.js';

const name = (text: string) => parseUnitName(text) as UnitName;

const directories: [string, string[]][] = [
  ['foo', ['foo.service']],
  ['foo.socket', ['foo.socket']],
  ['foo-bar-baz', ['foo-bar-baz.service', 'foo-bar-.service', 'foo-.service']],
  ['foo-bar-', ['foo-bar-.service', 'foo-.service']],
  ['a--b', ['a--b.service', 'a--.service', 'a-.service']],
  ['-a', ['-a.service']],
  ['-a-b', ['-a-b.service', '-a-.service']],
  ['foo@x', ['foo@x.service', 'foo@.service']],
  ['foo-bar@', ['foo-bar@.service', 'foo-.service', 'foo-@.service']],
  [
    'foo-bar@x-y',
    ['foo-bar@x-y.service', 'foo-bar@.service', 'foo-.service', 'foo-@x-y.service', 'foo-@.service'],
  ],
];

for (const [text, expected] of directories) {
  test(`the drop-in directories of ${text}`, () => {
    const type = text.endsWith('.socket') ? 'socket' : 'service';
    assert.deepEqual(
      dropInDirectories(name(text), [], ['/s']),
      [...expected, type].map((own) => `/s/${own}.d`),
    );
  });
}

test('search directories are sorted before names, and those of the type come last', () => {
  assert.deepEqual(dropInDirectories(name('a-b'), [name('c')], ['/1', '/2']), [
    ...['/1/a-b.service.d', '/1/a-.service.d', '/2/a-b.service.d', '/2/a-.service.d'],
    ...['/1/c.service.d', '/2/c.service.d', '/1/service.d', '/2/service.d'],
  ]);
});

test('a name with very many dashes is searched in time', () => {
  assert.equal(dropInDirectories(name('-'.repeat(245)), [], ['/s']).length, 245);
  assert.ok(dropInDirectories(name(`${'a-'.repeat(100)}@${'b-'.repeat(20)}`), [], ['/s']).length < 1000);
});

test('a file hides those of its name in later directories, and names are sorted', () => {
  assert.deepEqual(
    selectDropIns([
      { directory: '/a', fileNames: ['zz.conf', '10-x.conf', '.hidden.conf', 'x.conf~', 'README'] },
      { directory: '/b', fileNames: ['10-x.conf', '5.conf', 'Z.conf', '.conf'] },
      { directory: '/c', fileNames: ['\u{1f600}.conf', '\uffe0.conf', '\u00e9.conf', '10.conf', '10-.conf'] },
    ]),
    [
      ...['/c/10-.conf', '/a/10-x.conf', '/c/10.conf', '/b/5.conf', '/b/Z.conf', '/a/zz.conf'],
      ...['/c/\u00e9.conf', '/c/\uffe0.conf', '/c/\u{1f600}.conf'],
    ],
  );
});

test('names of built-in properties are ordinary names', () => {
  const fileNames = ['__proto__.conf', 'constructor.conf'];
  assert.deepEqual(selectDropIns([{ directory: '/a', fileNames }]), [
    '/a/__proto__.conf',
    '/a/constructor.conf',
  ]);
});
