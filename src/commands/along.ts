import { atRest, isRunning } from '../apply/activate.js';
import { wasStopped } from '../apply/stopped.js';
import type { Undo } from '../apply/undo.js';
import { inBatches } from '../collections.js';
import { type Diagnostic, error, note, UserError, warning } from '../diagnostic.js';
import { systemctl } from '../plan/own-command.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import { ASKED_AT_ONCE, type Service } from './services.js';

/** By these a unit names others that stop or fail with it, or start it (systemd.unit(5), org.freedesktop.systemd1(5)). */
const LINKS = ['RequiredBy', 'RequisiteOf', 'BoundBy', 'ConsistsOf', 'PropagatesStopTo', 'TriggeredBy'];

/** By these it names those that are stopped when it is started. */
const OPPONENTS = ['Conflicts', 'ConflictedBy'];

/** A unit of any type, and what the manager says of it as such. */
export interface Along {
  readonly name: string;
  readonly properties: UnitProperties;
}

/**
 * The other units that are up, or are being started, and that a restart of services may take down; those that depend on
 * them, too.
 * @param starts it is a start that is meant, of what doesn't run
 */
export async function unitsAlong(
  context: Context,
  services: readonly Service[],
  { starts = false } = {},
): Promise<Along[]> {
  const found = new Map<string, UnitProperties | undefined>(services.map(({ name }) => [name, undefined]));
  const links = starts ? [...LINKS, ...OPPONENTS] : LINKS;
  let named = services.flatMap(({ properties }) => namesIn(properties, links));
  while (named.length > 0) {
    const fresh = [...new Set(named)].filter((name) => !found.has(name));
    const asked = await inBatches(fresh, ASKED_AT_ONCE, (name) => context.system.anyUnit(name));
    fresh.forEach((name, i) => void found.set(name, isRunning(asked[i]!) ? asked[i] : undefined));
    named = asked.filter(isRunning).flatMap((properties) => namesIn(properties, LINKS));
  }
  return [...found].flatMap(([name, properties]) => (properties ? [{ name, properties }] : []));
}

const namesIn = (properties: UnitProperties, links: readonly string[]): string[] =>
  links.flatMap((link) => (properties.get(link) ?? []) as readonly string[]);

/** By these it names those that the manager itself stops it for: whether somebody has asked for that can't be told then. */
const TIES = ['BindsTo', 'StopPropagatedFrom', ...OPPONENTS];

function isTied({ unit, runs, along }: Undo, { properties }: Along): boolean {
  const others = new Set([unit, ...runs.map((run) => run.unit), ...along]);
  return namesIn(properties, TIES).some((name) => others.has(name));
}

/** What is stopped of these from here on isn't by the restart, which is over. */
export async function watchTied(context: Context, undo: Undo): Promise<void> {
  const found = await inBatches(undo.along, ASKED_AT_ONCE, async (name) => ({
    name,
    properties: await context.system.anyUnit(name),
  }));
  const tied = found.filter((one) => isTied(undo, one)).map(({ name }) => name);
  if (tied.length > 0) await context.system.watch(tied);
}

/**
 * The units that went down with a restart, but for those that somebody has stopped.
 * @param holds whether the services have stayed up since, so that nothing that is tied to them was stopped for them
 */
export async function fallen(context: Context, undo: Undo, { holds = false } = {}): Promise<string[]> {
  const { system, placement } = context;
  const found = await inBatches(undo.along, ASKED_AT_ONCE, async (name) => ({
    name,
    properties: await atRest(system, name, 'anyUnit'),
  }));
  const down = found.filter(({ properties }) => !isRunning(properties));
  const stopped = await inBatches(down, ASKED_AT_ONCE, async (one) => {
    if (!holds && isTied(undo, one)) return false;
    return wasStopped(system, { unit: one.name, scope: placement.scope }, one.properties);
  });
  return down.flatMap(({ name }, i) => (stopped[i] ? [] : [name]));
}

async function notUp({ system }: Context, units: readonly string[]): Promise<string[]> {
  const up = await inBatches(units, ASKED_AT_ONCE, async (unit) => isRunning(await system.anyUnit(unit)));
  return units.filter((_, i) => !up[i]);
}

/** How long a unit must be up again to count as that, in milliseconds. */
const LOOK_AGAIN = 300;

interface HowLong {
  /** How long it must stay up, in milliseconds. */
  readonly settle?: number;
  /** Units that are looked at for themselves: that they don't stay up is told then. */
  readonly own?: ReadonlySet<string>;
}

/**
 * Starts the units again that went down with a restart, though nothing was wrong with it.
 * @returns what is to be said of them; a warning where one can't be started, an error where one doesn't stay up
 */
export async function startAlong(
  context: Context,
  undo: Undo,
  { settle = LOOK_AGAIN, own = new Set() }: HowLong = {},
): Promise<Diagnostic[]> {
  const { system, placement } = context;
  const down = undo.restarted ? await fallen(context, undo, { holds: true }) : [];
  if (down.length === 0) return [];
  const went = (unit: string) => `${unit} went down with the restart of ${undo.unit}`;
  const refused = new Map<string, string>();
  for (const unit of [...down.filter(isTrigger), ...down.filter((one) => !isTrigger(one))]) {
    const why = await refusalOf(() => system.startUnit(unit));
    if (why !== undefined) refused.set(unit, why);
  }
  const started = down.filter((unit) => !refused.has(unit));
  if (started.length > 0) await system.wait(Math.max(settle, LOOK_AGAIN));
  const again = await notUp(context, started);
  return [
    ...[...refused].map(([unit, why]) =>
      warning('went-down', `${went(unit)}, and can't be started again: ${why}`, {
        hint: systemctl(placement.scope, 'start', unit),
      }),
    ),
    ...started
      .filter((unit) => !again.includes(unit))
      .map((unit) => note('started-again', `${went(unit)}, and is started again`)),
    ...again
      .filter((unit) => !own.has(unit))
      .map((unit) =>
        error('dependent-failed', `${went(unit)}, and doesn't stay up with it`, {
          hint: systemctl(placement.scope, 'status', unit),
        }),
      ),
  ];
}

/** Why there is no job; what comes of one its unit shows. */
async function refusalOf(job: () => Promise<string>): Promise<string | undefined> {
  try {
    await job();
    return undefined;
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return cause.diagnostics[0]!.message;
  }
}

/** Whether a unit starts services when something happens: it is to be there before them. */
export const isTrigger = (unit: string): boolean => /\.(?:socket|path|timer|automount)$/.test(unit);
