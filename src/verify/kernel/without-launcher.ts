/** Which processes of a unit the plan itself leaves without the launcher, told from those that got around it. */
import { isGuarded } from '../../filter/guard.js';
import type { Stack } from '../../filter/stack.js';
import type { Plan } from '../../plan/plan.js';
import { mainPid } from '../../state/main-process.js';
import { readStatus } from '../../state/process-status.js';
import { isUp } from '../../state/service-run.js';
import type { System, UnitProperties } from '../../system/system.js';
import { executable, isProgram } from './confinement.js';

/**
 * What a process must obey: the `policy`; without the launcher, as planned, what `systemd` enforces of it; or
 * `nothing`, which is systemd's own process, and what `+` keeps from any sandbox.
 */
export type Measure = 'policy' | 'systemd' | 'nothing';

/** A unit with its plan, and what the manager says of it. */
interface Planned {
  readonly plan: Plan;
  readonly unit: UnitProperties;
}

/**
 * What a process is held to that is looser than the policy. Filters are inherited and never shed, so that one without
 * the launcher's wasn't started by the main process.
 * @param obeys whether its filters do systemd's part
 */
export async function measureOf(
  system: System,
  { plan, unit }: Planned,
  looked: { readonly pid: number; readonly name: string },
  stack: Stack,
  obeys: () => Promise<boolean>,
): Promise<Measure> {
  if (stack.some(isGuarded) || looked.pid === mainPid(unit)) return 'policy';
  if (await isManagers(system, { plan, unit }, looked)) return 'nothing';
  if (plan.programs.length > 0 && (await isProgram(system, plan, looked.pid))) return 'policy';
  const keys = keysWithProcesses({ plan, unit });
  const free = keys.some((key) => key.endsWith('+'));
  if (keys.some((key) => !key.endsWith('+')) && (!free || (await obeys()))) return 'systemd';
  return free ? 'nothing' : 'policy';
}

/**
 * What systemd starts lines with before they are exec'd, and keeps as `(sd-pam)` where PAMName= is set. A process may call
 * itself so, and by a mount of its own run any file by that path, but it isn't root by that.
 */
async function isManagers(
  system: System,
  { plan, unit }: Planned,
  { pid, name }: { readonly pid: number; readonly name: string },
): Promise<boolean> {
  if (!/^\(.*\)$/.test(name)) return false;
  const manager = await executable(system, 1);
  const program = await executable(system, pid);
  // Since an upgrade it may be the former one, which the kernel marks.
  const path = program.replace(/ \(deleted\)$/, '');
  if (manager === '' || !managersPrograms(manager).includes(path)) return false;
  if (plan.target.scope === 'user') return true;
  if (name === '(sd-pam)' && String(unit.get('PAMName') ?? '') !== '') return true;
  return /^0\t/.test((await readStatus(system, `${pid}`))?.get('Uid') ?? '');
}

/** systemd forks what it starts, or, from version 255 on, has a program for that. */
const managersPrograms = (manager: string): string[] => {
  const path = manager.replace(/ \(deleted\)$/, '');
  return [path, `${path.slice(0, path.lastIndexOf('/'))}/systemd-executor`];
};

/** What these start systemd ends as the service goes down. */
const AT_END: readonly string[] = ['ExecStop', 'ExecStopPost'];

/** Keys of lines without the launcher whose processes may be there now. */
function keysWithProcesses({ plan, unit }: Planned): readonly string[] {
  const ends = isUp(unit) && ['control-group', 'mixed'].includes(String(unit.get('KillMode')));
  return ends ? plan.without.filter((key) => !AT_END.includes(key.replace(/=.*/, ''))) : plan.without;
}
