import { groupBy } from '../../collections.js';
import type { Difference, Relation } from '../../filter/compare/relation.js';
import { ABIS, type Abi, abisOf, kernelNumber, type Machine, X32_BIT } from '../../syscalls/abi.js';
import { type Action, KILL_THREAD } from '../../syscalls/action.js';
import { formatAction } from '../../syscalls/action-text.js';
import { numbersOf } from '../../syscalls/numbers.js';
import type { SyscallPolicy } from '../../syscalls/policy.js';

/** Calls that get the same answer, and not the policy's. */
export interface NamedDifference {
  readonly relation: Relation;
  readonly abi: Abi;
  /** Names; `numbers without a call`, `every call`, or `closed convention` for all that is refused of one. */
  readonly calls: readonly string[];
  /** The policy's answer, and the kernel's. */
  readonly expected: string;
  readonly got: string;
  /** Whether only some arguments get that answer. */
  readonly someArguments: boolean;
  /** Directives of the unit that refuse such calls. */
  readonly by: readonly string[];
}

const actionText = (action: Action): string =>
  action === KILL_THREAD ? 'kill-thread' : formatAction(action);

const NO_CALL = 'numbers without a call';
/** The name in the place of all calls of a convention. */
export const EVERY_CALL = 'every call';
const CLOSED = 'closed convention';

/**
 * Names differences by their calls, the looser ones first.
 * @param refusers directives that refuse a call
 */
export function nameDifferences(
  { machine, abis }: SyscallPolicy,
  differences: readonly Difference[],
  refusers: (call: string, abi: Abi) => readonly string[],
): NamedDifference[] {
  const single = differences.flatMap((difference) =>
    callsOf(machine, difference).map(({ abi, call }): NamedDifference => {
      const { relation, expected, got, args } = difference;
      if (!abis.has(abi) && relation === 'otherwise') return closedAbi(abi, difference, refusers);
      return {
        relation,
        abi,
        calls: [call],
        expected: actionText(expected),
        got: actionText(got),
        someArguments: args !== undefined,
        by: relation === 'looser' ? [] : refusers(call, abi),
      };
    }),
  );
  const groups = groupBy(single, ({ calls: _, ...rest }) => JSON.stringify(rest));
  return [...groups.values()]
    .map((group) => ({ ...group[0]!, calls: together(group) }))
    .sort((a, b) => ORDER.indexOf(a.relation) - ORDER.indexOf(b.relation));
}

/** The calls of differences that are alike in all else. */
function together(group: readonly NamedDifference[]): readonly string[] {
  const calls = new Set(group.flatMap((one) => one.calls));
  const isAll = calls.size > numbersOf(group[0]!.abi).size && calls.has(NO_CALL);
  return isAll ? [EVERY_CALL] : [...calls];
}

/** The difference of a closed convention: one directive closes it, whatever other directives say of its calls. */
const closedAbi = (
  abi: Abi,
  { relation, expected, got }: Difference,
  refusers: (call: string, abi: Abi) => readonly string[],
): NamedDifference => ({
  relation,
  abi,
  calls: [CLOSED],
  expected: actionText(expected),
  got: actionText(got),
  someArguments: false,
  by: refusers(CLOSED, abi).filter((name) => name === 'SystemCallArchitectures'),
});

const ORDER: readonly Relation[] = ['looser', 'stricter', 'otherwise'];

function callsOf(
  machine: Machine,
  { arch, first, last }: Difference,
): { readonly abi: Abi; readonly call: string }[] {
  const abis = abisOf(machine).filter((abi) => ABIS[abi].arch === arch);
  return abis.flatMap((abi) => {
    const isWithin = (nr: number) => kernelNumber(abi, nr) >= first && kernelNumber(abi, nr) <= last;
    const names = [...numbersOf(abi)].filter(([, nr]) => isWithin(nr)).map(([name]) => name);
    const others = countOf(abi, first, last) > names.length ? [NO_CALL] : [];
    return [...names, ...others].map((call) => ({ abi, call }));
  });
}

/** The number of a convention's call numbers in a range. x32 has those of x86-64 with its bit set, but for -1. */
function countOf(abi: Abi, first: number, last: number): number {
  const within = (from: number, to: number) => Math.max(0, Math.min(last, to) - Math.max(first, from) + 1);
  if (abi === 'x86-64') return within(0, X32_BIT - 1) + within(0xffffffff, 0xffffffff);
  return abi === 'x32' ? within(X32_BIT, 0xfffffffe) : within(0, 0xffffffff);
}
