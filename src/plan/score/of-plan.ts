import type { DirectiveEntry } from '../../policy/policy.js';
import { waitingLines } from '../../policy/waiting-lines.js';
import { decodeFilterFile } from '../../seccomp/filter/filter-file.js';
import { hasNameOfDropIn, namesFilter, namesReadyFilter } from '../../systemd/paths/own-files.js';
import { type EffectiveUnit, effectiveUnit } from '../../systemd/unit/effective.js';
import { execKeys } from '../../systemd/unit/exec/keys.js';
import { parseUnitFile, type UnitFile } from '../../systemd/unit/unit-file.js';
import { dropInFacts } from '../emit/drop-in-facts.js';
import type { EmittedFile } from '../emit/files.js';
import type { Plan } from '../plan.js';
import { ownValues } from '../unit-values.js';
import type { Exposure } from './exposure.js';
import { settingsOfFiles } from './of-files.js';
import { placesOf } from './places.js';
import { promotedSettings } from './promoted.js';
import { exposureOf, type Scored, type ScoreInput, scoreOf } from './score.js';

/** A plan, and the files that it is made of and comes to. */
export interface PlannedFiles {
  readonly plan: Plan;
  /** The texts of the policy's files. */
  readonly policy: { readonly sources: ReadonlyMap<string, string> };
  /** The unit as it is without us. */
  readonly unit: { readonly files: readonly UnitFile[] };
  /** Those of ours; none for a plan with errors, which has no exposure and no score. */
  readonly files: readonly EmittedFile[];
}

/** The exposure of a unit without its policy and with it. */
export interface PlannedExposure {
  readonly before: Exposure;
  /** From its start on. */
  readonly after: Exposure;
  /** Once it serves; undefined where no filter is loaded then. */
  readonly ready?: Exposure;
  /** When `learn --promote` has stated the lines that wait, and the service serves; undefined where none waits. */
  readonly promoted?: Exposure;
}

export function exposureOfPlan(planned: PlannedFiles): PlannedExposure | undefined {
  const confined = confinedBy(planned);
  if (!confined) return undefined;
  const { plan, unit } = planned;
  const waiting = waitingLines(planned.policy.sources.get(plan.policyFile) ?? '');
  const before = subjectOf(plan, effectiveUnit(unit.files, execKeys(plan.target.systemd)), NO_FILTERS);
  const { exposure, untilReady } = exposureOf(confined.subject);
  return {
    before: exposureOf(before).exposure,
    after: untilReady ?? exposure,
    ...(untilReady === undefined ? {} : { ready: exposure }),
    ...(waiting.length > 0
      ? { promoted: exposureOf(promotedBy(waiting, confined.subject, plan)).exposure }
      : {}),
  };
}

const promotedBy = (
  waiting: readonly DirectiveEntry[],
  subject: ScoreInput,
  { target: { scope, systemd, sets } }: Plan,
): ScoreInput => ({
  ...subject,
  settings: promotedSettings(subject.settings, waiting, { scope, systemd, sets }),
});

/** The score of a unit with its policy. */
export function scoreOfPlan(planned: PlannedFiles): Scored | undefined {
  const confined = confinedBy(planned);
  return (
    confined && {
      score: scoreOf(confined.subject),
      places: placesOf(ownValues(confined.unit), planned.plan.target.mounts),
    }
  );
}

interface UnitOnMachine {
  readonly unit: EffectiveUnit;
  readonly subject: ScoreInput;
}

type FilterFiles = Pick<ScoreInput, 'filter' | 'ready'>;

const NO_FILTERS: FilterFiles = { filter: undefined, ready: undefined };

/** The unit with the drop-in, and the filters of ours that go with it. */
function confinedBy({ plan, unit: { files: own }, files: emitted }: PlannedFiles): UnitOnMachine | undefined {
  const dropIn = emitted.find(({ path }) => hasNameOfDropIn(path));
  if (!dropIn) return undefined;
  const { startsLaunched, tightened } = dropInFacts(dropIn.content);
  const filters = {
    filter: startsLaunched ? filterIn(emitted, namesFilter) : undefined,
    ready: tightened ? filterIn(emitted, namesReadyFilter) : undefined,
  };
  const all = [...own, parseUnitFile(dropIn.path, dropIn.content)];
  const unit = effectiveUnit(all, execKeys(plan.target.systemd));
  return { unit, subject: subjectOf(plan, unit, filters) };
}

function filterIn(files: readonly EmittedFile[], isWanted: (path: string) => boolean): ScoreInput['filter'] {
  const file = files.find(({ path }) => isWanted(path));
  const filter = file && decodeFilterFile(file.content);
  return filter && 'programs' in filter ? filter : undefined;
}

function subjectOf({ target }: Plan, unit: EffectiveUnit, filters: FilterFiles): ScoreInput {
  const { scope, systemd, sets, machine } = target;
  return { settings: settingsOfFiles(unit, { scope, systemd, sets }), machine, sets, ...filters };
}
