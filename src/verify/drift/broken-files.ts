import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import type { FiltersOnDisk } from '../../machine/state/own-filters.js';
import type { DropInFacts } from '../../plan/emit/drop-in-facts.js';
import { againHint } from '../../prepare/apply-again.js';
import type { NamedProgram } from './applied.js';

/** Files of a unit with which it won't start. */

interface Files {
  readonly unit: string;
  readonly facts: DropInFacts;
  readonly filters: FiltersOnDisk;
  readonly programs: readonly NamedProgram[];
}

export interface BrokenFiles {
  /** The paths of missing files: the launcher and its filter; the filter of `[ready]`, and the program that loads it. */
  readonly missing: readonly string[];
  /** An error for each of them, and for each file with which the unit can't be started. */
  readonly broken: readonly Diagnostic[];
}

export async function brokenFiles(
  at: Context,
  { unit, facts, filters, programs }: Files,
): Promise<BrokenFiles> {
  const looks = await Promise.all(programs.map((one) => lookAt(at, one)));
  const missing = [
    ...looks.flatMap(({ missing }) => missing ?? []),
    ...[filters.start, filters.ready].flatMap((one) => (one?.content === 'missing' ? [one.path] : [])),
  ];
  const found = [
    ...missing.map((path) => `${path} is missing`),
    ...flaws(filters),
    ...looks.flatMap(({ flaw }) => flaw ?? []),
  ];
  const broken = found.map((why) =>
    error('cannot-start', `${unit} won't start: ${why}`, { hint: againHint(at, unit, facts) }),
  );
  return { missing, broken };
}

/** Filters that the launcher, or the program that loads that of `[ready]`, would refuse. */
const flaws = ({ start, ready }: FiltersOnDisk): string[] =>
  [start, ready].flatMap((one) =>
    typeof one?.content === 'object' && 'message' in one.content
      ? [`${one.path}: ${one.content.message}`]
      : [],
  );

/** The launcher is executed by all users, the other program by root, who takes the right of any of them. */
const EXECUTION = {
  launcher: { isEnough: (mode: number) => mode === 0o111, flaw: 'is not executable by all users' },
  tighten: { isEnough: (mode: number) => mode !== 0, flaw: 'is not executable' },
} as const;

async function lookAt(
  { system }: Context,
  { name, path }: NamedProgram,
): Promise<{ readonly missing?: string; readonly flaw?: string }> {
  const { isEnough, flaw } = EXECUTION[name];
  const file = await system.read(path, { limit: 0, head: true });
  if (!file) return { missing: path };
  return isEnough(file.mode & 0o111) ? {} : { flaw: `${path} ${flaw}` };
}
