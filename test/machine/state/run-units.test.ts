import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '../../../src/cli/commands/status.js';
import { RUN_MANUAL, runUnits } from '../../../src/machine/state/run-units.js';
import { UNIT } from '../../support/demo-service.js';
import { fakeContext } from '../../support/fake-system.js';
import { applied } from '../../support/status-in-memory.js';

const FOLDER = '/run/systemd/transient';
const BY_RUN = `[Unit]\nDocumentation=${RUN_MANUAL}\n[Service]\nExecStart="/usr/bin/myos"\n`;

const FILES = {
  [`${FOLDER}/run-a.service`]: `${BY_RUN}SystemCallFilter=~uname\n`,
  [`${FOLDER}/run-b.service`]: BY_RUN,
  [`${FOLDER}/run-c.service`]: BY_RUN.replace('"/usr', '"/l/launcher" "--filter-base64=eA==" "--" "/usr'),
  [`${FOLDER}/others.service`]:
    '[Service]\nExecStart=/usr/bin/myos\n# Documentation=man:sandbox-unit-run(1)\n',
  [`${FOLDER}/run-d.timer`]: `[Unit]\nDocumentation=${RUN_MANUAL}\n`,
};
const RUNNING = [UNIT, 'run-a.service', 'run-c.service', 'others.service'];

const machine = () => applied(undefined, {}, { files: FILES, running: RUNNING });

test('units of run are recognized by the page that they name', async () => {
  const found = await runUnits(fakeContext(await machine()));
  assert.deepEqual(
    found.map(({ unit, filtered }) => [unit, filtered]),
    [
      ['run-a.service', true],
      ['run-b.service', false],
      ['run-c.service', true],
    ],
  );
});

test('status --all: lists them, and reports one that runs without its filter', async () => {
  const system = await machine();
  const plain = await status(fakeContext(system), []);
  assert.deepEqual([plain.exit, (plain.json.units as unknown[]).length], [0, 1]);
  const { exit, json, text, diagnostics } = await status(fakeContext(system), [], { all: true });
  const units = json.units as { unit: string; state: string; transient: boolean; dropIn: string | null }[];
  assert.deepEqual(
    units.map(({ unit, state, transient }) => [unit, state, transient]),
    [
      [UNIT, 'live', false],
      ['run-a.service', 'restart-due', true],
      ['run-b.service', 'not-running', true],
      ['run-c.service', 'restart-due', true],
    ],
  );
  // On a fake machine nothing but a drop-in of ours gives a process a filter.
  assert.deepEqual([exit, diagnostics.map(({ code }) => code)], [1, ['looser', 'looser']]);
  assert.match(text, /^run-b\.service +- +not running +- +- +sandbox-unit run$/m);
});

test('status: --all and names exclude each other', async () => {
  const system = await machine();
  await assert.rejects(status(fakeContext(system), [UNIT], { all: true }), /--all takes no unit names/);
});
