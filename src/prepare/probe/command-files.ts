import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { interpretersOf } from '../../plan/launcher/interpreters.js';
import { HEAD_SIZE, type ProgramFacts, readProgram } from '../../systemd/formats/elf.js';
import { neededBy, type ReadPiece } from '../../systemd/formats/elf-needed.js';

/**
 * The libraries that are loaded along with programs; of a script those of its interpreter.
 * @param places the possible paths of each program by its name: the first that exists counts
 */
export async function neededLibraries(
  context: Context,
  places: ReadonlyMap<string, readonly string[]>,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, readonly string[]>();
  for (const [name, paths] of places) {
    for (const path of paths) {
      const program = await readHead(context, path);
      if (program) found.set(name, await needed(context, workersOf(path, program)));
      if (program) break;
    }
  }
  return found;
}

/**
 * The files that the kernel opens to run programs: these and a script's interpreter, each by its paths, as it is written and
 * without links, and what env(1) may start as the interpreter.
 */
export async function openedFiles(context: Context, paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const program = await readHead(context, path);
    if (!program) continue;
    const [interpreter, ...started] = interpretersOf(program);
    for (const file of [path, ...(interpreter === undefined ? [] : [interpreter])])
      found.push(...(await orElse(() => namesOf(context, file), [file])));
    found.push(...started);
  }
  return found;
}

async function readHead({ system }: Context, path: string): Promise<ProgramFacts | undefined> {
  const head = await orElse(() => system.read(path, { limit: HEAD_SIZE, head: true }), undefined);
  return head && readProgram(head.bytes);
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
