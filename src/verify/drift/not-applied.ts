/** Policies that aren't applied. */
import { inBatches, shortList } from '../../collections.js';
import { type Diagnostic, note, ofUnit, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failureOf } from '../../machine/state/failures.js';
import { ASKED_AT_ONCE } from '../../machine/state/service.js';
import { findUnit } from '../../prepare/load/find-unit.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { policyFolders, serviceOfPolicy } from '../../systemd/paths/policies.js';
import { isTemplate } from '../../systemd/unit/name.js';
import { templateOf } from './applied.js';

export interface Unapplied {
  /** Full names, sorted. */
  readonly units: readonly string[];
  /** Notes about the units. */
  readonly diagnostics: readonly Diagnostic[];
}

export const NONE_UNAPPLIED: Unapplied = { units: [], diagnostics: [] };

/** Names that one line has. */
const MOST_UNITS = 20;

/**
 * The units that there are whose policy is where it is looked for, and isn't applied: never, or something else than
 * `revert` has taken away the drop-in (`systemctl revert`).
 * @param confined units with files of ours; a template's policy may be applied to its instances one by one
 */
export async function notApplied(context: Context, confined: readonly string[]): Promise<Unapplied> {
  const { offline, placement } = context;
  try {
    const { units, strays, unknown } = await unappliedUnits(context, confined);
    const apply = `'${ownCommand(placement.scope, 'apply', 'UNIT')}' applies it`;
    return {
      units,
      diagnostics: [
        ...notAppliedNote('units with a policy that is not applied', units, offline ? undefined : apply),
        ...strays,
        ...[...unknown].flatMap(([unit, why]) => why.map((one) => asNote(ofUnit(one, unit)))),
      ],
    };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { units: [], diagnostics: cause.diagnostics.map(asNote) };
  }
}

/** Units with a policy that isn't applied. */
interface UnappliedUnits {
  /** Full names, sorted. */
  readonly units: readonly string[];
  /** A note on policies of the administrator that are no unit's. */
  readonly strays: readonly Diagnostic[];
  /** Why it is unknown whether a unit is there. */
  readonly unknown: ReadonlyMap<string, readonly Diagnostic[]>;
}

/**
 * Looks for units as notApplied() does.
 * @throws UserError where the folders of policies can't be listed
 */
export async function unappliedUnits(context: Context, confined: readonly string[]): Promise<UnappliedUnits> {
  const taken = new Set(confined.flatMap((unit) => [unit, templateOf(unit) ?? unit]));
  const [own = new Set(), ...others] = await policies(context);
  const all = [own, ...others].flatMap((names) => [...names]);
  const candidates = [...new Set(all)].filter((unit) => !taken.has(unit)).sort();
  const unknown = new Map<string, readonly Diagnostic[]>();
  const there = await inBatches(candidates, ASKED_AT_ONCE, async (unit) => {
    let is = false;
    const failures = await failureOf(async () => {
      is = await isThere(context, unit);
    });
    if (failures.length > 0) unknown.set(unit, failures);
    return is;
  });
  const strays = candidates.filter((unit, i) => !there[i] && own.has(unit) && !unknown.has(unit));
  return {
    units: candidates.filter((_, i) => there[i]),
    strays: notAppliedNote('policies that belong to no unit, or only to an alias', strays),
    unknown,
  };
}

const asNote = (one: Diagnostic): Diagnostic => ({ ...one, severity: 'note' });

const notAppliedNote = (what: string, units: readonly string[], hint?: string): Diagnostic[] =>
  units.length === 0 ? [] : [note('not-applied', `${what}: ${shortList(units, MOST_UNITS)}`, { hint })];

/** The units that have a policy in each of the folders, the administrator's own first. */
async function policies({ system, placement }: Context): Promise<Set<string>[]> {
  const folders = policyFolders(placement.scope, placement.home);
  const lists = await Promise.all(folders.map((folder) => system.list(folder)));
  return lists.map((files) => new Set(files.flatMap((file) => serviceOfPolicy(file) ?? [])));
}

/** By this name, and so that it could be confined: an alias has no policy of its own. */
async function isThere(context: Context, unit: string): Promise<boolean> {
  const name = serviceName(unit);
  if (context.offline || isTemplate(name)) {
    const found = await findUnit(context, name);
    return found.fragment !== undefined && found.name.full === unit;
  }
  const state = await context.system.unit(unit);
  return state.loadState === 'loaded' && state.id === unit;
}
