import { CORE_HEAD, callInCore } from '../explain/core.js';
import type { UnitCall } from '../explain/explanation.js';
import type { HeardRecord, HeardRecords } from '../explain/heard.js';
import { COREDUMP_MESSAGE, type CoreDump, coreDumpsIn, recordsIn, unitsIn } from '../explain/journal.js';
import { parseAuditLine, parseKernelLine, type RecordedCall } from '../explain/record.js';
import type { Target } from '../plan/target.js';
import type { System, UnitProperties } from '../system/system.js';
import { unitPids } from './control-group.js';

/** Whose calls are looked for. */
export interface Sought {
  readonly unit: string;
  readonly scope: Target['scope'];
  readonly properties: UnitProperties;
  /** Paths of its programs. */
  readonly programs: readonly string[];
  /** From when on, in milliseconds since 1970. */
  readonly since: number;
  /** What was heard of the kernel itself meanwhile, in the place of what logs have. */
  readonly heard?: HeardRecords | undefined;
}

export interface FoundCalls {
  readonly calls: readonly UnitCall[];
  /** Whether the kernel left out some of its records. */
  readonly suppressed: boolean;
  /** Whether the kernel's records can be read at all. */
  readonly readable: boolean;
}

/** Most output of a log that is read, in characters. */
const LIMIT = 32 << 20;
const JOURNAL = ['journalctl', '--quiet', '--no-pager', '--output=json'];

/** The calls of a unit's processes that a filter refused or recorded, as the machine's logs and core dumps have them. */
export async function refusedCalls(system: System, sought: Sought): Promise<FoundCalls> {
  const { records, suppressed, readable } = sought.heard
    ? { ...sought.heard, readable: true }
    : await kernelRecords(system, sought.since);
  const recent = records.filter(({ time }) => time >= sought.since);
  const once = [...new Map(recent.map((record) => [record.id, record])).values()];
  const calls = once.length > 0 ? await ofUnit(system, sought, once) : [];
  const dumped = await dumpedCalls(system, sought);
  return { calls: merged(calls, dumped), suppressed, readable: readable || dumped.length > 0 };
}

interface KernelRecords {
  readonly records: readonly HeardRecord[];
  readonly suppressed: boolean;
  readonly readable: boolean;
}

/** From the journal, else from the kernel's own log, else from auditd, which takes the records from both. */
async function kernelRecords(system: System, since: number): Promise<KernelRecords> {
  const from = `--since=@${Math.floor(since / 1000)}`;
  const kernels = ['_TRANSPORT=kernel', 'SYSLOG_FACILITY=0', '+', '_TRANSPORT=audit', '_AUDIT_TYPE=1326'];
  // Of more than is read the newest are what counts.
  const { stdout } = await system.run([...JOURNAL, '--reverse', from, ...kernels], { limit: LIMIT });
  const newestFirst = recordsIn(stdout);
  const inJournal = { ...newestFirst, records: [...newestFirst.records].reverse() };
  if (inJournal.records.length > 0) return { ...inJournal, readable: true };
  const byAuditd = await system.run(['ausearch', '--message', 'SECCOMP', '--start', 'boot', '--raw'], {
    limit: LIMIT,
  });
  const audited = byAuditd.stdout.split('\n').flatMap((line) => parseAuditLine(line) ?? []);
  if (audited.length > 0) return { ...inJournal, records: audited, readable: true };
  const any = await system.run([...JOURNAL, '--lines=1', '_TRANSPORT=kernel', '+', '_TRANSPORT=audit']);
  if (any.stdout.trim() !== '') return { ...inJournal, readable: true };
  // Only what has the kernel's own facility.
  const log = await system.run(['dmesg', '--kernel', '--notime'], { limit: LIMIT });
  const records = log.stdout.split('\n').flatMap((line) => parseKernelLine(line) ?? []);
  return { ...inJournal, records, readable: log.status === 0 && log.stdout !== '' };
}

/** PROC_PID_INIT_INO (linux/proc_ns.h): the PID namespace by which the kernel's records count. */
const INITIAL_NAMESPACE = 'pid:[4026531836]';

/**
 * The records of a unit's processes: those that were in its control group, that it has or had by systemd, that journald
 * saw in it, and as a guess those of nobody known that ran its program. In a container the records' IDs are others than
 * here.
 */
async function ofUnit(system: System, sought: Sought, records: readonly HeardRecord[]): Promise<UnitCall[]> {
  const programs = new Set(await Promise.all(sought.programs.map((path) => realPath(system, path))));
  const isProgram = ({ program }: HeardRecord) => program !== undefined && programs.has(program);
  const namespace = (await system.links('/proc/self/ns')).get('pid');
  if (namespace !== INITIAL_NAMESPACE) {
    return records.filter(isProgram).map((record) => ({ ...record, certain: false }));
  }
  const own = await processesOf(system, sought);
  const isUnknown = ({ pid, unit }: HeardRecord) => unit === undefined && !own.has(pid!);
  const unknown = records.filter(isUnknown).map(({ pid }) => pid!);
  const units = await unitsOf(system, sought, [...new Set(unknown)]);
  return records.flatMap((record) => {
    if (record.unit !== undefined) return record.unit === sought.unit ? [{ ...record, certain: true }] : [];
    const seen = units.get(record.pid!);
    const certain = own.has(record.pid!) || (seen?.has(sought.unit) === true && seen.size === 1);
    const possible = isStartedAs(sought, record) && (seen === undefined || seen.has(sought.unit));
    const guessed = isProgram(record) && possible;
    return certain || guessed ? [{ ...record, certain }] : [];
  });
}

/** Anybody who logged in may run the program under a filter of his own; systemd's services have no login but by PAM. */
const isStartedAs = ({ scope, properties }: Sought, { fromLogin }: HeardRecord): boolean =>
  !fromLogin || scope === 'user' || String(properties.get('PAMName') ?? '') !== '';

async function realPath(system: System, path: string): Promise<string> {
  const { status, stdout } = await system.run(['readlink', '--canonicalize', '--', path]);
  return status === 0 ? stdout.replace(/\n$/, '') : path;
}

async function processesOf(system: System, { properties }: Sought): Promise<Set<number>> {
  const known = ['MainPID', 'ExecMainPID', 'ControlPID'].map((name) => Number(properties.get(name) ?? 0));
  const present = await unitPids(system, properties);
  return new Set([...known, ...present].filter((pid) => pid > 0));
}

/** Most processes that the journal is asked for at a time. */
const BATCH = 100;

async function unitsOf(system: System, { scope, since }: Sought, pids: readonly number[]) {
  if (pids.length === 0) return new Map<number, ReadonlySet<string>>();
  const field = scope === 'user' ? '_SYSTEMD_USER_UNIT' : '_SYSTEMD_UNIT';
  const { stdout } = await system.run(
    [
      ...[...JOURNAL, `--since=@${Math.floor(since / 1000)}`, `--output-fields=_PID,${field}`],
      ...pids.slice(-BATCH).map((pid) => `_PID=${pid}`),
    ],
    { limit: LIMIT },
  );
  return unitsIn(stdout, field);
}

/** Most core dumps that are read. */
const MOST_DUMPS = 3;

/** What systemd-coredump has of the unit; it unpacks them itself. */
async function dumpedCalls(system: System, { unit, scope, since }: Sought): Promise<RecordedCall[]> {
  const field = scope === 'user' ? 'COREDUMP_USER_UNIT' : 'COREDUMP_UNIT';
  const { stdout } = await system.run([
    ...[...JOURNAL, `--since=@${Math.floor(since / 1000)}`, '--lines=100'],
    ...[`MESSAGE_ID=${COREDUMP_MESSAGE}`, `${field}=${unit}`],
  ]);
  // The kernel says in which second a dump was made (core(5), %t).
  const second = Math.floor(since / 1000) * 1000;
  const dumps = coreDumpsIn(stdout, field, unit).filter(({ time }) => time >= second);
  const found = await Promise.all(dumps.slice(-MOST_DUMPS).map((dump) => dumpedCall(system, dump)));
  return found.flatMap((call) => call ?? []);
}

/** `head` ends coredumpctl early; bytes come as text. */
const DUMP = `coredumpctl dump "$@" | head --bytes=${CORE_HEAD} | base64 --wrap=0`;

async function dumpedCall(
  system: System,
  { pid, time, timestamp }: CoreDump,
): Promise<RecordedCall | undefined> {
  const { stdout } = await system.run(
    [...['/bin/sh', '-c', DUMP, 'sh', `COREDUMP_PID=${pid}`], `COREDUMP_TIMESTAMP=${timestamp}`],
    { limit: 2 * CORE_HEAD },
  );
  const call = callInCore(bytesOf(stdout), time);
  return call && { ...call, pid };
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64.trim()), (one) => one.charCodeAt(0));

/** A core dump says of a record what its arguments were; without a record it speaks for itself. */
function merged(calls: readonly UnitCall[], dumped: readonly RecordedCall[]): UnitCall[] {
  const isOf = (dump: RecordedCall) => (call: UnitCall) =>
    call.pid === dump.pid && call.nr === dump.nr && call.arch === dump.arch;
  const told = calls.map((call) => {
    const args = dumped.find((dump) => isOf(dump)(call))?.args;
    return args ? { ...call, args } : call;
  });
  const alone = dumped.filter((dump) => !calls.some(isOf(dump)));
  return [...told, ...alone.map((dump) => ({ ...dump, certain: true }))];
}
