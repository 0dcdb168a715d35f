/** A run in which a policy refuses nothing, and the observer sees all calls: which of them the policy would refuse. */

import type { UnitState } from '../machine/unit-state.js';
import type { RecordedCall, Recording } from '../observe/recording/recording.js';
import type { Policy } from '../policy/policy.js';
import type { Prepared } from '../prepare/prepare.js';
import { ABIS, type Abi, kernelNumber } from '../seccomp/syscalls/abi.js';
import { LOG } from '../seccomp/syscalls/action.js';
import { conditionsOf, hiddenFrom } from '../seccomp/syscalls/conditions.js';
import { NO_SYSCALLS } from '../seccomp/syscalls/section.js';
import { causeOf } from './cause.js';
import { confinementOf, explainKnown } from './explain-unit.js';
import { type Explanations, explainCalls, withoutFallbacks } from './explanation.js';
import { type ObservedCall, observedCalls, whoIn } from './records/observed.js';
import { type Cause, withLists } from './refused-call.js';
import { nameCall } from './tally.js';

/** The calls that the observer has seen in a run. */
export type SeenRun = Pick<Recording, 'programs' | 'calls' | 'refused' | 'arguments' | 'lost'>;

/** All rules on arguments of a policy. */
export const rulesOf = ({ syscalls, ready }: Policy) => [...(syscalls?.rules ?? []), ...(ready?.rules ?? [])];

/** The registers of a call's arguments that rules of a policy test. */
export function registersOf(policy: Policy, abi: Abi, call: string): number[] {
  const rules = rulesOf(policy).filter(({ syscall }) => syscall.value === call);
  const conditions = rules.flatMap((rule) => conditionsOf(rule, abi) ?? []);
  return [...new Set(conditions.flatMap(({ arg, upper }) => (upper === undefined ? [arg] : [arg, upper])))];
}

/**
 * Explains the calls of a run that its policy would refuse, and those that were refused all the same.
 * @param times of the watch
 */
export function explainWatchedRun(
  prepared: Prepared,
  state: UnitState,
  seen: SeenRun,
  times: Pick<ObservedCall, 'from' | 'time'>,
): Explanations {
  const { policy } = prepared.policy;
  const { confinement, relaxed } = confinementOf(prepared, state);
  const refusedBy = (held: Policy, calls: readonly RecordedCall[]) => {
    const made = calls.flatMap((call) => madeCalls(held, seen, call).map((one) => ({ ...one, ...times })));
    // A call that has begun was refused by no directive, nor by the unit's own filter.
    return explainCalls(made, { ...confinement, policy: held, refusers: () => [] }, relaxed).filter(
      ({ cause }) => cause.kind !== 'elsewhere' && cause.kind !== 'own-filter',
    );
  };
  const isLate = ({ onceReady }: RecordedCall) => onceReady.length > 0;
  // [ready] refuses nothing at a start.
  const ofStart = withLists(policy, 'ready', NO_SYSCALLS);
  const wouldBe = withoutFallbacks([
    ...refusedBy(policy, seen.calls.filter(isLate)),
    ...refusedBy(
      ofStart,
      seen.calls.filter((call) => !isLate(call)),
    ),
  ]);
  const unit = { ...confinement, policy: { ...policy, syscalls: undefined, ready: undefined } };
  // Calls that the policy alone has refused are of the run before, which is watched until it has stopped.
  const isUnits = (call: ObservedCall) => OF_UNIT.includes(causeOf(nameCall(unit.machine, call), unit).kind);
  const was = explainKnown(prepared, state, observedCalls(seen, times).filter(isUnits));
  return { explanations: [...was.explanations, ...wouldBe.explanations], fallbacks: wouldBe.fallbacks };
}

const OF_UNIT: readonly Cause['kind'][] = ['own-filter', 'directive'];

/** Records that the kernel would have of a call: of the start, and of later; where rules test arguments, one for their values. */
function madeCalls(policy: Policy, seen: SeenRun, call: RecordedCall): Omit<ObservedCall, 'from' | 'time'>[] {
  if (!Object.hasOwn(ABIS, call.architecture)) return [];
  const abi = call.architecture as Abi;
  const nr = kernelNumber(abi, call.number);
  const common = { ...whoIn(seen, call), arch: ABIS[abi].arch, nr, action: LOG, certain: true };
  const { start = 0, ...later } = call.phases;
  const rest = Object.values(later).reduce((sum, count) => sum + count, 0);
  const isLate = call.onceReady.length > 0;
  const inPhases = [
    ...(start > 0 ? [{ ...common, count: start, phase: 'start' } as const] : []),
    ...(rest > 0 ? [{ ...common, count: rest, ...(isLate ? { phase: 'ready' as const } : {}) }] : []),
  ];
  const rules = rulesOf(policy).filter(({ syscall }) => syscall.value === call.name);
  if (rules.length === 0 || rules.some((rule) => hiddenFrom(rule, abi))) return inPhases;
  return argumentsOf(policy, seen, { abi, name: call.name! }).flatMap((args) =>
    inPhases.map((one) => ({ ...one, args, count: 1 })),
  );
}

const REGISTERS = 6;

/** The argument registers that a call was seen with: those that rules test, and 0 in the others. */
function argumentsOf(
  policy: Policy,
  seen: SeenRun,
  { abi, name }: { readonly abi: Abi; readonly name: string },
): bigint[][] {
  const none = new Array<bigint>(REGISTERS).fill(0n);
  if (registersOf(policy, abi, name).length === 0) return [none];
  return seen.arguments
    .filter((one) => one.architecture === abi && one.name === name)
    .flatMap((one) =>
      one.values.map((values) => none.map((zero, i) => registerOf(values[one.arguments.indexOf(i)], zero))),
    );
}

const registerOf = (value: string | undefined, zero: bigint) => (value === undefined ? zero : BigInt(value));
