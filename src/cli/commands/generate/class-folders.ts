import { shortList } from '../../../collections.js';
import { type Diagnostic, note, printable } from '../../../diagnostic.js';
import type { Context } from '../../../machine/context.js';
import { sha256OfBytes } from '../../../machine/digest.js';
import { sha256 } from '../../../machine/state/files-hash.js';
import type { EmittedFile } from '../../../plan/emit/files.js';
import { madeRecord } from '../../../systemd/paths/records.js';
import { normalize } from '../../../systemd/unit/path.js';

/** Writes files below a folder of the machine that the program runs on, at their own paths. */
export async function writeBelow(
  { program }: Context,
  folder: string,
  files: readonly EmittedFile[],
): Promise<void> {
  for (const { path, content, mode } of files)
    await program.replace(`${folder}${path}`, content, { mode, foreign: true });
}

/** Files of a unit for classes of machines. */
export interface Classes {
  /** The unit's full name. */
  readonly unit: string;
  /** The folder with the facts of the machines. */
  readonly hosts: string;
  /** The folder below which each class has one of its own. */
  readonly output: string;
  /** The files by the names of classes. */
  readonly classes: ReadonlyMap<string, readonly EmittedFile[]>;
  /** Whether these are the classes of all machines. */
  readonly isWhole: boolean;
}

/** Files that were removed, and what is said of others. */
export interface RemovedFiles {
  readonly gone: readonly string[];
  readonly diagnostics: Diagnostic[];
}

/** A file that was made for machines of a class. */
interface MadeFile {
  /** Digits of the hash of the folder that has the machines' facts. */
  readonly group: string;
  /** The class's folder and the file's path below it. */
  readonly path: string;
  readonly hash: string;
}

/** The most bytes of a record. */
const MAX_RECORD = 16 << 20;

/** Digits of a hash that stand for a folder of facts. */
const DIGITS = 16;

/** The most folders that a note names. */
const MOST_FOLDERS = 5;

/**
 * Writes the files of each class, and removes those of earlier runs with the same folder of facts. These stay where
 * somebody has changed them, where another folder's machines have them, and where not all machines' classes are known.
 */
export async function writeClasses(
  context: Context,
  { unit, hosts, output, classes, isWhole }: Classes,
): Promise<RemovedFiles> {
  const { program } = context;
  const group = sha256([normalize(hosts)]).slice(0, DIGITS);
  const record = `${output}${madeRecord(unit)}`;
  const known = parseRecord((await program.read(record, { limit: MAX_RECORD }))?.bytes);
  const made: MadeFile[] = [];
  for (const [name, files] of classes) {
    await writeBelow(context, `${output}/${name}`, files);
    for (const { path, content } of files)
      made.push({ group, path: `${name}${path}`, hash: sha256OfBytes(content) });
  }
  const isMade = pathsOf(made);
  const earlier = known.filter((one) => one.group === group && !isMade.has(one.path));
  const others = known.filter((one) => one.group !== group);
  const isOthers = pathsOf(others);
  const stale = isWhole ? earlier.filter(({ path }) => !isOthers.has(path)) : [];
  const { gone, diagnostics } = await removeStale(context, output, stale);
  if (!isWhole && earlier.length > 0) diagnostics.push(staysForNow(earlier));
  const kept = [...others, ...(isWhole ? [] : earlier), ...made];
  if (kept.length + known.length > 0)
    await program.replace(record, new TextEncoder().encode(recordText(kept)), { mode: 0o644, foreign: true });
  return { gone, diagnostics };
}

const pathsOf = (files: readonly MadeFile[]): ReadonlySet<string> => new Set(files.map(({ path }) => path));

async function removeStale(
  { program }: Context,
  output: string,
  stale: readonly MadeFile[],
): Promise<RemovedFiles> {
  const gone: string[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const { path, hash } of stale) {
    const at = `${output}/${path}`;
    const file = await program.read(at, { limit: MAX_RECORD });
    if (file === undefined) continue;
    if (sha256OfBytes(file.bytes) === hash) {
      await program.remove(at, { foreign: true, within: output });
      gone.push(at);
    } else {
      const message = `${printable(at)} was edited since it was generated, and is kept`;
      diagnostics.push(note('left-as-it-is', message));
    }
  }
  const folders = [...new Set(gone.map((path) => path.slice(output.length + 1).split('/')[0]!))];
  if (folders.length > 0) {
    const message = `files that no machine uses any more were removed from ${shortList(folders, MOST_FOLDERS)}`;
    diagnostics.push(note('purged', message));
  }
  return { gone, diagnostics };
}

/** A note about files of earlier runs that may still be a machine's, as not all machines' classes are known. */
function staysForNow(files: readonly MadeFile[]): Diagnostic {
  const folders = [...new Set(files.map(({ path }) => path.split('/')[0]!))];
  const message = `files of earlier runs were kept in ${shortList(folders, MOST_FOLDERS)}: some machines have no plan`;
  return note('purged', message, { hint: 'fix the errors of those machines, then run the command again' });
}

/** The record's first line, with the version of the others. */
const VERSION = 'sandbox-unit made 1';

const recordText = (files: readonly MadeFile[]): string =>
  [VERSION, ...files.map(({ group, hash, path }) => `${group} ${hash} ${path}`), ''].join('\n');

/** Lines of a record. Others could have written it: a line that this program doesn't write is none. */
const LINE = /^([0-9a-f]{16}) ([0-9a-f]{64}) ([0-9a-f]{16}\/[^\p{Cc}]+)$/u;

function parseRecord(bytes: Uint8Array | undefined): readonly MadeFile[] {
  const [version, ...lines] = new TextDecoder().decode(bytes).split('\n');
  if (version !== VERSION) return [];
  return lines.flatMap((line) => {
    const [, group, hash, path] = LINE.exec(line) ?? [];
    return path !== undefined && normalize(path) === path ? [{ group: group!, hash: hash!, path }] : [];
  });
}
