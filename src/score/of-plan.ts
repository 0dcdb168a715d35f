import { dropInFacts } from '../emit/drop-in-facts.js';
import type { EmittedFile } from '../emit/files.js';
import { decodeFilterFile } from '../filter/filter-file.js';
import { hasNameOfDropIn, namesFilter } from '../paths.js';
import type { Plan } from '../plan/plan.js';
import { ownValues } from '../plan/unit-values.js';
import { effectiveUnit } from '../unit/effective.js';
import { execKeys } from '../unit/exec/keys.js';
import { parseUnitFile, type UnitFile } from '../unit/unit-file.js';
import type { Exposure } from './exposure.js';
import { settingsOfFiles } from './of-files.js';
import { placesOf } from './places.js';
import { type Scored, scoreOf } from './score.js';

/** A unit without its policy and with it. */
export interface PlannedScore {
  /** The exposure of the unit by its own lines alone. */
  readonly before: Exposure;
  readonly after: Scored;
}

/** Scores a plan by the files that it comes to; undefined if there are none, since it has errors. */
export function scoreOfPlan(
  { target }: Plan,
  own: readonly UnitFile[],
  emitted: readonly EmittedFile[],
): PlannedScore | undefined {
  const dropIn = emitted.find(({ path }) => hasNameOfDropIn(path));
  if (!dropIn) return undefined;
  const filter = emitted.find(({ path }) => namesFilter(path));
  const decoded = filter && decodeFilterFile(filter.content);
  const isLaunched = dropInFacts(dropIn.content).startsLaunched;
  const loaded = isLaunched && decoded && 'programs' in decoded ? decoded : undefined;
  const { scope, systemd, sets, machine } = target;
  const unitOf = (files: readonly UnitFile[]) => effectiveUnit(files, execKeys(systemd));
  const settingsOf = (files: readonly UnitFile[]) => settingsOfFiles(unitOf(files), { scope, systemd, sets });
  const all = [...own, parseUnitFile(dropIn.path, dropIn.content)];
  return {
    before: scoreOf({ settings: settingsOf(own), machine, sets, filter: undefined }).exposure,
    after: {
      score: scoreOf({ settings: settingsOf(all), machine, sets, filter: loaded }),
      places: placesOf(ownValues(unitOf(all)), target.mounts),
    },
  };
}
