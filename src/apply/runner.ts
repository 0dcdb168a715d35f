/** The runner takes units through a table of steps. It knows order and failure, and nothing of systemd. */
import type { Diagnostic } from '../diagnostic.js';

/** A unit after a step, and what has gone wrong with it there. */
export interface StepResult<U> {
  readonly unit: U;
  readonly failures: readonly Diagnostic[];
}

/** Undoes a step of units by their records alone, so that recovery can. @returns diagnostics, one list a record */
export type Undo<R> = (records: readonly R[]) => Promise<readonly (readonly Diagnostic[])[]>;

/** The half of a step that recovery needs. */
export interface UndoneStep<R> {
  readonly name: StepName;
  readonly undo?: Undo<R> | undefined;
  /** Whether the record stays where this step can't be undone, so that recovery tries again. */
  readonly mustBeUndone?: boolean;
}

/** A step is a name and a pair, do and undo. Both return failures of units, and throw none. */
export interface Step<U, R> extends UndoneStep<R> {
  /**
   * `run`: all units take it together. `turn`: the units of a turn do, before the next turn begins. `round`: they do so as
   * often as one has more to do. Neighbours of one kind are taken as a whole.
   */
  readonly per: 'run' | 'turn' | 'round';
  /** @returns one a unit, in their order */
  readonly do: (units: readonly U[]) => Promise<readonly StepResult<U>[]>;
}

/** The consequence of a unit's failure: all its steps are undone, it stays where it is, or it goes on. */
export type AfterFailure = 'undo' | 'stop' | 'continue';

/** Tells why a unit isn't rolled back, and lets its record go; undefined where it may be rolled back. */
export type Spare<R> = (record: R) => Promise<readonly Diagnostic[] | undefined>;

/** A unit as the runner has it. */
export interface Runnable<R> {
  readonly record: R;
  /** The part of it that the current round is about. */
  readonly now: readonly string[];
}

export interface Course<U extends Runnable<R>, R> {
  readonly table: readonly Step<U, R>[];
  readonly afterFailure: (step: StepName, failures: readonly Diagnostic[]) => AfterFailure;
  /** Units in the order in which they are taken, those of one turn together. */
  readonly turns: (units: readonly U[]) => readonly (readonly U[])[];
  /** The parts of a unit that are done in its rounds, from the first on. */
  readonly rounds: (unit: U) => readonly (readonly string[])[];
  readonly spare?: Spare<R>;
  /** Adds to the failures of a unit before it is rolled back. */
  readonly beforeUndo?: (unit: U, failures: readonly Diagnostic[]) => Promise<readonly Diagnostic[]>;
}

/** The way in which a unit has left the table. */
export interface UnitEnding<U> {
  readonly unit: U;
  /** `stuck`: the unit failed and stays where it was. */
  readonly state: 'done' | 'undone' | 'stuck';
  /** The step that failed last. */
  readonly failedAt?: StepName;
  readonly failures: readonly Diagnostic[];
  /** Diagnostics of the roll-back. */
  readonly undone: readonly Diagnostic[];
}

/** A unit on its way. */
interface Moving<U> {
  readonly unit: U;
  readonly failures: readonly Diagnostic[];
  readonly failedAt?: StepName;
}

type Units<U> = readonly Moving<U>[];
type Rows<U, R> = readonly Step<U, R>[];

/** A course under way. Units that don't go on are added to its endings; the functions below return those that do. */
interface CourseProgress<U extends Runnable<R>, R> {
  readonly course: Course<U, R>;
  readonly endings: UnitEnding<U>[];
}

/**
 * Takes units through the table, in the order of its rows. A unit that fails doesn't stop the others.
 * @returns endings: units that fail as they do, then those that are done
 */
export async function runSteps<U extends Runnable<R>, R>(
  course: Course<U, R>,
  units: readonly U[],
): Promise<UnitEnding<U>[]> {
  const progress: CourseProgress<U, R> = { course, endings: [] };
  let moving: Units<U> = units.map((unit) => ({ unit, failures: [] }));
  for (const rows of groupsOf(course.table, ({ per }) => per === 'run')) {
    const take = rows[0]!.per === 'run' ? takeRows : takeTurns;
    moving = await take(progress, rows, moving);
  }
  return [
    ...progress.endings,
    ...moving.map((one): UnitEnding<U> => ({ ...one, state: 'done', undone: [] })),
  ];
}

/** Neighbours of which something is alike true. */
function groupsOf<T>(rows: readonly T[], is: (row: T) => boolean): T[][] {
  const groups: T[][] = [];
  for (const [i, row] of rows.entries()) {
    if (i === 0 || is(row) !== is(rows[i - 1]!)) groups.push([]);
    groups.at(-1)!.push(row);
  }
  return groups;
}

/** Takes units through rows together. */
async function takeRows<U extends Runnable<R>, R>(
  progress: CourseProgress<U, R>,
  rows: Rows<U, R>,
  units: Units<U>,
): Promise<Units<U>> {
  let moving = units;
  for (const step of rows) moving = await takeStep(progress, step, moving);
  return moving;
}

/** Takes units through rows one turn after the other. */
async function takeTurns<U extends Runnable<R>, R>(
  progress: CourseProgress<U, R>,
  rows: Rows<U, R>,
  units: Units<U>,
): Promise<Units<U>> {
  const done: Moving<U>[] = [];
  for (const turn of progress.course.turns(units.map(({ unit }) => unit))) {
    let moving: Units<U> = units.filter(({ unit }) => turn.includes(unit));
    for (const group of groupsOf(rows, ({ per }) => per === 'round')) {
      const take = group[0]!.per === 'round' ? takeRounds : takeRows;
      moving = await take(progress, group, moving);
    }
    done.push(...moving);
  }
  return done;
}

/** Takes units through rows as often as one of them has more to do. */
async function takeRounds<U extends Runnable<R>, R>(
  progress: CourseProgress<U, R>,
  rows: Rows<U, R>,
  units: Units<U>,
): Promise<Units<U>> {
  const { rounds } = progress.course;
  const inRound = (one: Moving<U>, n: number): Moving<U> => ({
    ...one,
    unit: { ...one.unit, now: rounds(one.unit)[n] ?? [] },
  });
  let moving = units;
  let n = 0;
  for (; moving.some(({ unit }) => n < rounds(unit).length); n++)
    moving = await takeRows(
      progress,
      rows,
      moving.map((one) => inRound(one, n)),
    );
  return moving.map((one) => inRound(one, n));
}

/** Takes units through a row. */
async function takeStep<U extends Runnable<R>, R>(
  { course, endings }: CourseProgress<U, R>,
  step: Step<U, R>,
  moving: Units<U>,
): Promise<Units<U>> {
  if (moving.length === 0) return [];
  const results = await step.do(moving.map(({ unit }) => unit));
  const after = results.map(({ unit, failures }, i): Moving<U> & { readonly way: AfterFailure } => {
    const known = moving[i]!;
    if (failures.length === 0) return { ...known, unit, way: 'continue' };
    const way = course.afterFailure(step.name, failures);
    return { unit, failures: [...known.failures, ...failures], failedAt: step.name, way };
  });
  const those = (way: AfterFailure): Moving<U>[] =>
    after.filter((one) => one.way === way).map(({ way: _, ...one }) => one);
  endings.push(...those('stop').map((one): UnitEnding<U> => ({ ...one, state: 'stuck', undone: [] })));
  endings.push(...(await undoAll(course, those('undo'))));
  return those('continue');
}

async function undoAll<U extends Runnable<R>, R>(
  course: Course<U, R>,
  units: Units<U>,
): Promise<UnitEnding<U>[]> {
  if (units.length === 0) return [];
  const { beforeUndo = async () => [] } = course;
  const failed = await Promise.all(
    units.map(async (one) => ({
      ...one,
      failures: [...one.failures, ...(await beforeUndo(one.unit, one.failures))],
    })),
  );
  const undone = await undoSteps(
    course.table,
    units.map(({ unit }) => unit.record),
    course.spare,
  );
  return failed.map((one, i) => ({ ...one, state: 'undone', undone: undone[i]! }));
}

/**
 * Undoes all steps of some units, from the top of the table: systemd must have read the files that were there before a
 * service is restarted by them. Whatever fails, the steps after it are undone as well, but for the last, which lets the
 * record go: that waits for those that must be undone.
 * @returns what is to be said, one list a record
 */
export async function undoSteps<R>(
  table: readonly UndoneStep<R>[],
  records: readonly R[],
  spare: Spare<R> = async () => undefined,
): Promise<(readonly Diagnostic[])[]> {
  const spared = await Promise.all(records.map(spare));
  const said: Diagnostic[][] = spared.map((why) => [...(why ?? [])]);
  const left = new Set<number>();
  const last = table.findLast(({ undo }) => undo !== undefined);
  for (const step of table) {
    const some = [...records.keys()].filter((i) => !spared[i] && (step !== last || !left.has(i)));
    if (!step.undo || some.length === 0) continue;
    const found = await step.undo(some.map((i) => records[i]!));
    for (const [k, i] of some.entries()) {
      said[i]!.push(...found[k]!);
      if (step.mustBeUndone && found[k]!.length > 0) left.add(i);
    }
  }
  return said;
}

/** The steps of a change to units. */
export type StepName =
  | 'record'
  | 'schedule'
  | 'write'
  | 'reload'
  | 'read-back'
  | 'restart'
  | 'tighten'
  | 'try'
  | 'verify'
  | 'confirm'
  | 'commit';
