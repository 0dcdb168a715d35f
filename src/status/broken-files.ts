import { type Diagnostic, error } from '../diagnostic.js';
import type { DropInFacts } from '../emit/drop-in-facts.js';
import { againHint } from '../prepare/apply-again.js';
import { exists } from '../prepare/load/exists.js';
import type { OwnFilters } from '../state/own-filters.js';
import type { Context } from '../system/context.js';
import type { NamedProgram } from './named-programs.js';

/** Files of a unit with which it won't start. */

interface Files {
  readonly unit: string;
  readonly facts: DropInFacts;
  readonly filters: OwnFilters;
  readonly programs: readonly NamedProgram[];
  /** As missingFiles() finds them. */
  readonly missing: readonly string[];
}

/** An error for each file that is missing, or with which the unit can't be started. */
export async function brokenFiles(
  at: Context,
  { unit, facts, filters, programs, missing }: Files,
): Promise<Diagnostic[]> {
  const again = againHint(at, unit, facts);
  const found = [
    ...missing.map((path) => `${path} is missing`),
    ...flaws(filters),
    ...(await notExecutable(at, programs)),
  ];
  return found.map((why) => error('cannot-start', `${unit} won't start: ${why}`, { hint: again }));
}

/** Filters that the launcher, or the program that loads that of `[ready]`, would refuse. */
const flaws = ({ start, ready }: OwnFilters): string[] =>
  [start, ready].flatMap((one) =>
    typeof one?.content === 'object' && 'message' in one.content
      ? [`${one.path}: ${one.content.message}`]
      : [],
  );

/** Missing files: the launcher and its filter; the filter of `[ready]`, and the program that loads it. */
export async function missingFiles(
  { system }: Context,
  { start, ready }: OwnFilters,
  programs: readonly NamedProgram[],
): Promise<string[]> {
  const missing = programs.map(async ({ path }) => ((await exists(system, path)) ? [] : [path]));
  const filters = [start, ready].flatMap((one) => (one?.content === 'missing' ? [one.path] : []));
  return [...(await Promise.all(missing)).flat(), ...filters];
}

/** The launcher is executed by all users, the other program by root, who takes the right of any of them. */
const EXECUTION = {
  launcher: { isEnough: (mode: number) => mode === 0o111, flaw: 'may not be executed by all' },
  tighten: { isEnough: (mode: number) => mode !== 0, flaw: 'may not be executed' },
} as const;

async function notExecutable({ system }: Context, programs: readonly NamedProgram[]) {
  const found = programs.map(async ({ name, path }) => {
    const { isEnough, flaw } = EXECUTION[name];
    const file = await system.read(path, { limit: 0, head: true });
    return !file || isEnough(file.mode & 0o111) ? [] : [`${path} ${flaw}`];
  });
  return (await Promise.all(found)).flat();
}
