import type { Code } from '../../codes/subjects.js';
import { isSameBytes } from '../../collections.js';
import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { exists } from '../../prepare/load/exists.js';
import { MAX_PROGRAM_SIZE, programFiles } from '../../prepare/load/installed-programs.js';
import { type InstalledProgram, installedProgram, packagedProgram } from '../../systemd/paths/programs.js';
import type { NamedProgram } from './applied.js';

const CODE = 'drift-launcher';

/**
 * Codes of what has changed; a program that is missing has changed, too.
 * @param missing paths of missing files
 */
export function driftCodes(
  changed: readonly Diagnostic[],
  programs: readonly NamedProgram[],
  missing: readonly string[],
): Code[] {
  const isGone = programs.some(({ path }) => missing.includes(path));
  return [...new Set<Code>([...changed.map(({ code }) => code), ...(isGone ? ([CODE] as const) : [])])];
}

/** An error if an installed program isn't the one that this program would install, or that a package has. */
export async function installedChange(context: Context, name: InstalledProgram): Promise<Diagnostic[]> {
  const { system, placement, machine, offline } = context;
  const [path, packaged] = [installedProgram(placement, name), packagedProgram(name)];
  if (offline || machine === undefined) return [];
  if (await exists(system, packaged)) {
    const hint = 'apply each of these units again to switch it to the package';
    return [error(CODE, `units use ${path}, but a package has installed ${packaged}`, { hint })];
  }
  const [wanted] = await programFiles(context, machine, [path]);
  const there = await system.read(path, { limit: MAX_PROGRAM_SIZE });
  const isSame = there && wanted && isSameBytes(there.bytes, wanted.content);
  // A missing program is reported by brokenFiles().
  if (!there || isSame) return [];
  const hint = 'the next apply of any of its units replaces it';
  return [error(CODE, `${path} isn't the ${name} of this version of sandbox-unit`, { hint })];
}
