/** A machine in memory whose service was refused calls, and what `explain` says of them. */
import { explain } from '../../src/commands/explain.js';
import type { ProcessResult } from '../../src/system/system.js';
import { coreFile } from './core-file.js';
import { type FakeOptions, type FakeSystem, fakeContext, machineWith } from './fake-system.js';

export const UNIT = 'demo.service';
export const POLICY_FILE = `/etc/sandbox-unit/${UNIT}.toml`;
export const RAN = '/usr/sbin/demod';
export const POLICY = `[syscalls]
deny = ["@mount"]
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_UNIX" }]
action = "allow"
`;
/** When a fake service has been started, in seconds since 1970, and later. */
export const START = 1_700_000_000;

export const done = (stdout: string, status = 0): ProcessResult => ({ status, stdout, stderr: '' });

export function record(
  pid: number,
  syscall: number,
  program = RAN,
  more: { arch?: string; at?: number; login?: number } = {},
): string {
  const { arch = 'c000003e', at = START + 60, login = 4294967295 } = more;
  const fields = `auid=${login} uid=0 gid=0 ses=1 pid=${pid} comm="demod" exe="${program}" sig=31 arch=${arch}`;
  return `audit: type=1326 audit(${at}.000:${pid + syscall}): ${fields} syscall=${syscall} compat=0 ip=0x1 code=0x80000000`;
}

/** @param at when journald took it, in seconds since 1970 */
export const kernel = (message: string, at = START + 60) =>
  `${JSON.stringify({ _TRANSPORT: 'kernel', SYSLOG_FACILITY: '0', MESSAGE: message, __REALTIME_TIMESTAMP: `${at}000000` })}\n`;

/** The first entry of the kernel's audit. @param at seconds since 1970 */
const initialized = (at: number): string =>
  kernel(`audit: type=2000 audit(${at}.000:1): state=initialized audit_enabled=0 res=1`, at);

export interface Logs {
  /** Messages of the kernel. */
  readonly records?: readonly string[];
  /** Processes that logged something, by the journal: so many seconds after the service was started. */
  readonly seen?: readonly (readonly [pid: number, unit: string, at: number])[];
  /** Whether a core dump of process 100 and call 41 is there. */
  readonly dumped?: boolean;
  /** What others have logged since as a core dump of process 100 and call 59. */
  readonly forged?: readonly Entry[];
  readonly audited?: string;
  /** When the journal begins, in seconds since 1970: there is an entry of the kernel's about its audit. */
  readonly begins?: number;
  /** How much of the journal's answer is read. */
  readonly room?: number;
}

/** An entry of the journal. */
export type Entry = Readonly<Record<string, string>>;

export const DUMP: Entry = {
  ...{ _SYSTEMD_UNIT: 'systemd-coredump@0-1-0.service', _PID: '900', _BOOT_ID: '0f'.repeat(16) },
  ...{ _SYSTEMD_SLICE: 'system-systemd\\x2dcoredump.slice', MESSAGE_ID: 'fc2e22bc6ee647b6b90729ab34a250b1' },
  ...{ COREDUMP_UNIT: UNIT, COREDUMP_PID: '100' },
  ...{ COREDUMP_SIGNAL: '31', COREDUMP_TIMESTAMP: `${START + 60}000000` },
};

/** The entries, oldest first, that matches of journalctl(1), each of another field, leave of a core dump and of forged ones. */
export function dumpEntries({ dumped = false, forged = [] }: Logs, argv: readonly string[]): Entry[] {
  const matches = argv.flatMap((word) => {
    const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(word) ?? [];
    return name === undefined ? [] : [{ name, value }];
  });
  return [...(dumped ? [DUMP] : []), ...forged].filter((entry) =>
    matches.every(({ name, value }) => entry[name] === value),
  );
}

/** coredumpctl takes the newest. */
export function dumpedCore(logs: Logs, argv: readonly string[]): ProcessResult {
  const entry = dumpEntries(logs, argv).at(-1);
  const core = coreFile({ machine: 62, arch: 0xc000003e, nr: entry === DUMP ? 41 : 59 });
  return done(entry ? core.toString('base64') : '');
}

export const sighting = (pid: number, unit: string, at: number) => ({
  _PID: `${pid}`,
  _SYSTEMD_UNIT: unit,
  __REALTIME_TIMESTAMP: `${START + at}000000`,
});

export function journal(argv: readonly string[], logs: Logs): ProcessResult {
  const { records = [], seen = [], room, begins } = logs;
  const isOfKernel = argv.includes('_TRANSPORT=kernel');
  if (argv.some((word) => word.startsWith('MESSAGE_ID=')) && !isOfKernel) {
    const lines = dumpEntries(logs, argv).map((entry) => `${JSON.stringify(entry)}\n`);
    const most = argv.find((word) => word.startsWith('--lines='))?.slice('--lines='.length);
    return done(lines.slice(-Number(most ?? lines.length)).join(''));
  }
  const pids = argv.flatMap((word) => /^_PID=(\d+)$/.exec(word)?.[1] ?? []);
  if (pids.length === 0) {
    const entries = [
      ...(begins === undefined ? [] : [initialized(begins)]),
      ...records.map((one) => kernel(one)),
      ...(logs.dumped && argv.includes(`MESSAGE_ID=${DUMP.MESSAGE_ID}`) ? [`${JSON.stringify(DUMP)}\n`] : []),
    ];
    const inOrder = argv.includes('--reverse') ? entries.reverse() : entries;
    return done(inOrder.join('').slice(0, room));
  }
  const entries = seen.filter(([pid]) => pids.includes(`${pid}`));
  return done(entries.map((one) => `${JSON.stringify(sighting(...one))}\n`).join(''));
}

/** A machine whose service runs as process 100. */
export function machine(logs: Logs = {}, options: FakeOptions = {}): FakeSystem {
  return machineWith(`[Service]\nExecStart=${RAN}\n`, POLICY, {
    running: [UNIT],
    links: { '/proc/self/ns/pid': 'pid:[4026531836]' },
    programs: {
      journalctl: (argv) => journal(argv, logs),
      '/bin/sh': (argv) => dumpedCore(logs, argv),
      ...(logs.audited === undefined ? {} : { ausearch: () => done(logs.audited!) }),
    },
    ...options,
  });
}

export async function explained(system: FakeSystem) {
  const outcome = await explain(fakeContext(system), [UNIT], {});
  const refusals = outcome.json.refusals as {
    call: string;
    certain: boolean;
    args?: string[];
    count: number;
    processes: { pid: number }[];
    changes: unknown[];
    instead?: unknown;
    opens?: unknown;
  }[];
  const codes = outcome.diagnostics.map(({ code }) => code);
  return { ...outcome, codes, refusals, calls: refusals.map(({ call, certain }) => [call, certain]) };
}
