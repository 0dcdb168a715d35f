/** Tests of all of systemd/paths/: where files are, by manager and lifetime, and what their names tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  dropInPath,
  filterPath,
  hasNameOfDropIn,
  keptPolicyPath,
  ownDropInPaths,
  programsFolder,
} from '../../../src/systemd/paths/own-files.js';
import { type Placement, unitDirectories, userFolders } from '../../../src/systemd/paths/placement.js';
import { policySearchPath } from '../../../src/systemd/paths/policies.js';
import { installedPrograms } from '../../../src/systemd/paths/programs.js';
import {
  endOfRecording,
  isRecordingName,
  recordingName,
  recordingsFolder,
} from '../../../src/systemd/paths/recordings.js';
import { undoFolder, undoPath, unitOfUndo } from '../../../src/systemd/paths/records.js';

const SYSTEM: Placement = { scope: 'system', lifetime: 'always' };
const USER: Placement = {
  scope: 'user',
  lifetime: 'always',
  home: '/home/u',
  runtimeDirectory: '/run/user/7',
};

test("a user's own unit folders are those of systemd's version", () => {
  const of = (systemd: number) => Object.fromEntries(userFolders(USER, systemd)!);
  const common = {
    CacheDirectory: '/home/u/.cache',
    ConfigurationDirectory: '/home/u/.config',
    RuntimeDirectory: '/run/user/7',
  };
  const newer = { LogsDirectory: '/home/u/.local/state/log', StateDirectory: '/home/u/.local/state' };
  const older = { LogsDirectory: '/home/u/.config/log', StateDirectory: '/home/u/.config' };
  assert.deepEqual(of(254), { ...common, ...newer });
  assert.deepEqual(of(253), { ...common, ...older });
  assert.equal(userFolders(SYSTEM, 257), undefined);
});

const PLACES: readonly [placement: Placement, folder: string, launcher: string][] = [
  [SYSTEM, '/etc/systemd/system', '/usr/local'],
  [{ ...SYSTEM, lifetime: 'runtime' }, '/run/systemd/system', '/usr/local'],
  [{ ...SYSTEM, lifetime: 'run' }, '/run/systemd/system.control', '/usr/local'],
  [USER, '/home/u/.config/systemd/user', '/home/u/.local'],
  [{ ...USER, lifetime: 'runtime' }, '/run/user/7/systemd/user', '/home/u/.local'],
  [{ ...USER, lifetime: 'run' }, '/run/user/7/systemd/user.control', '/home/u/.local'],
];

for (const [placement, folder, launcher] of PLACES) {
  test(`files of the ${placement.scope} manager (${placement.lifetime}) are in ${folder}`, () => {
    assert.deepEqual(
      [
        dropInPath(placement, 'a@b.service'),
        filterPath(placement, 'a@b.service'),
        keptPolicyPath(placement, 'a@b.service'),
        programsFolder(placement, 'a@b.service'),
        ...installedPrograms(placement),
      ],
      [
        `${folder}/a@b.service.d/zz-sandbox-unit.conf`,
        `${folder}/a@b.service.d/zz-sandbox-unit.filter`,
        `${folder}/a@b.service.d/zz-sandbox-unit.toml`,
        `${folder}/a@b.service.d/zz-sandbox-unit.programs`,
        `${launcher}/libexec/sandbox-unit/launcher`,
        `${launcher}/libexec/sandbox-unit/tighten`,
      ],
    );
  });
}

test('drop-ins that use the launcher are in one of three folders, which systemd reads', () => {
  assert.deepEqual(unitDirectories(SYSTEM), [
    '/run/systemd/system.control',
    '/etc/systemd/system',
    '/run/systemd/system',
  ]);
  assert.deepEqual(unitDirectories({ ...SYSTEM, lifetime: 'runtime' }), unitDirectories(SYSTEM));
  assert.deepEqual(unitDirectories(USER).slice(1), [
    '/home/u/.config/systemd/user',
    '/run/user/7/systemd/user',
  ]);
});

test('an undo record is named after its unit, which is read from the name', () => {
  for (const unit of ['x.service', 'a@b.service', `${'x'.repeat(245)}.service`]) {
    const name = undoPath(SYSTEM, unit).slice(`${undoFolder(SYSTEM)}/`.length);
    assert.ok(name.length <= 255);
    assert.equal(unitOfUndo(name), unit);
  }
  for (const name of [
    'x.service',
    'x.service.un',
    'x.socket.u',
    'x.u',
    '.service.u',
    'x y.service.u',
    '.u',
  ]) {
    assert.equal(unitOfUndo(name), undefined, name);
  }
});

test('the drop-in of a unit is in one of three folders', () => {
  const file = 'x.service.d/zz-sandbox-unit.conf';
  assert.deepEqual(
    ownDropInPaths(SYSTEM, 'x.service'),
    unitDirectories(SYSTEM).map((folder) => `${folder}/${file}`),
  );
});

test("a drop-in is sandbox-unit's only by its whole name", () => {
  assert.equal(hasNameOfDropIn('/etc/systemd/system/x.service.d/zz-sandbox-unit.conf'), true);
  assert.equal(hasNameOfDropIn('/etc/systemd/system/x.service.d/azz-sandbox-unit.conf'), false);
  assert.equal(hasNameOfDropIn('/etc/systemd/system/x.service.d/zz-sandbox-unit.filter'), false);
  assert.equal(hasNameOfDropIn('/etc/systemd/system/x.service.d/override.conf'), false);
});

test("policies are looked up by the name of the unit, then by its template's", () => {
  assert.deepEqual(policySearchPath(['a@b.service', 'a@.service'], 'system'), [
    '/etc/sandbox-unit/a@b.service.toml',
    '/run/sandbox-unit/policies/a@b.service.toml',
    '/usr/lib/sandbox-unit/a@b.service.toml',
    '/etc/sandbox-unit/a@.service.toml',
    '/run/sandbox-unit/policies/a@.service.toml',
    '/usr/lib/sandbox-unit/a@.service.toml',
  ]);
  assert.deepEqual(policySearchPath(['a.service'], 'user', '/home/u'), [
    '/home/u/.config/sandbox-unit/a.service.toml',
    '/etc/sandbox-unit/user/a.service.toml',
    '/usr/lib/sandbox-unit/user/a.service.toml',
  ]);
});

test("recordings are below the state folder, each unit's in its own", () => {
  assert.equal(recordingsFolder(SYSTEM, 'a@b.service'), '/var/lib/sandbox-unit/recordings/a@b.service');
  assert.equal(recordingsFolder(USER, 'a.service'), '/home/u/.local/state/sandbox-unit/recordings/a.service');
  assert.equal(unitOfUndo('recordings'), undefined);
});

test('the name of a recording is recognized, whatever the host is called', () => {
  const id = '0123456789abcdef';
  for (const name of ['one', 'a/b', '-', '../..', 'ü', 'x'.repeat(100)]) {
    const file = recordingName('2026-11-28T02:44:11.123Z', { name, id });
    assert.match(file, /^20261128T024411Z-[A-Za-z0-9.-]{1,64}-01234567\.json$/);
    assert.equal(endOfRecording(file), Date.parse('2026-11-28T02:44:11Z'));
    assert.ok(
      isRecordingName(file) && isRecordingName(recordingName('2026-11-28T02:44:11Z', { name, id }, 2)),
    );
  }
  for (const file of ['x.json', '20261128T024411Z-a-0123456.json', '20261128T024411Z-a-01234567.json.tmp'])
    assert.ok(!isRecordingName(file), file);
});
