import { error } from '../../diagnostic.js';
import type { Records } from '../../explain/records/records.js';
import { refusedSinceStart } from '../../explain/refused-since-start.js';
import type { Context } from '../../machine/context.js';
import { launchersFilter, type RunUnit } from '../../machine/state/run-units.js';
import { hasFailed, isRunning } from '../../machine/state/service-run.js';
import type { ServiceState } from '../../verify/drift/service-state.js';
import { runsFree } from '../../verify/kernel/confinement.js';
import type { UnitStatus } from '../report/status.js';

/** The status of a unit that `run` has made, for its policy is nowhere but in the unit. */
export async function runStatus(context: Context, run: RunUnit, records: Records): Promise<UnitStatus> {
  const { unit, state: loaded, filtered } = run;
  const { mainPid } = loaded;
  const isFree =
    filtered && mainPid !== 0 && (await runsFree(context.system, mainPid, { noNewPrivileges: false }));
  const message = `${unit} is running without the filter that 'run' gave it`;
  const isSilent = context.machine !== undefined && launchersFilter(loaded, context.machine).isSilent;
  const services = [{ name: unit, state: loaded }];
  const refused = await refusedSinceStart(context, services, { records, isSilent });
  return {
    ...{ unit, state: stateOf(run, isFree), transient: true },
    ...{ recorded: [], gaps: [], missing: [], drift: [] },
    ...(refused ? { refused } : {}),
    diagnostics: isFree ? [error('looser', message)] : [],
  };
}

function stateOf({ state }: RunUnit, isFree: boolean): ServiceState {
  if (hasFailed(state)) return 'failed';
  if (isFree) return 'restart-due';
  return isRunning(state) ? 'live' : 'not-running';
}
