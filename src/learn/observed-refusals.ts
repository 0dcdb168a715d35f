import { type Diagnostic, warning } from '../diagnostic.js';
import { kindsIn } from '../evidence/recording/kinds.js';
import type { Recording } from '../evidence/recording/recording.js';
import { type ObservedCall, observedCalls } from '../explain/records/observed.js';
import type { Context } from '../system/context.js';
import type { UnitName } from '../unit/name.js';
import { recordedHost } from './recordings/host.js';
import { storedRecordings } from './recordings/store.js';

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
  const how = isBlind ? 'was blind for refused calls' : 'has lost records of refused calls';
  return [
    warning('recording-incomplete', `the watch of ${unit} that ended at ${end} ${how}: not all may be told`),
  ];
}
