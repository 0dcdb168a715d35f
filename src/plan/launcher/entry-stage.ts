import { type Diagnostic, error } from '../../diagnostic.js';
import type { Target } from '../../target/target.js';
import { isOn, type UnitValues } from '../../unit/values.js';
import type { ConfinedUnit } from '../request.js';
import { hasCapability } from './capabilities.js';
import { confinedPrograms } from './commands.js';

/** Errors about a service in which the tracer of stage `entry` can't work: the launcher would refuse to start it. */
export function entryStageConflicts(request: ConfinedUnit, values: UnitValues): Diagnostic[] {
  const { policy, effective, target } = request;
  const stage = policy.syscalls?.stage;
  if (stage?.value !== 'entry') return [];
  const narrow = confinedPrograms(policy, effective).filter(
    (path) => target.programs.get(path)?.file.bits === 32,
  );
  const problems = [
    ...(isOn(values, 'PrivatePIDs') ? ['has PrivatePIDs=yes: its tracer would be its child'] : []),
    ...narrow.map((path) => `starts ${path}, a 32-bit program`),
    ...(mayTrace(target, values)
      ? []
      : [`can't be traced: kernel.yama.ptrace_scope is ${target.ptraceScope}`]),
  ];
  const hint = 'use stage = "exec"';
  return problems.map((problem) =>
    error('stage-unsupported', `stage "entry" can't serve this service, which ${problem}`, {
      at: stage.at,
      hint,
    }),
  );
}

/**
 * Whether Yama lets the tracer trace: up to scope 1 a process may choose it, in 2 it needs a capability, in 3 nobody
 * may.
 */
const mayTrace = (target: Target, values: UnitValues): boolean =>
  target.ptraceScope < 2 || (target.ptraceScope === 2 && hasCapability(values, target, 'CAP_SYS_PTRACE'));
