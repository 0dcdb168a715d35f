import { systemctl } from '../command-lines.js';
import { type Diagnostic, error, hasErrors, note, UserError } from '../diagnostic.js';
import { isPending } from '../emit/changes.js';
import { dropInPath } from '../paths.js';
import { fullName } from '../prepare/load/load-unit.js';
import { type Prepared, type PrepareOptions, prepare } from '../prepare/prepare.js';
import type { MachineFacts } from '../prepare/probe/target.js';
import { obstacleTo } from '../restart/may-restart.js';
import { preflight, preflightRestarts } from '../restart/preflight.js';
import { keepUntrusted, runsAsBefore } from '../state/applied-runs.js';
import { failedService } from '../state/failed-service.js';
import { restartDue } from '../state/notes.js';
import { dropInsOf } from '../state/service.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import type { UnitName } from '../unit/name.js';
import { notConfined } from '../verify/kernel/confinement.js';
import { mountedBy, replacedPrograms } from '../verify/kernel/replaced-programs.js';
import { withUnfilteredRuns } from '../verify/kernel/unfiltered-runs.js';
import { notInForce } from '../verify/manager/in-force.js';
import type { NotChanged, PendingApply } from './unit-result.js';

export interface ApplyOptions extends PrepareOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  /** False: leave the service as it runs. */
  readonly restart?: boolean;
}

/** What is the same for every unit of a run. */
export interface Planning {
  readonly options: ApplyOptions;
  /** Texts that diagnostics point into. */
  readonly sources: Map<string, string>;
  readonly machine: () => Promise<MachineFacts>;
}

export async function planApply(
  context: Context,
  unit: string,
  { options, sources, machine }: Planning,
): Promise<NotChanged | PendingApply> {
  try {
    const planned = await prepare(context, unit, options, machine);
    if (planned.diagnostics.some(({ code }) => code === 'untrusted-path')) {
      await keepUntrusted(context, planned.unit.name.full, planned.unit.services);
    }
    // A service that is only asked about is left in peace.
    const prepared = options.check ? planned : await withUnfilteredRuns(context, planned);
    for (const [file, text] of prepared.sources) sources.set(file, text);
    const { changes } = prepared;
    const diagnostics = [...prepared.diagnostics, ...(await preflight(context, prepared, options))];
    const { name, services } = prepared.unit;
    const found = { unit: name.full, changes, diagnostics, services, prepared };
    if (hasErrors(diagnostics)) return { ...found, state: 'refused' };
    const unloadable = notLoadable(context, prepared);
    if (unloadable) return { ...found, state: 'refused', diagnostics: [...diagnostics, unloadable] };
    return isPending(changes) ? { ...found, state: 'pending' } : inForce(context, found, options);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    for (const [file, text] of cause.sources) sources.set(file, text);
    const { exit, diagnostics } = cause;
    return { unit: fullName(unit), state: 'refused', changes: [], diagnostics, exit };
  }
}

/** What systemd itself can't load runs no better with a drop-in, and can't be read back. */
function notLoadable({ placement }: Context, { plan, unit }: Prepared): Diagnostic | undefined {
  const state = unit.properties?.get('LoadState') ?? 'loaded';
  if (state === 'loaded') return undefined;
  const hint = `'systemd-analyze ${placement.scope === 'user' ? '--user ' : ''}verify ${plan.unit}' says why`;
  return error('not-loaded', `systemd can't load ${plan.unit}: ${state}`, { hint });
}

/** A unit whose files are as they shall be. */
interface AsWritten extends Omit<PendingApply, 'state'> {}

/** Files that are as they shall be may still not be in force: overridden, younger than the service, or gone around. */
async function inForce(
  context: Context,
  written: AsWritten,
  { check, restart }: ApplyOptions,
): Promise<NotChanged | PendingApply> {
  const { plan, unit, appliedRuns } = written.prepared;
  if (unit.properties === undefined) return { ...written, state: 'unchanged' };
  const refused = (why: readonly Diagnostic[]): NotChanged => ({
    ...written,
    state: 'refused',
    diagnostics: [...written.diagnostics, ...why],
  });
  const wrong = notInForce(context, written.prepared, unit);
  if (wrong.length > 0)
    return mayBeUnread(context, unit.properties, unit.name) ? unread(written) : refused(wrong);
  const due: Diagnostic[] = [];
  let isDue = false;
  for (const service of unit.services) {
    const { name, properties } = service;
    const refuses = plan.meaning !== undefined && plan.mode === 'enforcing';
    due.push(...failedService(service, { scope: plan.target.scope, appliedRuns, refuses }));
    const replaced = await replacedPrograms(context.system, mountedBy(plan, name), properties);
    const isOld = await runsAsBefore(context, appliedRuns, properties);
    if (!isOld && replaced.length === 0) {
      const open = await notConfined(context.system, { ...plan, unit: name }, properties);
      if (open.length > 0) return refused(open.map((one) => withRestart(context, name, one)));
      continue;
    }
    const obstacle = await obstacleTo(context, service);
    const stays = restart === false || obstacle !== undefined;
    // Who restarts the service is told by what becomes of it.
    if (stays && replaced.length > 0) return refused(replaced);
    due.push(...replaced.map((one): Diagnostic => ({ ...one, severity: 'warning' })));
    if (replaced.length === 0 && (check || stays)) due.push(restartDue(name, obstacle));
    if (stays) continue;
    const problems = await preflightRestarts(context, 'apply', [service]);
    if (hasErrors(problems)) return refused(problems);
    due.push(...problems);
    isDue = true;
  }
  return {
    ...written,
    state: isDue ? 'pending' : 'unchanged',
    diagnostics: [...written.diagnostics, ...due],
  };
}

/**
 * Whether the manager may have read other files at the place of the drop-in: it doesn't see that they have changed where
 * these are older.
 */
const mayBeUnread = ({ placement }: Context, properties: UnitProperties, { full }: UnitName): boolean =>
  dropInsOf(properties).includes(dropInPath(placement, full));

/** Files that are yet to be read: whatever runs doesn't run with them. */
function unread(written: AsWritten): PendingApply {
  const { appliedRuns, ...rest } = written.prepared;
  const message = `systemd has other lines than the drop-in of ${written.unit}: it is made to read its files again`;
  return {
    ...written,
    state: 'pending',
    prepared: { ...rest, appliedRuns: { ...appliedRuns, since: Number.POSITIVE_INFINITY } },
    diagnostics: [...written.diagnostics, note('reload-due', message)],
  };
}

/** What runs without the filter that its files would give it was started when they weren't there. */
const withRestart = ({ placement }: Context, unit: string, open: Diagnostic): Diagnostic => ({
  ...open,
  hint: open.hint ?? systemctl(placement.scope, 'restart', unit),
});
