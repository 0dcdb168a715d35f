import { type Diagnostic, error, note, UserError, warning } from '../diagnostic.js';
import { callsToLoad } from '../filter/filter-file.js';
import { NO_SYSCALLS, type SyscallsSection } from '../policy/policy.js';
import type { Machine } from '../syscalls/abi.js';
import { stricter } from '../syscalls/action.js';
import { formatAction } from '../syscalls/action-text.js';
import type { SyscallPolicy } from '../syscalls/policy.js';
import { type NamedPolicy, type OwnLimits, refusal, resolve, resolveCalls } from '../syscalls/resolve.js';
import { areSetsOf } from '../syscalls/sets.js';
import { assumptions } from './assumptions.js';
import { unsandboxedKeys } from './commands.js';
import { findDirective } from './directives.js';
import { overridden, shadowed } from './drop-in-order.js';
import { type PlannedLauncher, planLauncher } from './launcher.js';
import { type CallContext, isLauncherAlone, type Left, leftToLauncher, unlistedInAllowList } from './left.js';
import { callLines, programLines } from './lines.js';
import { otherLines } from './other-lines.js';
import { ownLimits } from './own-limits.js';
import { refusedByUnit } from './own-refusals.js';
import { expectations, modeOf, permissiveNotes } from './permissive.js';
import type { Mode, Plan, PlanLine, PlannedDirective, PlannedFilter, SystemdFilter } from './plan.js';
import { absentPrograms, scriptWarnings, startCallWarnings } from './program-checks.js';
import type { PlanRequest } from './request.js';
import { planService } from './service.js';
import { atStart } from './start-calls.js';
import { permitting, systemCallDirectives, systemdFilter } from './systemd-filter.js';
import type { Target } from './target.js';
import { plannedValues } from './unit-values.js';

/** Machines that have a launcher. */
const LAUNCHER_MACHINES: readonly Machine[] = ['x86-64', 'arm64'];

/**
 * Decides who enforces each line of a policy on a unit: systemd whatever it truly can in its version, the launcher
 * what is left. Where the launcher is used it loads the whole policy as one filter. What nobody enforces is a gap,
 * an error whose code begins with `gap-`.
 */
export function makePlan(request: PlanRequest): Plan {
  const { unit, effective, policy, target } = request;
  const service = planService(policy, effective, target);
  const calls =
    request.usable && policy.syscalls ? planCalls(request, policy.syscalls, service.directives) : NOTHING;
  const { launcher } = calls;
  const directives = [...calls.directives, ...service.directives, ...(launcher?.directives ?? [])];
  const commands = launcher?.commands ?? [];
  return {
    unit: unit.full,
    policyFile: policy.file,
    mode: calls.mode,
    target,
    lines: [
      ...calls.lines,
      ...service.lines,
      ...programLines(launcher && launcher.programs.length > 0 ? policy.programs! : [], calls.diagnostics),
    ],
    directives: directives.sort(fatalLast),
    commands,
    without: launcher?.without ?? (calls.meaning ? unsandboxedKeys(effective) : []),
    programs: launcher?.programs ?? [],
    filterFile: request.places?.filterFile,
    filter: calls.filter,
    systemCalls: calls.systemCalls,
    meaning: calls.meaning,
    diagnostics: [
      ...effective.diagnostics,
      ...assumptions(target, service.directives, calls.systemCalls !== undefined),
      ...service.diagnostics,
      ...absentPrograms(request, plannedValues(effective, service.directives)),
      ...calls.diagnostics,
      ...overridden(effective, request.places?.dropIn, { directives, commands }),
      ...shadowed(effective, request.places?.dropIn, { directives, commands }),
    ],
  };
}

/** Where systemd can't take a value of some directives, the rest of the file is lost. */
const fatalLast = (a: PlannedDirective, b: PlannedDirective): number =>
  Number(isFatal(a)) - Number(isFatal(b));

const isFatal = ({ name }: PlannedDirective): boolean => findDirective(name)?.fatal === true;

interface PlannedCalls {
  readonly mode: Mode;
  readonly lines: readonly PlanLine[];
  readonly directives: readonly PlannedDirective[];
  readonly launcher: PlannedLauncher | undefined;
  readonly filter: PlannedFilter | undefined;
  readonly systemCalls: SystemdFilter | undefined;
  readonly meaning: SyscallPolicy | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

const NOTHING: PlannedCalls = {
  mode: 'enforcing',
  lines: [],
  directives: [],
  launcher: undefined,
  filter: undefined,
  systemCalls: undefined,
  meaning: undefined,
  diagnostics: [],
};

function planCalls(
  request: PlanRequest,
  section: SyscallsSection,
  service: readonly PlannedDirective[],
): PlannedCalls {
  const { effective, target } = request;
  const present = ownLimits(effective, target.sets, target.systemd);
  const context = callContext(request, section, present);
  const enforcers = enforcersOf(request, context, service);
  const { launcher, filter, systemCalls } = enforcers;
  const meaning = resolve(context.named, target.machine);
  const composed = context.own !== undefined;
  const architectures = section.permissive ? context.own?.architectures : context.named.architectures;
  return {
    mode: modeOf(section, target),
    lines: enforcers.lines,
    directives: systemCalls
      ? systemCallDirectives(systemCalls, architectures, section, target, composed)
      : [],
    launcher,
    filter,
    systemCalls,
    meaning,
    diagnostics: [
      ...enforcers.diagnostics,
      ...permissiveNotes(request, context, launcher !== undefined),
      ...foreignSets(section, target, context.own),
      ...replacedFilter(section, present),
      ...refusedByUnit(context),
      ...(present?.ignored ?? []),
      ...sideEffects(request, context, enforcers),
      ...expectations(request, context, meaning),
    ],
  };
}

function callContext(
  { effective, target, type }: PlanRequest,
  section: SyscallsSection,
  present: OwnLimits | undefined,
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

/** Who enforces `[syscalls]`, and why nobody does. */
type Enforcers = Pick<PlannedCalls, 'lines' | 'launcher' | 'filter' | 'systemCalls' | 'diagnostics'>;

function enforcersOf(
  request: PlanRequest,
  context: CallContext,
  service: readonly PlannedDirective[],
): Enforcers {
  const { target, named, section } = context;
  const left = leftToLauncher(context);
  const needed = left.calls.size > 0 || left.wholes.length > 0;
  const possible = LAUNCHER_MACHINES.includes(target.machine);
  const placed = needed && possible ? planLauncher(request, service) : { diagnostics: [] };
  const { launcher } = placed;
  const launched = launcher !== undefined;
  const planned = launcher && plannedFilter(named, target.machine, launcher, section);
  const lines = callLines(context, left, launched);
  const loads = !target.abilities.lacks.has('seccomp');
  return {
    lines,
    launcher,
    filter: planned?.filter,
    systemCalls: loads ? bySystemd(context, left, launched) : undefined,
    diagnostics: [...(possible ? placed.diagnostics : gapsOf(lines)), ...(planned?.diagnostics ?? [])],
  };
}

const isAtEntry = ({ stage }: SyscallsSection): boolean => stage?.value === 'entry';

/** What the filters do besides what the policy says. */
function sideEffects(
  request: PlanRequest,
  context: CallContext,
  { launcher, systemCalls }: Enforcers,
): Diagnostic[] {
  const { named, own, section } = context;
  const launched = launcher !== undefined;
  return [
    ...(systemCalls ? unknownNumbers(context, systemCalls, launched) : []),
    ...(isAtEntry(section) ? [] : startCallWarnings(request, named)),
    ...(launched ? scriptWarnings(request, named) : []),
    ...(launched && own ? otherLines(request.policy, launcher.without, own) : []),
  ];
}

function plannedFilter(
  named: NamedPolicy,
  machine: Machine,
  { noNewPrivileges }: PlannedLauncher,
  section: SyscallsSection,
): { readonly filter: PlannedFilter; readonly diagnostics: readonly Diagnostic[] } {
  const others = LAUNCHER_MACHINES.filter((other) => other !== machine).map((other) =>
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

/** Another machine of a mixed fleet gets a program, too, unless it lacks a constant that the policy names. */
function resolveElsewhere(named: NamedPolicy, machine: Machine): SyscallPolicy | Diagnostic {
  try {
    return resolve(named, machine);
  } catch (cause) {
    const [first] = cause instanceof UserError ? cause.diagnostics : [];
    if (!first) throw cause;
    return note('no-filter-elsewhere', `the filter file serves no ${machine}: ${first.message}`, {
      at: first.at,
      hint: `the launcher on ${machine} refuses it`,
    });
  }
}

/** What systemd doesn't know passes, for the launcher to answer. */
const asDenyList = (named: NamedPolicy): NamedPolicy => ({ ...named, mode: 'deny' });

/** systemd's part: all that it can do; less, what the launcher needs; the unit's own filter in any case. */
function bySystemd(context: CallContext, left: Left, launched: boolean): SystemdFilter {
  const { section, target, own, named } = context;
  const { sets } = target;
  const filter = isLauncherAlone(context)
    ? systemdFilter(resolveCalls(NO_SYSCALLS, sets, own), sets, refusal(section), () => undefined)
    : systemdFilter(
        launched && left.tooStrict ? asDenyList(named) : named,
        sets,
        refusal(section),
        (call) => left.calls.get(call)?.answer,
      );
  return launched ? permitting(filter, callsToLoad(section.stage?.value ?? 'exec')) : filter;
}

function gapsOf(lines: readonly PlanLine[]): Diagnostic[] {
  return lines
    .filter((line) => line.enforcedBy === 'nobody')
    .map(({ at, subject, reason }) =>
      error('gap-no-launcher', `nobody can enforce '${subject}': ${reason}`, {
        at,
        hint: `there is no launcher for this machine, only for ${LAUNCHER_MACHINES.join(' and ')}`,
      }),
    );
}

/** Sets of another release may hold other calls than the target's, whose names mean them in its manual. */
function foreignSets(section: SyscallsSection, { sets, version }: Target, own: OwnLimits | undefined) {
  const entries = [...(section.allow ?? []), ...section.deny, ...section.log];
  const named = entries.find(({ name }) => name.startsWith('@'));
  if (areSetsOf(sets, version) || (!named && !section.allow && !own)) return [];
  const message = `syscall sets are those of systemd ${sets.systemd}, not of the target's ${version}`;
  const hint = "the target's own are known where its 'systemd-analyze' can be run";
  return [warning('bundled-sets', message, { at: (named ?? section).at, hint })];
}

function replacedFilter(section: SyscallsSection, present: OwnLimits | undefined): Diagnostic[] {
  if (!present || section.inherit?.value !== false) return [];
  return [
    warning('own-filter-replaced', "the unit's own system call filter is replaced, not added to", {
      at: section.inherit.at,
    }),
  ];
}

/** What an allow list of systemd's makes of unknown numbers, where that isn't what the policy says. */
function unknownNumbers(context: CallContext, systemd: SystemdFilter, launched: boolean): Diagnostic[] {
  const { target, named, section } = context;
  if (systemd.mode !== 'allow') return [];
  const usual = unlistedInAllowList(target.systemd, systemd.action);
  const answer = launched ? stricter(named.unlisted, usual) : usual;
  if (answer === named.unlisted) return [];
  const message = `systemd ${target.systemd} gives unknown numbers '${formatAction(answer)}', not '${formatAction(named.unlisted)}'`;
  return [
    note('stricter-than-policy', message, {
      at: section.unknown?.at ?? section.at,
      hint: 'enforcer = "launcher" gives them what \'unknown\' says',
    }),
  ];
}
