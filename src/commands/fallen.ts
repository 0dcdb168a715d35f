/** What becomes of the units that a restart takes along. */
import { hasJob, isRunning } from '../apply/activate.js';
import { staysStopped, wasStopped } from '../apply/stopped.js';
import type { Undo } from '../apply/undo.js';
import { inBatches } from '../collections.js';
import { type Diagnostic, error, note, UserError, warning } from '../diagnostic.js';
import { ownCommand, systemctl } from '../plan/own-command.js';
import type { Context } from '../system/context.js';
import { type Along, askUnit, isTrigger, namesIn, OPPONENTS } from './along.js';
import { ASKED_AT_ONCE } from './services.js';

/** By these a unit names those that the manager itself stops it for: whether somebody has asked for that can't be told then. */
const TIES = ['BindsTo', 'StopPropagatedFrom', ...OPPONENTS];

/** By these, too, it is stopped with them. */
const NEEDS = ['PartOf', 'Requires', 'Requisite', ...TIES];

/** How long is waited from one look to the next at a unit that is being stopped, in milliseconds. */
const PAUSE = 100;

/** How long what was started again must be up to count as that, in milliseconds. */
export const LOOK_AGAIN = 300;

const isBeingStopped = ({ properties }: Along): boolean => properties.get('ActiveState') === 'deactivating';

/** A unit, when its stop is over, if it is being stopped. */
async function whenStopped(context: Context, name: string): Promise<Along> {
  const first = await askUnit(context.system, name);
  if (!isBeingStopped(first)) return first;
  return context.caller.tellIfLong(`${name}: waiting for its stop …`, async () => {
    for (;;) {
      await context.system.wait(PAUSE);
      const found = await askUnit(context.system, name);
      if (!isBeingStopped(found)) return found;
    }
  });
}

/** These units, and those that name one of them by some of their links, and so on. */
function withDependents(
  names: Iterable<string>,
  along: readonly Along[],
  links: readonly string[],
): Set<string> {
  const found = new Set(names);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const { name, properties } of along) {
      if (namesIn(properties, links).some((other) => found.has(other))) found.add(name);
    }
  }
  return found;
}

/** Those that the manager itself may stop for units, or for what goes down with these. */
function tiedTo(names: readonly string[], along: readonly Along[]): Set<string> {
  const all = withDependents(names, along, NEEDS);
  const isTied = ({ properties }: Along) => namesIn(properties, TIES).some((name) => all.has(name));
  return withDependents(
    along.filter(isTied).map(({ name }) => name),
    along,
    NEEDS,
  );
}

/**
 * Listens anew to what the manager itself may have stopped for services that were restarted: what is stopped of that from
 * here on isn't by their restart.
 */
export async function watchTied(context: Context, undo: Undo, services: readonly string[]): Promise<void> {
  if (undo.along.length === 0) return;
  const found = await inBatches(undo.along, ASKED_AT_ONCE, (name) => askUnit(context.system, name));
  const tied = tiedTo(services, found);
  const names = undo.along.filter((name) => tied.has(name));
  if (names.length > 0) await context.system.watch(names);
}

interface Fallen {
  /** Went down with the restart. */
  readonly down: readonly string[];
  /** Somebody has stopped them. */
  readonly stopped: readonly string[];
}

interface Which {
  /** Whether the services have stayed up since, so that nothing that is tied to them was stopped for them. */
  readonly holds?: boolean;
  /** Which of the units along are meant. */
  readonly are?: (unit: string) => boolean;
}

/** The units along that are down, and that the manager isn't about to start. */
export async function fallen(
  context: Context,
  { unit, runs, along }: Undo,
  { holds = false, are = () => true }: Which = {},
): Promise<Fallen> {
  const found = await inBatches(along, ASKED_AT_ONCE, (name) =>
    are(name) ? whenStopped(context, name) : askUnit(context.system, name),
  );
  const dead = found.filter(
    ({ name, properties }) => are(name) && !isRunning(properties) && !hasJob(properties),
  );
  const names = [unit, ...runs.map((run) => run.unit)];
  const tied = holds ? new Set<string>() : tiedTo(names, found);
  const stopped = await inBatches(dead, ASKED_AT_ONCE, async ({ name, properties }) => {
    const one = { unit: name, scope: context.placement.scope };
    return !tied.has(name) && wasStopped(context.system, one, properties);
  });
  const named = (is: boolean) => dead.flatMap(({ name }, i) => (stopped[i] === is ? [name] : []));
  return { down: named(false), stopped: named(true) };
}

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
  if (!undo.restarted) return [];
  const { down, stopped } = await fallen(context, undo, { holds: true });
  const stays = stopped.filter((unit) => !own.has(unit)).map(staysStopped);
  return [...stays, ...(down.length > 0 ? await startAll(context, undo, down, { settle, own }) : [])];
}

async function startAll(
  context: Context,
  undo: Undo,
  down: readonly string[],
  { settle, own }: Required<HowLong>,
): Promise<Diagnostic[]> {
  const { system, placement, caller } = context;
  const went = (unit: string) => `${unit} went down with the restart of ${undo.unit}`;
  const refused = new Map<string, string>();
  for (const unit of [...down.filter(isTrigger), ...down.filter((one) => !isTrigger(one))]) {
    const start = () => refusalOf(() => system.startUnit(unit));
    const why = await caller.tellIfLong(`${unit}: waiting for its start …`, start);
    if (why !== undefined) refused.set(unit, why);
  }
  const started = down.filter((unit) => !refused.has(unit));
  if (started.length > 0) await system.wait(Math.max(settle, LOOK_AGAIN));
  const found = await inBatches(started, ASKED_AT_ONCE, (unit) => askUnit(context.system, unit));
  const again = found.filter(({ properties }) => !isRunning(properties)).map(({ name }) => name);
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
          hint: `'${ownCommand(placement.scope, 'explain', undo.unit)}' says what that was refused; the journal what ${unit} said`,
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
