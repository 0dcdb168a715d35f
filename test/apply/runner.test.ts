/** The runner on tables of data: every step failing, done twice, interrupted, and recovery from every prefix. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  type AfterFailure,
  type Course,
  runSteps,
  type Step,
  type StepName,
  type UnitEnding,
  undoSteps,
} from '../../src/apply/runner.js';
import { type Diagnostic, error } from '../../src/diagnostic.js';

/** A unit, and what its steps have made of it, as a machine would have it. */
interface Unit {
  readonly name: string;
  readonly record: string;
  readonly now: readonly string[];
}

const STEP_NAMES: readonly StepName[] = [
  ...(['record', 'write', 'reload', 'read-back', 'restart', 'try', 'verify', 'commit'] as const),
];
const PER: Readonly<Partial<Record<StepName, Step<Unit, string>['per']>>> = {
  ...{ record: 'run', write: 'run', reload: 'run' },
  ...{ restart: 'round', try: 'round', verify: 'round' },
};
const UNDONE: readonly StepName[] = ['write', 'reload', 'restart', 'commit'];
const MUST: readonly StepName[] = ['write', 'reload'];

interface Options {
  /** What goes wrong: a step of a unit, or the undoing of one. */
  readonly fails?: readonly string[];
  readonly after?: AfterFailure;
  readonly rounds?: number;
  readonly spares?: readonly string[];
}

/** A machine that keeps what is done to it, and the table of steps on it. */
function workshop({ fails = [], after = 'undo', rounds = 1, spares = [] }: Options = {}) {
  const done: string[] = [];
  const wrong = (call: string): readonly Diagnostic[] =>
    fails.includes(call) ? [error('service-failed', call)] : [];
  const table = STEP_NAMES.map(
    (name): Step<Unit, string> => ({
      name,
      per: PER[name] ?? 'turn',
      async do(units) {
        done.push(`${name} ${units.map((one) => one.name).join()}`);
        return units.map((unit) => ({ unit, failures: wrong(`${name} ${unit.name}`) }));
      },
      ...(UNDONE.includes(name) && {
        async undo(records: readonly string[]) {
          done.push(`undo ${name} ${records.join()}`);
          return records.map((record) => wrong(`undo ${name} ${record}`));
        },
      }),
      ...(MUST.includes(name) && { mustBeUndone: true }),
    }),
  );
  const course: Course<Unit, string> = {
    table,
    afterFailure: () => after,
    turns: (units) => units.map((unit) => [unit]),
    rounds: () => Array.from({ length: rounds }, (_, n) => [`${n}`]),
    spare: async (record) => (spares.includes(record) ? [error('changed-since', record)] : undefined),
  };
  return { done, table, course };
}

const units = (...names: string[]): Unit[] => names.map((name) => ({ name, record: name, now: [] }));

const told = (endings: readonly UnitEnding<Unit>[]) =>
  endings.map(({ unit, state, failedAt, failures, undone }) => [
    `${unit.name} ${state}${failedAt ? ` at ${failedAt}` : ''}`,
    ...[...failures, ...undone].map(({ message }) => message),
  ]);

const run = (step: Step<Unit, string>): Step<Unit, string> => ({ ...step, per: 'run' });

const UNDO = UNDONE.map((name) => `undo ${name} a`);

test('runner: units take the first steps together, and the others in turns', async () => {
  const { done, course } = workshop();
  assert.deepEqual(told(await runSteps(course, units('a', 'b'))), [['a done'], ['b done']]);
  const turn = (name: string) => STEP_NAMES.slice(3).map((step) => `${step} ${name}`);
  assert.deepEqual(done, ['record a,b', 'write a,b', 'reload a,b', ...turn('a'), ...turn('b')]);
});

test('runner: a step for all units waits for the last turn, and undoes all turns', async () => {
  const answers = workshop({ fails: ['verify a', 'verify b'] });
  const table = answers.table.map((step) =>
    step.name === 'verify' || step.name === 'commit' ? run(step) : step,
  );
  const endings = await runSteps({ ...answers.course, table }, units('a', 'b'));
  const turn = (name: string) => ['read-back', 'restart', 'try'].map((step) => `${step} ${name}`);
  assert.deepEqual(answers.done.slice(3), [
    ...[...turn('a'), ...turn('b'), 'verify a,b'],
    ...UNDONE.map((name) => `undo ${name} a,b`),
  ]);
  const states = endings.map(({ state }) => state);
  assert.deepEqual(states, ['undone', 'undone']);
});

test('runner: the steps of a turn run as often as a unit has one', async () => {
  const { done, course } = workshop({ rounds: 3 });
  await runSteps(course, units('a'));
  const round = ['restart a', 'try a', 'verify a'];
  assert.deepEqual(done.slice(4), [...round, ...round, ...round, 'commit a']);
  const none = workshop({ rounds: 0 });
  await runSteps(none.course, units('a'));
  assert.deepEqual(none.done.slice(3), ['read-back a', 'commit a']);
});

describe('a step that fails', () => {
  for (const [i, step] of STEP_NAMES.entries()) {
    test(`${step}: undoes its unit from the last step to the first, and the other unit is done`, async () => {
      const { done, course } = workshop({ fails: [`${step} a`] });
      const endings = told(await runSteps(course, units('a', 'b')));
      assert.deepEqual(endings.sort(), [[`a undone at ${step}`, `${step} a`], ['b done']]);
      const found = done.filter((call) => call.startsWith('undo '));
      assert.deepEqual(found, UNDO);
      const last = done.lastIndexOf(`${step} a`) + 1 || done.lastIndexOf(`${step} a,b`) + 1;
      assert.deepEqual(done.slice(last, last + UNDO.length), UNDO, 'at once');
      const later = STEP_NAMES.slice(i + 1).flatMap((name) => [`${name} a`, `${name} a,b`]);
      assert.ok(!done.some((call) => later.includes(call)), 'no later step');
    });

    test(`${step}: as a stop undoes nothing, as a continue does everything`, async () => {
      const stopped = workshop({ fails: [`${step} a`], after: 'stop' });
      assert.deepEqual(told(await runSteps(stopped.course, units('a'))), [
        [`a stuck at ${step}`, `${step} a`],
      ]);
      assert.deepEqual(
        stopped.done,
        STEP_NAMES.slice(0, i + 1).map((name) => `${name} a`),
      );
      const going = workshop({ fails: [`${step} a`], after: 'continue' });
      assert.deepEqual(told(await runSteps(going.course, units('a'))), [[`a done at ${step}`, `${step} a`]]);
      assert.equal(going.done.length, STEP_NAMES.length);
    });
  }

  test('for all units undoes them together', async () => {
    const { done, course } = workshop({ fails: ['reload a', 'reload b'] });
    await runSteps(course, units('a', 'b'));
    assert.deepEqual(
      done.slice(3),
      UNDONE.map((name) => `undo ${name} a,b`),
    );
  });

  test('is asked for its reason while the unit is still in the failed state', async () => {
    const { done, course } = workshop({ fails: ['try a'] });
    const beforeUndo = async () => {
      done.push('why');
      return [error('went-down', 'since')];
    };
    assert.deepEqual(told(await runSteps({ ...course, beforeUndo }, units('a'))), [
      ['a undone at try', 'try a', 'since'],
    ]);
    assert.deepEqual(done.slice(5), ['try a', 'why', ...UNDO]);
  });
});

describe('undo', () => {
  for (const step of UNDONE) {
    test(`a failure in ${step} is reported, and the other steps are undone`, async () => {
      const { done, table } = workshop({ fails: [`undo ${step} a`] });
      const [a, b] = await undoSteps(table, ['a', 'b']);
      assert.deepEqual([a!.map(({ message }) => message), b], [[`undo ${step} a`], []]);
      const last = MUST.includes(step) ? 'undo commit b' : 'undo commit a,b';
      assert.deepEqual(done, [...UNDONE.slice(0, -1).map((name) => `undo ${name} a,b`), last]);
    });
  }

  test('a unit that is left alone is not touched', async () => {
    const { done, table, course } = workshop({ spares: ['a'] });
    const said = await undoSteps(table, ['a', 'b'], course.spare);
    const found = said.map((some) => some.map(({ message }) => message));
    assert.deepEqual(found, [['a'], []]);
    assert.deepEqual(
      done,
      UNDONE.map((name) => `undo ${name} b`),
    );
  });
});

/** A machine whose state is the steps that count: whatever is done or undone twice is as if it were once. */
function machine() {
  const state = new Set<string>();
  let left = Number.POSITIVE_INFINITY;
  const step = (change: () => void) => {
    if (left-- <= 0) throw new Error('ended');
    change();
  };
  const table = STEP_NAMES.map(
    (name): Step<Unit, string> => ({
      name,
      per: PER[name] ?? 'turn',
      async do(all) {
        for (const one of all) {
          if (name === 'commit') step(() => state.delete(`record ${one.name}`));
          else if (UNDONE.includes(name) || name === 'record') step(() => state.add(`${name} ${one.name}`));
        }
        return all.map((unit) => ({ unit, failures: [] }));
      },
      ...(UNDONE.includes(name) && {
        async undo(records: readonly string[]) {
          for (const record of records)
            step(() => state.delete(`${name === 'commit' ? 'record' : name} ${record}`));
          return records.map(() => []);
        },
      }),
    }),
  );
  const endAfter = (steps: number) => {
    left = steps;
  };
  return { state, table, endAfter };
}

describe('recovery that is killed', () => {
  const course = (table: readonly Step<Unit, string>[]): Course<Unit, string> => ({
    ...workshop().course,
    table,
  });
  const records = (state: ReadonlySet<string>) =>
    [...state].filter((one) => one.startsWith('record ')).map((one) => one.slice('record '.length));
  const DONE = ['write', 'reload', 'restart'];

  for (let after = 0; after <= 10; after++) {
    test(`after ${after} changes: the unit is as before or fully changed, however often`, async () => {
      for (let again = 0; again <= 8; again++) {
        const { state, table, endAfter } = machine();
        endAfter(after);
        await runSteps(course(table), units('a', 'b')).catch(({ message }) => assert.equal(message, 'ended'));
        endAfter(again);
        await undoSteps(table, records(state)).catch(({ message }) => assert.equal(message, 'ended'));
        endAfter(Number.POSITIVE_INFINITY);
        await undoSteps(table, records(state));
        for (const name of ['a', 'b']) {
          const made = [...state].filter((one) => one.endsWith(` ${name}`)).map((one) => one.split(' ')[0]);
          assert.ok(made.length === 0 || made.join() === DONE.join(), `${name}: ${made}`);
        }
      }
    });
  }
});
