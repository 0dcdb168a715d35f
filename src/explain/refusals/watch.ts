/** Watches units for what is refused to them, until it is told to end. */

import { EXIT, error, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { HeldSignals } from '../../machine/held-signals.js';
import { orElse } from '../../machine/state/failures.js';
import { confinedPlaces } from '../../machine/state/own-files.js';
import { type Service, servicesOf } from '../../machine/state/service.js';
import type { Observer, Tick } from '../../observe/observer.js';
import { observedIn } from '../../observe/parse-dump.js';
import { type Refusal, refusalsIn } from '../../observe/refusals.js';
import { groupFolder, hiddenPaths, NEEDS_ROOT, observeServices } from '../../observe/service-group.js';
import { prepareConfined } from '../../prepare/confined.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { isServiceName } from '../../systemd/unit/name.js';
import { startOf } from '../records/start-of.js';
import { countsOf, newRefusals, refusalKey } from './differences.js';
import { type FoundRefusal, foundRefusals, numberedCall } from './found.js';
import {
  type KeptRefusal,
  type KeptRefusals,
  keepRefusals,
  keptOfRun,
  MOST_KEPT,
  WRITE_AGAIN,
} from './kept.js';

/** A refusal of a unit that is watched, with how often it came since the last report. */
export interface Event extends FoundRefusal {
  readonly unit: string;
}

export interface WatchOptions {
  /** Gets what was refused since the last look, often nothing. */
  readonly report: (events: readonly Event[]) => Promise<void>;
  /** Is called when the units are first watched. */
  readonly ready: () => Promise<void>;
  readonly signals: HeldSignals;
}

/** Milliseconds between two looks at the observer. */
const LOOK = 500;

/** The most units of one observer, as its tables have room (UNITS of native-helper/observe-bpf/tables.h). */
const MOST_UNITS = 64;

/** A unit under watch. */
interface Watched {
  readonly service: Service;
  counts: ReadonlyMap<string, number>;
  /** The causes of refusals that have been looked up, by key; undefined where no line of the unit decided. */
  readonly causes: Map<string, FoundRefusal | undefined>;
  tick: Tick | undefined;
  kept: KeptRefusals;
}

/**
 * Watches the units that are named, or all that are confined, those that become so later included.
 * @throws UserError `needs-root`, `cannot-watch`, `no-unit`
 */
export async function watchRefusals(
  context: Context,
  named: readonly string[],
  { report, ready, signals }: WatchOptions,
): Promise<void> {
  if (!context.superuser || context.machine === undefined) throw NEEDS_ROOT;
  const isOver = () => signals.came() !== undefined;
  let watch: Watch = { watched: [], observer: undefined };
  try {
    for (let isFirst = true; !isOver(); isFirst = false) {
      const services = await servicesToWatch(context, named);
      watch = await goOnWith(context, services, watch, report);
      if (isFirst) await ready();
      const isSame = async () => sameUnits(services, await servicesToWatch(context, named));
      await watchUntil(context, watch, { report, isOver, isSame });
    }
  } finally {
    await endOf(context, watch, report);
  }
}

async function servicesToWatch(context: Context, named: readonly string[]): Promise<Service[]> {
  const isAll = named.length === 0;
  const units = isAll ? [...(await confinedPlaces(context)).keys()].filter(isServiceName) : named;
  const found = (await Promise.all(units.map((unit) => servicesOf(context, serviceName(unit))))).flat();
  const canStart = await Promise.all(found.map(async (one) => !isAll || (await hasGroup(context, one))));
  const services = found.filter((_, i) => canStart[i]);
  if (services.length > MOST_UNITS)
    throw new UserError(
      error(
        'cannot-watch',
        `${services.length} services are confined, and a watch has room for ${MOST_UNITS}`,
        {
          hint: 'name the units to watch',
        },
      ),
      EXIT.failure,
    );
  return services;
}

/** Whether a service has a control group, or a slice in which it will be made. */
const hasGroup = async (context: Context, service: Service): Promise<boolean> =>
  service.state.controlGroup !== '' ||
  (await orElse(() => groupFolder(context, service), undefined)) !== undefined;

/** Whether the same services are loaded with the same files, and the same paths are hidden from them. */
const sameUnits = (before: readonly Service[], now: readonly Service[]): boolean =>
  identity(before) === identity(now);

const identity = (services: readonly Service[]): string =>
  JSON.stringify([services.map(({ name, state }) => [name, state.dropInPaths]), hiddenPaths(services)]);

/** Services under watch, and their observer. */
interface Watch {
  readonly watched: readonly Watched[];
  /** Undefined where there is no service. */
  readonly observer: Observer | undefined;
}

type Report = WatchOptions['report'];

/** Watches other services. Those that stay are watched without a pause: the earlier watch ends when the new one has begun. */
async function goOnWith(
  context: Context,
  services: readonly Service[],
  earlier: Watch,
  report: Report,
): Promise<Watch> {
  const machine = context.machine!;
  const observer =
    services.length > 0 ? await observeServices(context, services, { machine, sees: 'refused' }) : undefined;
  const now = context.system.now();
  // Both see what is refused meanwhile.
  const seen = earlier.observer && (await observer?.dump());
  await endOf(context, earlier, report);
  const watched = services.map(async (service, i) => {
    const before = earlier.watched.find((one) => one.service.name === service.name);
    const counts = before && seen ? countsOf(refusalsIn(observedIn(seen[i]), machine)) : new Map();
    const kept = before?.kept ?? { ...(await keptBefore(context, service)), since: now, until: now };
    return { service, counts, causes: new Map(), tick: undefined, kept };
  });
  return { watched: await Promise.all(watched), observer };
}

/** The refusals that an earlier watch has kept of the service's run. */
async function keptBefore(context: Context, { name, state }: Service) {
  const earlier = await keptOfRun(context, name, startOf(state));
  return earlier && 'refusals' in earlier ? earlier : NOTHING;
}

const NOTHING = { lost: 0, refusals: [] };

/** Looks at a watch for the last time, and ends it. */
async function endOf(context: Context, watch: Watch, report: Report): Promise<void> {
  try {
    if (watch.observer && !watch.observer.isOver) await lookAt(context, watch, report);
    for (const one of watch.watched) await keep(context, one);
  } finally {
    await watch.observer?.end();
  }
}

interface Until {
  readonly report: Report;
  readonly isOver: () => boolean;
  readonly isSame: () => Promise<boolean>;
}

/** Watches until it is to end, or other units are confined. */
async function watchUntil(context: Context, watch: Watch, { report, isOver, isSame }: Until): Promise<void> {
  for (let waited = 0; !isOver(); waited += LOOK) {
    await context.system.wait(LOOK, async () => isOver());
    if (watch.observer?.isOver) await watch.observer.dump();
    await lookAt(context, watch, report);
    if (waited < WRITE_AGAIN) continue;
    waited = 0;
    for (const one of watch.watched) await keep(context, one);
    if (!(await isSame())) return;
  }
}

/** Reports what was refused since the last look. */
async function lookAt(context: Context, { observer, watched }: Watch, report: Report): Promise<void> {
  const ticks = observer?.ticks ?? [];
  const changed = watched.filter((one, i) => isNew(one.tick, ticks[i]));
  // Repetitions may be due without anything new.
  if (changed.length === 0) return report([]);
  const dump = await observer!.dump();
  for (const [i, one] of watched.entries()) {
    const tick = ticks[i];
    if (!isNew(one.tick, tick)) continue;
    const isNextRun = tick!.lives !== (one.tick?.lives ?? 0);
    const kept = isNextRun ? { ...one.kept, ...NOTHING } : one.kept;
    // It may have another policy now.
    if (isNextRun) one.causes.clear();
    const all = refusalsIn(observedIn(dump[i]), context.machine!);
    const events = await eventsOf(context, one, newRefusals(all, one.counts));
    one.counts = countsOf(all);
    const lost = kept.lost + tick!.lost - (one.tick?.lost ?? 0);
    one.kept = withEvents({ ...kept, lost }, events, context.system.now());
    one.tick = tick;
    await keep(context, one);
    await report(events);
  }
}

const isNew = (before: Tick | undefined, now: Tick | undefined): boolean =>
  now !== undefined &&
  (before === undefined ||
    now.refused !== before.refused ||
    now.lives !== before.lives ||
    now.lost !== before.lost);

/** The refusals that the unit's lines decided. A unit whose policy can't be read has none that are known. */
async function eventsOf(
  context: Context,
  { service: { name }, causes }: Watched,
  refusals: readonly Refusal[],
) {
  const unknown = refusals.filter((one) => !causes.has(refusalKey(one)));
  const prepared =
    unknown.length > 0 ? await orElse(() => prepareConfined(context, name, {}), undefined) : undefined;
  if (prepared !== undefined) {
    const found = await foundRefusals(context, prepared, await context.system.unit(name), unknown);
    for (const one of unknown) causes.set(refusalKey(one), undefined);
    for (const one of found) causes.set(refusalKey(one.refusal), one);
  }
  return refusals.flatMap((refusal): Event[] => {
    const cause = causes.get(refusalKey(refusal));
    return cause ? [{ ...cause, refusal, unit: name }] : [];
  });
}

function withEvents(kept: KeptRefusals, events: readonly Event[], now: number): KeptRefusals {
  const byKey = new Map(kept.refusals.map((one) => [one.key, one]));
  let { lost } = kept;
  for (const event of events) {
    const key = refusalKey(event.refusal);
    const before = byKey.get(key);
    if (before === undefined && byKey.size >= MOST_KEPT) lost += event.refusal.count;
    else byKey.set(key, merged(before, event, now));
  }
  return { ...kept, lost, refusals: [...byKey.values()] };
}

function merged(before: KeptRefusal | undefined, { refusal, ...event }: Event, now: number): KeptRefusal {
  const programs = [...new Set([...(before?.programs ?? []), ...refusal.programs])].slice(0, 8);
  return {
    ...{ kind: refusal.kind, key: refusalKey(refusal), says: event.says, cause: event.cause },
    ...{
      at: event.at ? `${event.at.file}:${event.at.line}` : null,
      certain: event.certain,
      isAlarm: event.isAlarm,
    },
    ...{
      change: event.change ?? null,
      allowing: event.allowing ?? null,
      count: (before?.count ?? 0) + refusal.count,
      programs,
    },
    ...{ first: before?.first ?? now, last: now, call: numberedCall(refusal) ?? null },
  };
}

const keep = (context: Context, one: Watched): Promise<void> => {
  one.kept = { ...one.kept, until: context.system.now() };
  return keepRefusals(context, one.service.name, one.kept);
};
