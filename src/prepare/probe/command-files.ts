import { HEAD_SIZE, type ProgramFacts, readProgram } from '../../formats/elf.js';
import { neededBy, type ReadPiece } from '../../formats/elf-needed.js';
import { parseFileCapabilities } from '../../formats/file-capabilities.js';
import { interpretersOf } from '../../plan/launcher/commands.js';
import { orElse } from '../../state/failures.js';
import type { Context } from '../../system/context.js';
import type { CommandFiles } from '../../target/target.js';
import { fileName } from '../../unit/path.js';

/** The most output of getcap(8), in bytes. */
const MAX_CAPABILITIES = 1 << 16;

interface Wanted {
  /** Whether capabilities of the files are looked for. */
  readonly capabilities?: boolean;
}

/**
 * Facts about the files that the kernel opens to run a unit's commands.
 * @param places the possible paths of each program by its name: the first that exists counts
 */
export async function readCommands(
  context: Context,
  places: ReadonlyMap<string, readonly string[]>,
  { capabilities = false }: Wanted = {},
): Promise<ReadonlyMap<string, CommandFiles>> {
  const found = new Map<string, CommandFiles>();
  for (const [name, paths] of places) {
    for (const path of paths) {
      const files = await orElse(() => readOne(context, path), undefined);
      if (files) found.set(name, files);
      if (files) break;
    }
  }
  return capabilities && !context.offline ? withCapabilities(context, found) : found;
}

async function withCapabilities(
  { system }: Context,
  commands: ReadonlyMap<string, CommandFiles>,
): Promise<ReadonlyMap<string, CommandFiles>> {
  const files = [...new Set([...commands.values()].map(fileOf))];
  if (files.length === 0) return commands;
  const { status, stdout } = await system.run(['getcap', ...files], { limit: MAX_CAPABILITIES });
  const gives = parseFileCapabilities(status === 0 ? stdout : '', files);
  return new Map(
    [...commands].map(([name, one]) => {
      const own = gives.get(fileOf(one));
      return [name, own ? { ...one, gives: own } : one];
    }),
  );
}

/** The file of a command without links: getcap(8) doesn't follow them. */
const fileOf = ({ files }: CommandFiles): string => files[0]!.at(-1)!;

async function readOne(context: Context, path: string): Promise<CommandFiles | undefined> {
  const { system } = context;
  const head = await system.read(path, { limit: HEAD_SIZE, head: true });
  if (head === undefined) return undefined;
  const program = readProgram(head.bytes);
  const interpreter = interpreterOf(program);
  const files = [path, ...(interpreter === undefined ? [] : [interpreter])];
  return {
    files: await Promise.all(files.map((file) => namesOf(context, file))),
    needed: await needed(context, workersOf(path, program)),
    ...(isShell(program) ? { script: new TextDecoder().decode(head.bytes) } : {}),
  };
}

/** Whether a program is a script of a shell. */
const isShell = (program: ProgramFacts): boolean =>
  interpretersOf(program).some((path) => /^(?:ba|da|k|z|a)?sh$/.test(fileName(path)));

const interpreterOf = (program: ProgramFacts): string | undefined =>
  program.kind === 'dynamic' || program.kind === 'script' ? program.interpreter : undefined;

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
