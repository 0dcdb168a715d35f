/** How long `run --wait` takes over `systemd-run --wait` under the same filter, whole processes, in a box. */
import { join } from 'node:path';
import { boxAvailable } from '../test/support/box.js';
import type { Bench, Row } from './row.js';
import { COMMAND, inBox } from './workshop.js';

const ROUNDS = 25;
const IN_TURNS = join(import.meta.dirname, 'in-turns.js');

const SYSTEMD = ['systemd-run', '--wait', '--quiet', '--collect'];
const OURS = ['node', COMMAND, 'run', '--wait', '--quiet', '--collect'];
const NATIVE = ['--property=SystemCallArchitectures=native'];

/** Filters that both can have, by the name of the line. */
const FILTERS: readonly (readonly [name: string, ours: readonly string[], systemd: readonly string[]])[] = [
  ['of one call', ['--deny', 'uname'], ['--property=SystemCallFilter=~uname']],
  ['of @system-service', ['--allow', '@system-service'], ['--property=SystemCallFilter=@system-service']],
];

export const transient: Bench = {
  name: 'transient',
  obstacle: boxAvailable,
  run: () =>
    inBox([], async (box) => {
      const commands = FILTERS.flatMap(([, ours, systemd]) => [
        [...SYSTEMD, ...systemd, ...NATIVE, 'true'],
        [...OURS, ...ours, '--', 'true'],
      ]);
      const all = [['node', '-e', '0'], ...commands];
      const printed = await box.succeed(['node', IN_TURNS, `${ROUNDS}`, JSON.stringify(all)]);
      const [nothing, ...times] = JSON.parse(printed) as [number, ...number[]];
      return FILTERS.map(([name], i) => row(name, times[2 * i]!, times[2 * i + 1]!, nothing));
    }),
};

const row = (name: string, baseline: number, ours: number, nothing: number): Row => ({
  name: `sandbox-unit run --wait, a filter ${name}`,
  against: 'systemd-run --wait',
  unit: 'ms',
  baseline,
  ours,
  aim: { text: `no more than node -e 0 (${nothing.toFixed(0)} ms) more`, met: ours - baseline <= nothing },
});
