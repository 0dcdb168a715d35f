import type { System } from '../../system/system.js';
import { CORE_HEAD, callInCore } from './core.js';
import type { HeardRecords } from './heard.js';
import { COREDUMPS, type CoreDump, coreDumpsIn, DUMP_FIELDS, DUMPED, unitMatches } from './journal.js';
import { kernelRecords } from './kernel-records.js';
import { JOURNAL, type Owner, ofUnit } from './own-records.js';
import type { KernelRecord, UnitCall } from './record.js';

/** The unit whose calls are looked for. */
export interface Sought extends Owner {
  /** Records that were heard from the kernel itself, in the place of those in logs. */
  readonly heard?: HeardRecords | undefined;
}

export interface FoundCalls {
  readonly calls: readonly UnitCall[];
  /** Whether the kernel left out some of its records. */
  readonly suppressed: boolean;
  /** Whether the kernel's records can be read at all. */
  readonly readable: boolean;
  /** Names of processes that may be the unit's, and whose calls are left out: nothing tells whose they are. */
  readonly unowned: readonly string[];
}

/** The calls of a unit's processes that a filter refused or recorded, as the machine's logs and core dumps have them. */
export async function refusedCalls(system: System, sought: Sought): Promise<FoundCalls> {
  const { records, suppressed, readable } = sought.heard
    ? { ...sought.heard, readable: true }
    : await kernelRecords(system, { from: `--since=@${Math.floor(sought.since / 1000)}` });
  const recent = records.filter(({ time }) => time >= sought.since);
  const once = [...new Map(recent.map((record) => [record.id, record])).values()];
  const { calls, unowned } = await ofUnit(system, sought, once);
  const dumped = await dumpedCalls(system, sought);
  return { calls: merged(calls, dumped), suppressed, readable: readable || dumped.length > 0, unowned };
}

/** The most core dumps that are read. */
const MOST_DUMPS = 3;

/** The calls in a unit's core dumps, which coredumpctl unpacks. */
async function dumpedCalls(system: System, { unit, manager, since }: Sought): Promise<KernelRecord[]> {
  const { stdout } = await system.run([
    ...[...JOURNAL, `--since=@${Math.floor(since / 1000)}`, '--lines=100'],
    ...[`--output-fields=${DUMP_FIELDS.join()}`, ...COREDUMPS, ...unitMatches(DUMPED, unit, manager)],
  ]);
  // The kernel gives the time of a dump in whole seconds (core(5), %t).
  const second = Math.floor(since / 1000) * 1000;
  const dumps = coreDumpsIn(stdout, unit, manager).filter(({ time }) => time >= second);
  const found = await Promise.all(dumps.slice(-MOST_DUMPS).map((dump) => dumpedCall(system, dump)));
  return found.flatMap((call) => call ?? []);
}

/** `head` ends coredumpctl early; `base64` makes text of the bytes. */
const DUMP = `coredumpctl dump "$@" | head --bytes=${CORE_HEAD} | base64 --wrap=0`;

/**
 * The call in a core dump. coredumpctl(1) takes the newest entry that matches, and the file that it names, whoever has
 * logged it.
 */
async function dumpedCall(
  system: System,
  { pid, time, matches }: CoreDump,
): Promise<KernelRecord | undefined> {
  const { stdout } = await system.run(['/bin/sh', '-c', DUMP, 'sh', ...matches], { limit: 2 * CORE_HEAD });
  const call = callInCore(bytesOf(stdout), time);
  return call && { ...call, pid };
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64.trim()), (one) => one.charCodeAt(0));

/**
 * Calls of records and of core dumps. A dump adds the arguments to its record and makes it certain. A dump without a
 * record counts by itself, since systemd-coredump alone has logged those that are read.
 */
function merged(calls: readonly UnitCall[], dumped: readonly KernelRecord[]): UnitCall[] {
  const isOf = (dump: KernelRecord) => (call: UnitCall) =>
    call.pid === dump.pid && call.nr === dump.nr && call.arch === dump.arch;
  const told = calls.map((call) => {
    const dump = dumped.find((one) => isOf(one)(call));
    return dump ? { ...call, ...(dump.args ? { args: dump.args } : {}), certain: true } : call;
  });
  const alone = dumped.filter((dump) => !calls.some(isOf(dump)));
  return [...told, ...alone.map((dump) => ({ ...dump, certain: true }))];
}
