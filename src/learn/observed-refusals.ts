import type { Diagnostic } from '../diagnostic.js';
import type { Recording, RefusedCall } from '../evidence/recording/recording.js';
import type { UnitCall } from '../explain/records/record.js';
import { ABIS, type Abi, kernelNumber } from '../syscalls/abi.js';
import { KILL } from '../syscalls/action.js';
import type { Context } from '../system/context.js';
import type { UnitName } from '../unit/name.js';
import { recordedHost } from './recordings/host.js';
import { storedRecordings } from './recordings/store.js';

/** SECCOMP_RET_ERRNO without its number, as the kernel's records have it. */
const FAILED = 0x00050000;

export interface ObservedRefusals {
  readonly calls: readonly UnitCall[];
  /** Errors about recordings that can't be read, and may have more. */
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
  const own = recordings.filter(({ recording }) => recording.host.id === id);
  return { calls: own.flatMap(({ recording }) => refusalsIn(recording)), diagnostics };
}

const refusalsIn = (recording: Recording): UnitCall[] =>
  recording.refused.flatMap((call) => {
    if (!Object.hasOwn(ABIS, call.architecture)) return [];
    const abi = call.architecture as Abi;
    return [
      { ...whoIn(recording, call), ...callOf(abi, call), time: Date.parse(recording.end), certain: true },
    ];
  });

const callOf = (abi: Abi, { number, answer, count }: RefusedCall) => ({
  arch: ABIS[abi].arch,
  nr: kernelNumber(abi, number),
  action: answer === 'kill' ? KILL : FAILED,
  count,
});

/** The first program that made the call; a recording has no processes. */
function whoIn({ programs }: Recording, call: RefusedCall): Pick<UnitCall, 'pid' | 'name' | 'program'> {
  const program = programs[call.programs[0] ?? -1]?.path;
  return { pid: undefined, name: program?.slice(program.lastIndexOf('/') + 1) ?? 'unknown', program };
}
