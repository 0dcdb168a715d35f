/** How long the command takes, whole processes, over a Node that does nothing. */
import { timeInTurns } from './in-turns.js';
import { atMostTimes, type Bench, type Row } from './row.js';
import { COMMAND, SHIPPED } from './workshop.js';

const ROUNDS = 60;
const NOTHING = ['node', '-e', '0'];

export const commandStart: Bench = {
  name: 'command-start',
  obstacle: () => undefined,
  run: async () => {
    const [nothing, version, small, large] = (await timeInTurns(ROUNDS, [
      NOTHING,
      ['node', COMMAND, '--version'],
      ['node', COMMAND, 'check', SHIPPED.small],
      ['node', COMMAND, 'check', SHIPPED.large],
    ])) as [number, number, number, number];
    return [
      row('sandbox-unit --version', nothing, version, 1.4),
      row('sandbox-unit check of a small policy (no-exec)', nothing, small, 2),
      row('sandbox-unit check of a large policy (nginx, made of 4)', nothing, large, 2),
    ];
  },
};

function row(name: string, baseline: number, ours: number, times: number): Row {
  const measured = { baseline, ours };
  return { name, against: 'node -e 0', unit: 'ms', ...measured, aim: atMostTimes(times, measured) };
}
