import { inBatches } from '../../collections.js';
import { type Diagnostic, note, ofUnit } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { confinedPlaces, type OwnDropIn, readFiles, withLifetime } from '../../machine/state/own-files.js';
import { ASKED_AT_ONCE } from '../../machine/state/service.js';
import { dropInFacts } from '../../plan/emit/drop-in-facts.js';
import { againCommand, isSearched } from '../../prepare/apply-again.js';
import { exists } from '../../prepare/load/exists.js';
import { namedPolicy, ownPolicy } from '../../prepare/load/find-policy.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { ownCommand } from '../../systemd/command-lines.js';
import { policyFolders } from '../../systemd/paths/policies.js';
import { isServiceName } from '../../systemd/unit/name.js';
import { unappliedUnits } from '../../verify/drift/not-applied.js';
import type { NotChanged } from '../unit-result.js';
import type { UnitToApply } from './plan-units.js';
import type { Purge } from './purge.js';

export interface AllUnits {
  /** The units to apply, sorted; a confined one as it was applied: permissive, with the same kinds of gaps. */
  readonly units: readonly UnitToApply[];
  /** Units that are confined and have no policy any more; none unless it is asked for. */
  readonly purge: Purge;
  /** Units for which it is unknown whether they are to be applied. */
  readonly unknown: readonly NotChanged[];
  /** Notes on units that stay as they are, and on policies that are no unit's. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * All units that have a policy where it is looked for. A unit that was applied with a policy of its own choice, or until
 * another time, stays as it is.
 * @param purge whether units are looked for that have no policy any more
 */
export async function allUnits(context: Context, purge = false): Promise<AllUnits> {
  const places = await confinedPlaces(context);
  const confined = [...places.values()].filter(({ unit }) => isServiceName(unit));
  const looked = await inBatches(confined, ASKED_AT_ONCE, (place) => confinedUnit(context, place, purge));
  const unapplied = await unappliedUnits(context, [...places.keys()]);
  const units = [
    ...looked.flatMap((one) => ('unit' in one ? one : [])),
    ...unapplied.units.map((unit) => ({ unit })),
  ].sort((a, b) => (a.unit < b.unit ? -1 : 1));
  const unknown = [...unapplied.unknown].map(([unit, why]): NotChanged => {
    return { unit, state: 'refused', changes: [], diagnostics: why.map((one) => ofUnit(one, unit)) };
  });
  const staying = looked.flatMap((one) => ('why' in one ? one : []));
  const diagnostics = [...staying.map(({ why }) => why), ...unapplied.strays];
  const left = looked.flatMap((one) => ('left' in one ? one.left : []));
  const isNone = units.length + unknown.length === 0 && !staying.some(({ hasPolicy }) => hasPolicy);
  return {
    ...{ units, unknown },
    purge: { units: left.sort(), why: 'no-policy', diagnostics: [] },
    diagnostics: [...(isNone ? [noPolicy(context)] : []), ...diagnostics],
  };
}

const noPolicy = ({ placement: { scope, home } }: Context): Diagnostic =>
  note('no-policy', `no unit has a policy in ${policyFolders(scope, home).join(', ')}`);

/** A confined unit that stays as it is. */
interface Staying {
  readonly why: Diagnostic;
  /** Whether it has a policy where one is looked for. */
  readonly hasPolicy: boolean;
}

/** How a confined unit is applied again, that it has no policy any more, or why it stays as it is. */
async function confinedUnit(
  context: Context,
  place: OwnDropIn,
  purge: boolean,
): Promise<UnitToApply | { readonly left: string } | Staying> {
  const { unit, lifetime, path } = place;
  const [file] = await orElse(() => readFiles(context, [path]), []);
  const { policy, permissive, gaps } = dropInFacts(file?.content ?? new Uint8Array());
  const name = serviceName(unit);
  const hasPolicy = (await ownPolicy(context, name)) !== undefined;
  const isOwn = policy === undefined || isSearched(context, unit, policy);
  const named = isOwn ? undefined : namedPolicy(context, name, policy);
  const isNamed = named !== undefined && (await exists(named.system, named.path));
  const isGone = !hasPolicy && !isNamed;
  if (purge && lifetime !== 'run' && policy !== undefined && isGone) return { left: unit };
  const isOtherwise = policy !== undefined && lifetime !== context.placement.lifetime;
  if (hasPolicy && !isOtherwise) return { unit, again: { permissive, allowGaps: gaps } };
  const until = lifetime === 'always' ? 'for good' : 'until the next boot';
  const why = isOtherwise ? `it is confined ${until}` : 'it has no policy in the usual folders';
  const as = { permissive, gaps, policy: isNamed ? policy : undefined };
  const hint = isGone
    ? `its policy is gone: '${ownCommand(context.placement.scope, 'revert', unit)}' removes its confinement`
    : `'${againCommand(withLifetime(context, lifetime), unit, as)}' applies it again`;
  const message = `${unit} is left as it is: ${why}`;
  return { why: note('left-as-it-is', message, context.offline ? {} : { hint }), hasPolicy };
}
