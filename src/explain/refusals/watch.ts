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
import { NEEDS_ROOT, observeServices } from '../../observe/service-group.js';
import { prepareConfined } from '../../prepare/confined.js';
import { serviceName } from '../../prepare/load/load-unit.js';
import { isServiceName } from '../../systemd/unit/name.js';
import { countsOf, newRefusals, refusalKey } from './differences.js';
import { type FoundRefusal, foundRefusals } from './found.js';
import { type KeptRefusal, type KeptRefusals, keepRefusals, keptRefusals, MOST_KEPT } from './kept.js';

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

/** Milliseconds between two looks at the observer, and between two at which units are confined. */
const LOOK = 500;
const RESCAN = 10_000;

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
  for (let isFirst = true; signals.came() === undefined; isFirst = false) {
    const services = await servicesToWatch(context, named);
    const watched = await Promise.all(services.map((one) => beginning(context, one)));
    const observer =
      services.length > 0
        ? await observeServices(context, services, { machine: context.machine, sees: 'refused' })
        : undefined;
    if (isFirst) await ready();
    const isSame = async () => sameUnits(services, await servicesToWatch(context, named));
    try {
      await watchUntil(context, {
        watched,
        observer,
        report,
        isOver: () => signals.came() !== undefined,
        isSame,
      });
    } finally {
      await observer?.end();
    }
  }
}

async function servicesToWatch(context: Context, named: readonly string[]): Promise<Service[]> {
  const units = named.length > 0 ? named : [...(await confinedPlaces(context)).keys()].filter(isServiceName);
  const found = await Promise.all(units.map((unit) => servicesOf(context, serviceName(unit))));
  const services = found.flat();
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

/** Whether the same services are loaded with the same files. */
const sameUnits = (before: readonly Service[], now: readonly Service[]): boolean =>
  JSON.stringify(before.map(identity)) === JSON.stringify(now.map(identity));

const identity = ({ name, state }: Service) => [name, state.dropInPaths, state.controlGroup === ''];

async function beginning(context: Context, service: Service): Promise<Watched> {
  const now = context.system.now();
  const earlier = await keptRefusals(context, service.name);
  const isUsable = earlier !== undefined && 'refusals' in earlier && earlier.since >= startOf(service);
  const kept = isUsable ? earlier : { since: now, until: now, lost: 0, refusals: [] };
  return { service, counts: new Map(), causes: new Map(), tick: undefined, kept };
}

const startOf = ({ state }: Service): number => state.activeEnterTimestamp / 1000;

interface Round {
  readonly watched: readonly Watched[];
  readonly observer: Observer | undefined;
  readonly report: (events: readonly Event[]) => Promise<void>;
  readonly isOver: () => boolean;
  readonly isSame: () => Promise<boolean>;
}

/** Watches until it is to end, or other units are confined. */
async function watchUntil(context: Context, round: Round): Promise<void> {
  const { observer, watched, isOver } = round;
  for (let waited = 0; !isOver(); waited += LOOK) {
    await context.system.wait(LOOK, async () => isOver());
    if (observer?.isOver) await observer.dump();
    await lookAt(context, round);
    if (waited >= RESCAN) {
      waited = 0;
      if (!(await round.isSame())) break;
    }
  }
  if (observer && !observer.isOver) await lookAt(context, round);
  for (const one of watched) await keep(context, one);
}

/** Reports what was refused since the last look. */
async function lookAt(context: Context, { observer, watched, report }: Round): Promise<void> {
  const ticks = observer?.ticks ?? [];
  const changed = watched.filter((one, i) => isNew(one.tick, ticks[i]));
  // Repetitions may be due without anything new.
  if (changed.length === 0) return report([]);
  const dump = await observer!.dump();
  for (const [i, one] of watched.entries()) {
    const tick = ticks[i];
    if (!isNew(one.tick, tick)) continue;
    const now = context.system.now();
    if (one.tick !== undefined && tick!.lives !== one.tick.lives)
      one.kept = { since: now, until: now, lost: 0, refusals: [] };
    const all = refusalsIn(observedIn(dump[i]), context.machine!);
    const events = await eventsOf(context, one, newRefusals(all, one.counts));
    one.counts = countsOf(all);
    one.kept = withEvents({ ...one.kept, until: now, lost: tick!.lost }, events, now);
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
    ...{ change: event.change ?? null, count: (before?.count ?? 0) + refusal.count, programs },
    ...{ first: before?.first ?? now, last: now },
  };
}

const keep = (context: Context, { service, kept }: Watched): Promise<void> =>
  keepRefusals(context, service.name, kept);
