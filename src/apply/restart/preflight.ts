/**
 * Obstacles to a restart, of a service and of its dependents: a unit that ends more than itself when it stops or fails; a
 * condition that doesn't hold any more, or a required unit that is down; work that goes on; this program's own control group.
 */

import { inBatches } from '../../collections.js';
import { type Diagnostic, note } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { restartDue } from '../../machine/state/notes.js';
import { ASKED_AT_ONCE, type Service } from '../../machine/state/service.js';
import { isRunning } from '../../machine/state/service-run.js';
import { isPending } from '../../plan/emit/changes.js';
import { keptForGood } from '../../prepare/kept-for-good.js';
import type { Prepared } from '../../prepare/prepare.js';
import { probeProblems } from '../../prepare/probe/programs.js';
import { enabledAtBoot } from './enabled-at-boot.js';
import { isRestartDue } from './may-restart.js';
import { type RestartOutlook, restartOutlooks } from './outlook.js';
import type { Restarting } from './own-control-group.js';

interface Meant {
  /** The verb; `explain --record` also starts services that don't run. */
  readonly verb?: Restarting;
  /** False if no service will be restarted, and so none tried. */
  readonly restart?: boolean | undefined;
  /** Whether restarts are only to be reported. */
  readonly check?: boolean | undefined;
}

/** A prepared change, as far as it is looked at beforehand. */
type PreparedChange = Pick<Prepared, 'unit' | 'policy' | 'changes' | 'appliedRuns'>;

/** Diagnostics about obstacles that would otherwise show only when the files are written. */
export async function preflight(
  context: Context,
  prepared: PreparedChange,
  { verb = 'apply', restart = true, check = false }: Meant = {},
): Promise<Diagnostic[]> {
  const { unit, policy } = prepared;
  const due = restart ? await toBeRestarted(context, prepared, verb) : [];
  const outlooks = await restartOutlooks(context, verb, due);
  const found = [
    ...(changesFiles(prepared, verb) ? await enabledAtBoot(context, [unit.name.full]) : []),
    ...(restart ? await probeProblems(context, policy.policy) : []),
    ...(context.placement.lifetime === 'runtime' ? await keptForGood(context, unit.name) : []),
    ...outlooks.flatMap(({ diagnostics }) => diagnostics),
  ];
  if (!check || found.some(({ severity }) => severity === 'error')) return found;
  return [...found, ...(await Promise.all(outlooks.map(wouldBeRestarted)))];
}

const changesFiles = ({ changes }: PreparedChange, verb: Restarting): boolean =>
  verb === 'explain --record' || isPending(changes);

async function wouldBeRestarted({ name, obstacle }: RestartOutlook): Promise<Diagnostic> {
  const why = await obstacle();
  return why === undefined ? note('would-restart', `${name} would be restarted`) : restartDue(name, why);
}

async function toBeRestarted(
  context: Context,
  prepared: PreparedChange,
  verb: Restarting,
): Promise<readonly Service[]> {
  const { services } = prepared.unit;
  if (verb === 'explain --record') return services;
  if (!isPending(prepared.changes)) return [];
  const running = services.filter(({ state }) => isRunning(state));
  const due = await inBatches(running, ASKED_AT_ONCE, (one) => isRestartDue(context, prepared, one));
  return running.filter((_, i) => due[i]);
}
