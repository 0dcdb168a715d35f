import type { Explanation } from '../../explain/explanation.js';
import { tallyJson } from '../../explain/tally.js';

/** Explanations for programs. */
export const explanationsJson = (explanations: readonly Explanation[]) =>
  explanations.map(({ cause, changes, instead, opens: gains, phase, processes, ...told }) => ({
    ...tallyJson(told),
    ...(phase ? { phase } : {}),
    processes: processes.map(({ pid, name, program }) => ({
      pid: pid ?? null,
      name,
      program: program ?? null,
    })),
    cause: {
      ...{ kind: cause.kind, what: cause.what, ...cause.at },
      ...(cause.phase ? { phase: cause.phase } : {}),
    },
    changes: changes.map(({ edit: _, ...change }) => change),
    ...(instead ? { instead } : {}),
    ...(gains === undefined ? {} : { opens: gains }),
  }));
