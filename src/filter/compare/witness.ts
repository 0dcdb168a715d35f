/** Single calls that show that a stack is looser, where its programs are too much to compare. */
import type { SyscallPolicy } from '../../syscalls/policy.js';
import { COST, type Spend, type Work } from '../budget.js';
import { numbersToTry, registersToTry } from '../samples.js';
import { NO_ARGUMENTS } from '../simulate.js';
import type { Stack } from '../stack.js';
import { ascending } from '../turning-points.js';
import { archesOf } from './policy-ranges.js';
import type { Region } from './region.js';
import type { Difference } from './relation.js';
import { trySome } from './try-some.js';

/** Combinations of arguments that are tried for each number. */
const FEW = 16;

/**
 * Adds calls that get through though the policy refuses them, as far as the budget goes.
 * @param open regions in which the other programs don't refuse the calls
 * @param found gets the calls, also those found before an error
 * @throws ProgramError, OverBudget
 */
export function* findLooser(
  stack: Stack,
  { policy, open }: { readonly policy: SyscallPolicy; readonly open: readonly Region[] },
  { found, spend }: { readonly found: Difference[]; readonly spend: Spend },
): Work<void> {
  spend(COST.range);
  const known = new Map(archesOf(policy).map((arch) => [arch, ascending(numbersToTry(policy, arch))]));
  for (const { arch, first, last, verdict, args = NO_ARGUMENTS } of open) {
    const numbers = known.get(arch)!.filter((nr) => nr > first && nr <= last);
    for (const nr of [first, ...numbers]) {
      yield;
      const registers = [args, ...registersToTry(verdict, FEW)];
      const tried = trySome({ stack, arch, nr, verdict }, registers, spend);
      const one = tried.find(({ relation }) => relation === 'looser');
      if (one) found.push({ arch, first: nr, last: nr, ...one });
    }
  }
}
