import { isSurelyRefused } from '../../observe/recording/kinds.js';
import type { Recording, RefusedCall } from '../../observe/recording/recording.js';
import { ABIS, type Abi, kernelNumber } from '../../seccomp/syscalls/abi.js';
import { KILL, KILL_THREAD } from '../../seccomp/syscalls/action.js';
import { fileName } from '../../systemd/unit/path.js';
import type { UnitCall } from './record.js';

/** Refused calls of one kind that a watch saw; `time` is its end. */
export interface ObservedCall extends UnitCall {
  /** When the watch began, in milliseconds since 1970. */
  readonly from: number;
  readonly count: number;
}

/** A call that a filter refused, as the kernel numbers it. */
export interface NumberedCall {
  /** AUDIT_ARCH_* of the calling convention. */
  readonly arch: number;
  /** The number, with bit 30 for x32. */
  readonly nr: number;
  /** The errno; 0 for a call that ended its process. */
  readonly errno: number;
}

/** SECCOMP_RET_ERRNO without its number, as the kernel's records have it. */
const FAILED = 0x00050000;

/**
 * Calls that a watch saw refused, as the kernel records them.
 * @param times of the watch
 */
export const observedCalls = (
  seen: Pick<Recording, 'programs' | 'refused' | 'lost'>,
  times: Pick<ObservedCall, 'from' | 'time'>,
): ObservedCall[] =>
  seen.refused.flatMap((call) => {
    if (!Object.hasOwn(ABIS, call.architecture)) return [];
    const abi = call.architecture as Abi;
    return [{ ...whoIn(seen, call), ...callOf(abi, call), ...times, certain: isSurelyRefused(seen.lost) }];
  });

const callOf = (abi: Abi, { number, answer, count }: RefusedCall) => ({
  ...endedCall({
    arch: ABIS[abi].arch,
    nr: kernelNumber(abi, number),
    errno: answer === 'kill' ? 0 : answer,
  }),
  count,
});

const endedCall = ({ arch, nr, errno }: NumberedCall) => ({
  ...{ arch, nr },
  ...(errno === 0 ? { action: KILL } : { action: FAILED, errno }),
});

/**
 * Refused calls of one kind, as the kernel records them.
 * @param programs paths of those that made it, if any is known
 */
export const refusedCall = (
  call: NumberedCall,
  {
    programs,
    ...of
  }: Pick<ObservedCall, 'from' | 'time' | 'count'> & { readonly programs: readonly string[] },
): ObservedCall => ({ ...whoOf(programs[0]), ...endedCall(call), ...of, certain: true });

/** The first program that made the call; a watch tells no processes. */
export function whoIn(
  { programs }: Pick<Recording, 'programs'>,
  call: Pick<RefusedCall, 'programs'>,
): Pick<UnitCall, 'pid' | 'name' | 'program'> {
  return whoOf(programs[call.programs[0] ?? -1]?.path);
}

const whoOf = (program: string | undefined) => ({
  pid: undefined,
  name: program === undefined ? 'unknown' : fileName(program),
  program,
});

/**
 * Calls that watches saw, and those of audit records, each counted once. A record of the same call and program from the time
 * of a watch is one of the calls that the watch counted: it has the process, and the watch knows whose that is.
 */
export function together(observed: readonly ObservedCall[], recorded: readonly UnitCall[]): UnitCall[] {
  const isSeen = (record: UnitCall) => observed.some((one) => one.certain && isOneOf(record, one));
  const records = recorded.map((record) => (isSeen(record) ? { ...record, certain: true } : record));
  const left = observed.map((one) => {
    const known = records.filter((record) => record.certain && isOneOf(record, one));
    return { ...one, count: one.count - known.reduce((sum, { count = 1 }) => sum + count, 0) };
  });
  return [...left.filter(({ count }) => count > 0), ...records];
}

const isOneOf = (record: UnitCall, { from, ...watched }: ObservedCall): boolean =>
  keyOf(record) === keyOf(watched) &&
  (record.certain || (record.program !== undefined && record.program === watched.program)) &&
  record.time >= from &&
  record.time <= watched.time;

/** An observer sees that a call kills, and not whether the thread or the process. */
const keyOf = ({ arch, nr, action }: UnitCall): string =>
  `${arch} ${nr} ${action === KILL_THREAD ? KILL : action}`;
