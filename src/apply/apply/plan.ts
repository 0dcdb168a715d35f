import { type Diagnostic, error, hasErrors, note } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { restartDue } from '../../machine/state/notes.js';
import { keepUntrusted } from '../../machine/state/untrusted-runs.js';
import type { UnitState } from '../../machine/unit-state.js';
import { isPending } from '../../plan/emit/changes.js';
import type { Gathered, PrepareOptions } from '../../prepare/gather.js';
import { makePrepared, type Prepared } from '../../prepare/prepare.js';
import { dropInPath } from '../../systemd/paths/own-files.js';
import type { UnitName } from '../../systemd/unit/name.js';
import { mainOf } from '../../verify/kernel/confinement.js';
import { againstInjecting } from '../live/inject.js';
import { type LiveChange, planLive } from '../live/live-change.js';
import { whileLocked } from '../lock.js';
import { restartOutlooks } from '../restart/outlook.js';
import { preflight } from '../restart/preflight.js';
import type { NotChanged, PendingApply } from '../unit-result.js';
import { seenInForce, type UnitDifferences } from './in-force.js';

export interface ApplyOptions extends PrepareOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  readonly json?: boolean;
  /** False leaves the service as it runs. */
  readonly restart?: boolean;
  /** Whether services are given the policy as they run. */
  readonly live?: boolean;
  /** The time to confirm the change, as on the command line; false: it holds at once. */
  readonly confirm?: string | false;
  /** False refuses units of which systemd has yet to read files. */
  readonly reload?: boolean;
}

/**
 * Plans a unit of which more is to be said than that it stays as it is.
 * @param known what was seen of it already, if its files are as planned
 * @throws UserError as makePrepared()
 */
export async function planApply(
  context: Context,
  gathered: Gathered,
  options: ApplyOptions,
  known?: UnitDifferences,
): Promise<NotChanged | PendingApply> {
  const { name, services } = gathered.unit;
  const making = `${name.full}: making its plan`;
  const prepared = await context.caller.during(making, () => makePrepared(context, gathered));
  if (prepared.diagnostics.some(({ code }) => code === 'untrusted-path')) {
    await keepUntrusted(context, name.full, services);
  }
  const { changes } = prepared;
  const restart = options.restart !== false && !options.live;
  const before = await preflight(context, prepared, { ...options, restart });
  const diagnostics = [...prepared.diagnostics, ...before];
  const found = { unit: name.full, changes, diagnostics, services, prepared };
  if (hasErrors(diagnostics)) return { ...found, state: 'refused' };
  const unloadable = notLoadable(context, prepared);
  if (unloadable) return { ...found, state: 'refused', diagnostics: [...diagnostics, unloadable] };
  if (options.live) return await asItRuns(context, found, options);
  return isPending(changes) ? { ...found, state: 'pending' } : inForce(context, found, options, known);
}

/** A unit whose services are given the policy as they run. */
async function asItRuns(
  context: Context,
  found: AsWritten,
  options: ApplyOptions,
): Promise<NotChanged | PendingApply> {
  const { live, diagnostics } = await planLive(context, found.prepared, {
    isSure: options.confirm === false,
  });
  const against = options.check && live ? await againstChange(context, live) : [];
  const foundLive = [...diagnostics, ...against];
  const all = { ...found, diagnostics: [...found.diagnostics, ...foundLive] };
  if (hasErrors(foundLive)) return { ...all, state: 'refused' };
  if (live !== undefined || isPending(found.changes)) return { ...all, state: 'pending', live };
  return inForce(context, all, { ...options, restart: false });
}

/** Errors that the change itself would meet in threads. Who changes units stops threads, too, and may not find them traced. */
async function againstChange(context: Context, { services, filters }: LiveChange): Promise<Diagnostic[]> {
  if (!context.superuser) {
    const message = 'only root can check whether the filter can be loaded into the running service';
    return [error('needs-root', message, { hint: 'run it with sudo' })];
  }
  return whileLocked(context, async () => {
    const found: Diagnostic[] = [];
    for (const service of services) found.push(...(await againstInjecting(context, service, filters)));
    return found;
  });
}

/** An error for a unit that systemd can't load: its drop-in could not be read back. */
function notLoadable({ placement }: Context, { plan, unit }: Prepared): Diagnostic | undefined {
  const loadState = unit.state?.loadState ?? 'loaded';
  if (loadState === 'loaded') return undefined;
  const hint = `'systemd-analyze ${placement.scope === 'user' ? '--user ' : ''}verify ${plan.unit}' shows why`;
  return error('not-loaded', `systemd can't load ${plan.unit}: ${loadState}`, { hint });
}

/** A unit whose files are as planned. */
interface AsWritten extends Omit<PendingApply, 'state'> {}

/** Sees whether files that are as planned are in force, and restarts services that run without them. */
async function inForce(
  context: Context,
  written: AsWritten,
  { check, restart }: ApplyOptions,
  known?: UnitDifferences,
): Promise<NotChanged | PendingApply> {
  const { prepared } = written;
  const { plan, unit } = prepared;
  if (unit.state === undefined) return { ...written, state: 'unchanged' };
  const refused = (why: readonly Diagnostic[]): NotChanged => ({
    ...written,
    state: 'refused',
    diagnostics: [...written.diagnostics, ...why],
  });
  const refuses = (plan.meaning ?? plan.ready) !== undefined && plan.mode === 'enforcing';
  const expected = { ...prepared, main: mainOf(plan), target: plan.target, refuses };
  const seen = known ?? (await seenInForce(context, expected));
  if (seen.otherwise.length > 0)
    return mayBeUnread(context, unit.state, unit.name) ? unread(written) : refused(seen.otherwise);
  if (seen.open.length > 0) return refused(seen.open);
  const due = [...seen.failed];
  let isDue = false;
  for (const service of seen.due) {
    const [outlook] = await restartOutlooks(context, 'apply', [service]);
    const obstacle = await outlook!.obstacle();
    const stays = restart === false || obstacle !== undefined;
    if (check || stays) due.push(restartDue(service.name, obstacle));
    if (stays) continue;
    const { diagnostics } = outlook!;
    if (hasErrors(diagnostics)) return refused(diagnostics);
    due.push(...diagnostics);
    isDue = true;
  }
  return {
    ...written,
    state: isDue ? 'pending' : 'unchanged',
    diagnostics: [...written.diagnostics, ...due],
  };
}

/**
 * Whether systemd may have read another drop-in at the same place: it doesn't notice a change to an older file.
 */
const mayBeUnread = ({ placement }: Context, state: UnitState, { full }: UnitName): boolean =>
  state.dropInPaths.includes(dropInPath(placement, full));

/** A unit whose files systemd has yet to read: no service runs with them. */
function unread(written: AsWritten): PendingApply {
  const { appliedRuns, ...rest } = written.prepared;
  const message = `systemd has loaded an older version of the drop-in of ${written.unit}: apply reloads systemd`;
  return {
    ...written,
    state: 'pending',
    prepared: { ...rest, appliedRuns: { ...appliedRuns, since: Number.POSITIVE_INFINITY } },
    diagnostics: [...written.diagnostics, note('reload-due', message)],
  };
}
