import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { Plan } from '../../plan/plan.js';
import { PROGRAM_WITHIN, readStatus } from '../../state/process-status.js';
import type { System } from '../../system/system.js';
import type { UnitState } from '../../system/unit-state.js';
import type { Program } from '../../target/target.js';

/** The most bytes of a command line that are read: more than a path takes. */
const MAX_WORDS = 1 << 16;

/** SECCOMP_MODE_FILTER in /proc/PID/status. */
const FILTERED = '2';

/** The time for a start script to become one of `[exec] programs`, and the pause between two looks, in milliseconds. */
const PATIENCE = 10_000;
const STEP = 200;

/**
 * The time for a process of Type=idle, in milliseconds. It waits up to 5 s for other jobs before it is confined
 * (systemd.service(5)), and then up to 1 s for the manager to take notice (IDLE_TIMEOUT2_USEC). The rest is for
 * confining it.
 */
const IDLE = 8_000;

/** Whether a plan holds the service's main process to a filter. */
const filtersMain = (plan: Plan): boolean =>
  startsBehindLauncher(plan) || becomesProgram(plan) || refusesBySystemd(plan);

/** Whether ExecStart= starts behind the launcher: a process hands its filter on to whatever it becomes. */
const startsBehindLauncher = ({ filter, commands }: Plan): boolean =>
  filter !== undefined && commands.some(({ key, wrapped }) => key === 'ExecStart' && wrapped > 0);

/** Whether a start script becomes one of `[exec] programs`, and only then gets the launcher's filter. */
const becomesProgram = (plan: Plan): boolean =>
  plan.filter !== undefined && plan.programs.length > 0 && !startsBehindLauncher(plan);

/**
 * Whether systemd is to load a filter that refuses calls. SystemCallFilter= on the bus doesn't prove that it is loaded:
 * the kernel or SYSTEMD_SECCOMP=0 may stand against it.
 */
const refusesBySystemd = ({ systemCalls }: Plan): boolean =>
  systemCalls !== undefined && (systemCalls.mode === 'allow' || systemCalls.refused.size > 0);

/**
 * An error if the kernel doesn't hold the main process of a running unit to a filter as the plan says; none for a unit
 * without a main process. The filter may be systemd's alone. If a start script becomes the program, only the file that
 * runs tells whether the launcher started it.
 */
export async function notConfined(system: System, plan: Plan, unit: UnitState): Promise<Diagnostic[]> {
  const pid = unit.mainPid;
  if (!filtersMain(plan) || pid === 0) return [];
  const wanted = { noNewPrivileges: plan.filter?.noNewPrivileges ?? false };
  const patience = unit.type === 'idle' ? IDLE : PROGRAM_WITHIN;
  const status = await statusSoon(system, pid, { ...wanted, patience });
  if (status === undefined) return [unconfined(plan, pid, 'has ended')];
  if (!isFiltered(status)) return [unfiltered(plan, pid)];
  if (!isConfined(status, wanted)) {
    return [unconfined(plan, pid, "may gain privileges: NoNewPrivs isn't set")];
  }
  if (!becomesProgram(plan) || (await isProgram(system, plan, pid))) return [];
  const program = printable(await executable(system, pid));
  if (program === '') return [await unnamed(system, plan, pid)];
  return [
    error('not-confined', `the main process of ${plan.unit} is ${program}, which no launcher started`, {
      hint: `name what it becomes: programs = ["${program}"] in [exec]`,
    }),
  ];
}

/** The error about a main process whose file the kernel doesn't name: it has ended, or is another user's. */
async function unnamed(system: System, plan: Plan, pid: number): Promise<Diagnostic> {
  const status = await readStatus(system, `${pid}`);
  if (status === undefined || /^[ZX]/.test(status.get('State') ?? ''))
    return unconfined(plan, pid, 'has ended');
  return error('processes-unreadable', `nobody knows what the main process of ${plan.unit} (${pid}) runs`, {
    hint: 'run it as root, and outside of any container',
  });
}

/** Whether a process runs that the kernel holds to no filter, or that may gain privileges where none may. */
export async function runsFree(system: System, pid: number, wanted: Wanted): Promise<boolean> {
  const status = await statusSoon(system, pid, { ...wanted, patience: PROGRAM_WITHIN });
  return status !== undefined && !isConfined(status, wanted);
}

/** The state that a process must have besides a filter. */
interface Wanted {
  readonly noNewPrivileges: boolean;
}

const isFiltered = (status: ReadonlyMap<string, string>): boolean => status.get('Seccomp') === FILTERED;

const isConfined = (status: ReadonlyMap<string, string>, { noNewPrivileges }: Wanted): boolean =>
  isFiltered(status) && (!noNewPrivileges || status.get('NoNewPrivs') === '1');

/**
 * The status of a process. If it isn't confined yet, systemd and the launcher are given time for that before a second
 * look.
 */
async function statusSoon(system: System, pid: number, wanted: Wanted & { readonly patience: number }) {
  const status = await readStatus(system, `${pid}`);
  if (status === undefined || isConfined(status, wanted)) return status;
  await system.wait(wanted.patience);
  return readStatus(system, `${pid}`);
}

/** Waits until a start script has become one of `[exec] programs`, for the time that this may take at most. */
export async function awaitPrograms(system: System, plan: Plan): Promise<void> {
  if (!becomesProgram(plan)) return;
  for (let waited = 0; waited < PATIENCE; waited += STEP) {
    const { mainPid: pid } = await system.unit(plan.unit);
    if (pid === 0 || (await isProgram(system, plan, pid))) return;
    await system.wait(STEP);
  }
}

const unconfined = ({ unit }: Plan, pid: number, what: string, hint?: string) =>
  error('not-confined', `the main process of ${unit} (${pid}) ${what}`, { hint });

const unfiltered = (plan: Plan, pid: number) => {
  const bySystemd = `systemd loads none for ExecStart=+, nor with SYSTEMD_SECCOMP=0; 'enforcer = "launcher"' needs no systemd`;
  return unconfined(plan, pid, 'has no system call filter', plan.filter ? undefined : bySystemd);
};

/** The kernel's mark behind the path of a file that is gone. */
export const GONE = ' (deleted)';

/**
 * The file that a process runs, by the path at which it was mounted when it was started: a mount point of ours is named
 * as such.
 */
export const executable = async (system: System, pid: number): Promise<string> =>
  (await system.run(['readlink', `/proc/${pid}/exe`])).stdout.replace(/\n$/, '');

/**
 * Whether a process runs one of `[exec] programs`. The running file of a script is its interpreter, with the script's
 * path among the arguments.
 */
export async function isProgram(system: System, { programs, target }: Plan, pid: number): Promise<boolean> {
  const running = await executable(system, pid);
  // The kernel gives `/` for a mounted file in whose mount namespace nobody is left; other checks look at its filter.
  if (running === '/') return true;
  if (programs.some(({ place }) => place === running || `${place}${GONE}` === running)) return true;
  const interpreted = programs.filter(({ path }) => isInterpreted(target.programs.get(path)));
  if (interpreted.length === 0) return false;
  const file = await system.read(`/proc/${pid}/cmdline`, { limit: MAX_WORDS, head: true });
  const words = new TextDecoder().decode(file?.bytes).split('\0').slice(1);
  return interpreted.some(({ place }) => words.includes(place));
}

/**
 * Whether a program may run by an interpreter. A program of the machine itself runs as such: its path among the
 * arguments of another says nothing.
 */
const isInterpreted = (program: Program | undefined): boolean =>
  program !== undefined && ['script', 'other'].includes(program.file.kind);
