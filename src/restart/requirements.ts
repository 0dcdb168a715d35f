import { isRunning } from '../state/service-run.js';
import type { System } from '../system/system.js';
import { isDown, isSkipped, type UnitState } from '../system/unit-state.js';
import { type AffectedUnit, askUnit } from './affected-units.js';

/** The place of a unit among those that the service needs. */
interface Needing {
  /** The name of the unit; undefined for the service itself. */
  readonly of?: string;
  /** Whether the service fails with the unit: each on the way is started after the one that it needs. */
  readonly isWaitedFor?: boolean;
}

/**
 * The reason why a service would be down after a restart: a unit that has to be started, directly or not, can't be, or
 * may fail to. systemd refuses the whole restart for one unit that can't be loaded. A unit that can't be started fails
 * those that wait for it. Undefined without such a unit.
 * @param state of the service, or of a unit that it needs
 * @param known units that needn't be looked at, and whether they were as ones that are waited for; others are added
 */
export async function unmetRequirement(
  system: System,
  state: UnitState,
  known: Map<string, boolean>,
  { of, isWaitedFor = true }: Needing = {},
): Promise<string | undefined> {
  const before = new Set(state.after);
  const needed = [
    ...state.requires.map((name) => ({ name, line: `Requires=${name}` })),
    ...state.bindsTo.map((name) => ({ name, line: `BindsTo=${name}` })),
  ];
  for (const { name, line } of needed) {
    const isFirst = isWaitedFor && before.has(name);
    // A unit that nobody waits for on one way may be waited for on another.
    if (known.has(name) && (known.get(name) || !isFirst)) continue;
    known.set(name, isFirst);
    const unit = await askUnit(system, name);
    const { loadState } = unit.state;
    const what = of === undefined ? line : `${line} of ${of}`;
    if (loadState !== 'loaded') return `${what} is ${loadState}: systemd would refuse the restart`;
    const why = isFirst ? flawOf(unit) : undefined;
    if (why !== undefined) return `${what} ${why}: start that first`;
    // A unit that is up doesn't wait for anything.
    const deeper = await unmetRequirement(system, unit.state, known, {
      of: name,
      isWaitedFor: isFirst && !isRunning(unit.state),
    });
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** The reason why the start of a unit may fail. A unit that has ended with success, or was skipped, does so again. */
function flawOf({ name, state }: AffectedUnit): string | undefined {
  if (state.activeState === 'failed') return 'has failed';
  if (!isDown(state) || isSkipped(state)) return undefined;
  // A mount that its automount has undone comes back when it is needed.
  if (/\.(?:mount|swap|device)$/.test(name)) return state.triggeredBy.length > 0 ? undefined : 'is down';
  const isNew = name.endsWith('.service') && state.inactiveExitTimestamp === 0;
  return isNew ? 'was never started' : undefined;
}
