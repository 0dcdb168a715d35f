import { shortList } from '../../collections.js';
import { type Diagnostic, error, note, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { confinedPlaces, isOurs } from '../../machine/state/own-files.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { isServiceName } from '../../systemd/unit/name.js';
import { refuseWaiting } from '../confirm/pending.js';
import { addPrograms, planRevert, type RevertOptions } from '../revert/plan.js';
import { isToBeChanged, type NotChanged, type Pending, type UnitResult } from '../unit-result.js';

/** Units that are confined, and are not to be any more. */
export interface Purge {
  /** Full names, sorted. */
  readonly units: readonly string[];
  readonly why: 'not-named' | 'no-policy';
  /** Notes on units that stay as they are. */
  readonly diagnostics: readonly Diagnostic[];
}

export const NO_PURGE: Purge = { units: [], why: 'not-named', diagnostics: [] };

/**
 * The units that are confined by us and not among those that were named. A name with a slip in it would free the unit that
 * it stands for: while one is refused there are none. A named template stands for its instances.
 * @param named units as they were planned
 */
export async function notNamed(context: Context, named: readonly UnitResult[]): Promise<Purge> {
  const refused = named.filter(({ state }) => state === 'refused').map(({ unit }) => unit);
  if (refused.length > 0) {
    const message = `nothing is purged, because these named units are refused: ${shortList(refused)}`;
    return { ...NO_PURGE, diagnostics: [warning('purged', message)] };
  }
  const stay = new Set(named.map(({ unit }) => unit));
  const units: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { unit, lifetime, path } of (await confinedPlaces(context)).values()) {
    if (!isServiceName(unit) || stay.has(unit) || lifetime === 'run') continue;
    if (!(await isOurs(context, path))) continue;
    const { template } = serviceName(unit);
    if (template !== undefined && stay.has(template))
      diagnostics.push(staysInstance(context, unit, template));
    else units.push(unit);
  }
  return { units: units.sort(), why: 'not-named', diagnostics };
}

/** A template's drop-in may not do for an instance with lines of its own, which its own drop-in has been made for. */
function staysInstance({ offline, placement }: Context, unit: string, template: string): Diagnostic {
  const hint = offline
    ? undefined
    : `'${ownCommand(placement.scope, 'revert', unit)}' removes its confinement`;
  const message = `${unit} is left as it is: it has a drop-in of its own, and its template ${template} is named`;
  return note('left-as-it-is', message, { hint });
}

const WHY = { 'not-named': "isn't named", 'no-policy': 'no longer has a policy' } as const;

/** Plans to take the confinement from units. One that waits to be confirmed is refused. */
export async function planPurge(
  context: Context,
  { units, why }: Purge,
  options: RevertOptions,
): Promise<(NotChanged | Pending)[]> {
  const planned: (NotChanged | Pending)[] = [];
  for (const unit of units) {
    const one = await planRevert(context, unit, options);
    const purged = note('purged', `${unit} ${WHY[why]}: its confinement is removed`);
    planned.push(purgedAs(unit, { ...one, diagnostics: [purged, ...one.diagnostics] }));
  }
  return refuseWaiting(context, planned);
}

/** A unit that is to be purged, unless its drop-in is where it was made for another. */
function purgedAs(unit: string, planned: NotChanged | Pending): NotChanged | Pending {
  const refused = (why: string): NotChanged => ({
    unit,
    state: 'refused',
    changes: [],
    diagnostics: [error('purged', `${unit} ${why}: its confinement stays`)],
  });
  if (planned.unit !== unit) return refused(`is another name of ${planned.unit}`);
  return planned.services?.some(({ state }) => state.transient) ? refused('is transient') : planned;
}

/** Units that are to be purged, installed programs with the last of them where no other needs them. */
export async function pendingPurge(
  context: Context,
  planned: readonly (NotChanged | Pending)[],
): Promise<Pending[]> {
  const pending = planned.filter(isToBeChanged);
  await addPrograms(context, pending);
  return pending;
}
