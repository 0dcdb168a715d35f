import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overridden, shadowed } from '../../../src/plan/ineffective/by-later-drop-ins.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { parseUnitFile } from '../../../src/systemd/unit/unit-file.js';

const DROP_IN = '/etc/systemd/system/x.service.d/zz-sandbox-unit.conf';
const PLANNED = {
  directives: [
    { name: 'ReadOnlyPaths', values: ['', '/srv'], because: '' },
    { name: 'ProtectSystem', values: ['strict'], because: '' },
  ],
  commands: [{ key: 'ExecStart', lines: ['/launcher -- /a'], wrapped: 1 }],
};

/** Which keys a file sets after our drop-in. */
const keys = (path: string, text: string) => {
  const files = [
    parseUnitFile('/usr/lib/systemd/system/zzz.service', '[Service]\nExecStart=/a\nProtectSystem=no\n'),
    parseUnitFile(path, text),
  ];
  return overridden(effectiveUnit(files), DROP_IN, PLANNED).map(({ at, message }) => [at?.line, message]);
};

const after = (key: string) => `this '${key}=' overrides sandbox-unit's: systemd reads it later`;

test('the unit file and earlier drop-ins override nothing', () => {
  for (const name of ['a.conf', 'zz-sandbox-unit.conf', 'zz-a.conf'])
    assert.deepEqual(keys(`/run/systemd/system/x.service.d/${name}`, '[Service]\nProtectSystem=no\n'), []);
});

test('a later drop-in is checked in any folder', () => {
  for (const path of [
    '/etc/systemd/system/x.service.d/zzz.conf',
    '/usr/lib/systemd/system/service.d/zz-tool.conf',
    '/run/é.conf',
  ])
    assert.deepEqual(keys(path, '[Service]\nNice=1\nProtectSystem=no\nProtectSystem=yes\n'), [
      [3, after('ProtectSystem')],
    ]);
});

test("resets, commands and older names count, other keys and sections don't", () => {
  const text = '[Service]\nExecStart=\nReadOnlyDirectories=/x\nExecStop=/b\n[Unit]\nProtectSystem=no\n';
  assert.deepEqual(keys('/e/zzz.conf', text), [
    [3, after('ReadOnlyDirectories')],
    [2, after('ExecStart')],
  ]);
});

/** What ours sets, lines that are read after it, and whether they undo it. */
const LATER: readonly [name: string, ours: readonly string[], later: readonly string[], undone: boolean][] = [
  ['ReadOnlyPaths', ['/srv'], ['/opt'], false],
  ['ReadOnlyPaths', ['/srv'], ['/opt', ''], true],
  ['ReadOnlyPaths', ['', '/srv'], ['/opt'], true],
  ['ReadWritePaths', ['', '/srv'], ['/opt'], true],
  ['ExecPaths', ['/launcher'], ['/opt'], false],
  ['IPAddressDeny', ['any'], ['10.0.0.0/8'], false],
  ['LoadCredential', ['key:/a'], ['key:/b'], true],
  ['IODeviceWeight', ['/dev/sda 1'], ['/dev/sda 2'], true],
  ['RestrictAddressFamilies', ['~AF_INET'], ['~AF_INET6'], false],
  ['RestrictAddressFamilies', ['~AF_INET'], ['AF_INET'], true],
  ['RestrictAddressFamilies', ['', 'AF_INET'], ['~AF_INET'], true],
  ['CapabilityBoundingSet', ['~CAP_CHOWN'], ['~'], true],
  ['RestrictNetworkInterfaces', ['~lo'], ['~eth0'], true],
  ['SystemCallFilter', ['~uname'], ['~mount'], true],
];

for (const [name, ours, later, undone] of LATER) {
  const [own, other] = [ours, later].map((values) => values.map((value) => `${name}=${value}`).join(', '));
  test(`${other} after ${own} ${undone ? 'overrides' : 'leaves'} it`, () => {
    const file = parseUnitFile(
      '/e/zzz.conf',
      `[Service]\n${later.map((value) => `${name}=${value}\n`).join('')}`,
    );
    const planned = { directives: [{ name, values: ours, because: '' }], commands: [] };
    assert.equal(overridden(effectiveUnit([file]), DROP_IN, planned).length, undone ? 1 : 0);
  });
}

const SHADOWED = '/etc/systemd/system/x@.service.d/zz-sandbox-unit.conf';

/** What would be lost of a file that ours hides. */
const lost = (lines: string, path = SHADOWED) => {
  const files = [
    parseUnitFile('/usr/lib/systemd/system/x@.service', '[Service]\nExecStart=/a\nNice=1\n'),
    parseUnitFile(path, lines),
  ];
  return shadowed(effectiveUnit(files), DROP_IN, PLANNED).map(({ code, at, message }) => [
    `${code} ${at?.line}`,
    message.replace(/^.*, and /, ''),
  ]);
};

test('a directive that the new drop-in sets again survives one of its name', () => {
  assert.deepEqual(lost('# nothing\n'), []);
  assert.deepEqual(
    lost('[Service]\nReadOnlyDirectories=/x\nProtectSystem=yes\nExecStart=\nExecStart=/b\n'),
    [],
  );
});

test('every other line of a drop-in of the same name would be lost', () => {
  assert.deepEqual(lost('[Unit]\nProtectSystem=yes\n[Service]\nProtectHome=\nPrivateTmp=yes\n'), [
    ['shadows 2', "this 'ProtectSystem=' would be lost"],
    ['shadows 4', "this 'ProtectHome=' would be lost"],
    ['shadows 5', "this 'PrivateTmp=' would be lost"],
  ]);
});

test('what the drop-in extends would be lost with one of its name', () => {
  const files = [parseUnitFile(SHADOWED, '[Service]\nRestrictAddressFamilies=~AF_UNIX\n')];
  const values = ['~AF_INET'];
  const planned = { directives: [{ name: 'RestrictAddressFamilies', values, because: '' }], commands: [] };
  assert.equal(shadowed(effectiveUnit(files), DROP_IN, planned).length, 1);
  const anew = { ...planned, directives: [{ ...planned.directives[0]!, values: ['', 'AF_INET'] }] };
  assert.deepEqual(shadowed(effectiveUnit(files), DROP_IN, anew), []);
});

test("a launcher's filter would be lost with a drop-in of its name", () => {
  const line = 'ExecStart=\nExecStart=/usr/libexec/sandbox-unit/launcher --filter=/x -- /a\n';
  assert.deepEqual(lost(`[Service]\n${line}`), [['shadows 3', 'its filter would be lost']]);
});

test('a drop-in of another name stays', () => {
  assert.deepEqual(lost('[Service]\nPrivateTmp=yes\n', '/e/50-zz-sandbox-unit.conf'), []);
});
