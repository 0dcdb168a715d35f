/** Calls by their names. */
import { groupBy } from '../../collections.js';
import type { AnsweredSample } from '../../seccomp/filter/sample-calls.js';
import { type Abi, abiOf, type Machine } from '../../seccomp/syscalls/abi.js';
import { type Action, KILL_THREAD } from '../../seccomp/syscalls/action.js';
import { formatAction } from '../../seccomp/syscalls/action-text.js';
import { nameOf, numbersOf } from '../../seccomp/syscalls/numbers.js';
import type { SeccompData } from '../../seccomp/syscalls/policy.js';

/** Calls that get the same answer, and not the policy's. */
export interface NamedCalls {
  readonly abi: Abi;
  /** Names; `numbers without a call`, or `every call` for all of these together. */
  readonly calls: readonly string[];
  /** The policy's answer, and the filters'. */
  readonly expected: string;
  readonly got: string;
  /** Whether that is an example, and other arguments may get other answers. */
  readonly someArguments: boolean;
}

const NO_CALL = 'numbers without a call';
/** The name in the place of all calls of a convention. */
export const EVERY_CALL = 'every call';

/** The convention and the name of a call of a machine. */
function nameOfCall(
  machine: Machine,
  { arch, nr }: SeccompData,
): { readonly abi: Abi; readonly call: string } {
  const id = abiOf(machine, arch, nr)!;
  return { abi: id.abi, call: nameOf(id.abi, id.nr) ?? NO_CALL };
}

/** Names calls of a machine; those that are alike in all else are together. */
export function nameCalls(machine: Machine, answered: readonly AnsweredSample[]): NamedCalls[] {
  const single = answered.map(({ expected, got, isByNumber, ...of }) => {
    const { abi, call } = nameOfCall(machine, of);
    const answers = { expected: actionText(expected), got: actionText(got), someArguments: !isByNumber };
    return { abi, call, ...answers };
  });
  const groups = groupBy(single, ({ call: _, ...rest }) => JSON.stringify(rest));
  return [...groups.values()].map((group) => {
    const { call: _, ...rest } = group[0]!;
    const names = group.map(({ call }) => call);
    const isAll = names.length > numbersOf(rest.abi).size && names.includes(NO_CALL);
    return { ...rest, calls: isAll ? [EVERY_CALL] : names };
  });
}

const actionText = (action: Action): string =>
  action === KILL_THREAD ? 'kill-thread' : formatAction(action);
