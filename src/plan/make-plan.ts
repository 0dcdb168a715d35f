import { type Diagnostic, error } from '../diagnostic.js';
import { findDirective } from '../directives/table.js';
import type { Policy } from '../policy/policy.js';
import { assumptions } from './assumptions.js';
import { NO_CALLS, planCalls } from './calls/calls.js';
import { programLines } from './calls/lines.js';
import { lockOuts } from './doorways/lock-outs.js';
import { wayInOf } from './doorways/role.js';
import { doorwayOf } from './doorways/role-of.js';
import { overridden, shadowed } from './ineffective/by-later-drop-ins.js';
import { leftOpen } from './ineffective/by-mount-entries.js';
import { renamable } from './ineffective/by-renaming.js';
import { unsandboxedKeys } from './launcher/commands.js';
import { prefixGaps } from './launcher/exec-prefix.js';
import { absentPrograms } from './launcher/program-checks.js';
import type { Plan, PlannedDirective } from './plan.js';
import { programNeeds } from './program-needs.js';
import type { PlanRequest } from './request.js';
import { planService } from './service.js';
import { plannedValues } from './unit-values.js';
import { unreachablePrograms } from './unreachable-programs.js';

/**
 * Decides who enforces each line of a policy on a unit: systemd all that it truly can in its version, the launcher the
 * rest. A launcher loads the whole policy as one filter. A line that nobody enforces is a gap: an error whose code
 * begins with `gap-`.
 */
export function makePlan(request: PlanRequest): Plan {
  const { unit, effective, policy, target } = request;
  const service = planService(request);
  const calls =
    request.usable && policy.syscalls ? planCalls(request, policy.syscalls, service.directives) : NO_CALLS;
  const { launcher } = calls;
  const role = doorwayOf(request);
  const directives = [...calls.directives, ...service.directives, ...(launcher?.directives ?? [])];
  const commands = launcher?.commands ?? [];
  return {
    unit: unit.full,
    policyFile: policy.file,
    doorway: wayInOf(role),
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
      ...leftOpen(request, plannedValues(effective, directives)),
      ...renamable(request, plannedValues(effective, service.directives)),
      ...absentPrograms(request, plannedValues(effective, service.directives)),
      ...unreachablePrograms(request, plannedValues(effective, directives)),
      ...programNeeds(request, plannedValues(effective, directives), calls, role),
      ...calls.diagnostics,
      ...readyGap(policy),
      ...prefixGaps(policy, effective, calls.diagnostics),
      ...lockOuts(role, request, calls),
      ...overridden(effective, request.places?.dropIn, { directives, commands }),
      ...shadowed(effective, request.places?.dropIn, { directives, commands }),
    ],
  };
}

/** Sorts fatal directives last: where systemd can't take their value, the rest of the file is lost. */
const fatalLast = (a: PlannedDirective, b: PlannedDirective): number =>
  Number(isFatal(a)) - Number(isFatal(b));

const isFatal = ({ name }: PlannedDirective): boolean => findDirective(name)?.fatal === true;

const readyGap = ({ ready }: Policy): Diagnostic[] =>
  ready ? [error('gap-ready', 'nobody can enforce [ready]', { at: ready.at, hint: 'leave it out' })] : [];
