import { type Diagnostic, hasErrors } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { type AllowedGaps, tolerateGap } from '../plan/gaps.js';
import { overriddenFirst } from '../plan/ineffective/by-later-drop-ins.js';
import { programPlaces } from '../plan/launcher/commands.js';
import { decide } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { noNewCode } from '../plan/program-needs.js';
import type { PlanRequest } from '../plan/request.js';
import { valuesOfAll } from '../plan/unit-values.js';
import { withoutWeakerDefaults } from '../plan/weaker-defaults.js';
import { checkSyscalls, takenFromAll } from '../policy/check.js';
import { asPermissive } from '../policy/permissive.js';
import type { Policy } from '../policy/policy.js';
import { ROOTS } from '../systemd/directives/values/mounts.js';
import type { EffectiveUnit } from '../systemd/unit/effective.js';
import { lastOf } from '../systemd/unit/values.js';
import type { LoadedPolicy } from './load/load-policy.js';
import { neededLibraries } from './probe/command-files.js';
import { findProgram, type MachineFacts } from './probe/target.js';

export interface PlanOptions {
  /** The gaps that are warnings, not errors. */
  readonly allowGaps?: AllowedGaps;
  /** Whether refusals of the policy are let through and recorded. */
  readonly permissive?: boolean;
  /**
   * Whether the policy is looked for in a unit that has it already: without advice, since the unit itself shows what comes of
   * the policy.
   */
  readonly applied?: boolean;
}

/** A unit, a policy for it, and the facts that are known so far. */
interface PlanInput extends Pick<PlanRequest, 'unit' | 'effective' | 'type' | 'surroundings' | 'places'> {
  readonly loaded: LoadedPolicy;
  readonly machine: MachineFacts;
  /** Earlier diagnostics: if one is an error, `[syscalls]` isn't planned. */
  readonly known: readonly Diagnostic[];
  readonly options: PlanOptions;
}

interface PlanResult {
  readonly plan: Plan;
  /** Whether `[syscalls]` was planned, too: no earlier check has found an error. */
  readonly planned: boolean;
  /** Diagnostics about the policy's calls on this target. */
  readonly checked: readonly Diagnostic[];
  /** Diagnostics of the plan. */
  readonly found: readonly Diagnostic[];
}

/** Whether a service has a root of its own, in which its programs are others than on the host. */
export const hasOwnRoot = (policy: Policy, effective: EffectiveUnit): boolean =>
  ROOTS.some((name) => !['', '/'].includes(lastOf(valuesOfAll(policy, effective), name)));

/** Whether a plan may have an allow list: the policy's, or that of the unit itself. */
const writesAllowList = ({ syscalls }: Policy, effective: EffectiveUnit): boolean =>
  syscalls !== undefined &&
  (syscalls.allow !== undefined || effective.list('Service', 'SystemCallFilter').length > 0);

/** Plans a policy on a unit of this machine. */
export async function planOn(
  context: Context,
  { unit, effective, type, surroundings, places, loaded, machine, known, options }: PlanInput,
): Promise<PlanResult> {
  const { policy, notes } = withoutWeakerDefaults(loaded.policy, effective);
  const { allowGaps = false, applied = false } = options;
  const asksLibraries = !applied && noNewCode(policy) !== undefined && !hasOwnRoot(policy, effective);
  const target = {
    ...machine.facts,
    ...(policy.ready ? { injector: await findProgram(context, 'tighten') } : {}),
    ...(writesAllowList(policy, effective) ? { sets: await machine.setsToWrite() } : {}),
    ...(asksLibraries ? { libraries: await neededLibraries(context, programPlaces(policy, effective)) } : {}),
  };
  const checked = checkSyscalls(policy, target.sets, [target.machine], loaded.complete && !applied);
  const planned = !hasErrors([...known, ...checked]);
  if (planned && !applied) checked.push(...takenFromAll(policy, target.sets, [target.machine]));
  const { plan, advice } = decide({
    unit,
    effective,
    type,
    surroundings,
    target,
    places,
    policy: options.permissive ? asPermissive(policy) : policy,
    usable: planned,
  });
  const all = applied ? plan.diagnostics : [...plan.diagnostics, ...advice()];
  const found = overriddenFirst([...all, ...notes].map((one) => tolerateGap(one, allowGaps)));
  return { plan, planned, checked, found };
}
