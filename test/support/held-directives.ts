/** What `verify` says of directives in a box. */
import type { Box } from './box.js';
import { sandboxUnit } from './service.js';

/** A directive as `verify --json` has it. */
export interface SeenDirective {
  readonly directive: string;
  readonly relation: string;
  readonly findings: readonly {
    readonly relation: string;
    readonly seen: string;
    readonly processes: readonly { readonly pid: number }[];
  }[];
}

interface Told {
  readonly directives: readonly SeenDirective[];
  readonly diagnostics: readonly {
    readonly code: string;
    readonly message: string;
    readonly line?: number;
  }[];
}

/** Runs `verify` with these words. Returns its exit status, and directives by their relations. */
export async function verifyDirectives(box: Box, ...words: string[]) {
  const { status, stdout } = await sandboxUnit(box, 'verify', '--json', ...words);
  const { directives, diagnostics } = JSON.parse(stdout) as Told;
  const of = (relation: string) =>
    directives.filter((one) => one.relation === relation).map(({ directive }) => directive);
  const seen = new Map(
    directives.map(({ directive, relation, findings }) => [
      directive,
      findings.find((one) => one.relation === relation)?.seen,
    ]),
  );
  return { status, of, seen, directives, diagnostics };
}
