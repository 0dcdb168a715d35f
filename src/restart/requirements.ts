/** Units that a restart starts before a service, or beside it. */

import { inBatches } from '../collections.js';
import { ASKED_AT_ONCE } from '../state/service.js';
import { isRunning } from '../state/service-run.js';
import { isDead } from '../state/stopped.js';
import type { System } from '../system/system.js';
import { isSkipped, type UnitLink, type UnitState } from '../system/unit-state.js';
import { type AffectedUnit, askUnit, namesIn, OPPONENTS, runningOf } from './affected-units.js';

/** Links to units that the start of a unit requires. */
const NEEDED: readonly UnitLink[] = ['requires', 'bindsTo'];

/** A unit that another one needs. */
interface Needed {
  readonly name: string;
  /** The line, `Requires=it`, and the unit that has it, unless that is the service itself. */
  readonly line: string;
  /** Whether the service fails with it: each unit on the way is started after the one that it needs. */
  readonly isWaitedFor: boolean;
}

/**
 * The reason why the service would be down after a restart: a unit that has to be started, directly or not, can't be,
 * or may fail to. systemd refuses the whole restart for one unit that can't be loaded. A unit that can't be started
 * fails those that wait for it. Undefined without such a unit.
 * @param besides the names of units that are started with it
 */
export async function unmetRequirement(
  system: System,
  state: UnitState,
  besides: ReadonlySet<string>,
): Promise<string | undefined> {
  const known = new Set(besides);
  let needed = neededBy({ name: '', state }, true).filter(({ name }) => !known.has(name));
  while (needed.length > 0) {
    const found = await inBatches(needed, ASKED_AT_ONCE, ({ name }) => system.anyUnit(name));
    const next: Needed[] = [];
    for (const [i, { name, line, isWaitedFor }] of needed.entries()) {
      const state = found[i]!;
      const { loadState } = state;
      if (loadState !== 'loaded') return `${line} is ${loadState}: systemd would refuse the restart`;
      const why = isWaitedFor ? flawOf(name, state) : undefined;
      if (why !== undefined) return `${line} ${why}: start that first`;
      // A unit that is up doesn't wait for anything.
      next.push(...neededBy({ name, state }, isWaitedFor && !isRunning(state)));
      known.add(name);
    }
    needed = next.filter(({ name }) => !known.has(name));
  }
  return undefined;
}

function neededBy({ name: of, state }: AffectedUnit, isWaitedFor: boolean): Needed[] {
  const before = new Set(state.after);
  const suffix = of === '' ? '' : ` of ${of}`;
  const needed = (key: string, names: readonly string[]) =>
    names.map((name) => ({
      name,
      line: `${key}=${name}${suffix}`,
      isWaitedFor: isWaitedFor && before.has(name),
    }));
  return [...needed('Requires', state.requires), ...needed('BindsTo', state.bindsTo)];
}

/** The reason why the start of a unit may fail. A unit that has ended with success, or was skipped, does so again. */
function flawOf(name: string, state: UnitState): string | undefined {
  if (state.activeState === 'failed') return 'has failed';
  if (!isDead(state) || isSkipped(state)) return undefined;
  // A mount that its automount has undone comes back when it is needed.
  if (/\.(?:mount|swap|device)$/.test(name)) return state.triggeredBy.length > 0 ? undefined : 'is down';
  const isNew = name.endsWith('.service') && state.inactiveExitTimestamp === 0;
  return isNew ? 'was never started' : undefined;
}

/** Units that are down, and that a start of others starts, too, directly or not. */
async function startedWith(system: System, units: readonly AffectedUnit[]): Promise<AffectedUnit[]> {
  const known = new Set(units.map(({ name }) => name));
  const started: AffectedUnit[] = [];
  let last = units;
  while (last.length > 0) {
    const named = last.flatMap(({ state }) => namesIn(state, ['wants', ...NEEDED]));
    const names = [...new Set(named)].filter((name) => !known.has(name));
    const found = await inBatches(names, ASKED_AT_ONCE, (name) => askUnit(system, name));
    for (const name of names) known.add(name);
    last = found.filter(({ state }) => state.loadState === 'loaded' && isDead(state) && !isSkipped(state));
    started.push(...last);
  }
  return started;
}

/**
 * The names of units that a start of some starts besides; targets and slices don't count, as they do nothing
 * themselves.
 */
export async function startedBesides(system: System, units: readonly AffectedUnit[]): Promise<string[]> {
  const started = await startedWith(system, units);
  return started.map(({ name }) => name).filter((name) => !/\.(?:target|slice)$/.test(name));
}

/**
 * A unit that is up, is none of these, and is stopped by a start of these: it conflicts with them or with a unit that
 * they start.
 */
export async function stoppedByStarts(
  system: System,
  units: readonly AffectedUnit[],
): Promise<{ readonly name: string; readonly by: string } | undefined> {
  const opponents = new Map(
    [...units, ...(await startedWith(system, units))].flatMap((one) =>
      namesIn(one.state, OPPONENTS).map((name) => [name, one.name] as const),
    ),
  );
  for (const { name } of units) opponents.delete(name);
  const [name] = await runningOf(system, [...opponents.keys()]);
  return name === undefined ? undefined : { name, by: opponents.get(name)! };
}
