import { lazily } from '../../collections.js';
import { type Diagnostic, error, note, UserError } from '../../diagnostic.js';
import type { Policy } from '../../policy/policy.js';
import { callsToLoad } from '../../seccomp/filter/filter-file.js';
import { EVERY_ARCHITECTURE, HELPER_MACHINES, type Machine } from '../../seccomp/syscalls/abi.js';
import { permits } from '../../seccomp/syscalls/action.js';
import type { NamedPolicy } from '../../seccomp/syscalls/named-policy.js';
import type { SyscallPolicy } from '../../seccomp/syscalls/policy.js';
import { limitBy, resolve, resolveCalls } from '../../seccomp/syscalls/resolve.js';
import { NO_SYSCALLS, type SyscallsSection } from '../../seccomp/syscalls/section.js';
import { wrappedKeys } from '../launcher/commands.js';
import { hasNoSandbox } from '../launcher/exec-prefix.js';
import { type PlannedLauncher, planLauncher } from '../launcher/launcher.js';
import type { Plan, PlanLine, PlannedDirective, PlannedFilter } from '../plan.js';
import type { PlanRequest } from '../request.js';
import {
  type CallContext,
  isLauncherAlone,
  type LeftToLauncher,
  leftToLauncher,
} from './left-to-launcher.js';
import { callLines, unenforced } from './lines.js';
import { absentCalls, foreignSets, replacedFilter } from './notes.js';
import { ownLimits } from './own-limits.js';
import { expectations, modeOf, permissiveNotes } from './permissive.js';
import { refusedByUnit } from './refused-by-unit.js';
import { atStart } from './start-calls.js';
import { systemCallDirectives, systemdFilter } from './systemd-filter.js';

/** The plan for `[syscalls]` on one unit. */
export interface PlannedCalls
  extends Pick<Plan, 'mode' | 'lines' | 'directives' | 'filter' | 'systemCalls' | 'diagnostics'> {
  readonly launcher: PlannedLauncher | undefined;
  /** An action for every call of every ABI, made for who asks. */
  readonly meaning: () => Plan['meaning'];
  /** As that of the whole plan. */
  readonly advice: () => readonly Diagnostic[];
}

/** The plan of a policy whose `[syscalls]` is absent or can't be used. */
export const NO_CALLS: PlannedCalls = {
  mode: 'enforcing',
  lines: [],
  directives: [],
  launcher: undefined,
  filter: undefined,
  systemCalls: undefined,
  meaning: () => undefined,
  diagnostics: [],
  advice: () => [],
};

/** Decides who enforces `[syscalls]`, with advice about side effects of its filters. */
export function planCalls(
  request: PlanRequest,
  section: SyscallsSection,
  service: readonly PlannedDirective[],
): PlannedCalls {
  const { effective, target } = request;
  const present = ownLimits(effective, target.sets, target.systemd);
  const context = callContext(request, section, present);
  const enforcers = enforcersOf(request, context, service);
  const { launcher, filter, systemCalls } = enforcers;
  const meaning = lazily(() => filter?.policies[0] ?? resolve(context.named, target.machine));
  return {
    mode: modeOf(section, target),
    lines: enforcers.lines,
    directives: systemCalls
      ? systemCallDirectives(systemCalls, section, target, context.own !== undefined)
      : [],
    launcher,
    filter,
    systemCalls,
    meaning,
    diagnostics: enforcers.diagnostics,
    advice: () => [
      ...enforcers.advice(),
      ...permissiveNotes(request, context),
      ...absentCalls(context),
      ...foreignSets(section, target, context.own),
      ...replacedFilter(section, present),
      ...refusedByUnit(context),
      ...(present?.ignored ?? []),
      ...(launcher && context.own ? otherLines(request.policy, launcher.without, context.own) : []),
      ...expectations(request, context, meaning),
    ],
  };
}

function callContext(
  { effective, target, type }: PlanRequest,
  section: SyscallsSection,
  present: NamedPolicy | undefined,
): CallContext {
  const own = (section.inherit?.value ?? true) ? present : undefined;
  return {
    section,
    target,
    own,
    named: resolveCalls(section, target.sets, own),
    type: type ?? effective.last('Service', 'Type')?.value ?? 'simple',
  };
}

/** The parts of the plan that depend on who enforces `[syscalls]`. */
type Enforcers = Pick<
  PlannedCalls,
  'lines' | 'launcher' | 'filter' | 'systemCalls' | 'diagnostics' | 'advice'
>;

function enforcersOf(
  request: PlanRequest,
  context: CallContext,
  service: readonly PlannedDirective[],
): Enforcers {
  const { target, named, section } = context;
  const left = leftToLauncher(context);
  const needed = left.calls.size > 0 || left.wholes.length > 0;
  const possible = HELPER_MACHINES.includes(target.machine);
  const placed = needed && possible ? planLauncher(request, service) : NOT_PLACED;
  const { launcher } = placed;
  const launched = launcher !== undefined;
  const planned = launcher && plannedFilter(named, target.machine, launcher, section);
  const lines = callLines(context, left, launched);
  const loads = !target.abilities.lacks.has('seccomp');
  return {
    lines: hasNoSandbox(request.effective) ? unenforced(lines) : lines,
    launcher,
    filter: planned?.filter,
    systemCalls: loads ? bySystemd(context, left, launched) : undefined,
    diagnostics: [...(possible ? placed.diagnostics : gapsOf(lines)), ...(planned?.diagnostics ?? [])],
    advice: placed.advice,
  };
}

const NOT_PLACED: ReturnType<typeof planLauncher> = { diagnostics: [], advice: () => [] };

const isAtEntry = ({ stage }: SyscallsSection): boolean => stage?.value === 'entry';

function plannedFilter(
  named: NamedPolicy,
  machine: Machine,
  { noNewPrivileges }: PlannedLauncher,
  section: SyscallsSection,
): { readonly filter: PlannedFilter; readonly diagnostics: readonly Diagnostic[] } {
  const others = HELPER_MACHINES.filter((other) => other !== machine).map((other) =>
    resolveElsewhere(named, other),
  );
  const isPolicy = (one: SyscallPolicy | Diagnostic): one is SyscallPolicy => 'abis' in one;
  const policies = [resolve(named, machine), ...others.filter(isPolicy)];
  const atStage = isAtEntry(section)
    ? { start: policies.map((one) => resolve(atStart(named), one.machine)) }
    : {};
  return {
    filter: { noNewPrivileges, log: section.permissive === true, policies, ...atStage },
    diagnostics: others.filter((one) => !isPolicy(one)) as Diagnostic[],
  };
}

/** The policy on another machine of a mixed fleet; a note if that machine lacks a constant that the policy names. */
function resolveElsewhere(named: NamedPolicy, machine: Machine): SyscallPolicy | Diagnostic {
  try {
    return resolve(named, machine);
  } catch (cause) {
    const [first] = cause instanceof UserError ? cause.diagnostics : [];
    if (!first) throw cause;
    return note('policy-value', `the filter file will have no filter for ${machine}: ${first.message}`, {
      at: first.at,
      hint: `the service does not start with it on ${machine}`,
    });
  }
}

/** The policy as a deny list: calls that systemd doesn't know pass, and the launcher's filter answers them. */
const asDenyList = (named: NamedPolicy): NamedPolicy => ({ ...named, mode: 'deny' });

/**
 * systemd's filter: the unit's own refusals and, unless all of `[syscalls]` is the launcher's, whatever systemd can
 * enforce of the policy. Calls that the launcher needs pass.
 */
function bySystemd(context: CallContext, left: LeftToLauncher, launched: boolean): NamedPolicy {
  const { section, target, own, named } = context;
  const wanted = launched && left.tooStrict ? asDenyList(named) : named;
  const alone = isLauncherAlone(context);
  const answer = (call: string) => left.calls.get(call)?.answer ?? left.absent.get(call);
  return systemdFilter(alone ? resolveCalls(NO_SYSCALLS, target.sets, own) : wanted, target, {
    architectures: architecturesOf(context),
    answer: alone ? () => undefined : answer,
    needed: launched ? callsToLoad(section.stage?.value ?? 'exec') : [],
  });
}

/** The ABIs whose calls systemd lets come beside the native one's. */
const architecturesOf = ({ section, own, named }: CallContext): readonly string[] =>
  section.permissive ? (own?.architectures ?? EVERY_ARCHITECTURE) : named.architectures;

function gapsOf(lines: readonly PlanLine[]): Diagnostic[] {
  return lines
    .filter((line) => line.enforcedBy === 'nobody')
    .map(({ at, subject, reason }) =>
      error('gap-no-launcher', `'${subject}' can't be enforced: ${reason}`, {
        at,
        hint: `there is no launcher for this machine, only for ${HELPER_MACHINES.join(' and ')}`,
      }),
    );
}

/**
 * An error if Exec lines without the launcher would be loosened. systemd has one filter for all Exec lines, which must
 * permit the launcher's calls. Where the unit refuses some of these, only the launcher's own filter refuses them again.
 * @param without keys as in {@link PlannedLauncher}; lines with `+` have no filter anyway
 */
function otherLines(policy: Policy, without: readonly string[], own: NamedPolicy): Diagnostic[] {
  const needed = callsToLoad(policy.syscalls?.stage?.value ?? 'exec');
  const calls = needed.filter((call) => !permits(limitBy(own, call)));
  const keys = without.filter((key) => !key.endsWith('+'));
  if (calls.length === 0 || keys.length === 0) return [];
  const message = `commands of ${keys.join(' and ')} run without the launcher and could call ${calls.join(', ')}, which the unit's own filter refuses`;
  return [error('loosens', message, { at: policy.syscalls!.at, hint: wayOut(policy, keys) })];
}

function wayOut(policy: Policy, keys: readonly string[]): string {
  const wrapped = wrappedKeys(policy);
  const wrap = [...new Set([...wrapped, ...keys.map((key) => key.slice(0, -1))])];
  return wrap.length === wrapped.length
    ? "some of these lines can't be put behind the launcher: see the gaps"
    : `put them behind the launcher too: wrap = [${wrap.map((key) => `"${key}"`).join(', ')}] in [exec]`;
}
