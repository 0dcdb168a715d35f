import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { Plan } from '../../plan/plan.js';
import { mainPid, START } from '../../state/main-process.js';
import { readStatus } from '../../state/process-status.js';
import type { System, UnitProperties } from '../../system/system.js';
import type { Program } from '../../target/target.js';

/** More of a command line than a path takes, in bytes. */
const MAX_WORDS = 1 << 16;

/** SECCOMP_MODE_FILTER, as /proc/PID/status has it. */
const FILTERED = '2';

/** How long a start script may take to become one of `[exec] programs`, and how often it is looked at, in milliseconds. */
const PATIENCE = 10_000;
const STEP = 200;

/** A process of Type=idle waits for other jobs before it is confined, up to 5 s (systemd.service(5)). */
const IDLE = 6_000;

/** Whether a plan holds the service's main process to a filter. */
const filtersMain = (plan: Plan): boolean =>
  startsBehindLauncher(plan) || becomesProgram(plan) || refusesBySystemd(plan);

/** What ExecStart= starts hands its filter on to whatever it becomes. */
const startsBehindLauncher = ({ filter, commands }: Plan): boolean =>
  filter !== undefined && commands.some(({ key, wrapped }) => key === 'ExecStart' && wrapped > 0);

/** A start script becomes one of `[exec] programs`, and only then gets the launcher's filter. */
const becomesProgram = (plan: Plan): boolean =>
  plan.filter !== undefined && plan.programs.length > 0 && !startsBehindLauncher(plan);

/** What SystemCallFilter= has on the bus isn't always loaded: the kernel or SYSTEMD_SECCOMP=0 may stand against it. */
const refusesBySystemd = ({ systemCalls }: Plan): boolean =>
  systemCalls !== undefined && (systemCalls.mode === 'allow' || systemCalls.refused.size > 0);

/**
 * Whether the kernel holds the main process of a running unit to a filter as the plan says. Says why not; nothing of a
 * unit without a main process. A service may be filtered by systemd alone: where a start script becomes the program,
 * only the file that runs tells whether it came by the launcher.
 */
export async function notConfined(system: System, plan: Plan, unit: UnitProperties): Promise<Diagnostic[]> {
  const pid = mainPid(unit);
  if (!filtersMain(plan) || pid === 0) return [];
  const wanted = { noNewPrivileges: plan.filter?.noNewPrivileges ?? false };
  const patience = unit.get('Type') === 'idle' ? IDLE : START;
  const status = await statusSoon(system, pid, { ...wanted, patience });
  if (status === undefined) return [unconfined(plan, pid, 'has ended')];
  if (!isFiltered(status)) return [unfiltered(plan, pid)];
  if (!isConfined(status, wanted)) {
    return [unconfined(plan, pid, "may gain privileges: NoNewPrivs isn't set")];
  }
  if (!becomesProgram(plan) || (await isProgram(system, plan, pid))) return [];
  const program = printable(await executable(system, pid));
  return [
    error('not-confined', `the main process of ${plan.unit} is ${program}, which no launcher started`, {
      hint: `name what it becomes: programs = ["${program}"] in [exec]`,
    }),
  ];
}

/** Whether a process runs that the kernel holds to no filter, or that may gain privileges where none may. */
export async function runsFree(system: System, pid: number, wanted: Wanted): Promise<boolean> {
  const status = await statusSoon(system, pid, { ...wanted, patience: START });
  return status !== undefined && !isConfined(status, wanted);
}

/** What a process has by a filter, besides that. */
interface Wanted {
  readonly noNewPrivileges: boolean;
}

const isFiltered = (status: ReadonlyMap<string, string>): boolean => status.get('Seccomp') === FILTERED;

const isConfined = (status: ReadonlyMap<string, string>, { noNewPrivileges }: Wanted): boolean =>
  isFiltered(status) && (!noNewPrivileges || status.get('NoNewPrivs') === '1');

/** What the kernel says of a process; of one that isn't confined yet, when systemd and the launcher have had the time for it. */
async function statusSoon(system: System, pid: number, wanted: Wanted & { readonly patience: number }) {
  const status = await readStatus(system, `${pid}`);
  if (status === undefined || isConfined(status, wanted)) return status;
  await system.wait(wanted.patience);
  return readStatus(system, `${pid}`);
}

/** Waits until a start script has become one of `[exec] programs`, at most as long as it may take. */
export async function awaitPrograms(system: System, plan: Plan): Promise<void> {
  if (!becomesProgram(plan)) return;
  for (let waited = 0; waited < PATIENCE; waited += STEP) {
    const pid = mainPid(await system.unit(plan.unit));
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

/** What the kernel puts behind the path of a file that is gone. */
export const GONE = ' (deleted)';

/** The file that a process runs, as it was mounted where it was started: a mount point of ours is named as such. */
export const executable = async (system: System, pid: number): Promise<string> =>
  (await system.run(['readlink', `/proc/${pid}/exe`])).stdout.replace(/\n$/, '');

/** Whether a process runs one of `[exec] programs`: of a script its interpreter is what runs, with the script's path among its arguments. */
export async function isProgram(system: System, { programs, target }: Plan, pid: number): Promise<boolean> {
  const running = await executable(system, pid);
  // The kernel says so of a mounted file in whose mount namespace nobody is any more: what its filter does is seen elsewhere.
  if (running === '/') return true;
  if (programs.some(({ place }) => place === running || `${place}${GONE}` === running)) return true;
  const interpreted = programs.filter(({ path }) => isInterpreted(target.programs.get(path)));
  if (interpreted.length === 0) return false;
  const file = await system.read(`/proc/${pid}/cmdline`, { limit: MAX_WORDS, head: true });
  const words = new TextDecoder().decode(file?.bytes).split('\0').slice(1);
  return interpreted.some(({ place }) => words.includes(place));
}

/** A program of the machine itself runs as such: that its path is among the arguments of another says nothing. */
const isInterpreted = (program: Program | undefined): boolean =>
  program !== undefined && ['script', 'other'].includes(program.file.kind);
