import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import { parseUnitName, type UnitName } from '../../src/unit/name.js';
import {
  dropInDirectories,
  type SearchEnvironment,
  selectDropIns,
  unitSearchPath,
} from '../../src/unit/search.js';

const SYSTEM = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/run/systemd/generator.early',
  '/etc/systemd/system',
  '/etc/systemd/system.attached',
  '/run/systemd/system',
  '/run/systemd/system.attached',
  '/run/systemd/generator',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
  '/run/systemd/generator.late',
];

const USER_BELOW = ['/usr/local/lib/systemd/user', '/usr/lib/systemd/user'];
const DATA = ['/usr/local/share/systemd/user', '/usr/share/systemd/user'];

const searchPaths: [string, 'system' | 'user', SearchEnvironment, string[]][] = [
  ['of the system', 'system', {}, SYSTEM],
  ['of the system, replaced', 'system', { SYSTEMD_UNIT_PATH: '/a:/b:/a' }, ['/a', '/b']],
  ['of the system, with more in front', 'system', { SYSTEMD_UNIT_PATH: '/a:' }, ['/a', ...SYSTEM]],
  ['of the system, emptied', 'system', { SYSTEMD_UNIT_PATH: '' }, []],
  [
    'of a user without a home',
    'user',
    {},
    ['/etc/systemd/user', '/run/systemd/user', ...DATA, ...USER_BELOW],
  ],
  [
    'of a user',
    'user',
    { HOME: '/h', XDG_RUNTIME_DIR: '/run/user/1' },
    [
      '/h/.config/systemd/user.control',
      '/run/user/1/systemd/user.control',
      '/run/user/1/systemd/transient',
      '/run/user/1/systemd/generator.early',
      '/h/.config/systemd/user',
      '/h/.config/systemd/user.attached',
      '/etc/systemd/user',
      '/run/user/1/systemd/user',
      '/run/user/1/systemd/user.attached',
      '/run/systemd/user',
      '/run/user/1/systemd/generator',
      '/h/.local/share/systemd/user',
      ...DATA,
      ...USER_BELOW,
      '/run/user/1/systemd/generator.late',
    ],
  ],
  [
    'of a user with folders of their own',
    'user',
    {
      HOME: '/h',
      XDG_CONFIG_HOME: '/c',
      XDG_CONFIG_DIRS: '/d:/e',
      XDG_DATA_HOME: 'relative',
      XDG_DATA_DIRS: '/f',
    },
    [
      '/c/systemd/user.control',
      '/c/systemd/user',
      '/c/systemd/user.attached',
      '/d/systemd/user',
      '/e/systemd/user',
      '/etc/systemd/user',
      '/run/systemd/user',
      '/h/.local/share/systemd/user',
      '/f/systemd/user',
      '/usr/local/lib/systemd/user',
      '/usr/local/share/systemd/user',
      '/usr/lib/systemd/user',
      '/usr/share/systemd/user',
    ],
  ],
];

for (const [name, scope, env, expected] of searchPaths) {
  test(`the search path ${name}`, () => assert.deepEqual(unitSearchPath(scope, env), expected));
}

test('the usual search path needs no environment', () => assert.deepEqual(unitSearchPath('system'), SYSTEM));

test('a relative search path is refused', () => {
  assert.throws(
    () => unitSearchPath('system', { SYSTEMD_UNIT_PATH: '/a:b' }),
    (e) => e instanceof UserError && e.diagnostics[0]?.code === 'relative-unit-path',
  );
});

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

test('search directories come before names, and those of the type come last', () => {
  assert.deepEqual(dropInDirectories(name('a-b'), [name('c')], ['/1', '/2']), [
    ...['/1/a-b.service.d', '/1/a-.service.d', '/2/a-b.service.d', '/2/a-.service.d'],
    ...['/1/c.service.d', '/2/c.service.d', '/1/service.d', '/2/service.d'],
  ]);
});

test('a name with very many dashes is no trouble', () => {
  assert.equal(dropInDirectories(name('-'.repeat(245)), [], ['/s']).length, 245);
  assert.ok(dropInDirectories(name(`${'a-'.repeat(100)}@${'b-'.repeat(20)}`), [], ['/s']).length < 1000);
});

test('a file hides those of its name in later directories, and names decide the order', () => {
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

test('names like those that objects have are names', () => {
  const fileNames = ['__proto__.conf', 'constructor.conf'];
  assert.deepEqual(selectDropIns([{ directory: '/a', fileNames }]), [
    '/a/__proto__.conf',
    '/a/constructor.conf',
  ]);
});
