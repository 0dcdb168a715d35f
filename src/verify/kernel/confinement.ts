import { type Diagnostic, error } from '../../diagnostic.js';
import { PROGRAM_WITHIN, readStatus } from '../../machine/state/process-status.js';
import type { System } from '../../machine/system.js';
import type { UnitState } from '../../machine/unit-state.js';
import type { Plan, PlannedFilter } from '../../plan/plan.js';
import { mayPass } from '../../seccomp/syscalls/named-policy.js';

/** SECCOMP_MODE_FILTER in /proc/PID/status. */
const FILTERED = '2';

/**
 * The time for a process of Type=idle, in milliseconds. It waits up to 5 s for other jobs before it is confined
 * (systemd.service(5)), and then up to 1 s for the manager to take notice (IDLE_TIMEOUT2_USEC). The rest is for
 * confining it.
 */
const IDLE = 8_000;

/** The expected state of a service's main process. */
export interface ExpectedMain {
  readonly unit: string;
  /** Whether it has a filter from its start on, the launcher's or systemd's. */
  readonly filtersMain: boolean;
  /** The launcher's filter. */
  readonly filter: Pick<PlannedFilter, 'noNewPrivileges' | 'log'> | undefined;
}

/** The expected state by a plan. */
export const mainOf = (plan: Plan): ExpectedMain => ({
  unit: plan.unit,
  filter: plan.filter,
  filtersMain: startsBehindLauncher(plan) || refusesBySystemd(plan),
});

/** Whether ExecStart= starts behind the launcher: a process hands its filter on to whatever it becomes. */
const startsBehindLauncher = ({ filter, commands }: Plan): boolean =>
  filter !== undefined && commands.some(({ key, wrapped }) => key === 'ExecStart' && wrapped > 0);

/**
 * Whether systemd is to load a filter that refuses calls. SystemCallFilter= on the bus doesn't prove that it is loaded:
 * the kernel or SYSTEMD_SECCOMP=0 may stand against it.
 */
const refusesBySystemd = ({ systemCalls }: Plan): boolean =>
  systemCalls !== undefined &&
  (systemCalls.mode === 'allow' || [...systemCalls.verdicts.values()].some((one) => !mayPass(one)));

/**
 * An error if the kernel doesn't hold the main process of a running unit to a filter as the plan says; none for a unit
 * without a main process. The filter may be systemd's alone.
 */
export async function notConfined(
  system: System,
  held: ExpectedMain,
  unit: UnitState,
): Promise<Diagnostic[]> {
  const pid = unit.mainPid;
  if (!held.filtersMain || pid === 0) return [];
  const wanted = { noNewPrivileges: held.filter?.noNewPrivileges ?? false };
  const patience = unit.type === 'idle' ? IDLE : PROGRAM_WITHIN;
  const status = await statusSoon(system, pid, { ...wanted, patience });
  if (status === undefined) return [unconfined(held, pid, 'has ended')];
  if (!isFiltered(status)) return [unfiltered(held, pid)];
  return isConfined(status, wanted)
    ? []
    : [unconfined(held, pid, "may gain privileges: NoNewPrivs isn't set")];
}

/** Whether a process runs that the kernel holds to no filter, or that may gain privileges where none may. */
export async function runsFree(system: System, pid: number, wanted: ExpectedState): Promise<boolean> {
  const status = await statusSoon(system, pid, { ...wanted, patience: PROGRAM_WITHIN });
  return status !== undefined && !isConfined(status, wanted);
}

/** The state that a process must have besides a filter. */
interface ExpectedState {
  readonly noNewPrivileges: boolean;
}

const isFiltered = (status: ReadonlyMap<string, string>): boolean => status.get('Seccomp') === FILTERED;

const isConfined = (status: ReadonlyMap<string, string>, { noNewPrivileges }: ExpectedState): boolean =>
  isFiltered(status) && (!noNewPrivileges || status.get('NoNewPrivs') === '1');

/**
 * The status of a process. If it isn't confined yet, systemd and the launcher are given time for that before a second
 * look.
 */
async function statusSoon(
  system: System,
  pid: number,
  wanted: ExpectedState & { readonly patience: number },
) {
  const status = await readStatus(system, `${pid}`);
  if (status === undefined || isConfined(status, wanted)) return status;
  await system.wait(wanted.patience);
  return readStatus(system, `${pid}`);
}

const unconfined = ({ unit }: ExpectedMain, pid: number, what: string, hint?: string) =>
  error('looser', `the main process of ${unit} (${pid}) ${what}`, { hint });

const unfiltered = (held: ExpectedMain, pid: number) => {
  const bySystemd = `systemd loads no filter for ExecStart=+ or with SYSTEMD_SECCOMP=0; 'enforcer = "launcher"' does not need systemd for that`;
  return unconfined(held, pid, 'has no system call filter', held.filter ? undefined : bySystemd);
};
