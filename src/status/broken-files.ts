import { type Diagnostic, error } from '../diagnostic.js';
import type { DropInFacts } from '../emit/drop-in-facts.js';
import type { EmittedFile } from '../emit/files.js';
import type { FilterFile } from '../filter/filter-file.js';
import { filterPath, programsFolder, readyFilterPath } from '../paths/own-files.js';
import type { Placement } from '../paths/placement.js';
import { INJECTOR, installedLauncher, PACKAGED_LAUNCHER } from '../paths/programs.js';
import { type AppliedFacts, againHint, enableCommand } from '../prepare/apply-again.js';
import { exists } from '../prepare/load/exists.js';
import type { Context } from '../system/context.js';

/** Files of a unit with which it won't start. */

interface Files {
  readonly unit: string;
  readonly facts: AppliedFacts;
  readonly files: readonly EmittedFile[];
  readonly filterFile: string;
  /** The filter; where it can't be read why not. */
  readonly filter: FilterFile | Diagnostic | undefined;
  readonly launcher: string;
  /** As missingFiles() finds them. */
  readonly missing: readonly string[];
}

/** An error for each file that is missing, or with which the launcher starts nothing. */
export async function brokenFiles(
  at: Context,
  { unit, facts, files, filter, filterFile, launcher, missing }: Files,
): Promise<Diagnostic[]> {
  const again = againHint(at, unit, facts);
  // The generator's files don't have the launcher in its place.
  const installed = facts.enabled ? enableCommand(at, facts.enabled, { launcher: true }) : again;
  const found = [
    ...missing.map((path) => ['file-missing', `${path} is missing`, path === launcher] as const),
    ...flaws(filter).map((flaw) => ['filter-file', `${filterFile}: ${flaw}`, false] as const),
    ...(await notExecutable(at, facts, launcher)).map((flaw) => ['launcher', flaw, true] as const),
    ...withoutUserOption(at, files).map((flaw) => ['launcher', flaw, false] as const),
  ];
  return found.map(([code, why, isLauncher]) =>
    error(code, `${unit} won't start: ${why}`, { hint: isLauncher ? installed : again }),
  );
}

const flaws = (filter: FilterFile | Diagnostic | undefined): string[] =>
  filter === undefined || 'programs' in filter ? [] : [filter.message];

interface Needing {
  readonly facts: DropInFacts;
  readonly files: readonly EmittedFile[];
  readonly launcher: string;
}

/**
 * Missing files: the launcher, its filter, and the files of `[exec] programs`; the filter of `[ready]`, and the program that
 * loads it.
 */
export async function missingFiles(
  { system, placement }: Context,
  unit: string,
  { facts: { launched, tightened, programFiles }, files, launcher }: Needing,
): Promise<string[]> {
  const own = [
    ...(launched ? [filterPath(placement, unit)] : []),
    ...(tightened ? [readyFilterPath(placement, unit)] : []),
    ...programFiles.map((name) => `${programsFolder(placement, unit)}/${name}`),
  ];
  const programs = [...(launched ? [launcher] : []), ...(tightened ? [INJECTOR] : [])];
  const there = new Set(files.map(({ path }) => path));
  const missing = programs.map(async (path) => ((await exists(system, path)) ? [] : [path]));
  return [...(await Promise.all(missing)).flat(), ...own.filter((path) => !there.has(path))];
}

/** The launcher that a unit's files name: the package's, or the installed one. */
export const launcherOf = (placement: Placement, files: readonly EmittedFile[]): string =>
  files.some(
    ({ path, content }) =>
      !path.endsWith('.filter') && new TextDecoder().decode(content).includes(PACKAGED_LAUNCHER),
  )
    ? PACKAGED_LAUNCHER
    : installedLauncher(placement);

async function notExecutable(
  { system }: Context,
  { launched }: DropInFacts,
  path: string,
): Promise<string[]> {
  const file = launched ? await system.read(path, { limit: 0, head: true }) : undefined;
  return file && (file.mode & 0o111) !== 0o111 ? [`${path} may not be executed by all`] : [];
}

/** The launcher takes a user's filter only where it is told that it is one. */
function withoutUserOption({ placement }: Context, files: readonly EmittedFile[]): string[] {
  if (placement.scope !== 'user') return [];
  const lines = files.flatMap(({ content }) => new TextDecoder().decode(content).split('\n'));
  const old = lines.find((line) => /^Exec\w+=.* --filter=(?!.* --user )|^#!\S+ --script$/.test(line));
  return old === undefined
    ? []
    : ["its lines don't say --user to the launcher, as an earlier version wrote them"];
}
