import { type Diagnostic, error, printable } from '../../diagnostic.js';
import type { Policy } from '../../policy/policy.js';
import type { Context } from '../../system/context.js';

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin';

/**
 * The first file that may be executed, as execvp(3) looks for it with the caller's environment; or the reason why there
 * is none.
 * @param name a path, or a name without a slash
 */
export function lookUpProgram(
  name: string,
  caller: Context['caller'],
): { readonly path: string } | { readonly why: string } {
  const places = name.includes('/')
    ? [name]
    : (caller.environment.PATH ?? DEFAULT_PATH)
        .split(':')
        .filter((directory) => directory.startsWith('/') && !directory.includes('\ufffd'))
        .map((directory) => `${directory}/${name}`);
  let why = 'no such file';
  for (const path of places) {
    const reason = caller.whyNotExecutable(path);
    if (reason === undefined) return { path };
    if (reason !== 'no such file') why = name === path ? reason : `${path}: ${reason}`;
  }
  return { why };
}

/** An error if the policy's probe can't be run, which would otherwise show only after the restart. */
export function probeProblems({ caller, offline }: Context, { probe }: Policy): Diagnostic[] {
  const [program] = probe ?? [];
  if (program === undefined || offline) return [];
  const found = lookUpProgram(program.value, caller);
  if ('path' in found) return [];
  return [
    error('no-probe', `the probe '${printable(program.value)}' can't be run: ${found.why}`, {
      at: program.at,
      hint: "'probe' in [apply] is a program's path, or its name, and its arguments; no shell reads it",
    }),
  ];
}
