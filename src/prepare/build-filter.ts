import { type Diagnostic, type Location, warning } from '../diagnostic.js';
import type { PlannedFilter } from '../plan/plan.js';
import type { Instruction } from '../seccomp/filter/bpf.js';
import { compile } from '../seccomp/filter/compile/compile.js';
import { encodeFilterFile, MAX_PROGRAM_LENGTH } from '../seccomp/filter/filter-file.js';
import { assertProven } from '../seccomp/filter/prove.js';
import type { Machine } from '../seccomp/syscalls/abi.js';
import type { SyscallPolicy } from '../seccomp/syscalls/policy.js';

/** The bytes of a filter file, and the programs in it, which are yet to be proven. */
export interface CompiledFilter {
  readonly file: Uint8Array;
  readonly programs: readonly CompiledProgram[];
}

interface CompiledProgram {
  readonly program: readonly Instruction[];
  readonly policy: SyscallPolicy;
  readonly role: ProofSummary['role'];
}

/**
 * Compiles a planned filter for each of its machines, and packs the programs.
 * @throws UserError `filter-too-long`
 */
export function compileFilter({ noNewPrivileges, log, policies, start }: PlannedFilter): CompiledFilter {
  const main = compiled(policies, 'main');
  const early = start && compiled(start, 'start');
  const file = encodeFilterFile({
    noNewPrivileges,
    log,
    programs: byMachine(main),
    ...(early ? { start: byMachine(early) } : {}),
  });
  return { file, programs: [...main, ...(early ?? [])] };
}

/**
 * The filter for a service that serves, as compileFilter() makes that of its start.
 * @throws UserError `filter-too-long`
 */
export function compileReadyFilter({ noNewPrivileges, log, policies }: PlannedFilter): CompiledFilter {
  const programs = compiled(policies, 'ready');
  const file = encodeFilterFile({ noNewPrivileges, log, programs: byMachine(programs), ready: true });
  return { file, programs };
}

const compiled = (policies: readonly SyscallPolicy[], role: ProofSummary['role']): CompiledProgram[] =>
  policies.map((policy) => ({
    ...{ policy, role },
    program: compile(policy, { limit: MAX_PROGRAM_LENGTH }),
  }));

const byMachine = (programs: readonly CompiledProgram[]): Map<Machine, readonly Instruction[]> =>
  new Map(programs.map(({ program, policy }) => [policy.machine, program]));

/** Proves each program of a filter against its policy. */
export const proofsOf = ({ programs }: CompiledFilter): ProofSummary[] =>
  programs.map((one) => {
    const { calls, sampled } = assertProven(one.program, one.policy);
    return { ...summaryOf(one), calls, sampled };
  });

/** Summaries without the numbers of calls, for a filter that was proven before it was written. */
export const writtenProofs = ({ programs }: CompiledFilter): ProofSummary[] => programs.map(summaryOf);

/** The bytes of a filter file whose programs are proven, and the proofs. */
interface BuiltFilter {
  readonly file: Uint8Array;
  readonly proofs: readonly ProofSummary[];
}

/** Compiles a planned filter, and proves it. @throws UserError `filter-too-long` */
export const buildFilter = (filter: PlannedFilter): BuiltFilter => proven(compileFilter(filter));

/** The filter for a service that serves. @throws UserError `filter-too-long` */
export const buildReadyFilter = (filter: PlannedFilter): BuiltFilter => proven(compileReadyFilter(filter));

const proven = (compiled: CompiledFilter): BuiltFilter => ({
  file: compiled.file,
  proofs: proofsOf(compiled),
});

const summaryOf = ({ program, policy: { machine }, role }: CompiledProgram): ProofSummary => ({
  ...{ machine, role },
  instructions: program.length,
});

/** A warning if some verdicts of a filter couldn't be compared with the policy for all arguments. */
export function proofWarnings(proofs: readonly ProofSummary[], at: Location | undefined): Diagnostic[] {
  const sampled = Math.max(0, ...proofs.map(({ sampled = 0 }) => sampled));
  if (sampled === 0) return [];
  const message = `rules on ${sampled === 1 ? 'a call' : `${sampled} calls`} are too many to prove for all arguments: the filter was tested with some of them`;
  return [warning('filter-too-long', message, { at, hint: 'use fewer conditions in the rules on one call' })];
}

/** The result of a filter's proof; without the numbers of calls where it was proven before it was written. */
export interface ProofSummary {
  readonly machine: string;
  /** `start`: the program in force before the entry point, at stage `entry`; `ready`: the one of `[ready]`. */
  readonly role: 'main' | 'start' | 'ready';
  /** The program's length. */
  readonly instructions: number;
  /** The number of calls that were run through the program and compared with the policy. */
  readonly calls?: number;
  /**
   * The number of verdicts that are too large to compare for all arguments: only the calls that were run speak for
   * them.
   */
  readonly sampled?: number;
}
