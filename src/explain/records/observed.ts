import type { Recording, RefusedCall } from '../../evidence/recording/recording.js';
import { ABIS, type Abi, kernelNumber } from '../../syscalls/abi.js';
import { KILL } from '../../syscalls/action.js';
import type { UnitCall } from './record.js';

/** SECCOMP_RET_ERRNO without its number, as the kernel's records have it. */
const FAILED = 0x00050000;

/**
 * Calls that the observer saw refused, as if the kernel had recorded them.
 * @param time of the last, in milliseconds since 1970: the observer tells none
 */
export const observedCalls = (seen: Pick<Recording, 'programs' | 'refused'>, time: number): UnitCall[] =>
  seen.refused.flatMap((call) => {
    if (!Object.hasOwn(ABIS, call.architecture)) return [];
    return [{ ...whoIn(seen, call), ...callOf(call.architecture as Abi, call), time, certain: true }];
  });

const callOf = (abi: Abi, { number, answer, count }: RefusedCall) => ({
  arch: ABIS[abi].arch,
  nr: kernelNumber(abi, number),
  action: answer === 'kill' ? KILL : FAILED,
  count,
});

/** The first program that made the call; the observer tells no processes. */
function whoIn(
  { programs }: Pick<Recording, 'programs'>,
  call: RefusedCall,
): Pick<UnitCall, 'pid' | 'name' | 'program'> {
  const program = programs[call.programs[0] ?? -1]?.path;
  return { pid: undefined, name: program?.slice(program.lastIndexOf('/') + 1) ?? 'unknown', program };
}
