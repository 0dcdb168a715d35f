import { type Diagnostic, type Location, warning } from '../diagnostic.js';
import { compile } from '../filter/compile.js';
import { encodeFilterFile, MAX_PROGRAM_LENGTH } from '../filter/filter-file.js';
import { assertProven } from '../filter/prove.js';
import type { PlannedFilter } from '../plan/plan.js';
import type { ProofSummary } from '../report.js';

/**
 * Compiles a planned filter for each of its machines, proves every program against the policy, and packs them.
 * @throws UserError `filter-too-long`
 */
export function buildFilter(filter: PlannedFilter): { file: Uint8Array; proofs: ProofSummary[] } {
  const compiled = filter.policies.map((policy) => {
    const program = compile(policy, { limit: MAX_PROGRAM_LENGTH });
    const { calls, sampled } = assertProven(program, policy);
    return { machine: policy.machine, program, calls, sampled };
  });
  const file = encodeFilterFile({
    noNewPrivileges: filter.noNewPrivileges,
    log: false,
    programs: new Map(compiled.map(({ machine, program }) => [machine, program])),
  });
  const proofs = compiled.map(({ machine, program, calls, sampled }) => ({
    machine,
    instructions: program.length,
    calls,
    sampled,
  }));
  return { file, proofs };
}

/** What is said of filters whose verdicts couldn't all be compared for all arguments. */
export function proofWarnings(proofs: readonly ProofSummary[], at: Location | undefined): Diagnostic[] {
  const sampled = Math.max(0, ...proofs.map((proof) => proof.sampled));
  if (sampled === 0) return [];
  const message = `rules on ${sampled === 1 ? 'a call' : `${sampled} calls`} are too many to prove for all arguments: the filter was tried with some`;
  return [warning('sampled-proof', message, { at, hint: 'fewer conditions in the rules on one call' })];
}
