/** What a system call costs under filters: the same program as a service, confined in different ways. */
import type { Box } from '../test/support/box.js';
import { changeFiles } from '../test/support/loaded-units.js';
import { servicesObstacle } from '../test/support/service.js';
import { type Bench, equal, median, type Row } from './row.js';
import { apply, CALLS_POLICY, inBox, PROGRAMS } from './workshop.js';

const ROUNDS = 9;
/** Nanoseconds that our filter may add to a call whose arguments it looks at. */
const MOST_ADDED = 40;

/** Every directive that systemd makes a filter of; MemoryDenyWriteExecute= asks the kernel in another way. */
const DIRECTIVES = `SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
PrivateDevices=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
`;

const service = (unit: string, options = '', lines = '') => `[Service]
Type=oneshot
ExecStart=${PROGRAMS}/call-cost${options}
StandardOutput=truncate:/run/${unit}.out
${lines}`;

/** What call-cost.c prints: filters, and nanoseconds a call. */
interface Cost {
  readonly filters: number;
  readonly number: number;
  readonly argument: number;
}

const UNITS = ['unfiltered', 'allow-all', 'ours', 'systemd'] as const;
type Unit = (typeof UNITS)[number];

export const callCost: Bench = {
  name: 'call-cost',
  obstacle: servicesObstacle,
  run: () =>
    inBox(['call-cost'], async (box) => {
      await define(box);
      return rowsOf(await measure(box));
    }),
};

async function define(box: Box): Promise<void> {
  const units: Record<Unit, string> = {
    unfiltered: service('unfiltered'),
    'allow-all': service('allow-all', ' --allow-all'),
    ours: service('ours'),
    systemd: service('systemd', '', DIRECTIVES),
  };
  const files = Object.entries(units).map(([unit, text]) => [`/etc/systemd/system/${unit}.service`, text]);
  await changeFiles(box, Object.fromEntries(files));
  await apply(box, CALLS_POLICY, 'ours.service', '--no-restart');
}

async function measure(box: Box): Promise<Record<Unit, Cost>> {
  const costs: Record<Unit, Cost[]> = { unfiltered: [], 'allow-all': [], ours: [], systemd: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const unit of UNITS) {
      await box.succeed(['systemctl', 'start', `${unit}.service`]);
      costs[unit].push(JSON.parse(await box.readFile(`/run/${unit}.out`)));
    }
  }
  const medians = (all: Cost[]): Cost => ({
    filters: all[0]!.filters,
    number: median(all.map(({ number }) => number)),
    argument: median(all.map(({ argument }) => argument)),
  });
  return Object.fromEntries(UNITS.map((unit) => [unit, medians(costs[unit])])) as Record<Unit, Cost>;
}

function rowsOf({ unfiltered, 'allow-all': allowAll, ours, systemd }: Record<Unit, Cost>): Row[] {
  const stack = `systemd's ${systemd.filters} filters`;
  const row = (call: 'number' | 'argument', against: string, other: Cost) => ({
    name: call === 'number' ? 'allowed call' : 'call whose argument is looked at',
    against,
    unit: 'ns' as const,
    baseline: other[call],
    ours: ours[call],
  });
  const allowed = [
    row('number', 'no filter', unfiltered),
    row('number', 'the smallest filter', allowAll),
    row('number', stack, systemd),
  ];
  const looked = row('argument', 'no filter', unfiltered);
  const aim = {
    text: `at most ${MOST_ADDED} ns more`,
    met: looked.ours - looked.baseline <= MOST_ADDED,
  };
  return [
    ...allowed.map((one) => ({ ...one, aim: equal(one) })),
    {
      ...looked,
      aim,
      note: `${ours.filters} filters: the launcher's, and systemd's for SystemCallArchitectures=`,
    },
    row('argument', stack, systemd),
  ];
}
