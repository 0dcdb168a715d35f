/** How long `run --wait` takes over `systemd-run --wait` under the same filter, and where that goes; in a box. */
import { join } from 'node:path';
import { type Box, boxAvailable } from '../test/support/box.js';
import { inRepository } from '../test/support/repository.js';
import { type Bench, middleMean, type Row } from './row.js';
import { COMMAND, inBox } from './workshop.js';

const ROUNDS = 50;
const IN_TURNS = join(import.meta.dirname, 'in-turns.js');

const SYSTEMD = ['systemd-run', '--quiet', '--collect'];
const OURS = ['node', COMMAND, 'run', '--quiet', '--collect'];
const NATIVE = '--property=SystemCallArchitectures=native';

/** All of it in the launcher's one filter. */
const LAUNCHER_ALONE = ['--policy', inRepository('bench', 'policies', 'system-service.toml')];
const BY_SYSTEMD = [NATIVE, '--property=SystemCallFilter=@system-service'];

/** Filters that both can have, by the name of the line. */
const FILTERS: readonly (readonly [name: string, ours: readonly string[], systemd: readonly string[]])[] = [
  ['of one call', ['--deny', 'uname'], [NATIVE, '--property=SystemCallFilter=~uname']],
  ['of @system-service', ['--allow', '@system-service'], BY_SYSTEMD],
  ["of @system-service, all of it the launcher's", LAUNCHER_ALONE, BY_SYSTEMD],
];

export const transient: Bench = {
  name: 'transient',
  obstacle: boxAvailable,
  run: () => inBox([], async (box) => [...(await wholeRuns(box)), ...(await insideSystemd(box))]),
};

/** A command that is measured with the shell that sees that it ends with this status. */
const ending = (status: number, argv: readonly string[]): string[] => [
  ...['sh', '-c', `status=$1; shift; "$@" 2>/dev/null; test $? = $status`, 'sh', `${status}`],
  ...argv,
];

async function wholeRuns(box: Box): Promise<Row[]> {
  const systemd = (words: readonly string[]) => [...SYSTEMD, '--wait', ...words, 'true'];
  const ours = (words: readonly string[]) => [...OURS, '--wait', ...words, '--', 'true'];
  // The manager refuses these two together (systemd.service(5)).
  const refused = ['--property=Type=oneshot', '--property=Restart=always'];
  const refusal = [...OURS, ...refused, '--deny', 'uname', '--', 'true'];
  const { stderr } = await box.exec(refusal);
  if (!stderr.includes('manager-refused')) throw new Error(stderr);
  const commands = [
    ending(0, ['node', '-e', '0']),
    // All is done but the unit itself.
    ending(1, refusal),
    systemd([]),
    ...FILTERS.flatMap(([, ourWords, theirWords]) => [systemd(theirWords), ours(ourWords)]),
  ];
  const turns = ['node', IN_TURNS, `${ROUNDS}`, JSON.stringify(commands), 'services'];
  const printed = await box.succeed(turns, { timeoutMs: 300_000 });
  const [nothing, before, bare, ...times] = JSON.parse(printed) as [number, number, number, ...number[]];
  const aim = (baseline: number, time: number) => ({
    text: `no more than node -e 0 (${nothing.toFixed(0)} ms) more`,
    met: time - baseline <= nothing,
  });
  const row = (name: string, against: string, baseline: number, time: number): Row => ({
    ...{ name, against, unit: 'ms', baseline, ours: time },
  });
  return [
    ...FILTERS.map(([name], i): Row => {
      const [baseline, time] = [times[2 * i]!, times[2 * i + 1]!];
      const line = row(`sandbox-unit run --wait, a filter ${name}`, 'systemd-run --wait', baseline, time);
      return { ...line, aim: aim(baseline, time) };
    }),
    row('all of it before the unit is made, a filter of one call', 'node -e 0', nothing, before),
    row("what the manager takes for systemd's filter of one call", 'systemd-run --wait', bare, times[0]!),
    row("what the manager takes for systemd's @system-service", 'systemd-run --wait', bare, times[2]!),
  ];
}

const INSIDE_ROUNDS = 150;

/** Starts units in turn, with pauses as in service-start.ts; prints when each one's process was made, and its exec. */
const SCRIPT = `
  rounds=$1; shift
  RANDOM=1
  times=(--property=ExecMainStartTimestampMonotonic --property=ExecMainHandoffTimestampMonotonic)
  for ((i = 0; i < rounds; i++)); do
    for unit; do
      sleep "0.0$((RANDOM % 20 + 10))"
      systemctl reset-failed "$unit" # for its start limit
      systemctl restart "$unit"
      echo $(systemctl show --value "\${times[@]}" "$unit")
    done
  done`;

/** What the manager takes from the fork of a unit's process to its exec of the program, or of the launcher. */
async function insideSystemd(box: Box): Promise<Row[]> {
  const commands = [
    [...SYSTEMD, ...BY_SYSTEMD],
    [...OURS, ...LAUNCHER_ALONE],
    [...SYSTEMD, NATIVE],
  ];
  const units = commands.map((_, i) => `bench-${i}.service`);
  for (const [i, words] of commands.entries()) {
    const kept = ['--service-type=exec', '--remain-after-exit', '--unit', units[i]!];
    await box.succeed([...words, ...kept, '--', 'true']);
  }
  const words = ['bash', '-euc', SCRIPT, 'bash', `${INSIDE_ROUNDS}`, ...units];
  const lines = (await box.succeed(words, { timeoutMs: 300_000 })).trimEnd().split('\n');
  const times = lines.map((line) => line.split(' ').map(Number)).map(([from = 0, to = 0]) => to - from);
  const ofUnit = (at: number) => middleMean(times.filter((_, i) => i % units.length === at)) / 1000;
  const [systemd, ours, plain] = [ofUnit(0), ofUnit(1), ofUnit(2)];
  const row = (against: string, baseline: number): Row => ({
    name: "inside systemd, @system-service all the launcher's",
    ...{ against, unit: 'ms', baseline, ours },
  });
  return [
    {
      ...row('SystemCallFilter=@system-service', systemd),
      aim: { text: 'less', met: ours < systemd },
    },
    row('no filter but SystemCallArchitectures=', plain),
  ];
}
