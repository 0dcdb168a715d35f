/** What a restart starts before a service, or beside it. */

import { inBatches } from '../collections.js';
import { ASKED_AT_ONCE } from '../state/service.js';
import { isRunning } from '../state/service-run.js';
import { isDead } from '../state/stopped.js';
import { isSkipped, type System, type UnitProperties } from '../system/system.js';
import { type AffectedUnit, askUnit, namesIn, OPPONENTS, runningOf } from './affected-units.js';

/** By these a unit names what is started before it is. */
const NEEDED = ['Requires', 'BindsTo'];

/** A unit that another one needs. */
interface Needed {
  readonly name: string;
  /** `Requires=it`, and of which unit, if not of the service itself. */
  readonly line: string;
  /** Whether the service fails with it: each on the way is started after the one that it needs. */
  readonly isWaitedFor: boolean;
}

/**
 * What a restart has to start, directly or not, and can't, or may fail to, so that the service would be down. systemd
 * refuses the whole of it for one unit that can't be loaded; one that can't be started fails those that wait for it.
 * @param besides what is started with it
 */
export async function unmetRequirement(
  system: System,
  properties: UnitProperties,
  besides: ReadonlySet<string>,
): Promise<string | undefined> {
  const known = new Set(besides);
  let needed = neededBy({ name: '', properties }, true).filter(({ name }) => !known.has(name));
  while (needed.length > 0) {
    const found = await inBatches(needed, ASKED_AT_ONCE, ({ name }) => system.anyUnit(name));
    const next: Needed[] = [];
    for (const [i, { name, line, isWaitedFor }] of needed.entries()) {
      const state = found[i]!;
      const loaded = state.get('LoadState');
      if (loaded !== 'loaded') return `${line} is ${loaded}: systemd would refuse the restart`;
      const why = isWaitedFor ? flawOf(name, state) : undefined;
      if (why !== undefined) return `${line} ${why}: start that first`;
      // What is up doesn't wait for anything.
      next.push(...neededBy({ name, properties: state }, isWaitedFor && !isRunning(state)));
      known.add(name);
    }
    needed = next.filter(({ name }) => !known.has(name));
  }
  return undefined;
}

function neededBy({ name: of, properties }: AffectedUnit, isWaitedFor: boolean): Needed[] {
  const before = new Set(namesIn(properties, ['After']));
  const suffix = of === '' ? '' : ` of ${of}`;
  return NEEDED.flatMap((key) =>
    namesIn(properties, [key]).map((name) => ({
      name,
      line: `${key}=${name}${suffix}`,
      isWaitedFor: isWaitedFor && before.has(name),
    })),
  );
}

/** Why the start of a unit may fail: what has ended with success, or was skipped, does so again. */
function flawOf(name: string, state: UnitProperties): string | undefined {
  if (state.get('ActiveState') === 'failed') return 'has failed';
  if (!isDead(state) || isSkipped(state)) return undefined;
  // What an automount has unmounted comes back when it is needed.
  if (/\.(?:mount|swap|device)$/.test(name))
    return namesIn(state, ['TriggeredBy']).length > 0 ? undefined : 'is down';
  const isNew = name.endsWith('.service') && Number(state.get('InactiveExitTimestamp')) === 0;
  return isNew ? 'was never started' : undefined;
}

/** Units that are down, and that a start of others starts, too, directly or not. */
async function startedWith(system: System, units: readonly AffectedUnit[]): Promise<AffectedUnit[]> {
  const known = new Set(units.map(({ name }) => name));
  const started: AffectedUnit[] = [];
  let last = units;
  while (last.length > 0) {
    const named = last.flatMap(({ properties }) => namesIn(properties, ['Wants', ...NEEDED]));
    const names = [...new Set(named)].filter((name) => !known.has(name));
    const found = await inBatches(names, ASKED_AT_ONCE, (name) => askUnit(system, name));
    for (const name of names) known.add(name);
    last = found.filter(
      ({ properties }) =>
        properties.get('LoadState') === 'loaded' && isDead(properties) && !isSkipped(properties),
    );
    started.push(...last);
  }
  return started;
}

/** The names of these, but for targets and slices, which do nothing themselves. */
export async function startedBesides(system: System, units: readonly AffectedUnit[]): Promise<string[]> {
  const started = await startedWith(system, units);
  return started.map(({ name }) => name).filter((name) => !/\.(?:target|slice)$/.test(name));
}

/** A unit that is up, is none of these, and that a start of these stops, since it conflicts with them or with what they start. */
export async function stoppedByStarts(
  system: System,
  units: readonly AffectedUnit[],
): Promise<{ readonly name: string; readonly by: string } | undefined> {
  const opponents = new Map(
    [...units, ...(await startedWith(system, units))].flatMap((one) =>
      namesIn(one.properties, OPPONENTS).map((name) => [name, one.name] as const),
    ),
  );
  for (const { name } of units) opponents.delete(name);
  const [name] = await runningOf(system, [...opponents.keys()]);
  return name === undefined ? undefined : { name, by: opponents.get(name)! };
}
