/** How long plan and verify take, and apply where nothing has changed, over a Node that does nothing; in a box. */
import { join } from 'node:path';
import { boxAvailable } from '../test/support/box.js';
import { inRepository } from '../test/support/repository.js';
import type { Bench, Row } from './row.js';
import { apply, COMMAND, inBox } from './workshop.js';

const ROUNDS = 25;
const UNIT = 'nginx.service';
const POLICY = inRepository('templates', 'nginx.toml');
const IN_TURNS = join(import.meta.dirname, 'in-turns.js');

export const unitCommands: Bench = {
  name: 'unit-commands',
  obstacle: boxAvailable,
  run: () =>
    inBox([], async (box) => {
      await box.succeed(['systemctl', 'start', UNIT]);
      await apply(box, POLICY, UNIT);
      const command = (verb: string) => ['node', COMMAND, verb, '--policy', POLICY, UNIT];
      const commands = [['node', '-e', '0'], command('plan'), command('apply'), command('verify')];
      const printed = await box.succeed(['node', IN_TURNS, `${ROUNDS}`, JSON.stringify(commands)]);
      const [nothing, plan, again, verify] = JSON.parse(printed) as [number, number, number, number];
      return [
        row('sandbox-unit plan', nothing, plan),
        row('sandbox-unit apply, nothing new', nothing, again),
        row('sandbox-unit verify', nothing, verify),
      ];
    }),
};

const row = (name: string, baseline: number, ours: number): Row => ({
  name: `${name} (nginx)`,
  against: 'node -e 0',
  unit: 'ms',
  baseline,
  ours,
});
