import { KILL, KILL_THREAD } from '../../syscalls/action.js';
import type { UnitCall } from './record.js';

/** Refused calls of one kind that a watch saw; `time` is its end. */
export interface ObservedCall extends UnitCall {
  /** When the watch began, in milliseconds since 1970. */
  readonly from: number;
  readonly count: number;
}

/**
 * Calls that watches saw, and those of logs and core dumps, each counted once. A record from the time of a watch is one of
 * the calls that the watch counted, and it alone has the process and the arguments.
 */
export function together(observed: readonly ObservedCall[], recorded: readonly UnitCall[]): UnitCall[] {
  const left = observed.map((one) => {
    const known = recorded.filter((record) => record.certain && isOneOf(record, one));
    return { ...one, count: one.count - known.reduce((sum, { count = 1 }) => sum + count, 0) };
  });
  return [...left.filter(({ count }) => count > 0), ...recorded];
}

const isOneOf = (record: UnitCall, { from, ...watched }: ObservedCall): boolean =>
  keyOf(record) === keyOf(watched) && record.time >= from && record.time <= watched.time;

/** An observer sees that a call kills, and not whether the thread or the process. */
const keyOf = ({ arch, nr, action }: UnitCall): string =>
  `${arch} ${nr} ${action === KILL_THREAD ? KILL : action}`;
