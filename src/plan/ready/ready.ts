import type { Diagnostic } from '../../diagnostic.js';
import { resolve } from '../../seccomp/syscalls/resolve.js';
import type { ReadySection } from '../../seccomp/syscalls/section.js';
import { modeOf, permissiveNote } from '../calls/permissive.js';
import { setsNoNewPrivileges } from '../launcher/launcher.js';
import { lockOuts } from '../lock-outs.js';
import type { Mode, PlanLine, PlannedCommands, PlannedDirective, PlannedReady } from '../plan.js';
import type { PlanRequest } from '../request.js';
import { plannedValues } from '../unit-values.js';
import { readyChecks } from './checks.js';
import { injectorGaps, readyDirectives, withInjector } from './injector.js';
import { readyLines } from './lines.js';
import { type ResolvedReady, resolveReady, takenAway } from './resolved.js';

/** The part of a plan that `[ready]` makes. */
export interface ReadyPart {
  readonly lines: readonly PlanLine[];
  readonly directives: readonly PlannedDirective[];
  /** All commands of the drop-in, those behind the launcher too. */
  readonly commands: readonly PlannedCommands[];
  readonly ready: PlannedReady | undefined;
  /** Undefined where `[ready]` is absent or can't be used. */
  readonly mode: Mode | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Plans `[ready]`: the filter that is loaded once the service serves, and what starts its loading.
 * @param commands those behind the launcher
 * @param directives the planned ones so far
 */
export function planReady(
  request: PlanRequest,
  commands: readonly PlannedCommands[],
  directives: readonly PlannedDirective[],
): ReadyPart {
  const { policy, effective, target, places } = request;
  const { ready } = policy;
  if (!ready || !request.usable)
    return { lines: [], directives: [], commands, ready: undefined, mode: undefined, diagnostics: [] };
  const meaning = resolveReady(request, ready);
  const mode = modeOf(meaning.section, meaning.target);
  const values = plannedValues(effective, directives);
  const gaps = injectorGaps(request, values, ready);
  // The note of [syscalls] names both.
  const isReported = !ready.permissive || policy.syscalls !== undefined;
  const diagnostics = [
    ...(isReported ? [] : [permissiveNote(request)]),
    ...readyChecks(request, ready, meaning),
    ...execRefused(request, ready, meaning),
    ...gaps,
  ];
  const lines = readyLines(ready, meaning, gaps[0]?.message);
  if (gaps.length > 0 || !places)
    return { lines, directives: [], commands, ready: undefined, mode, diagnostics };
  return {
    lines,
    directives: readyDirectives(request, ready, values),
    commands: withInjector(request, ready, commands),
    ready: {
      at: ready.at,
      file: places.readyFile,
      filter: {
        noNewPrivileges: setsNoNewPrivileges(request, values),
        log: meaning.section.permissive === true,
        policies: [resolve(meaning.named, target.machine)],
      },
      ...takenAway(meaning),
    },
    mode,
    diagnostics,
  };
}

/** Errors `locks-out` where `[ready]` takes execve(2) from a unit whose work is to start programs. */
function execRefused(
  request: PlanRequest,
  ready: ReadySection,
  { section, target, named }: ResolvedReady,
): Diagnostic[] {
  if (!request.places) return [];
  const syscalls = { ...section, allow: ready.allow };
  const policy = { ...request.policy, syscalls, service: [] };
  return lockOuts({ ...request, policy, target }, resolve(named, target.machine));
}
