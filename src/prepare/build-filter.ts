import { type Diagnostic, type Location, warning } from '../diagnostic.js';
import type { Instruction } from '../filter/bpf.js';
import { compile } from '../filter/compile/compile.js';
import { encodeFilterFile, MAX_PROGRAM_LENGTH } from '../filter/filter-file.js';
import { assertProven } from '../filter/prove.js';
import type { PlannedFilter } from '../plan/plan.js';
import type { Machine } from '../syscalls/abi.js';
import type { SyscallPolicy } from '../syscalls/policy.js';

/** The bytes of a filter file, and the proofs of its programs. */
interface BuiltFilter {
  readonly file: Uint8Array;
  readonly proofs: readonly ProofSummary[];
}

/**
 * Compiles a planned filter for each of its machines, proves every program against the policy, and packs them.
 * @throws UserError `filter-too-long`
 */
export function buildFilter(filter: PlannedFilter): BuiltFilter {
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

/**
 * The filter for a service that serves, as buildFilter() makes that of its start.
 * @throws UserError `filter-too-long`
 */
export function buildReadyFilter({ noNewPrivileges, log, policies }: PlannedFilter): BuiltFilter {
  const { programs, proofs } = buildPrograms(policies, 'ready');
  return { file: encodeFilterFile({ noNewPrivileges, log, programs, ready: true }), proofs };
}

function buildPrograms(policies: readonly SyscallPolicy[], role: ProofSummary['role']) {
  const programs = new Map<Machine, readonly Instruction[]>();
  const proofs: ProofSummary[] = [];
  for (const policy of policies) {
    const { machine } = policy;
    const program = compile(policy, { limit: MAX_PROGRAM_LENGTH });
    programs.set(machine, program);
    const { calls, sampled } = assertProven(program, policy);
    proofs.push({ machine, role, instructions: program.length, calls, sampled });
  }
  return { programs, proofs };
}

/** A warning if some verdicts of a filter couldn't be compared with the policy for all arguments. */
export function proofWarnings(proofs: readonly ProofSummary[], at: Location | undefined): Diagnostic[] {
  const sampled = Math.max(0, ...proofs.map((proof) => proof.sampled));
  if (sampled === 0) return [];
  const message = `rules on ${sampled === 1 ? 'a call' : `${sampled} calls`} are too many to prove for all arguments: the filter was tried with some`;
  return [warning('filter-too-long', message, { at, hint: 'fewer conditions in the rules on one call' })];
}

/** The result of a filter's proof. */
export interface ProofSummary {
  readonly machine: string;
  /** `start`: the program in force before the entry point, at stage `entry`; `ready`: the one of `[ready]`. */
  readonly role: 'main' | 'start' | 'ready';
  /** The program's length. */
  readonly instructions: number;
  /** The number of calls that were run through the program and compared with the policy. */
  readonly calls: number;
  /**
   * The number of verdicts that are too large to compare for all arguments: only the calls that were run speak for
   * them.
   */
  readonly sampled: number;
}
