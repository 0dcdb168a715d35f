/** The meaning of two filters that are in force together. */

import { type Action, stricter } from './action.js';
import type { AbiPolicy, ArgumentRule, Condition, SyscallPolicy, Verdict } from './policy.js';

/**
 * The policy of two filters: each call gets the stricter of both answers, argument by argument.
 * @param newer its answer counts where both are of one kind, as in the kernel
 * @param older for the same machine
 */
export const both = (newer: SyscallPolicy, older: SyscallPolicy): SyscallPolicy => ({
  machine: newer.machine,
  abis: new Map(
    [...newer.abis].flatMap(([abi, of]) => {
      const before = older.abis.get(abi);
      return before ? [[abi, bothOfAbi(of, before)] as const] : [];
    }),
  ),
});

function bothOfAbi(newer: AbiPolicy, older: AbiPolicy): AbiPolicy {
  const on = ({ verdicts, unlisted }: AbiPolicy, nr: number): Verdict =>
    verdicts.get(nr) ?? { rules: [], otherwise: unlisted };
  const numbers = new Set([...newer.verdicts.keys(), ...older.verdicts.keys()]);
  return {
    verdicts: new Map([...numbers].map((nr) => [nr, bothVerdicts(on(newer, nr), on(older, nr))])),
    unlisted: stricter(newer.unlisted, older.unlisted),
  };
}

/** A verdict whose first rule that holds is made of the first that holds of each. */
function bothVerdicts(newer: Verdict, older: Verdict): Verdict {
  const pairs = casesOf(newer).flatMap((one) =>
    casesOf(older).flatMap((other): ArgumentRule[] => {
      const when = [...one.when, ...other.when];
      return isImpossible(when) ? [] : [{ when, action: stricter(one.action, other.action) }];
    }),
  );
  const { action: otherwise } = pairs.pop()!;
  return { rules: withoutIdle(pairs, otherwise), otherwise };
}

/** The rules of a verdict, and one that always holds. */
const casesOf = ({ rules, otherwise }: Verdict): ArgumentRule[] => [
  ...rules,
  { when: [], action: otherwise },
];

/** Leaves out the last rules that say what holds without them. */
const withoutIdle = (rules: readonly ArgumentRule[], otherwise: Action): ArgumentRule[] =>
  rules.slice(0, rules.findLastIndex(({ action }) => action !== otherwise) + 1);

/** Whether conditions ask one argument to be two values: rules that choose by it are many, and pairs of them no cases. */
const isImpossible = (when: readonly Condition[]): boolean =>
  when.some((one, i) => when.slice(i + 1).some((other) => contradict(one, other)));

const contradict = (a: Condition, b: Condition): boolean => {
  if (a.arg !== b.arg || a.upper !== b.upper || a.width !== b.width) return false;
  const [x, y] = [a.values[0]!, b.values[0]!];
  if (a.op === 'eq' && b.op === 'eq') return x !== y;
  const isOfBits = a.op === 'bits-set' ? b.op === 'bits-clear' : a.op === 'bits-clear' && b.op === 'bits-set';
  return isOfBits && (x & y) !== 0n;
};
