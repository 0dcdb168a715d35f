import { HEAD_SIZE, type ProgramFacts, readProgram } from '../../formats/elf.js';
import { neededBy, type ReadPiece } from '../../formats/elf-needed.js';
import { interpretersOf } from '../../plan/launcher/commands.js';
import { orElse } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import type { CommandFiles } from '../../target/target.js';

/**
 * Facts about the files that the kernel opens to run a unit's commands.
 * @param places the possible paths of each program by its name: the first that exists counts
 */
export async function readCommands(
  context: Context,
  places: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlyMap<string, CommandFiles>> {
  const found = new Map<string, CommandFiles>();
  for (const [name, paths] of places) {
    for (const path of paths) {
      const files = await orElse(() => readOne(context, path), undefined);
      if (files) found.set(name, files);
      if (files) break;
    }
  }
  return found;
}

async function readOne(context: Context, path: string): Promise<CommandFiles | undefined> {
  const { system } = context;
  const head = await system.read(path, { limit: HEAD_SIZE, head: true });
  if (head === undefined) return undefined;
  const program = readProgram(head.bytes);
  const [interpreter, ...started] = interpretersOf(program);
  const files = [path, ...(interpreter === undefined ? [] : [interpreter])];
  return {
    files: [
      ...(await Promise.all(files.map((file) => namesOf(context, file)))),
      ...started.map((file) => [file]),
    ],
    needed: await needed(context, workersOf(path, program)),
  };
}

/** The possible paths of the program that does the work, best first: what env(1) starts, an interpreter, or it itself. */
function workersOf(path: string, program: ProgramFacts): readonly string[] {
  const [interpreter, ...started] = interpretersOf(program);
  return [...started, ...(interpreter === undefined ? [] : [interpreter]), path];
}

/** The libraries of the first program that is there. */
async function needed(context: Context, paths: readonly string[]): Promise<readonly string[]> {
  for (const path of paths) {
    const read = piecesOf(context, path);
    const head = await orElse(() => read(0, HEAD_SIZE), NOTHING);
    if (head.length > 0) return neededBy(head, read);
  }
  return [];
}

const NOTHING = new Uint8Array();

/** Reads pieces of a file; empty where there is none. */
const piecesOf =
  ({ system }: Context, path: string): ReadPiece =>
  async (from, limit) =>
    (await system.read(path, { from, limit, head: true }))?.bytes ?? NOTHING;

/** The paths of a file: as it is written, and without links. */
async function namesOf({ system, offline }: Context, path: string): Promise<readonly string[]> {
  const { real = path } = offline ? {} : await system.walk(path);
  return real === path ? [path] : [path, real];
}
