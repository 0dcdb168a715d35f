/** Gives the running processes of a unit a filter: native-helper/tighten does it, and documents how. */

import { type Diagnostic, EXIT, error, printable, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { holdingLock } from '../../machine/holding-lock.js';
import { unitGroups } from '../../machine/state/control-group.js';
import type { Service } from '../../machine/state/service.js';
import type { ProcessResult } from '../../machine/system.js';
import { nativeProgram } from '../../prepare/load/installed-programs.js';
import { HELPER_MACHINES, type Machine } from '../../seccomp/syscalls/abi.js';
import { systemctl } from '../../systemd/command-lines.js';
import { injectedFilterPath, injectionLockPath } from '../../systemd/paths/records.js';
import { findingErrors } from './findings.js';
import { parseReport, type Report } from './parse-report.js';

/** A filter file of stage `ready`, and the machine that it is for. */
export interface Filter {
  readonly file: Uint8Array;
  readonly machine: Machine;
}

/** The outcome of an injection. `unknown`: nobody knows how the processes are. */
export interface Injected extends Pick<Report, 'threads' | 'processes' | 'paused'> {
  readonly ending: Report['ending'] | 'unknown';
  /** Errors; none where all have the filter, or would get it. */
  readonly failures: readonly Diagnostic[];
}

/** More than a line for each thread that can be stopped, in bytes: a run that says more would be killed. */
const LIMIT = 64 << 20;

/**
 * Far longer than any run takes, in milliseconds. The end of the program in the middle is the end of the processes that it
 * has stopped.
 */
const TIMEOUT = 600_000;

/** How long another run may take for that, in seconds: some milliseconds, as a rule. */
const LONGEST_WAIT = 60;

const UNCHANGED = { ending: 'unchanged', threads: 0, processes: 0, paused: undefined } as const;

/**
 * Gives all threads of a unit's control group a filter, all or none of them.
 * @param isTrial whether it is only seen if they could be given it: they stand still for that, too
 * @throws UserError `no-helper`, `unwritable`, `busy`
 */
export async function inject(
  context: Context,
  unit: Service,
  { file, machine }: Filter,
  isTrial = false,
): Promise<Injected> {
  const { system, placement } = context;
  const program = await nativeProgram(context, 'tighten');
  const group = await threadedGroup(context, unit);
  if (group === undefined) return { ...UNCHANGED, failures: [noGroup(unit.name)] };
  const path = injectedFilterPath(placement, unit.name);
  return whileInjecting(context, unit.name, async () => {
    await system.replace(path, file, { mode: 0o600 });
    try {
      const argv = [
        program,
        '--report',
        '--cgroup',
        group,
        '--filter',
        path,
        ...(isTrial ? ['--dry-run'] : []),
      ];
      const result = await system.run(argv, { limit: LIMIT, timeout: TIMEOUT });
      return await outcomeOf(context, unit.name, machine, result);
    } finally {
      await system.remove(path);
    }
  });
}

/**
 * Takes a step while no other run gives the processes of a unit a filter: the kernel has room for one tracer. Other units'
 * changes, which may take minutes, are none of its business.
 */
export const whileInjecting = <T>(context: Context, unit: string, step: () => Promise<T>): Promise<T> =>
  holdingLock(
    context,
    {
      path: injectionLockPath(context.placement, unit),
      wait: LONGEST_WAIT,
      holder: `another sandbox-unit is loading a filter into ${unit}`,
    },
    step,
  );

/** Errors where a unit's threads could not be given one of the filters. They stand still for it, and nothing is changed. */
export async function againstInjecting(
  context: Context,
  unit: Service,
  filters: readonly Filter[],
): Promise<readonly Diagnostic[]> {
  for (const filter of filters) {
    const { failures } = await inject(context, unit, filter, true);
    if (failures.length > 0) return failures;
  }
  return [];
}

/** The folder of a unit's control group of version 2, which alone has all threads of all that is below it. */
async function threadedGroup({ system }: Context, { state }: Service): Promise<string | undefined> {
  for (const folder of await unitGroups(system, state))
    if ((await system.list(folder)).includes('cgroup.threads')) return folder;
  return undefined;
}

const noGroup = (unit: string): Diagnostic =>
  error('not-running', `${unit} has no processes in a control group of version 2`);

async function outcomeOf(
  { system, placement: { scope } }: Context,
  unit: string,
  machine: Machine,
  { status, stdout, stderr, unstartable }: ProcessResult,
): Promise<Injected> {
  const report = unstartable ? undefined : parseReport(stdout, status);
  const said = printable(stderr.trim().split('\n').at(-1) ?? '') || `status ${status}`;
  if (unstartable) return { ...UNCHANGED, failures: [failed(unit, `tighten can't be run: ${said}`)] };
  if (!report) {
    const message = `cannot tell whether the processes of ${unit} have the filter, lack it or were killed: ${said}`;
    const hint = `'${systemctl(scope, 'restart', unit)}' restarts it`;
    return { ...UNCHANGED, ending: 'unknown', failures: [failed(unit, message, hint)] };
  }
  const { ending, findings, threads, processes, paused } = report;
  const found = await findingErrors(system, unit, machine, findings);
  if (ending === 'unchanged' && found.length === 0) found.push(failed(unit, `${unit}: ${said}`));
  const failures = ending === 'killed' ? [killed(scope, unit), ...found] : found;
  return { ending, threads, processes, paused, failures };
}

const failed = (unit: string, message: string, hint?: string): Diagnostic =>
  error('not-tightened', message.includes(unit) ? message : `${unit}: ${message}`, { hint });

const killed = (scope: Context['placement']['scope'], unit: string): Diagnostic =>
  error(
    'processes-killed',
    `all processes of ${unit} were killed: some had the filter, and it could not be loaded into the others`,
    {
      hint: `'${systemctl(scope, 'status', unit)}' shows whether it is up again, '${systemctl(scope, 'restart', unit)}' starts it`,
    },
  );

/** @throws UserError where the machine is none whose processes can be given a filter */
export function assertCanInject({ placement, machine, offline, isRecorded }: Context): Machine {
  const problem =
    offline || isRecorded
      ? 'this is a machine in a folder, without running processes'
      : placement.scope === 'user'
        ? "a user's service manager may not load filters into running processes"
        : machine && HELPER_MACHINES.includes(machine)
          ? undefined
          : `filters can't be loaded into running processes on ${machine ?? 'this machine'}`;
  if (problem === undefined) return machine!;
  throw new UserError(
    error('not-live', problem, { hint: 'apply a policy, and restart the unit' }),
    EXIT.failure,
  );
}
