import { type Diagnostic, error, note } from '../diagnostic.js';
import { ownLimits } from '../plan/calls/own-limits.js';
import type { Prepared } from '../prepare/prepare.js';
import type { OwnLimits } from '../syscalls/named-policy.js';
import type { Context } from '../system/context.js';
import type { UnitState } from '../system/unit-state.js';
import { effectiveUnit } from '../unit/effective.js';
import { parseUnitFile } from '../unit/unit-file.js';
import { createRefusers } from '../verify/kernel/refusers.js';
import { type Explained, explainCalls, withoutFallbacks } from './explanation.js';
import { type ObservedCall, together } from './records/observed.js';
import type { UnitCall } from './records/record.js';
import { refusedCalls, type Sought } from './records/refused-calls.js';
import { phaseAt } from './records/start-of.js';
import { userManager } from './records/user-manager.js';
import type { Confinement } from './refused-call.js';

/** Calls of a unit that were seen refused or recorded. */
export interface Looked extends Explained {
  /** The time from which on calls were looked for, in milliseconds since 1970. */
  readonly since: number;
  /** Whether the kernel left out some of its records. */
  readonly suppressed: boolean;
  /** Whether the kernel's records can be read at all. */
  readonly readable: boolean;
  /** Names of processes that may be the unit's, and whose calls are left out: nothing tells whose they are. */
  readonly unowned: readonly string[];
}

/** Calls that a recorded run has shown, with diagnostics about the run itself. */
export interface RecordedRun extends Looked {
  readonly diagnostics: readonly Diagnostic[];
  /** Whether the run ended early, or the unit may not be as it was before. */
  readonly failed: boolean;
}

export const UNREADABLE = error(
  'records-unreadable',
  "the kernel's records of refused calls can't be read here",
  {
    hint: "it takes root, and in a container they are in the host's log",
  },
);

export const SUPPRESSED = note(
  'records-suppressed',
  'the kernel left out some of its records: too many at a time',
  {
    hint: 'auditd, where it runs, gets them all',
  },
);

/** Records of calls that are looked for, or known already. */
interface Source extends Pick<Sought, 'since' | 'heard'> {
  /** Calls that the observer saw refused. */
  readonly observed?: readonly ObservedCall[];
  /** The calls and sets that `sandbox-unit tighten` refuses to what runs, each with its answer. */
  readonly tightened?: readonly string[];
}

/** Explains calls that a unit's processes were refused since a time, from the logs or from records that were heard. */
export async function explainUnit(
  context: Context,
  prepared: Prepared,
  state: UnitState,
  { observed = [], tightened, ...from }: Source,
): Promise<Looked> {
  const { plan } = prepared;
  const programs = [...(plan.target.commands ?? [])].flatMap(([path, { files }]) =>
    path.startsWith('/') ? files.flat() : [],
  );
  const sought = {
    ...{ unit: plan.unit, manager: userManager(context), state, ...from },
    programs,
  };
  const { calls, readable, ...found } = await context.caller.tellIfLong(
    `${plan.unit}: reading the records of refused calls …`,
    () => refusedCalls(context.system, sought),
  );
  return {
    ...explainKnown(prepared, state, together(observed, calls), tightened),
    since: from.since,
    readable: readable || observed.length > 0,
    ...found,
  };
}

/** Explains calls that are known to be refused, without a look at any log. */
export function explainKnown(
  prepared: Prepared,
  state: UnitState,
  calls: readonly UnitCall[],
  tightened: readonly string[] = [],
): Explained {
  const { unit, policy, plan } = prepared;
  const { target } = plan;
  const limits = (more: string): OwnLimits | undefined => {
    const added = parseUnitFile('added.conf', new TextEncoder().encode(more));
    return ownLimits(effectiveUnit([...unit.files, added]), target.sets, target.systemd);
  };
  const confinement: Confinement = {
    policy: policy.policy,
    machine: target.machine,
    sets: target.sets,
    own: limits(''),
    refusers: createRefusers(state, target),
    weaker: policy.withoutBases(),
    phaseAt: (time) => phaseAt(time, state),
    tightened,
  };
  const relaxed = (call: string) => limits(`[Service]\nSystemCallFilter=${call}\n`);
  return withoutFallbacks(explainCalls(calls, confinement, relaxed));
}
