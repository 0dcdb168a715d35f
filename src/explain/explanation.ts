import type { Phase } from '../policy/policy.js';
import type { NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { causeOf } from './cause.js';
import { changesFor, withoutBase } from './change.js';
import { opens } from './opens.js';
import type { KernelRecord, UnitCall } from './records/record.js';
import type { AllowingChange, Cause, Confinement } from './refused-call.js';
import { alike, isFallback, type NamedCall, type Tally, tally } from './tally.js';

/**
 * A call that a filter refused or recorded, the cause, and the changes that would let it through. If it isn't certain there
 * is no change: a user could have another's policy opened by it.
 */
export interface Explanation extends Tally {
  readonly processes: readonly Pick<KernelRecord, 'pid' | 'name' | 'program'>[];
  readonly cause: Cause;
  readonly changes: readonly AllowingChange[];
  /** Another change that lets the call through, and more besides. */
  readonly instead: AllowingChange | undefined;
  /** The service's gain by the change. */
  readonly opens: string | undefined;
  /** When the calls were made, under a policy with `[ready]`; undefined where that isn't known, or both are true. */
  readonly phase?: Phase | undefined;
}

/** Causes that no change of the policy's lists or of the unit's own filter would mend. */
const OF_NO_FILTER: ReadonlySet<Cause['kind']> = new Set([
  ...(['recorded', 'elsewhere', 'directive', 'tightened'] as const),
]);

/** The most processes that one explanation names. */
const MOST_PROCESSES = 5;

/** Explains calls: one explanation for each call, each action, and the arguments, where they are known. */
export function explainCalls(
  calls: readonly UnitCall[],
  confinement: Confinement,
  relaxed: (call: string) => NamedPolicy | undefined,
): Explanation[] {
  return alike(calls).map((same) => explained(same, confinement, relaxed));
}

/** @param same calls that differ only in their processes and times; all are certain, or none */
function explained(
  same: readonly UnitCall[],
  confinement: Confinement,
  relaxed: (call: string) => NamedPolicy | undefined,
): Explanation {
  const counted = tally(confinement.machine, same);
  const { call, certain, got } = counted;
  const phases = phasesOf(same, confinement);
  const mayBeServing = phases.includes('ready');
  const cause = causeOf(call, confinement, { isRefused: got !== 'recorded', mayBeServing });
  const isMendable = certain && !OF_NO_FILTER.has(cause.kind) && !isFallback(counted, cause);
  const changes = isMendable ? changesFor(call, confinement, relaxed, cause.phase) : [];
  return {
    ...counted,
    cause,
    phase: cause.phase ?? (phases.length === 1 ? phases[0] : undefined),
    changes,
    instead: isMendable ? withoutBase(call, cause, confinement) : undefined,
    processes: processesOf(same),
    opens: changes.length > 0 ? opens(call.name, confinement.sets, cause.phase) : undefined,
  };
}

/** The phases that calls were made in, each once; the time of a call that a watch has seen isn't known. */
function phasesOf(
  calls: readonly UnitCall[],
  { policy: { ready }, phaseAt }: Confinement,
): (Phase | undefined)[] {
  if (!ready || !phaseAt) return [];
  const phaseOf = (call: UnitCall) => call.phase ?? ('from' in call ? undefined : phaseAt(call.time));
  return [...new Set(calls.map(phaseOf))];
}

/** The processes that made calls, a few of them. */
export function processesOf(calls: readonly UnitCall[]): Explanation['processes'] {
  const all = calls.map(({ pid, name, program }) => [`${pid} ${name}`, { pid, name, program }] as const);
  return [...new Map(all).values()].slice(0, MOST_PROCESSES);
}

/** Explanations, those of fallbacks by themselves. */
export interface Explanations {
  readonly explanations: readonly Explanation[];
  /** Calls that got ENOSYS, in the place of which others are made: no findings. */
  readonly fallbacks: readonly Explanation[];
}

/** Takes fallbacks out of explanations. */
export const withoutFallbacks = (all: readonly Explanation[]): Explanations => ({
  explanations: all.filter((one) => !isFallback(one, one.cause)),
  fallbacks: all.filter((one) => isFallback(one, one.cause)),
});

/** Whether a policy, or something besides it, refuses the call or would; false if the policy only has it recorded. */
export const isFinding = ({ cause }: Explanation): boolean => cause.kind !== 'recorded';

/** The changes that would let the call through, as lines of one sentence; empty if there are none. */
export function changeLines({ changes, instead, cause, certain }: Explanation): string[] {
  const own = changes.map(({ does, text }) =>
    text?.includes('\n') ? [`${does}:`, ...text.split('\n').map((line) => `  ${line}`)] : [does],
  );
  const ways = [
    ...(own.length > 0 ? [joined(own, ',', 'and ')] : []),
    ...(instead ? [[instead.does]] : []),
    ...(certain && cause.kind === 'directive' && cause.at ? [[`remove ${cause.what} from [service]`]] : []),
  ];
  return joined(ways, ';', 'or ').map((line, i) => (i === 0 ? `to allow it: ${line}` : line));
}

/**
 * Lines of several parts as those of one.
 * @param mark stands behind each part that another follows, unless that ends with an indented line, which is to be pasted
 * @param word stands before each part that follows another
 */
export function joined(parts: readonly (readonly string[])[], mark: string, word = ''): string[] {
  return parts.flatMap((lines, part) =>
    lines.map((line, i) => {
      const isLast = i === lines.length - 1 && part < parts.length - 1;
      const end = isLast && !line.startsWith(' ') ? mark : '';
      return `${i === 0 && part > 0 ? word : ''}${line}${end}`;
    }),
  );
}

/** A call for people: `mount (165)`, `mount (x86, 21)`, `call 470`. */
export const callText = ({ name, abi, number }: NamedCall, machine: string): string => {
  const convention = abi === machine ? '' : `${abi ?? 'another convention'}, `;
  return name === `call ${number}`
    ? `${name}${convention && ` (${convention.slice(0, -2)})`}`
    : `${name} (${convention}${number})`;
};
