import { type Diagnostic, error } from '../diagnostic.js';
import { ABIS, type Abi, abisOf, kernelNumber } from '../syscalls/abi.js';
import { formatAction } from '../syscalls/action-text.js';
import { numbersOf } from '../syscalls/numbers.js';
import { parseOperand } from '../syscalls/operand.js';
import { type Call, evaluate, type SyscallPolicy } from '../syscalls/policy.js';
import type { Expectation, Policy } from './policy.js';

/** The `[[expect]]` tables that don't hold for a policy on one machine; those for other machines' ABIs are passed over. */
export function checkExpectations(policy: Policy, meaning: SyscallPolicy): Diagnostic[] {
  return policy.expect.flatMap((expectation) => {
    const abi = abiOfExpectation(expectation, meaning);
    const nr = abi && numbersOf(abi).get(expectation.syscall.value);
    return abi === undefined || nr === undefined ? [] : checkOne(expectation, meaning, abi, nr);
  });
}

function abiOfExpectation({ architecture }: Expectation, meaning: SyscallPolicy): Abi | undefined {
  const abis = abisOf(meaning.machine);
  const wanted = architecture?.value ?? 'native';
  return wanted === 'native' ? abis[0] : abis.find((abi) => abi === wanted);
}

function checkOne(expectation: Expectation, meaning: SyscallPolicy, abi: Abi, nr: number): Diagnostic[] {
  const { args, syscall, action } = expectation;
  const registers = Array.from({ length: 6 }, (_, i) => (args[i] ? parseOperand(args[i], abi, 64) : 0n));
  const call: Call = { arch: ABIS[abi].arch, nr: kernelNumber(abi, nr), args: registers };
  const got = evaluate(meaning, call);
  if (got === action.value) return [];
  const message = `${syscall.value} on ${abi} gets '${formatAction(got)}', not '${formatAction(action.value)}'`;
  return [error('expectation-failed', message, { at: syscall.at })];
}
