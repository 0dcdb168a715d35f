import { type Diagnostic, type Location, warning } from '../diagnostic.js';
import type { Instruction } from '../filter/bpf.js';
import { compile } from '../filter/compile/compile.js';
import { encodeFilterFile, MAX_PROGRAM_LENGTH } from '../filter/filter-file.js';
import { assertProven } from '../filter/prove.js';
import type { PlannedFilter } from '../plan/plan.js';
import type { Machine } from '../syscalls/abi.js';
import type { SyscallPolicy } from '../syscalls/policy.js';

/**
 * Compiles a planned filter for each of its machines, proves every program against the policy, and packs them.
 * @throws UserError `filter-too-long`
 */
export function buildFilter(filter: PlannedFilter): { file: Uint8Array; proofs: ProofSummary[] } {
  const main = buildPrograms(filter.policies, 'main');
  const start = filter.start && buildPrograms(filter.start, 'start');
  const file = encodeFilterFile({
    noNewPrivileges: filter.noNewPrivileges,
    log: filter.log,
    programs: main.programs,
    ...(start ? { start: start.programs } : {}),
  });
  return { file, proofs: [...main.proofs, ...(start?.proofs ?? [])] };
}

function buildPrograms(policies: readonly SyscallPolicy[], role: ProofSummary['role']) {
  const programs = new Map<Machine, readonly Instruction[]>();
  const proofs = policies.map((policy): ProofSummary => {
    const program = compile(policy, { limit: MAX_PROGRAM_LENGTH });
    const { calls, sampled } = assertProven(program, policy);
    programs.set(policy.machine, program);
    return { machine: policy.machine, role, instructions: program.length, calls, sampled };
  });
  return { programs, proofs };
}

/** What is said of filters whose verdicts couldn't all be compared for all arguments. */
export function proofWarnings(proofs: readonly ProofSummary[], at: Location | undefined): Diagnostic[] {
  const sampled = Math.max(0, ...proofs.map((proof) => proof.sampled));
  if (sampled === 0) return [];
  const message = `rules on ${sampled === 1 ? 'a call' : `${sampled} calls`} are too many to prove for all arguments: the filter was tried with some`;
  return [warning('sampled-proof', message, { at, hint: 'fewer conditions in the rules on one call' })];
}

/** What the proof of a filter came to. */
export interface ProofSummary {
  readonly machine: string;
  /** `start`: what holds before the entry point, at stage `entry`. */
  readonly role: 'main' | 'start';
  /** Length of the program. */
  readonly instructions: number;
  /** Calls that were run through it and compared with the policy. */
  readonly calls: number;
  /** Verdicts on arguments that are too large to compare for all arguments: only those calls speak for them. */
  readonly sampled: number;
}
