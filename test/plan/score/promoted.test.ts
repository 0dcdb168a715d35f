import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOfFiles } from '../../../src/plan/score/of-files.js';
import { promotedSettings } from '../../../src/plan/score/promoted.js';
import { waitingComment, waitingLines } from '../../../src/policy/waiting-lines.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { effectiveUnit } from '../../../src/systemd/unit/effective.js';
import { unitFile } from '../../support/planned.js';
import { scoreOfPolicy } from '../../support/scored.js';

const MANAGER = { scope: 'system', systemd: 257, sets: bundledSets() } as const;
const WAITING = waitingComment(
  [
    { name: 'ProtectSystem', value: 'strict' },
    { name: 'PrivateDevices', value: true },
    { name: 'CapabilityBoundingSet', value: ['CAP_CHOWN', 'CAP_MKNOD'] },
  ],
  'a week',
).join('\n');

test('lines that wait take the place of weaker ones, and the others stay', () => {
  const unit = effectiveUnit([
    unitFile('ProtectSystem=full\nProtectHome=yes\nCapabilityBoundingSet=CAP_CHOWN CAP_KILL\nUMask=0027'),
  ]);
  const found = promotedSettings(settingsOfFiles(unit, MANAGER), waitingLines(WAITING), MANAGER);
  assert.deepEqual(
    [found.word('ProtectSystem'), found.word('ProtectHome'), found.isOn('PrivateDevices')],
    ['strict', 'yes', true],
  );
  assert.deepEqual([[...found.bounding], found.umask], [['CAP_CHOWN'], 0o027]);
});

test('a plan has the exposure with the lines that wait, where some do', () => {
  const policy = '[service]\nProtectHome = true\n';
  const { promoted, after } = scoreOfPolicy(`${policy}\n${WAITING}\n`).change;
  assert.ok(promoted! < after, `${promoted} ${after}`);
  const whole = scoreOfPolicy(
    `${policy}ProtectSystem = "strict"\nPrivateDevices = true\nCapabilityBoundingSet = ["CAP_CHOWN", "CAP_MKNOD"]\n`,
  );
  assert.equal(promoted, whole.change.after);
  assert.equal(scoreOfPolicy(policy).change.promoted, undefined);
});
