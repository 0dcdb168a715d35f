/** Scores of units by lines of `[Service]`, and of policies on them. */

import { HASHING } from '../../src/machine/state/files-hash.js';
import { emitFiles } from '../../src/plan/emit/files.js';
import { settingsOfFiles } from '../../src/plan/score/of-files.js';
import { exposureOfPlan, type PlannedExposure, scoreOfPlan } from '../../src/plan/score/of-plan.js';
import { type Score, type Scored, scoreOf } from '../../src/plan/score/score.js';
import { buildFilter, buildReadyFilter } from '../../src/prepare/build-filter.js';
import type { Target } from '../../src/systemd/target/target.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';
import { planned, targetOf, unitFile } from './planned.js';

const PLACEMENT = { scope: 'system', lifetime: 'always' } as const;
const ORIGIN = { version: '1', policyHash: 'a', unitHash: 'b' };

/** The score of a unit with these lines in `[Service]`, or of a whole file that begins with another section. */
export function scoreOfLines(lines: string, target: Target = targetOf(257)): Score {
  const file = lines.startsWith('[') ? parseUnitFile('demo.service', lines) : unitFile(lines);
  const settings = settingsOfFiles(effectiveUnit([file]), target);
  const { machine, sets } = target;
  return scoreOf({ settings, machine, sets, filter: undefined, ready: undefined });
}

/** A policy's exposure, and its score. */
export interface PolicyScore {
  readonly change: PlannedExposure;
  readonly after: Scored;
}

/** The score of a policy on a unit with these lines in `[Service]`. */
export function scoreOfPolicy(policy: string, lines = '', target: Target = targetOf(257)): PolicyScore {
  const plan = planned(policy, lines, target);
  const filters = {
    start: plan.filter && buildFilter(plan.filter).file,
    ready: plan.ready && buildReadyFilter(plan.ready.filter).file,
  };
  const files = emitFiles(plan, filters, PLACEMENT, ORIGIN, HASHING);
  const sources = new Map([[plan.policyFile, policy]]);
  const made = { plan, policy: { sources }, unit: { files: [unitFile(lines)] }, files };
  return { change: exposureOfPlan(made)!, after: scoreOfPlan(made)! };
}
