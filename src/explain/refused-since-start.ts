/** Refusals to services since their last start, by watches and the logs, for a command that looks at many. */

import { inBatches } from '../collections.js';
import { type Diagnostic, warning } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { orElse } from '../machine/state/failures.js';
import { ASKED_AT_ONCE, type Service } from '../machine/state/service.js';
import { commandsOf, type UnitState } from '../machine/unit-state.js';
import { kindsIn } from '../observe/recording/kinds.js';
import type { Recording } from '../observe/recording/recording.js';
import { recordedHost } from '../observe/recordings/host.js';
import { storedRecordings } from '../observe/recordings/store.js';
import { serviceName } from '../prepare/load/load-unit.js';
import { EXEC_KEYS } from '../systemd/unit/exec/keys.js';
import type { UnitName } from '../systemd/unit/name.js';
import { type ObservedCall, observedCalls, together } from './records/observed.js';
import { type FoundCalls, type Records, UNSEEN, type Unseen } from './records/records.js';
import { startOf } from './records/start-of.js';
import { countOf } from './refusals/differences.js';
import { isWholeRun, type KeptRefusal, keptCalls, keptOfRun } from './refusals/kept.js';
import { alike, isFallback, type Tally, tally } from './tally.js';

/** Refusals to services, without calls that were let through and recorded, and without fallbacks. */
export interface RefusedSinceStart {
  /** Undefined where none was seen, and not all could be. */
  readonly count: number | undefined;
  /** The calls that filters refused. */
  readonly calls: readonly Tally[];
  /** Further refusals that `watch` has seen, and for which the unit's lines are known to be the reason. */
  readonly others: readonly KeptRefusal[];
  /** Why there may be more, or some of them another's. */
  readonly unseen: readonly Unseen[];
}

interface Sources {
  readonly records: Records;
  /** Whether the launcher's filter lets calls fail with an errno. */
  readonly isSilent: boolean;
}

/** Undefined where no service was started that is still loaded. */
export async function refusedSinceStart(
  context: Context,
  services: readonly Service[],
  sources: Sources,
): Promise<RefusedSinceStart | undefined> {
  const started = services.filter(({ state }) => startOf(state) > 0);
  if (started.length === 0 || context.machine === undefined) return undefined;
  const { machine } = context;
  const found = await inBatches(started, ASKED_AT_ONCE, (service) => refusedOf(context, service, sources));
  const calls = alike(found.flatMap((one) => one.calls))
    .map((same) => tally(machine, same))
    .filter((one) => one.got !== 'recorded' && !isFallback(one));
  const reasons = new Set(found.flatMap((one) => one.unseen));
  const unseen = UNSEEN.filter((reason) => reasons.has(reason));
  const others = found.flatMap((one) => one.others).filter(({ certain }) => certain);
  const count = countOf(calls) + countOf(others);
  return { calls, others, unseen, count: count === 0 && unseen.length > 0 ? undefined : count };
}

interface FoundRefusals extends FoundCalls {
  readonly others: readonly KeptRefusal[];
}

const UNREADABLE: FoundCalls = { calls: [], unseen: ['unreadable'] };

async function refusedOf(
  context: Context,
  { name, state }: Service,
  { records, isSilent }: Sources,
): Promise<FoundRefusals> {
  const since = startOf(state);
  const found = await orElse(() => keptOfRun(context, name, since), undefined);
  const kept = found && 'refusals' in found ? found : undefined;
  const { calls, others } = kept ? keptCalls(kept) : { calls: [], others: [] };
  if (kept && isWholeRun(kept, { start: since, now: context.system.now() }))
    return { calls, others, unseen: [] };
  const isUsers = context.placement.scope === 'user';
  const owner = { isUsers, state, since, programs: programsOf(state) };
  const logged = await orElse(() => records.of(owner), UNREADABLE);
  const watched = await orElse(() => observedRefusals(context, serviceName(name), since), undefined);
  return {
    calls: together([...calls, ...(watched?.calls ?? [])], logged.calls),
    others,
    unseen: [
      ...logged.unseen,
      ...(watched?.diagnostics.length === 0 && !kept?.lost ? [] : (['lost'] as const)),
      ...(isSilent || (await filtersFail(state)) ? (['errno'] as const) : []),
    ],
  };
}

const filtersFail = async (state: UnitState): Promise<boolean> =>
  (await import('../verify/kernel/refusers.js')).letsCallsFail(state);

/** The paths of a service's programs; behind the launcher they come after `--`. */
export const programsOf = (state: UnitState): string[] =>
  EXEC_KEYS.flatMap((key) => commandsOf(state, key)).flatMap(({ path, argv }) => {
    const isLaunched = argv[1]?.startsWith('--filter') === true;
    return isLaunched ? argv.slice(argv.indexOf('--') + 1).slice(0, 1) : [path];
  });

export interface ObservedRefusals {
  readonly calls: readonly ObservedCall[];
  /** Errors about recordings that can't be read, and warnings about those that may have missed some. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Calls that the observer saw refused on this host since a time: with no log, and no limit on its rate. A watch that
 * began before may have calls of before, and doesn't count.
 * @param since milliseconds since 1970
 */
export async function observedRefusals(
  context: Context,
  unit: UnitName,
  since: number,
): Promise<ObservedRefusals> {
  const { recordings, diagnostics } = await storedRecordings(context, unit, since);
  if (recordings.length === 0) return { calls: [], diagnostics };
  const { id } = await recordedHost(context);
  const own = recordings.map(({ recording }) => recording).filter(({ host }) => host.id === id);
  return {
    calls: own.flatMap((recording) => observedCalls(recording, timesOf(recording))),
    diagnostics: [...diagnostics, ...own.flatMap(lossOf)],
  };
}

const timesOf = ({ begin, end }: Recording) => ({ from: Date.parse(begin), time: Date.parse(end) });

/** A warning that a watch may have missed refused calls. */
function lossOf({ unit, end, lost, blind }: Recording): Diagnostic[] {
  const isOfRefused = (table: string) => kindsIn(table).includes('refused');
  const isBlind = blind.some(isOfRefused);
  if (!isBlind && !Object.keys(lost).some(isOfRefused)) return [];
  const how = isBlind ? 'could not see refused calls' : 'lost records of refused calls';
  return [
    warning('recording-incomplete', `the watch of ${unit} that ended at ${end} ${how}: some may be missing`),
  ];
}
