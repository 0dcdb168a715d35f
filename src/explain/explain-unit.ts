import { type Diagnostic, error, note } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import type { UnitState } from '../machine/unit-state.js';
import { ownLimits } from '../plan/calls/own-limits.js';
import { allPrograms } from '../plan/launcher/commands.js';
import { hasOwnRoot } from '../prepare/plan.js';
import type { Prepared } from '../prepare/prepare.js';
import { openedFiles } from '../prepare/probe/command-files.js';
import type { NamedPolicy } from '../seccomp/syscalls/named-policy.js';
import { effectiveUnit } from '../systemd/unit/effective.js';
import { execKeys } from '../systemd/unit/exec/keys.js';
import { parseUnitFile } from '../systemd/unit/unit-file.js';
import { createRefusers } from '../verify/kernel/refusers.js';
import { type Explanations, explainCalls, withoutFallbacks } from './explanation.js';
import { type ObservedCall, together } from './records/observed.js';
import type { UnitCall } from './records/record.js';
import { type Owner, Records } from './records/records.js';
import { phaseAt } from './records/start-of.js';
import type { Confinement } from './refused-call.js';

/** Calls of a unit that were seen refused or recorded. */
export interface UnitExplanations extends Explanations {
  /** The time from which on calls were looked for, in milliseconds since 1970. */
  readonly since: number;
  /** Whether the kernel left out some of its records, or may have. */
  readonly suppressed: boolean;
  /** Whether the kernel's records can be read at all. */
  readonly readable: boolean;
}

/** Calls that a recorded run has shown, with diagnostics about the run itself. */
export interface RecordedRun extends UnitExplanations {
  readonly diagnostics: readonly Diagnostic[];
  /** Whether the run ended early, or the unit may not be as it was before. */
  readonly failed: boolean;
}

export const UNREADABLE = error(
  'records-incomplete',
  "the kernel's records of refused calls can't be read here",
  {
    hint: "this needs root and a journal; in a container they are in the host's log",
  },
);

export const SUPPRESSED = note(
  'records-incomplete',
  'records may be missing: the kernel prints no more than 10 in 5 seconds',
  {
    hint: 'auditd gets all of them, and so does the journal with systemd-journald-audit.socket',
  },
);

/** Facts besides the audit records. */
interface Source {
  /** The start of the search, in milliseconds since 1970. */
  readonly since: number;
  /** Calls that the observer saw refused. */
  readonly observed?: readonly ObservedCall[];
  /** Whether the observer has seen all of the service's run. */
  readonly isWhole?: boolean;
  /** The calls and sets that `sandbox-unit tighten` refuses to what runs, each with its answer. */
  readonly tightened?: readonly string[];
}

/** Explains calls that a unit's processes were refused since a time, by audit records and watches. */
export async function explainUnit(
  context: Context,
  prepared: Prepared,
  state: UnitState,
  { since, observed = [], isWhole = false, tightened }: Source,
): Promise<UnitExplanations> {
  const { plan } = prepared;
  const programs = await filesOf(context, prepared);
  const { calls, ...found } = await recordedCalls(context, plan.unit, { state, programs, since });
  return {
    ...explainKnown(prepared, state, together(observed, calls), tightened),
    since,
    suppressed: found.suppressed && !isWhole,
    readable: found.readable || observed.length > 0 || isWhole,
  };
}

/** The files that a unit's commands open; none where the service has a root of its own. */
async function filesOf(context: Context, { plan, unit, policy }: Prepared): Promise<string[]> {
  const effective = effectiveUnit(unit.files, execKeys(plan.target.systemd));
  if (hasOwnRoot(policy.policy, effective)) return [];
  return openedFiles(
    context,
    allPrograms(effective).filter((path) => path.startsWith('/')),
  );
}

/** The audit records of one unit since a time. */
export async function recordedCalls(context: Context, unit: string, owner: Omit<Owner, 'isUsers'>) {
  const isUsers = context.placement.scope === 'user';
  const { calls, unseen } = await context.caller.tellIfLong(
    `${unit}: reading the records of refused calls …`,
    () => new Records(context.system, owner.since).of({ ...owner, isUsers }),
  );
  return { calls, suppressed: unseen.includes('lost'), readable: !unseen.includes('unreadable') };
}

/** Explains calls that are known to be refused, without a look at any log. */
export function explainKnown(
  prepared: Prepared,
  state: UnitState,
  calls: readonly UnitCall[],
  tightened: readonly string[] = [],
): Explanations {
  const { confinement, relaxed } = confinementOf(prepared, state);
  return withoutFallbacks(explainCalls(calls, { ...confinement, tightened }, relaxed));
}

/** The confinement of a unit, and the unit's own limits with `SystemCallFilter=CALL` after its other lines. */
export function confinementOf({ unit, policy, plan }: Prepared, state: UnitState) {
  const { target } = plan;
  const limits = (more: string): NamedPolicy | undefined => {
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
  };
  return { confinement, relaxed: (call: string) => limits(`[Service]\nSystemCallFilter=${call}\n`) };
}
