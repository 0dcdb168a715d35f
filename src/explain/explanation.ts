import { groupBy } from '../collections.js';
import { type Action, ALLOW, KILL, KILL_THREAD, LOG } from '../syscalls/action.js';
import type { OwnLimits } from '../syscalls/named-policy.js';
import { causeOf, nameCall } from './cause.js';
import { changesFor } from './change.js';
import { opens } from './opens.js';
import type { KernelRecord, UnitCall } from './records/record.js';
import type { Cause, Change, Confinement, NamedCall } from './refused-call.js';
import { withoutBase } from './without-base.js';

/** A call that a filter refused or recorded, the cause, and the changes that would let it through. */
export interface Explanation {
  readonly call: NamedCall;
  /** The end that the call came to. */
  readonly got: 'killed' | 'killed-thread' | 'failed' | 'recorded' | 'stopped';
  /** The errno's number, where it failed and that was seen. */
  readonly errno?: number | undefined;
  readonly count: number;
  /** The last time, in milliseconds since 1970. */
  readonly last: number;
  readonly processes: readonly Pick<KernelRecord, 'pid' | 'name' | 'program'>[];
  /**
   * Whether the call is known to be the unit's. If not, there is no change: a user could have another's policy opened
   * by it.
   */
  readonly certain: boolean;
  readonly cause: Cause;
  readonly changes: readonly Change[];
  /** Another change that lets the call through, and more besides. */
  readonly instead: Change | undefined;
  /** The service's gain by the change. */
  readonly opens: string | undefined;
}

/** Causes that no change of a policy or a unit would mend. */
const OF_NO_POLICY: ReadonlySet<Cause['kind']> = new Set(['recorded', 'elsewhere']);

/** The most processes that one explanation names. */
const MOST_PROCESSES = 5;

/** Explains calls: one explanation for each call, each action, and the arguments that a core dump tells. */
export function explainCalls(
  calls: readonly UnitCall[],
  confinement: Confinement,
  relaxed: (call: string) => OwnLimits | undefined,
): Explanation[] {
  const groups = groupBy(
    calls,
    ({ arch, nr, action, errno, args }) => `${arch} ${nr} ${action} ${errno} ${args?.join() ?? ''}`,
  );
  return [...groups.values()].map((same) => {
    const known = same.filter(({ certain }) => certain);
    return explained(known.length > 0 ? known : same, confinement, relaxed);
  });
}

/** @param same calls that differ only in their processes and times; all are certain, or none */
function explained(
  same: readonly UnitCall[],
  confinement: Confinement,
  relaxed: (call: string) => OwnLimits | undefined,
): Explanation {
  const { action, errno, certain } = same[0]!;
  const call = nameCall(confinement.machine, same[0]!);
  const cause = causeOf(call, confinement);
  const isMendable = certain && !OF_NO_POLICY.has(cause.kind);
  const changes = isMendable ? changesFor(call, confinement, relaxed) : [];
  const processes = new Map(same.map(({ pid, name, program }) => [`${pid} ${name}`, { pid, name, program }]));
  return {
    call,
    cause,
    changes,
    certain,
    got: gotOf(action),
    errno,
    count: same.reduce((all, one) => all + (one.count ?? 1), 0),
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

/** Whether a policy, or something besides it, refuses the call or would; false if the policy only has it recorded. */
export const isFinding = ({ cause }: Explanation): boolean => cause.kind !== 'recorded';

/** The changes that would let the call through, in one line; undefined if there are none. */
export function changeLine({ changes, instead, cause, certain }: Explanation): string | undefined {
  const lines = changes.map(({ does, text }) =>
    text?.includes('\n') ? `${does}: ${text.split('\n').join(' / ')}` : does,
  );
  const ways = [
    ...(lines.length > 0 ? [lines.join(', and ')] : []),
    ...(instead ? [instead.does] : []),
    ...(certain && cause.kind === 'directive' && cause.at ? [`leave ${cause.what} out of [service]`] : []),
  ];
  return ways.length === 0 ? undefined : `to allow it: ${ways.join('; or ')}`;
}

/** A call for people: `mount (165)`, `mount (x86, 21)`, `call 470`. */
export const callText = ({ name, abi, number }: NamedCall, machine: string): string => {
  const convention = abi === machine ? '' : `${abi ?? 'another convention'}, `;
  return name === `call ${number}`
    ? `${name}${convention && ` (${convention.slice(0, -2)})`}`
    : `${name} (${convention}${number})`;
};
