import type { System } from '../system/system.js';
import type { UnitState } from '../system/unit-state.js';

/**
 * The reason why a service would be down after a restart: a unit that it needs can't be loaded, or has failed, and the service
 * waits for it. Units that these need in turn are not looked at. Undefined without such a unit.
 * @param besides the names of units that are started with it
 */
export async function unmetRequirement(
  system: System,
  { requires, bindsTo, after }: Pick<UnitState, 'requires' | 'bindsTo' | 'after'>,
  besides: ReadonlySet<string>,
): Promise<string | undefined> {
  const needed = [
    ...requires.map((name) => ({ name, line: `Requires=${name}` })),
    ...bindsTo.map((name) => ({ name, line: `BindsTo=${name}` })),
  ];
  for (const { name, line } of needed.filter((one) => !besides.has(one.name))) {
    const { loadState, activeState } = await system.anyUnit(name);
    if (loadState !== 'loaded') return `${line} is ${loadState}: systemd would refuse the restart`;
    if (activeState === 'failed' && after.includes(name)) return `${line} has failed: start that first`;
  }
  return undefined;
}
