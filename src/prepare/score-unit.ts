import { type Diagnostic, error } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { type FilterLines, loadedFilters, type ServiceFilters } from '../machine/state/own-filters.js';
import type { Service } from '../machine/state/service.js';
import { commandsOf, type UnitState } from '../machine/unit-state.js';
import { headerOf } from '../plan/emit/drop-in-facts.js';
import { settingsOfFiles } from '../plan/score/of-files.js';
import { settingsOnBus } from '../plan/score/on-bus.js';
import { placesOf } from '../plan/score/places.js';
import { promotedSettings } from '../plan/score/promoted.js';
import { exposureOf, type Scored, type ScoreInput, scoreOf } from '../plan/score/score.js';
import { ownValues } from '../plan/unit-values.js';
import type { DirectiveEntry } from '../policy/policy.js';
import { Unprovable } from '../seccomp/filter/prove-numbers.js';
import { ProgramError } from '../seccomp/filter/simulate.js';
import { MAX_MOUNTS, writableExecutable } from '../systemd/formats/mount-info.js';
import { hasNameOfDropIn } from '../systemd/paths/own-files.js';
import { type EffectiveUnit, effectiveUnit } from '../systemd/unit/effective.js';
import { execKeys } from '../systemd/unit/exec/keys.js';
import { argumentsOf } from '../systemd/unit/exec/line.js';
import type { UnitName } from '../systemd/unit/name.js';
import { isReadAfter } from '../systemd/unit/search.js';
import type { UnitFile } from '../systemd/unit/unit-file.js';
import { exists } from './load/exists.js';
import { dropInPathsFor } from './load/find-unit.js';
import { loadOffline } from './load/load-unit.js';
import { readFiles } from './load/unit-files.js';
import { waitingIn } from './load/waiting.js';
import type { MachineFacts } from './probe/target.js';

/** A score, or an error about what it can't be told without. */
export type ScoreResult = Scored | Diagnostic;

/** Scores a service as the manager has loaded it; the mounts of its main process tell the places. */
export async function scoreLoaded(
  context: Context,
  { facts }: MachineFacts,
  { state }: Service,
): Promise<ScoreResult> {
  const dropIn = state.dropInPaths.find(hasNameOfDropIn);
  const filters = await filtersOf(context, dropIn, linesOnBus(state));
  const settings = settingsOnBus((name) => state.properties.get(name), facts);
  const places = () => placesOfProcess(context, state.mainPid);
  return scored({ settings, facts, filters, places, waiting: await waitingOf(context, dropIn) });
}

/** @param dropIn the path of our drop-in that the unit has, if it has one */
const filtersOf = async (
  context: Context,
  dropIn: string | undefined,
  lines: FilterLines,
): Promise<ServiceFilters | Diagnostic> =>
  dropIn === undefined ? { filter: undefined, ready: undefined } : loadedFilters(context, dropIn, lines);

/** Lines that wait in the policy of a drop-in of ours. */
async function waitingOf(context: Context, dropIn: string | undefined) {
  const file = dropIn === undefined ? undefined : await context.system.read(dropIn);
  return waitingIn(context, file && headerOf(file.bytes).policy);
}

const linesOnBus = (state: UnitState): FilterLines => ({
  posts: commandsOf(state, 'ExecStartPost').map(({ argv }) => argv),
  starts: commandsOf(state, 'ExecStart').flatMap(({ argv, flags }) =>
    flags.includes('privileged') ? [] : [argv],
  ),
});

const linesOf = (unit: EffectiveUnit): FilterLines => ({
  posts: unit.execCommands('ExecStartPost').map(argumentsOf),
  starts: unit
    .execCommands('ExecStart')
    .flatMap((command) => (command.prefixes.includes('+') ? [] : [argumentsOf(command)])),
});

async function placesOfProcess({ system }: Context, pid: number): Promise<string[] | undefined> {
  const file = pid === 0 ? undefined : await system.read(`/proc/${pid}/mountinfo`, { limit: MAX_MOUNTS });
  return file && writableExecutable(new TextDecoder().decode(file.bytes));
}

/**
 * Scores a service by its files alone.
 * @throws UserError `no-unit`
 */
export async function scoreOffline(
  context: Context,
  { facts }: MachineFacts,
  name: UnitName,
): Promise<ScoreResult> {
  const unit = await loadOffline(context, name);
  const dropIn = await ownDropIn(context, unit.name);
  const own = dropIn === undefined ? [] : (await readFiles(context, [dropIn])).files;
  const effective = effectiveUnit(withOwn(unit.files, own), execKeys(facts.systemd));
  const filters = await filtersOf(context, dropIn, linesOf(effective));
  const settings = settingsOfFiles(effective, facts);
  return scored({
    settings,
    facts,
    filters,
    waiting: await waitingOf(context, dropIn),
    places: async () => placesOf(ownValues(effective), facts.mounts),
  });
}

/** The files of a unit and our drop-in, in systemd's order. */
function withOwn(files: readonly UnitFile[], own: readonly UnitFile[]): UnitFile[] {
  const isAfter = ({ path }: UnitFile) => own.some((one) => isReadAfter(path, one.path));
  return [...files.filter((file) => !isAfter(file)), ...own, ...files.filter(isAfter)];
}

async function ownDropIn(context: Context, name: UnitName): Promise<string | undefined> {
  for (const path of await dropInPathsFor(context, name)) if (await exists(context.system, path)) return path;
  return undefined;
}

interface ScoreFacts extends Pick<ScoreInput, 'settings'>, Pick<MachineFacts, 'facts'> {
  readonly filters: ServiceFilters | Diagnostic;
  readonly waiting: readonly DirectiveEntry[];
  readonly places: () => Promise<Scored['places']>;
}

async function scored({ settings, facts, filters, places, waiting }: ScoreFacts): Promise<ScoreResult> {
  if ('code' in filters) return filters;
  const { machine, sets } = facts;
  try {
    const score = scoreOf({ settings, machine, sets, ...filters });
    if (waiting.length === 0) return { score, places: await places() };
    const promoted = promotedSettings(settings, waiting, facts);
    return {
      score,
      promoted: exposureOf({ settings: promoted, machine, sets, ...filters }).exposure,
      places: await places(),
    };
  } catch (cause) {
    if (!(cause instanceof Unprovable) && !(cause instanceof ProgramError)) throw cause;
    return error('bad-file', `one of its filters is not sandbox-unit's: ${cause.message}`);
  }
}
