import { isRunning } from '../state/service-run.js';
import { isDead } from '../state/stopped.js';
import { isSkipped, type System, type UnitProperties } from '../system/system.js';
import { type AffectedUnit, namesIn } from './affected-units.js';

/**
 * The reason why a service would be down after a restart: a unit that has to be started, directly or not, can't be, or
 * may fail to. systemd refuses the whole restart for one unit that can't be loaded. A unit that can't be started fails
 * those that wait for it. Undefined without such a unit.
 * @param unit the service with an empty name, or a unit that it needs
 * @param known units that needn't be looked at; those that were looked at are added
 * @param isWaitedFor whether the service fails with the unit: each on the way is started after the one that it needs
 */
export async function unmetRequirement(
  system: System,
  { name: of, properties }: AffectedUnit,
  known: Set<string>,
  isWaitedFor = true,
): Promise<string | undefined> {
  const before = new Set(namesIn(properties, ['After']));
  const needed = ['Requires', 'BindsTo'].flatMap((key) =>
    namesIn(properties, [key]).map((name) => ({ name, line: `${key}=${name}${of && ` of ${of}`}` })),
  );
  for (const { name, line } of needed.filter((one) => !known.has(one.name))) {
    known.add(name);
    const state = await system.anyUnit(name);
    const loaded = state.get('LoadState');
    if (loaded !== 'loaded') return `${line} is ${loaded}: systemd would refuse the restart`;
    const isFirst = isWaitedFor && before.has(name);
    const why = isFirst ? flawOf(name, state) : undefined;
    if (why !== undefined) return `${line} ${why}: start that first`;
    // A unit that is up doesn't wait for anything.
    const deeper = await unmetRequirement(
      system,
      { name, properties: state },
      known,
      isFirst && !isRunning(state),
    );
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

/** The reason why the start of a unit may fail. A unit that has ended with success, or was skipped, does so again. */
function flawOf(name: string, state: UnitProperties): string | undefined {
  if (state.get('ActiveState') === 'failed') return 'has failed';
  if (!isDead(state) || isSkipped(state)) return undefined;
  // A mount that its automount has undone comes back when it is needed.
  if (/\.(?:mount|swap|device)$/.test(name))
    return namesIn(state, ['TriggeredBy']).length > 0 ? undefined : 'is down';
  const isNew = name.endsWith('.service') && Number(state.get('InactiveExitTimestamp')) === 0;
  return isNew ? 'was never started' : undefined;
}
