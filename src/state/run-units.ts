import { inBatches } from '../collections.js';
import { transientFolder } from '../paths.js';
import type { Context } from '../system/context.js';
import type { UnitState } from '../system/unit-state.js';
import { isServiceName } from '../unit/name.js';
import { ASKED_AT_ONCE } from './service.js';

/** The page that `run` names in Documentation= of its units, by which they are known. */
export const RUN_MANUAL = 'man:sandbox-unit-run(1)';

/** A loaded unit that `run` has made. */
export interface RunUnit {
  readonly unit: string;
  readonly state: UnitState;
  /** Whether its processes have a filter from their start on, the launcher's or systemd's. */
  readonly filtered: boolean;
}

/** The most bytes of a transient unit's file: more than a command line with the largest filter takes. */
export const MAX_TRANSIENT_SIZE = 4 << 20;

/** The loaded units that `run` has made, sorted. */
export async function runUnits(context: Context): Promise<RunUnit[]> {
  const { system, placement } = context;
  const folder = transientFolder(placement);
  const names = (await system.list(folder)).filter(isServiceName).sort();
  const found = await inBatches(names, ASKED_AT_ONCE, async (unit): Promise<RunUnit[]> => {
    const file = await system.read(`${folder}/${unit}`, { limit: MAX_TRANSIENT_SIZE, head: true });
    const lines = new TextDecoder().decode(file?.bytes).split('\n');
    if (!lines.some((line) => line.startsWith('Documentation=') && line.includes(RUN_MANUAL))) return [];
    return [{ unit, state: await system.unit(unit), filtered: lines.some(isFilter) }];
  });
  return found.flat();
}

const isFilter = (line: string): boolean =>
  /^SystemCallFilter=./.test(line) || (line.startsWith('ExecStart') && line.includes('--filter-base64='));
