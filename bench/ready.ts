/** What a filter costs that is loaded into a service which serves: its start, the pause, and its clients; in a box. */
import type { Box } from '../test/support/box.js';
import { changeFiles } from '../test/support/loaded-units.js';
import { servicesObstacle } from '../test/support/service.js';
import { type Bench, median, middleMean, type Row } from './row.js';
import { apply, COMMAND, inBox, PROGRAMS, startingInTurns } from './workshop.js';

const STARTS = 40;
const PAUSES = 20;
const CHANGES = 5;
const CONNECTIONS = 8;
const NGINX = 'nginx.service';
const POLICY = '/etc/sandbox-unit/bench.toml';
const LIVE_POLICY = '/etc/sandbox-unit/bench-live.toml';

/** Services by a name, each without a policy and with one. */
const KINDS = { nginx: 'nginx (4 workers)', threads: 'a program of 100 threads' } as const;
type Kind = keyof typeof KINDS;

const FILES = {
  '/etc/nginx/conf.d/bench.conf': 'keepalive_requests 100000000;\n',
  [POLICY]: '[ready]\ndeny = ["execve", "execveat", "ptrace", "bpf", "@module", "@raw-io"]\nreload = true\n',
  // A reload would close the connections of the clients.
  [LIVE_POLICY]:
    '[syscalls]\ndeny = ["execve", "execveat"]\naction = "EPERM"\n[apply]\nsettle = "100ms"\nreload = false\n',
};

/** Units that may be started as often as they are here. */
const SET_UP = `
  sed -i 's/^worker_processes .*/worker_processes 4;/; s/access_log .*/access_log off;/' /etc/nginx/nginx.conf
  cd /etc/systemd/system
  sed '/^\\[Unit\\]/a StartLimitIntervalSec=0' /usr/lib/systemd/system/${NGINX} >${NGINX}
  cp ${NGINX} nginx-ready.service
  for unit in threads threads-ready; do
    printf '[Unit]\\nStartLimitIntervalSec=0\\n[Service]\\nType=notify\\nExecStart=${PROGRAMS}/threads 100\\n' >$unit.service
  done
  systemctl daemon-reload`;

export const ready: Bench = {
  name: 'ready',
  obstacle: servicesObstacle,
  run: () =>
    inBox(['threads', 'ask'], async (box) => {
      await changeFiles(box, FILES);
      await box.succeed(['bash', '-euc', SET_UP]);
      return [...(await starts(box)), ...(await pausesUnderLoad(box)), ...(await clients(box))];
    }),
};

/** Runs a script of bash in a box, and returns the lines that it prints. */
async function linesOf(box: Box, script: string, ...words: (string | number)[]): Promise<string[]> {
  const argv = ['bash', '-euc', script, 'bash', ...words.map(String)];
  return (await box.succeed(argv, { timeoutMs: 600_000 })).trimEnd().split('\n');
}

/** When the start job was done. */
const STARTING = startingInTurns(
  '$(systemctl show --value --property=ActiveEnterTimestampMonotonic "$unit.service")',
);

/** How long a unit's threads stood still at each start, as the journal has it, in milliseconds. */
const TOLD = `
  journalctl --sync
  journalctl --unit="$1" --output=cat | sed -n 's/^tighten: .* stood still for \\(.*\\) ms$/\\1/p'`;

async function starts(box: Box): Promise<Row[]> {
  const units = ['nginx', 'threads'].flatMap((kind) => [kind, `${kind}-ready`]);
  for (const unit of units.filter((one) => one.includes('ready')))
    await apply(box, POLICY, `${unit}.service`, '--no-restart');
  const lines = (await linesOf(box, STARTING, STARTS, ...units)).map((line) => line.split(' '));
  const timeOf = (unit: string) =>
    middleMean(lines.flatMap(([name, time]) => (name === unit ? [Number(time) / 1000] : [])));
  const rows = Object.entries(KINDS).map(async ([kind, name]): Promise<Row[]> => {
    const unit = `${kind}-ready`;
    const paused = (await linesOf(box, TOLD, `${unit}.service`)).map((ms) => Number(ms) * 1000);
    if (paused.length !== STARTS) throw new Error(`${unit} was paused ${paused.length} times`);
    return [
      {
        name: `start of ${name} with [ready]`,
        ...{ against: 'one without', unit: 'ms', baseline: timeOf(kind), ours: timeOf(unit) },
      },
      worstRow(`pause of ${name} at a start`, paused),
    ];
  });
  return (await Promise.all(rows)).flat();
}

/** How long all threads stood still, the longest time held against the usual one. */
const worstRow = (name: string, paused: readonly number[]): Row => ({
  name: `${name}, the longest of ${paused.length}`,
  ...{ against: 'the median', unit: 'µs', baseline: median(paused), ours: Math.max(...paused) },
});

/** What `ask.c` prints. */
interface Asked {
  readonly begun: number;
  readonly span: number;
  readonly failures: number;
  readonly answers: readonly number[];
  readonly longest: readonly number[];
}

const ASK = `${PROGRAMS}/ask ${CONNECTIONS} >/run/asked & asking=$!`;
const ASKED = 'kill -TERM $asking; wait $asking; cat /run/asked';

/** A service that is started anew is given a filter, while its clients ask. Prints what the command and the clients say. */
const TIGHTENING: Readonly<Record<Kind, string>> = {
  nginx: `
    systemctl restart ${NGINX}
    ${ASK}
    sleep 0.3
    node ${COMMAND} tighten --json --deny execve,execveat ${NGINX} | tr -d '\\n'; echo
    sleep 0.1
    ${ASKED}`,
  threads: `
    systemctl restart threads.service
    node ${COMMAND} tighten --json --deny execve,execveat threads.service | tr -d '\\n'; echo`,
};

async function pausesUnderLoad(box: Box): Promise<Row[]> {
  const rows: Row[] = [];
  for (const kind of ['nginx', 'threads'] as const) {
    const script = `for ((i = 0; i < $1; i++)); do ${TIGHTENING[kind]}\ndone`;
    const said = (await linesOf(box, script, PAUSES)).map((line) => JSON.parse(line));
    const paused = said.flatMap(({ units }) => (units ? [pauseOf(units[0])] : []));
    const asked = said.filter((one): one is Asked => 'failures' in one);
    const row = worstRow(`pause of ${KINDS[kind]} at work`, paused);
    if (asked.length === 0) rows.push(row);
    else rows.push({ ...row, note: waitsOf(asked) });
  }
  await box.succeed(['systemctl', 'stop', 'threads.service']);
  return rows;
}

function pauseOf({ state, paused }: { state: string; paused: number | null }): number {
  if (state !== 'tightened' || paused === null) throw new Error(`the service is ${state}`);
  return paused;
}

/** @throws Error where a request failed: none may */
function waitsOf(asked: readonly Asked[]): string {
  const failures = asked.reduce((sum, one) => sum + one.failures, 0);
  const answers = asked.reduce((sum, one) => sum + one.answers.reduce((a, b) => a + b, 0), 0);
  if (failures > 0) throw new Error(`${failures} of ${answers + failures} requests failed`);
  const longest = Math.max(...asked.flatMap((one) => one.longest)) / 1000;
  return `none of ${answers} requests failed, the longest took ${longest.toFixed(1)} ms`;
}

/** Prints, in microseconds, when each command began and ended that runs while clients ask; then what these say. */
const CHANGING = `
  at() { echo -n "\${EPOCHREALTIME/./} "; }
  systemctl restart ${NGINX}
  ${ASK}
  sleep 2
  at; node ${COMMAND} plan --policy ${LIVE_POLICY} ${NGINX} >/dev/null; at
  sleep 1
  at; node ${COMMAND} apply --quiet --live --policy ${LIVE_POLICY} ${NGINX} >/dev/null; at; echo
  sleep 2
  ${ASKED}
  node ${COMMAND} revert --quiet ${NGINX}`;

async function clients(box: Box): Promise<Row[]> {
  const lines = await linesOf(box, `for ((i = 0; i < $1; i++)); do ${CHANGING}\ndone`, CHANGES);
  const rounds = Array.from({ length: CHANGES }, (_, i) => ({
    times: lines[2 * i]!.trim().split(' ').map(Number) as [number, number, number, number],
    asked: JSON.parse(lines[2 * i + 1]!) as Asked,
  }));
  const rate = (from: (times: number[]) => number, to: (times: number[]) => number) =>
    median(rounds.map(({ times, asked }) => rateOf(asked, from(times), to(times))));
  const second = 1_000_000;
  const before = rate(
    ([plan]) => plan! - 1.5 * second,
    ([plan]) => plan!,
  );
  const planned = rate(
    ([plan]) => plan!,
    ([, planned]) => planned!,
  );
  const during = rate(
    ([, , live]) => live!,
    ([, , , done]) => done!,
  );
  const after = rate(
    ([, , , done]) => done! + 0.2 * second,
    ([, , , done]) => done! + 1.7 * second,
  );
  const row = (name: string, against: string, baseline: number, ours: number): Row => ({
    name: `requests to nginx ${name}`,
    ...{ against, unit: 'requests/s', baseline, ours },
  });
  return [
    {
      ...row('while apply --live runs', 'before', before, during),
      note: waitsOf(rounds.map(({ asked }) => asked)),
    },
    row('while apply --live runs', 'while plan runs', planned, during),
    row('behind it', 'before', before, after),
  ];
}

/** Answers in a second, in the whole spans between two moments. */
function rateOf({ begun, span, answers }: Asked, from: number, to: number): number {
  const [first, last] = [Math.ceil((from - begun) / span), Math.floor((to - begun) / span)];
  const count = answers.slice(first, last).reduce((sum, one) => sum + one, 0);
  return (count * 1_000_000) / ((last - first) * span);
}
