/** How long a service takes from the beginning of its start job to its program's own code, by who loads its filter. */
import type { Box } from '../test/support/box.js';
import { changeFiles } from '../test/support/loaded-units.js';
import { inRepository } from '../test/support/repository.js';
import { servicesObstacle } from '../test/support/service.js';
import { type Aim, type Bench, middleMean, type Row } from './row.js';
import { apply, inBox, PROGRAMS, startingInTurns } from './workshop.js';

/**
 * To move a process to its cgroup takes the kernel from nothing to some ticks of its clock, four milliseconds each: many
 * rounds, and pauses that aren't in step with the clock.
 */
const ROUNDS = 150;
const POLICY = inRepository('bench', 'policies', 'system-service.toml');

const COMMON = 'NoNewPrivileges=yes\nSystemCallArchitectures=native\n';
const FILTER = 'SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM\n';

/** Lines of each unit's [Service] section, beside its program. */
const LINES = {
  plain: COMMON,
  systemd: `${COMMON}${FILTER}`,
  'systemd-all': `NoNewPrivileges=yes\n${FILTER}`,
  ours: COMMON,
};
type Unit = keyof typeof LINES;
const UNITS = Object.keys(LINES) as Unit[];

/** When the program's own code began. */
const SCRIPT = startingInTurns('$(<"/run/$unit.out")');

export const serviceStart: Bench = {
  name: 'service-start',
  obstacle: servicesObstacle,
  run: () =>
    inBox(['reached'], async (box) => {
      const service = (unit: string, lines: string) =>
        `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=${PROGRAMS}/reached\nStandardOutput=truncate:/run/${unit}.out\n${lines}`;
      const files = Object.entries(LINES).map(([unit, lines]) => [
        `/etc/systemd/system/${unit}.service`,
        service(unit, lines),
      ]);
      await changeFiles(box, Object.fromEntries(files));
      await apply(box, POLICY, 'ours.service', '--no-restart');
      return rowsOf(await measure(box));
    }),
};

/** Times in milliseconds. */
async function measure(box: Box): Promise<Record<Unit, number>> {
  const words = ['bash', '-euc', SCRIPT, 'bash', `${ROUNDS}`, ...UNITS];
  const lines = (await box.succeed(words, { timeoutMs: 300_000 })).trimEnd().split('\n');
  const times = (unit: Unit) =>
    lines.map((line) => line.split(' ')).flatMap(([name, time]) => (name === unit ? [Number(time)] : []));
  return Object.fromEntries(UNITS.map((unit) => [unit, middleMean(times(unit)) / 1000])) as Record<
    Unit,
    number
  >;
}

function rowsOf({ plain, systemd, 'systemd-all': all, ours }: Record<Unit, number>): Row[] {
  const row = (against: string, baseline: number, aim?: Aim): Row => ({
    name: "start of a service, @system-service in the launcher's filter",
    against,
    unit: 'ms',
    baseline,
    ours,
    ...(aim ? { aim } : {}),
  });
  const less = (baseline: number): Aim => ({ text: 'less', met: ours < baseline });
  return [
    row('SystemCallFilter= with SystemCallArchitectures=native', systemd, less(systemd)),
    row('SystemCallFilter= for all architectures', all, less(all)),
    row('no such filter', plain),
  ];
}
