import assert from 'node:assert/strict';
import { test } from 'node:test';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { execKeys } from '../../../src/systemd/unit/exec/keys.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';

const unit = (...files: [string, string][]) =>
  effectiveUnit(files.map(([path, text]) => parseUnitFile(path, text)));
const values = (list: readonly { value: string }[]) => list.map((a) => a.value);
const paths = (list: readonly { path: { value: string } }[]) => list.map((c) => c.path.value);

test('drop-ins add to the unit file in order, and empty values reset', () => {
  const merged = unit(
    ['/l/x.service', '[Service]\nReadOnlyPaths=/a\nReadOnlyPaths=/b\nUser=u\nNice=1\n'],
    ['/e/10.conf', '[Service]\nReadOnlyPaths=\nReadOnlyPaths=/c\nUser=\n[Unit]\nNice=7\n'],
    ['/e/20.conf', '[Service]\nReadOnlyPaths=/d\nNice=2\n'],
  );
  assert.deepEqual(merged.files, ['/l/x.service', '/e/10.conf', '/e/20.conf']);
  assert.deepEqual(values(merged.all('Service', 'ReadOnlyPaths')), ['/a', '/b', '', '/c', '/d']);
  assert.deepEqual(values(merged.list('Service', 'ReadOnlyPaths')), ['/c', '/d']);
  assert.deepEqual(values(merged.list('Service', 'User')), []);
  assert.equal(merged.last('Service', 'User')?.value, '');
  assert.deepEqual(merged.last('Service', 'Nice'), {
    section: 'Service',
    key: 'Nice',
    value: '2',
    at: { file: '/e/20.conf', line: 3, column: 1, length: 4 },
  });
  assert.deepEqual(values(merged.all('Unit', 'Nice')), ['7']);
  assert.equal(merged.last('Service', 'Group'), undefined);
  assert.deepEqual(merged.diagnostics, []);
});

test('sections and keys with dots are not confused', () => {
  const merged = unit(['x.service', '[a.b]\nc=1\n[a]\nb.c=2\n']);
  assert.deepEqual(values(merged.all('a.b', 'c')), ['1']);
  assert.deepEqual(values(merged.all('a', 'b.c')), ['2']);
  assert.deepEqual(values(merged.all('__proto__', 'constructor')), []);
});

test('an old name of a setting counts as the setting', () => {
  const merged = unit(['x.service', '[Service]\nReadWriteDirectories=/a\nReadWritePaths=/b\n']);
  assert.deepEqual(values(merged.list('Service', 'ReadWritePaths')), ['/a', '/b']);
});

test('commands are collected from files, lines and semicolons, and reset only for their own key', () => {
  const merged = unit(
    ['x.service', '[Service]\nExecStart=/a\nExecStop=/s\n'],
    ['1.conf', '[Service]\nExecStart=\nExecStart=/b ; /c\n'],
    ['2.conf', '[Service]\nExecStart=/d x\n[Unit]\nExecStart=/e\n'],
  );
  assert.deepEqual(paths(merged.execCommands('ExecStart')), ['/b', '/c', '/d']);
  assert.deepEqual(paths(merged.execCommands('ExecStop')), ['/s']);
  assert.deepEqual(merged.execCommands('ExecReload'), []);
  assert.deepEqual(merged.execCommands('ExecStart')[2]?.at, {
    file: '2.conf',
    line: 2,
    column: 1,
    length: 9,
  });
});

test('a line that systemd ignores is a warning, and earlier text counts', () => {
  const merged = unit(['x.service', '[Service]\nExecStart=/a ; -b/c ; /d\nNice=1\n']);
  assert.deepEqual(paths(merged.execCommands('ExecStart')), ['/a']);
  assert.equal(merged.last('Service', 'Nice')?.value, '1');
  const found = merged.diagnostics.map((d) => [d.severity, d.code]);
  assert.deepEqual(found, [['warning', 'bad-unit-file']]);
});

test('a drop-in with a line that systemd refuses ends there, and the next one counts', () => {
  const merged = unit(
    ['x.service', '[Service]\nExecStart=/a\n'],
    ['1.conf', '[Service]\nNice=1\nExecStart=/b ; c/d\nNice=2\n'],
    ['3.conf', '[Service]\nUMask=77\n'],
  );
  assert.equal(merged.last('Service', 'Nice')?.value, '1');
  assert.equal(merged.last('Service', 'UMask')?.value, '77');
  assert.deepEqual(paths(merged.execCommands('ExecStart')), ['/a', '/b']);
  const hint = 'correct the line: systemd ignores the rest of this file';
  const stops = 'systemd stops reading the drop-in at';
  assert.deepEqual(merged.diagnostics, [
    {
      severity: 'warning',
      code: 'unit-file-cut-short',
      message: `${stops} ExecStart=: the path is neither absolute nor a plain name: 'c/d'`,
      hint,
      at: { file: '1.conf', line: 3, column: 1, length: 9 },
    },
  ]);
});

const refused: [string, string, string][] = [
  [
    'a command',
    '[Service]\nExecStart=/a "\n',
    'systemd refuses the unit because of ExecStart=: a quote is not closed',
  ],
  ['a line', '[Service]\nA=1\n[B\n', "systemd refuses the unit because of a line that it can't read"],
];

for (const [name, text, message] of refused) {
  test(`a unit file with ${name} that systemd refuses is an error`, () => {
    const found = unit(['x.service', text]).diagnostics.map((d) => [d.severity, d.code, d.message]);
    assert.deepEqual(found, [['error', 'bad-unit-file', message]]);
  });
}

test('very many commands are read in time', () => {
  const merged = unit([
    'x.service',
    `[Service]\nExecStart=${'/a ; '.repeat(150_000)}\n${'ExecStop=/b\n'.repeat(90_000)}`,
  ]);
  assert.equal(merged.execCommands('ExecStart').length, 150_000);
  assert.equal(merged.execCommands('ExecStop').length, 90_000);
});

test("a key that the target doesn't know has no commands, and ends no file", () => {
  const file = parseUnitFile('x.service', '[Service]\nExecReloadPost="\nExecReloadPost=bin/x\nNice=1\n');
  const older = effectiveUnit([file], execKeys(258));
  assert.deepEqual([older.diagnostics, older.execCommands('ExecReloadPost')], [[], []]);
  assert.equal(older.last('Service', 'Nice')?.value, '1');
  const codes = effectiveUnit([file], execKeys(259)).diagnostics.map(({ code }) => code);
  assert.deepEqual(codes, ['bad-unit-file', 'bad-unit-file']);
});
