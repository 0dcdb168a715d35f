import type { Context } from '../context.js';
import { fileError } from '../files/error.js';
import { MAX_FACTS, parseFacts } from './facts-file.js';
import { Recorded } from './recorded.js';

/**
 * The context for another machine, by what it has answered.
 * @param paths the outputs of `facts`, the oldest first
 * @throws UserError `bad-file`, and where a file can't be read
 */
export async function onRecorded(
  context: Context,
  paths: readonly string[],
): Promise<{ readonly context: Context; readonly recorded: Recorded }> {
  const { program } = context;
  const texts = new Map<string, string>();
  for (const path of paths) {
    const file = await program.read(path, { limit: MAX_FACTS });
    if (file === undefined) throw fileError('bad-file', `there is no file ${path}`);
    texts.set(path, new TextDecoder().decode(file.bytes));
  }
  const recorded = new Recorded(parseFacts(texts), program);
  return { recorded, context: contextOf(context, recorded) };
}

/** The context for a machine that is recorded. */
export function contextOf(context: Context, recorded: Recorded): Context {
  const { program } = context;
  // The script is root's, and the variables of this machine aren't those of the other one's manager.
  return {
    ...{ ...context, system: recorded, policies: program, isRecorded: true },
    superuser: true,
  };
}
