import { groupBy } from '../collections.js';
import { type Action, ALLOW, KILL, KILL_THREAD, LOG } from '../syscalls/action.js';
import type { OwnLimits } from '../syscalls/named-policy.js';
import { causeOf, nameCall } from './cause.js';
import { changesFor } from './change.js';
import { opens } from './opens.js';
import type { RecordedCall } from './record.js';
import type { Cause, Change, Confinement, NamedCall } from './refused-call.js';
import { withoutBase } from './without-base.js';

/** A recorded call of a unit. */
export interface UnitCall extends RecordedCall {
  /** Whether it is known to be of one of the unit's processes; else anybody may have caused it. */
  readonly certain: boolean;
}

/** A call that a filter refused or recorded, why, and what would let it through. */
export interface Explanation {
  readonly call: NamedCall;
  /** What became of it. */
  readonly got: 'killed' | 'killed-thread' | 'failed' | 'recorded' | 'stopped';
  readonly count: number;
  /** When last, in milliseconds since 1970. */
  readonly last: number;
  readonly processes: readonly Pick<RecordedCall, 'pid' | 'name' | 'program'>[];
  /** Whether it is known to be the unit's. What isn't has no change: a user could have another's policy opened by it. */
  readonly certain: boolean;
  readonly cause: Cause;
  readonly changes: readonly Change[];
  /** Another change that does, and more. */
  readonly instead: Change | undefined;
  /** What the service gains with it. */
  readonly opens: string | undefined;
}

/** What no change of a policy or a unit would mend. */
const OF_NO_POLICY: ReadonlySet<Cause['kind']> = new Set(['recorded', 'elsewhere']);

/** Processes that one explanation names. */
const MOST_PROCESSES = 5;

/** Explains calls: one explanation for each call, what it got, and where a core dump tells its arguments. */
export function explainCalls(
  calls: readonly UnitCall[],
  confinement: Confinement,
  relaxed: (call: string) => OwnLimits | undefined,
): Explanation[] {
  const groups = groupBy(
    calls,
    ({ arch, nr, action, args }) => `${arch} ${nr} ${action} ${args?.join() ?? ''}`,
  );
  return [...groups.values()].map((same) => {
    const known = same.filter(({ certain }) => certain);
    return explained(known.length > 0 ? known : same, confinement, relaxed);
  });
}

/** @param same calls that differ in who made them, and when; all are certain, or none */
function explained(
  same: readonly UnitCall[],
  confinement: Confinement,
  relaxed: (call: string) => OwnLimits | undefined,
): Explanation {
  const { action, certain } = same[0]!;
  const call = nameCall(confinement.machine, same[0]!);
  const cause = causeOf(call, confinement);
  const isMendable = certain && !OF_NO_POLICY.has(cause.kind);
  const changes = isMendable ? changesFor(call, confinement, relaxed) : [];
  const processes = new Map(same.map(({ pid, name, program }) => [`${pid} ${name}`, { pid, name, program }]));
  return {
    ...{ call, cause, changes, certain, got: gotOf(action), count: same.length },
    instead: isMendable ? withoutBase(call, cause, confinement) : undefined,
    last: Math.max(...same.map(({ time }) => time)),
    processes: [...processes.values()].slice(0, MOST_PROCESSES),
    opens: changes.length > 0 ? opens(call.name, confinement.sets) : undefined,
  };
}

const ERRNO: Action = 0x00050000;

function gotOf(action: Action): Explanation['got'] {
  if (action === KILL) return 'killed';
  if (action === KILL_THREAD) return 'killed-thread';
  if (action === ERRNO) return 'failed';
  return action === LOG || action === ALLOW ? 'recorded' : 'stopped';
}

/** Whether a policy, or something besides it, refuses the call or would; not what it only has recorded. */
export const isFinding = ({ cause }: Explanation): boolean => cause.kind !== 'recorded';

/** What would let the call through, in one line. */
export function changeLine({ changes, instead }: Explanation): string | undefined {
  const lines = changes.map(({ does, text }) =>
    text?.includes('\n') ? `${does}: ${text.split('\n').join(' / ')}` : does,
  );
  const ways = [...(lines.length > 0 ? [lines.join(', and ')] : []), ...(instead ? [instead.does] : [])];
  return ways.length === 0 ? undefined : `to allow it: ${ways.join('; or ')}`;
}

/** A call for people: `mount`, `mount of x86`. */
export const callText = ({ name, abi, number }: NamedCall, machine: string): string => {
  const convention = abi === machine ? '' : `${abi ?? 'another convention'}, `;
  return name === `call ${number}`
    ? `${name}${convention && ` (${convention.slice(0, -2)})`}`
    : `${name} (${convention}${number})`;
};
