/** A machine in memory whose service was refused calls, and what `explain` says of them. */
import { explain } from '../../src/cli/commands/explain.js';
import type { ProcessResult } from '../../src/machine/system.js';
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
  /** The log of auditd, which runs. */
  readonly audited?: string;
  /** When the journal begins, in seconds since 1970: there is an entry of the kernel's about its audit. */
  readonly begins?: number;
  /** How much of the journal's answer is read. */
  readonly room?: number;
}

export function journal(argv: readonly string[], { records = [], room, begins }: Logs): ProcessResult {
  const entries = [
    ...(begins === undefined ? [] : [initialized(begins)]),
    ...records.map((one) => kernel(one)),
  ];
  const inOrder = argv.includes('--reverse') ? entries.reverse() : entries;
  return done(inOrder.join('').slice(0, room));
}

/** A machine whose service runs as process 100. */
export function machine(logs: Logs = {}, options: FakeOptions = {}): FakeSystem {
  return machineWith(`[Service]\nExecStart=${RAN}\n`, POLICY, {
    running: [UNIT],
    links: { '/proc/self/ns/pid': 'pid:[4026531836]' },
    programs: { journalctl: (argv) => journal(argv, logs), ausearch: () => done(logs.audited ?? '') },
    ...options,
    files: { ...(logs.audited === undefined ? {} : { '/run/auditd.pid': '1\n' }), ...options.files },
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
