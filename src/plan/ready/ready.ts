import type { Diagnostic } from '../../diagnostic.js';
import { resolve } from '../../syscalls/resolve.js';
import { setsNoNewPrivileges } from '../launcher/launcher.js';
import type { PlanLine, PlannedCommands, PlannedDirective, PlannedReady } from '../plan.js';
import type { PlanRequest } from '../request.js';
import { plannedValues } from '../unit-values.js';
import { readyChecks } from './checks.js';
import { injectorGaps, readyDirectives, withInjector } from './injector.js';
import { readyLines } from './lines.js';
import { readyMeaning, takenAway } from './meaning.js';

/** The part of a plan that `[ready]` makes. */
export interface ReadyPart {
  readonly lines: readonly PlanLine[];
  readonly directives: readonly PlannedDirective[];
  /** All commands of the drop-in, those behind the launcher too. */
  readonly commands: readonly PlannedCommands[];
  readonly ready: PlannedReady | undefined;
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
    return { lines: [], directives: [], commands, ready: undefined, diagnostics: [] };
  const meaning = readyMeaning(request, ready);
  const values = plannedValues(effective, directives);
  const gaps = injectorGaps(request, values, ready);
  const diagnostics = [...readyChecks(request, ready, meaning), ...gaps];
  const lines = readyLines(ready, meaning, gaps[0]?.message);
  if (gaps.length > 0 || !places) return { lines, directives: [], commands, ready: undefined, diagnostics };
  return {
    lines,
    directives: readyDirectives(request, ready),
    commands: withInjector(request, ready, commands),
    ready: {
      at: ready.at,
      file: places.readyFile,
      filter: {
        noNewPrivileges: setsNoNewPrivileges(request, values),
        log: meaning.section.permissive === true,
        policies: [resolve(meaning.named, target.machine)],
      },
      held: resolve(meaning.loaded, target.machine),
      ...takenAway(meaning),
    },
    diagnostics,
  };
}
