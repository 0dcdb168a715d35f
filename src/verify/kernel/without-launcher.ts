/** Tells the processes of a unit that the plan leaves without the launcher from those that got around it. */

import { orElse } from '../../machine/state/failures.js';
import { readStatus } from '../../machine/state/process-status.js';
import { isUp } from '../../machine/state/service-run.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import type { Plan } from '../../plan/plan.js';
import { isGuarded } from '../../seccomp/filter/guard.js';
import type { Stack } from '../../seccomp/filter/simulate.js';
import type { Target } from '../../systemd/target/target.js';

/**
 * The layer that a process is expected to have. `policy`: the whole policy. `systemd`: systemd's part of it, for a
 * process without the launcher, as planned. `nothing`: no part, for systemd's own process and for one that `+` keeps
 * from any sandbox.
 */
export type ExpectedLayer = 'policy' | 'systemd' | 'nothing';

/** A unit's plan and state. */
export interface PlannedUnit {
  readonly plan: Plan;
  readonly unit: UnitState;
}

/**
 * The expected layer of a process that is looser than the policy. Filters are inherited and never shed: the main process
 * didn't start a process without the launcher's filter.
 * @param obeys whether its filters do systemd's part
 */
export async function expectedLayer(
  system: System,
  { plan, unit }: PlannedUnit,
  looked: { readonly pid: number; readonly name: string },
  stack: Stack,
  obeys: () => Promise<boolean>,
): Promise<ExpectedLayer> {
  if (stack.some(isGuarded) || looked.pid === unit.mainPid) return 'policy';
  if (await isManagers(system, { plan, unit }, looked)) return 'nothing';
  const keys = keysWithProcesses({ plan, unit });
  const free = keys.some((key) => key.endsWith('+'));
  if (keys.some((key) => !key.endsWith('+')) && (!free || (await obeys()))) return 'systemd';
  return free ? 'nothing' : 'policy';
}

/**
 * Whether a process is systemd's own: it starts a line and has yet to exec, or is `(sd-pam)`, which stays if PAMName=
 * is set. A process may give itself such a name, and run any file by that path with a mount of its own, but that
 * doesn't make it root.
 */
export async function isManagers(
  system: System,
  { plan, unit }: { readonly plan: { readonly target: Pick<Target, 'scope'> }; readonly unit: UnitState },
  { pid, name }: { readonly pid: number; readonly name: string },
): Promise<boolean> {
  if (!/^\(.*\)$/.test(name)) return false;
  const manager = await programOf(system, 1);
  const program = await programOf(system, pid);
  if (manager === undefined || program === undefined) return false;
  // It forks itself, or has a program for that from version 255 on.
  const executor = `${manager.slice(0, manager.lastIndexOf('/'))}/systemd-executor`;
  if (![manager, executor].includes(program)) return false;
  if (plan.target.scope === 'user') return true;
  if (name === '(sd-pam)' && unit.pamName !== '') return true;
  return /^0\t/.test((await readStatus(system, `${pid}`))?.get('Uid') ?? '');
}

/** The kernel's mark behind the path of a file that is gone, as the former program is after an upgrade. */
const GONE = / \(deleted\)$/;

/** The file that a process runs, by the path at which it was mounted at its start; undefined where it isn't shown. */
const programOf = (system: System, pid: number): Promise<string | undefined> =>
  orElse(async () => (await system.links(`/proc/${pid}`)).get('exe')?.replace(GONE, ''), undefined);

/** Keys of lines whose processes systemd ends as the service goes down. */
const AT_END: readonly string[] = ['ExecStop', 'ExecStopPost'];

/** Keys of lines without the launcher that may have processes at present. */
function keysWithProcesses({ plan, unit }: PlannedUnit): readonly string[] {
  const ends = isUp(unit) && ['control-group', 'mixed'].includes(unit.killMode);
  return ends ? plan.without.filter((key) => !AT_END.includes(key.replace(/=.*/, ''))) : plan.without;
}
