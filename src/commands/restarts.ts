/** Which services a change restarts, and which must not be. */
import { atWork, endsMore, isWaiting, restartObstacle } from '../apply/activate.js';
import { hasEffect } from '../apply/changes.js';
import { unmetCondition } from '../apply/conditions.js';
import { mountedBy, replacedPrograms } from '../apply/replaced-programs.js';
import { isDead } from '../apply/stopped.js';
import { inBatches } from '../collections.js';
import type { Context } from '../system/context.js';
import type { System, UnitProperties } from '../system/system.js';
import { type Along, isTrigger, unitsAlong } from './along.js';
import type { Prepared } from './prepare.js';
import { ASKED_AT_ONCE, type Service } from './services.js';
import { runsAsBefore } from './standing.js';

/** Whether a service that runs doesn't run with a unit's files as they shall be. */
export async function isRestartDue(
  context: Context,
  { plan, changes, standing }: Pick<Prepared, 'plan' | 'changes' | 'standing'>,
  { name, properties }: Service,
): Promise<boolean> {
  if (hasEffect(changes) || (await runsAsBefore(context, standing, properties))) return true;
  return (await replacedPrograms(context.system, mountedBy(plan, name), properties)).length > 0;
}

/**
 * Why a service must not be restarted, and the way out; undefined where it may be.
 * @param along what its restart takes along, for those who have asked
 */
export async function obstacleTo(
  context: Context,
  service: Service,
  along?: readonly Along[],
): Promise<string | undefined> {
  const { system, placement } = context;
  const { properties } = service;
  const obstacle =
    atWork(properties) ??
    restartObstacle(properties) ??
    (await staysDown(system, placement.scope, properties));
  if (obstacle !== undefined) return obstacle;
  for (const one of along ?? (await unitsAlong(context, [service]))) {
    const why = await obstacleOf(context, one);
    if (why !== undefined) return `it takes ${one.name} along, and of that ${why}`;
  }
  return undefined;
}

/** The same of a unit that a restart stops, be it that it is started again. */
async function obstacleOf(
  { system, placement }: Context,
  { name, properties }: Along,
): Promise<string | undefined> {
  if (isTrigger(name)) return undefined;
  // Of its type only its own interface tells: a oneshot that is at work looks the same.
  if (properties.get('ActiveState') === 'activating' && !isWaiting(properties)) return 'the start goes on';
  return endsMore(properties) ?? staysDown(system, placement.scope, properties);
}

/** What keeps a unit that is stopped from being started again. */
async function staysDown(
  system: System,
  scope: Context['placement']['scope'],
  properties: UnitProperties,
): Promise<string | undefined> {
  const unmet = await unmetCondition(system, scope, properties);
  if (unmet !== undefined) return `${unmet} doesn't hold: it would stay down`;
  for (const name of (properties.get('Requisite') ?? []) as readonly string[]) {
    if (isDead(await system.anyUnit(name))) return `Requisite=${name} is down: it would stay down`;
  }
  return unmetRequirement(system, properties);
}

/** By these a unit names what must be up before it is started. */
const NEEDED = ['Requires', 'BindsTo'];

/** What a restart would have to start first, and may fail to. */
async function unmetRequirement(system: System, properties: UnitProperties): Promise<string | undefined> {
  const needed = NEEDED.flatMap((key) =>
    ((properties.get(key) ?? []) as readonly string[]).map((name) => ({ key, name })),
  );
  const found = await inBatches(needed, ASKED_AT_ONCE, ({ name }) => system.anyUnit(name));
  for (const [i, { key, name }] of needed.entries()) {
    const state = found[i]!;
    const loaded = state.get('LoadState');
    if (loaded !== 'loaded') return `${key}=${name} is ${loaded}: systemd would refuse it`;
    if (state.get('ActiveState') === 'failed') return `${key}=${name} has failed: start that first`;
    if (await isDownForGood(system, name, state)) return `${key}=${name} is down: start that first`;
  }
  return undefined;
}

/** Whether a unit is a service that should run when it is started, and doesn't. */
async function isDownForGood(system: System, name: string, state: UnitProperties): Promise<boolean> {
  if (!name.endsWith('.service') || !isDead(state) || state.get('ConditionResult') === false) return false;
  return (await system.unit(name)).get('Type') !== 'oneshot';
}

/** Services that a restart starts besides, since they are wanted, and are down. */
export async function startedBesides(system: System, properties: UnitProperties): Promise<string[]> {
  const wants = (properties.get('Wants') ?? []) as readonly string[];
  const names = wants.filter((name) => name.endsWith('.service'));
  const down = await inBatches(names, ASKED_AT_ONCE, async (name) => {
    const state = await system.anyUnit(name);
    return state.get('LoadState') === 'loaded' && (await isDownForGood(system, name, state));
  });
  return names.filter((_, i) => down[i]);
}
