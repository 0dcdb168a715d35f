/** A filter of a few refused calls, for a unit that may have no policy. */

import { type Diagnostic, EXIT, error, hasErrors, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import type { Service } from '../../machine/state/service.js';
import { lockOuts } from '../../plan/lock-outs.js';
import { checkSyscalls } from '../../policy/check.js';
import type { Policy } from '../../policy/policy.js';
import { buildReadyFilter } from '../../prepare/build-filter.js';
import { loadFiles, serviceName } from '../../prepare/load/load-unit.js';
import type { MachineFacts } from '../../prepare/probe/target.js';
import { permits } from '../../seccomp/syscalls/action.js';
import { formatAction } from '../../seccomp/syscalls/action-text.js';
import { mayPass, type NamedPolicy } from '../../seccomp/syscalls/named-policy.js';
import { withOwnSets } from '../../seccomp/syscalls/own-sets.js';
import type { SyscallPolicy } from '../../seccomp/syscalls/policy.js';
import { INDISPENSABLE, readyCalls } from '../../seccomp/syscalls/ready.js';
import { callsOf, resolve, resolveCalls, verdictOn } from '../../seccomp/syscalls/resolve.js';
import type { ReadySection, SyscallsSection } from '../../seccomp/syscalls/section.js';
import type { Target } from '../../systemd/target/target.js';
import { effectiveUnit } from '../../systemd/unit/effective.js';
import type { Filter } from './inject.js';

/** Refused calls, and the filter that refuses them. */
export interface Denied {
  /** As written, each with its answer: `execve:EPERM`, `@mount:kill`. */
  readonly entries: readonly string[];
  readonly filter: Filter;
  readonly meaning: SyscallPolicy;
  /** The policy with the calls in the place of those of a service's start. */
  readonly policy: Policy;
  readonly target: Target;
  readonly diagnostics: readonly Diagnostic[];
}

export interface DenyOptions {
  /** Diagnostics about the policy's text. */
  readonly known: readonly Diagnostic[];
  /** Whether no_new_privs is set in any case. */
  readonly noNewPrivileges?: boolean;
}

/**
 * Makes the filter.
 * @param policy one that has `[ready]` alone
 * @throws UserError for names that aren't known, and for calls without which no program ends
 */
export function denied(
  policy: Policy,
  ready: ReadySection,
  { facts }: MachineFacts,
  { known, noNewPrivileges = false }: DenyOptions,
): Denied {
  const checked = [...known, ...checkSyscalls(policy, facts.sets, [facts.machine])];
  if (hasErrors(checked)) throw new UserError(checked);
  const target = { ...facts, sets: withOwnSets(facts.sets) };
  const section = readyCalls(ready);
  const named = resolveCalls(section, target.sets);
  const problem = denialProblem(section, named, target);
  if (problem) throw new UserError([problem], EXIT.failure);
  const meaning = resolve(named, facts.machine);
  const setsThem = noNewPrivileges || refusesExec(named);
  const { file } = buildReadyFilter({ noNewPrivileges: setsThem, log: false, policies: [meaning] });
  const action = section.action!.value;
  return {
    entries: ready.deny.map((entry) => `${entry.name}:${formatAction(entry.action ?? action)}`),
    filter: { file, machine: facts.machine },
    meaning,
    policy: { ...policy, syscalls: section },
    target,
    diagnostics: checked,
  };
}

function denialProblem(
  section: SyscallsSection,
  named: NamedPolicy,
  { sets }: Target,
): Diagnostic | undefined {
  const lenient = section.deny.find((entry) => permits(entry.action ?? section.action!.value));
  if (lenient)
    return error('not-tightened', `'${lenient.name}' would not be refused: give it an errno or 'kill'`);
  const call = INDISPENSABLE.find((one) => !mayPass(verdictOn(named, one)));
  const entry = call && section.deny.find((one) => callsOf(one, sets).includes(call));
  if (!entry) return undefined;
  const message = `'${entry.name}' has ${call}, which every program needs to run or exit`;
  return error('not-tightened', message, { hint: 'name the other calls one by one' });
}

/** Whether no program can be started, so that no_new_privs takes nothing more away. */
const refusesExec = (named: NamedPolicy): boolean =>
  ['execve', 'execveat'].every((call) => !mayPass(verdictOn(named, call)));

/** Errors where a unit whose work is to start programs would start none. */
export async function lockOutsOf(
  context: Context,
  { name, state }: Service,
  { policy, target, meaning }: Denied,
): Promise<readonly Diagnostic[]> {
  if (!name.endsWith('.service')) return [];
  const unit = serviceName(name);
  // A unit without a file that can be read is known by its name alone.
  const files = await orElse(async () => (await loadFiles(context, unit, state)).files, []);
  const effective = effectiveUnit(files);
  const found = lockOuts({ unit, effective, policy, target }, meaning);
  return found.map(({ at: _, ...one }) => ({ ...one, hint: WAY_OUT }));
}

const WAY_OUT = "leave it out for this unit, or accept that with '--understood locks-out'";
