/** What `watch` costs with ten confined units, at rest and while one is refused a thousand writes a second; in a box. */
import type { Box } from '../test/support/box.js';
import { changeFiles } from '../test/support/loaded-units.js';
import { servicesObstacle } from '../test/support/service.js';
import { type Bench, equal, median, type Row } from './row.js';
import { COMMAND, inBox, PROGRAMS } from './workshop.js';

const UNITS = 10;
const ROUNDS = 5;
const FAST = 50_000;
const [RATE, SECONDS] = [1000, 60];
const WATCH = 'bench-watch.service';
const POLICY = '[service]\nProtectSystem = "full"\n';

/** Nanoseconds a call. */
interface Times {
  readonly refused: number;
  readonly allowed: number;
}

export const watchRefusals: Bench = {
  name: 'watch-refusals',
  obstacle: servicesObstacle,
  run: () => inBox(['refusals'], measure),
};

async function measure(box: Box): Promise<Row[]> {
  const names = Array.from({ length: UNITS }, (_, i) => `bench-${i}.service`);
  const service =
    '[Unit]\nStartLimitIntervalSec=0\n[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/true\n';
  await changeFiles(box, Object.fromEntries(names.map((name) => [`/etc/systemd/system/${name}`, service])));
  await box.writeFile('/etc/bench.toml', POLICY);
  await box.succeed(['systemctl', 'start', ...names]);
  await box.succeed(['node', COMMAND, 'apply', '--policy', '/etc/bench.toml', ...names]);
  const plain: Times[] = [];
  const watched: Times[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(await timesOf(box, names[0]!));
    await box.succeed([
      'systemd-run',
      '--collect',
      `--unit=${WATCH}`,
      '--property=Type=notify',
      'node',
      COMMAND,
      'watch',
    ]);
    watched.push(await timesOf(box, names[0]!));
    if (round < ROUNDS - 1) await box.succeed(['systemctl', 'stop', WATCH]);
  }
  return [...callRows(plain, watched), ...(await loadRows(box, names[0]!))];
}

/** Runs the program in a unit's control group and under its directives. @returns what it prints */
async function inUnit(box: Box, unit: string, count: number, rate: number): Promise<Times> {
  const line = `ExecStart=\nExecStart=${PROGRAMS}/refusals ${count} ${rate}\nStandardOutput=truncate:/run/refusals`;
  await changeFiles(box, { [`/run/systemd/system/${unit}.d/bench.conf`]: `[Service]\n${line}\n` });
  await box.succeed(['systemctl', 'restart', unit], { timeoutMs: 300_000 });
  return JSON.parse(await box.readFile('/run/refusals'));
}

const timesOf = (box: Box, unit: string): Promise<Times> => inUnit(box, unit, FAST, 0);

function callRows(plain: readonly Times[], watched: readonly Times[]): Row[] {
  const row = (name: string, key: keyof Times): Row => {
    const [baseline, ours] = [plain, watched].map((all) => median(all.map((one) => one[key])));
    return { name, against: 'no watch', unit: 'ns', baseline: baseline!, ours: ours! };
  };
  return [row('a call in a watched unit', 'allowed'), row('a refused write in a watched unit', 'refused')];
}

/** The most memory that the processes of the watch have had resident, in KiB. */
async function residentIn(box: Box): Promise<number> {
  const script = 'for pid in $(cat "$1/cgroup.procs"); do grep VmHWM "/proc/$pid/status"; done';
  const group = (await box.succeed(['systemctl', 'show', '--value', '-p', 'ControlGroup', WATCH])).trim();
  const lines = await box.succeed(['sh', '-c', script, 'sh', `/sys/fs/cgroup${group}`]);
  return [...lines.matchAll(/VmHWM:\s+(\d+) kB/g)].reduce((sum, [, kib]) => sum + Number(kib), 0);
}

async function loadRows(box: Box, unit: string): Promise<Row[]> {
  const count = async (): Promise<number> => {
    const { stdout } = await box.exec(['node', COMMAND, 'status', '--json', unit]);
    return JSON.parse(stdout).units[0].refused.count;
  };
  const used = async () =>
    Number(await box.succeed(['systemctl', 'show', '--value', '-p', 'CPUUsageNSec', WATCH])) / 1e6;
  const entries = async () =>
    Number(await box.succeed(['sh', '-c', 'journalctl -q -o cat -t sandbox-unit | wc -l']));
  const first = await used();
  await box.succeed(['sleep', '10']);
  const rest = ((await used()) - first) / 10;
  const [before, entriesBefore] = [await used(), await entries()];
  await inUnit(box, unit, RATE * SECONDS, RATE);
  // It reads the kernel's tables once a second, and writes its files at least each ten.
  await box.succeed(['sleep', '11']);
  const load = ((await used()) - before) / SECONDS;
  const memory = (await residentIn(box)) / 1024;
  const [made, counted] = [RATE * SECONDS, await count()];
  return [
    {
      ...{
        name: `processor time of the watch a second, ${RATE} refusals a second`,
        against: 'at rest',
        unit: 'ms',
      },
      ...{ baseline: rest, ours: load, note: `${memory.toFixed(0)} MB of memory at most` },
    },
    {
      ...{ name: `refusals counted of a minute of ${RATE} a second`, against: 'those made', unit: 'calls' },
      ...{ baseline: made, ours: counted, aim: equal({ baseline: made, ours: counted }) },
      note: `${(await entries()) - entriesBefore} journal entries`,
    },
  ];
}
