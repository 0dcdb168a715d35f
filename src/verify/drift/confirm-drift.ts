/** Holds what has changed since a policy was applied against the files that it would make now. */

import type { Code } from '../../codes/subjects.js';
import { type Diagnostic, error, hasErrors, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { filesHash } from '../../machine/state/files-hash.js';
import type { EmittedFile } from '../../plan/emit/files.js';
import { againHint, optionsAgain } from '../../prepare/apply-again.js';
import { prepare } from '../../prepare/prepare.js';
import type { MachineFacts } from '../../prepare/probe/target.js';
import { dropInPath } from '../../systemd/paths/own-files.js';
import { isInstalledProgram } from '../../systemd/paths/programs.js';
import { EXEC_KEYS } from '../../systemd/unit/exec/keys.js';
import { parseUnitFile } from '../../systemd/unit/unit-file.js';
import { type InstalledUnit, isDenied, type Suspect } from './applied.js';

/**
 * Of suspects those that make a difference: the files would be others.
 * @param machine learns the facts about the machine
 */
export async function confirmed(
  context: Context,
  applied: InstalledUnit,
  suspects: readonly Suspect[],
  machine: () => Promise<MachineFacts>,
): Promise<Diagnostic[]> {
  const { unit, facts } = applied;
  const drift = (code: Code, why: string, so = '') =>
    error(code, `${unit}: ${why} since its policy was applied${so}`, {
      hint: againHint(context, unit, facts),
    });
  try {
    const options = optionsAgain(context, unit, facts);
    const prepared = await prepare(context, unit, options, machine);
    const { diagnostics, files } = prepared;
    // Overridden lines are reported by overriddenIn().
    const wrong = diagnostics.filter(({ code }) => code !== 'overridden');
    if (isDenied(context, wrong)) throw new UserError(wrong);
    if (hasErrors(wrong)) return [cantApply(unit, suspects, wrong)];
    if (hasErrors(diagnostics)) return [];
    const made = files.filter(({ path }) => !isInstalledProgram(context.placement, path));
    if (filesHash(made) === facts.filesHash) return [];
    const stale = staleCommand(context, applied, made);
    return suspects.map(({ code, why }) =>
      code === 'drift-unit' && stale
        ? drift('drift-command', `its ${stale}= has changed`, '; the drop-in still starts the old command')
        : drift(code, why),
    );
  } catch (cause) {
    if (!(cause instanceof UserError) || isDenied(context, cause.diagnostics)) throw cause;
    return [cantApply(unit, suspects, cause.diagnostics)];
  }
}

const cantApply = (unit: string, suspects: readonly Suspect[], diagnostics: readonly Diagnostic[]) => {
  const [first] = diagnostics.filter(({ severity }) => severity === 'error');
  const why = suspects.map((suspect) => suspect.why).join('; ');
  // A policy that can't be read has said so, and why.
  if (why.includes(first!.message))
    return error(suspects[0]!.code, `${unit}: ${why}`, { at: first!.at, hint: first!.hint });
  // A message that begins with the reason would repeat it.
  const so = first!.message.startsWith(why) ? '' : `: ${first!.message}`;
  const what =
    first!.code === 'unit-changed'
      ? "can't be compared before systemd is reloaded"
      : 'can no longer be applied';
  const message = `${unit}: ${why}; its policy ${what}${so}`;
  return error(suspects[0]!.code, message, { at: first!.at, hint: first!.hint });
};

/** The key of the first Exec line that would be another. */
function staleCommand({ placement }: Context, { unit, files }: InstalledUnit, made: readonly EmittedFile[]) {
  const path = dropInPath(placement, unit);
  const [was, is] = [files, made].map((list) => {
    const dropIn = list.find((file) => file.path === path);
    return dropIn ? parseUnitFile(path, dropIn.content).assignments : [];
  });
  const lines = (assignments: typeof was, key: string) =>
    assignments!.filter((one) => one.key === key).map(({ value }) => value);
  return EXEC_KEYS.find((key) => lines(was, key).join('\n') !== lines(is, key).join('\n'));
}
