import { didYouMean, EXIT, error, UserError } from '../../diagnostic.js';
import type { Outcome } from '../../outcome.js';
import type { Verb, VerbGroup } from '../verb.js';
import { bashCompletion } from './bash.js';
import { fishCompletion } from './fish.js';
import { type CompletedLine, completedLine, SHELLS, type ShellName } from './model.js';
import { zshCompletion } from './zsh.js';

const COMPLETIONS: Readonly<Record<ShellName, (line: CompletedLine) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/**
 * Prints the completion of the command line for a shell.
 * @param verbs the whole command line
 * @throws UserError `unknown-shell`
 */
export function completion(verbs: readonly (Verb | VerbGroup)[], [shell = '']: readonly string[]): Outcome {
  const name = SHELLS.find((one) => one === shell);
  if (!name) throw unknownShell(shell);
  const text = COMPLETIONS[name](completedLine(verbs));
  return { exit: EXIT.ok, json: { shell: name, text }, text, diagnostics: [], sources: new Map() };
}

function unknownShell(shell: string): UserError {
  const hint = didYouMean(shell, SHELLS) ?? `there are ${SHELLS.join(', ')}`;
  return new UserError(
    error('unknown-shell', `no completion for the shell '${shell}'`, { hint }),
    EXIT.failure,
  );
}
