import { groupBy } from '../collections.js';
import { type Diagnostic, note } from '../diagnostic.js';
import type { Abi } from '../syscalls/abi.js';
import { formatAction } from '../syscalls/action-text.js';
import { hiddenFrom } from '../syscalls/conditions.js';
import { answers, type NamedPolicy } from '../syscalls/named-policy.js';
import { numbersOf } from '../syscalls/numbers.js';
import { resolveCalls, strictest, verdictOn } from '../syscalls/resolve.js';
import type { RuleEntry, SyscallsSection } from '../syscalls/section.js';
import type { SyscallSets } from '../syscalls/sets.js';

/**
 * Notes about rules on arguments that no filter can compare on one of the ABIs, with the action that their calls get
 * there.
 * @param abis the ABIs that the policy will get a filter for
 */
export function hiddenArguments(
  section: SyscallsSection,
  sets: SyscallSets,
  abis: readonly Abi[],
): Diagnostic[] {
  const policy = resolveCalls(section, sets);
  const byCall = groupBy(section.rules, ({ syscall }) => syscall.value);
  return [...byCall].flatMap(([call, rules]) =>
    abis.filter((abi) => numbersOf(abi).has(call)).flatMap((abi) => hiddenOn(abi, rules, policy)),
  );
}

function hiddenOn(abi: Abi, rules: readonly RuleEntry[], policy: NamedPolicy): Diagnostic[] {
  const rule = rules.find((one) => hiddenFrom(one, abi));
  if (!rule) return [];
  const call = rule.syscall.value;
  const { why, instead } = hiddenFrom(rule, abi)!;
  const verdict = verdictOn(policy, call);
  if (new Set(answers(verdict)).size === 1) return [];
  const message = `'${call}' on ${abi} ${why}: it gets '${formatAction(strictest(verdict))}' there, whatever its arguments`;
  const hint =
    instead === undefined
      ? `without '${abi}' in 'architectures' no call comes through it`
      : `programs call '${instead}' instead: a rule on it tells its arguments apart`;
  return [note('stricter-than-policy', message, { at: rule.at, hint })];
}
