import { type Diagnostic, error } from '../../diagnostic.js';
import { programPlace } from '../../paths/own-files.js';
import type { Policy } from '../../policy/policy.js';
import type { Located } from '../../syscalls/section.js';
import { fileName } from '../../unit/path.js';
import type { PlannedDirective, PlannedProgram } from '../plan.js';
import { bindReadOnly } from './path-directives.js';

/** The mounts that put the launcher in front of each of `[exec] programs`. */
export interface PlannedPrograms {
  readonly programs: readonly PlannedProgram[];
  readonly directives: readonly PlannedDirective[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Plans the mounts for `[exec] programs`.
 * @param folder where mount points and scripts may be put; undefined if there is no place
 * @param launcher its path, which a script's first line must have room for
 */
export function planPrograms(policy: Policy, folder: string | undefined, launcher: string): PlannedPrograms {
  const named = policy.programs ?? [];
  const diagnostics = checkPrograms(policy);
  if (named.length > 0 && !/^[!-~]{1,100}$/.test(launcher)) {
    diagnostics.push(error('program-path', `'#!' can't name ${launcher}`, { at: named[0]!.at }));
  }
  if (named.length > 0 && folder === undefined) {
    const hint = "'wrap' puts the launcher in front of the command itself";
    const message = "a transient unit has no place for what 'programs' needs";
    diagnostics.push(error('gap-programs', message, { at: named[0]!.at, hint }));
  }
  if (named.length === 0 || diagnostics.length > 0) return { programs: [], directives: [], diagnostics };
  const names = named.map(({ value }) => fileName(value));
  const programs = named.map(({ value: path }, i): PlannedProgram => {
    const nth = names.slice(0, i + 1).filter((name) => name === names[i]).length;
    const place = programPlace(folder!, names[i]!, nth);
    return { path, place, script: `${place}.launch` };
  });
  const mounts = programs.flatMap(({ path, place, script }) => [
    [path, place] as const,
    [script, path] as const,
  ]);
  return { programs, directives: [bindReadOnly(mounts, '[exec] programs')], diagnostics: [] };
}

/** Errors in the paths of `[exec] programs` by themselves. */
export function checkPrograms({ programs = [] }: Policy): Diagnostic[] {
  const paths = programs.map(({ value }) => value);
  return programs.flatMap((entry, i) => problemOf(entry, paths.indexOf(entry.value) < i));
}

/** Errors in one path: it is written unquoted into a unit file and into the launcher's script. */
function problemOf({ value, at }: Located<string>, isTwice: boolean): Diagnostic[] {
  const clean = /^(?:\/[A-Za-z0-9_+.@-]+)+$/.test(value) && !/\/\.\.?(?:\/|$)/.test(value);
  if (!clean) {
    const hint = 'letters, digits and _ + . @ - between single slashes';
    return [error('program-path', `'${value}' is no plain absolute path`, { at, hint })];
  }
  return isTwice ? [error('program-path', `'${value}' is named twice`, { at })] : [];
}
