/** Calls that ended alike, counted. */

import { groupBy } from '../collections.js';
import { type Abi, abiOf, type Machine } from '../seccomp/syscalls/abi.js';
import { type Action, ALLOW, ENOSYS, errnoOf, KILL, KILL_THREAD, LOG } from '../seccomp/syscalls/action.js';
import { LIBRARIES_FALL_BACK } from '../seccomp/syscalls/fall-back.js';
import { nameOf } from '../seccomp/syscalls/numbers.js';
import type { UnitCall } from './records/record.js';
import type { Cause } from './refused-call.js';

/** A call by its calling convention. */
export interface NamedCall {
  /** Undefined if the machine has no such convention. */
  readonly abi: Abi | undefined;
  /** The number in the convention's table (x32: without bit 30). */
  readonly number: number;
  /** The name for people: `mount`, `call 470`. */
  readonly name: string;
  /** Whether the tables know the call. */
  readonly known: boolean;
  readonly args?: readonly bigint[] | undefined;
}

/**
 * Names a call.
 * @param arch AUDIT_ARCH_*
 * @param nr the number, with bit 30 for x32
 */
export function nameCall(
  machine: Machine,
  { arch, nr, args }: { arch: number; nr: number; args?: readonly bigint[] },
): NamedCall {
  const id = abiOf(machine, arch, nr);
  if (!id) return { abi: undefined, number: nr, name: `call ${nr}`, known: false };
  const name = nameOf(id.abi, id.nr);
  return { abi: id.abi, number: id.nr, name: name ?? `call ${id.nr}`, known: name !== undefined, args };
}

export interface Tally {
  readonly call: NamedCall;
  /** The end that the call came to. */
  readonly got: 'killed' | 'killed-thread' | 'failed' | 'recorded' | 'stopped';
  /** The errno's number, where it failed and that was seen. */
  readonly errno?: number | undefined;
  readonly count: number;
  /** The last time, in milliseconds since 1970. */
  readonly last: number;
  /** Whether the call is known to be the unit's. */
  readonly certain: boolean;
}

/**
 * Calls of one kind each: the call, its action and errno, and the arguments, where they are known; guesses only where no call
 * is known to be the unit's.
 */
export function alike(calls: readonly UnitCall[]): (readonly UnitCall[])[] {
  const groups = groupBy(
    calls,
    ({ arch, nr, action, errno, args }) => `${arch} ${nr} ${action} ${errno} ${args?.join() ?? ''}`,
  );
  return [...groups.values()].map((same) => {
    const known = same.filter(({ certain }) => certain);
    return known.length > 0 ? known : same;
  });
}

/** @param same calls that differ only in their processes and times; all are certain, or none */
export function tally(machine: Machine, same: readonly UnitCall[]): Tally {
  const { action, errno, certain } = same[0]!;
  return {
    call: nameCall(machine, same[0]!),
    got: gotOf(action),
    errno,
    count: same.reduce((all, one) => all + (one.count ?? 1), 0),
    last: Math.max(...same.map(({ time }) => time)),
    certain,
  };
}

const ERRNO: Action = 0x00050000;

function gotOf(action: Action): Tally['got'] {
  if (action === KILL) return 'killed';
  if (action === KILL_THREAD) return 'killed-thread';
  if (action === ERRNO) return 'failed';
  return action === LOG || action === ALLOW ? 'recorded' : 'stopped';
}

/** Calls that ended alike, for programs. */
export const tallyJson = ({ call, got, count, last, certain }: Tally) => ({
  call: call.name,
  number: call.number,
  abi: call.abi ?? null,
  ...(call.args ? { args: call.args.map((arg) => `0x${arg.toString(16)}`) } : {}),
  got,
  count,
  last: new Date(last).toISOString(),
  certain,
});

/**
 * Whether a call got ENOSYS, or would, so that another is made instead. A table whose `action` is ENOSYS says nothing about
 * one call: only those count then that libraries are known to replace.
 * @param cause undefined where it isn't known
 */
export function isFallback(
  { call, got, errno }: Pick<Tally, 'call' | 'got' | 'errno'>,
  cause?: Cause,
): boolean {
  const isMeant = cause?.answer === ENOSYS;
  if (got === 'recorded') return isMeant;
  if (errno !== errnoOf(ENOSYS)) return false;
  return isMeant || !cause || cause.kind === 'elsewhere' || LIBRARIES_FALL_BACK.includes(call.name);
}
