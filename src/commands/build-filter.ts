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
    const { calls } = assertProven(program, policy);
    return { machine: policy.machine, program, calls };
  });
  const file = encodeFilterFile({
    noNewPrivileges: filter.noNewPrivileges,
    log: false,
    programs: new Map(compiled.map(({ machine, program }) => [machine, program])),
  });
  const proofs = compiled.map(({ machine, program, calls }) => ({
    machine,
    instructions: program.length,
    calls,
  }));
  return { file, proofs };
}
