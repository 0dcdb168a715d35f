/** Dependents: other units that systemd restarts or stops along with a service. */

import { asWarning, type Diagnostic, error, note, warning } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { failureOf, failuresOf } from '../machine/state/failures.js';
import { hasJob, isUp } from '../machine/state/service-run.js';
import { ownCommand, systemctl } from '../systemd/command-lines.js';
import { atOnce, type ChangedUnit, noting, type Transaction } from './changed-unit.js';
import { type AffectedUnit, askUnits, isTrigger, namesIn } from './restart/affected-units.js';
import { waitFor } from './wait-for.js';

/** The time for which a unit must stay up to count as started again, in milliseconds. */
export const LOOK_AGAIN = 300;

interface HowLong {
  /** The time for which a dependent must stay up, in milliseconds. */
  readonly settle?: number;
  /** Services that have a trial of their own. */
  readonly own?: ReadonlySet<string>;
}

/**
 * Starts dependents of a unit that are not up after its restart. A start that systemd makes itself is joined and waited for, with no
 * note about it.
 * @returns notes on dependents that were started; a warning where one can't be, an error where one doesn't stay up
 */
export async function startDependents(
  context: Context,
  unit: Pick<ChangedUnit, 'unit' | 'due' | 'along'>,
  { settle = LOOK_AGAIN, own = new Set() }: HowLong = {},
): Promise<Diagnostic[]> {
  const down = await downAfter(context, unit);
  if (down.length === 0) return [];
  const went = (name: string) => `${name} went down with the restart of ${unit.unit}`;
  const names = down.map(({ name }) => name);
  const refused = (await startEach(context, names)).filter(({ name }) => !own.has(name));
  const couldNot = refused.map(({ name, why }) =>
    warning('went-down', `${went(name)}, and can't be started again: ${why}`, {
      hint: systemctl(context.placement.scope, 'start', name),
    }),
  );
  const started = names.filter((name) => !refused.some((one) => one.name === name));
  if (started.length > 0) await context.system.wait(Math.max(settle, LOOK_AGAIN));
  const found = await askUnits(context, started);
  const stayed = found.filter(({ state }) => isUp(state));
  const failed = found.filter((one) => !stayed.includes(one) && !own.has(one.name));
  const bySystemd = new Set(down.filter(({ state }) => hasJob(state)).map(({ name }) => name));
  const startedHere = stayed.filter(({ name }) => !bySystemd.has(name));
  return [
    ...couldNot,
    ...startedHere.map(({ name }) => note('went-down', `${went(name)}, and was started again`)),
    ...failed.map(({ name }) => dependentFailed(context, unit.unit, went(name), name)),
  ];
}

/**
 * Dependents that are not up, triggers first: a socket has to be there before its service. A unit that was stopped since it conflicts
 * with one that the restart has started stays down.
 */
async function downAfter(
  context: Context,
  { due, along }: Pick<ChangedUnit, 'due' | 'along'>,
): Promise<AffectedUnit[]> {
  const started = new Set([...due, ...along.filter(({ type }) => type !== 'stop').map(({ unit }) => unit)]);
  const conflicts = ({ state }: AffectedUnit) =>
    namesIn(state, ['conflicts', 'conflictedBy']).some((name) => started.has(name));
  const found = await askUnits(context, dependentsIn(along));
  const down = found.filter((one) => !isUp(one.state) && !conflicts(one));
  return [...down.filter(({ name }) => isTrigger(name)), ...down.filter(({ name }) => !isTrigger(name))];
}

/** Units that jobs restart or stop; those that they only start were down before. */
export const dependentsIn = (jobs: ChangedUnit['along']): string[] => [
  ...new Set(jobs.filter(({ type }) => type === 'restart' || type === 'stop').map(({ unit }) => unit)),
];

/** Starts units one after the other. @returns those that systemd refuses to start, and why */
async function startEach(
  context: Context,
  units: readonly string[],
): Promise<{ readonly name: string; readonly why: string }[]> {
  const refused: { readonly name: string; readonly why: string }[] = [];
  for (const name of units) {
    const start = () => context.system.startUnit(name);
    const step = async () => void (await waitFor(context, name, `${name}: waiting for its start …`, start));
    for (const { message } of await failureOf(step)) refused.push({ name, why: message });
  }
  return refused;
}

function dependentFailed({ placement }: Context, unit: string, went: string, name: string): Diagnostic {
  const explain = ownCommand(placement.scope, 'explain', unit);
  const hint = `'${explain}' lists refused calls; the journal of ${name} may say more`;
  return error('went-down', `${went}, and does not stay up`, { hint });
}

/** The step of a revert that starts dependents again. Failures are warnings: no policy is at fault. */
export const startAgainDependents = ({ context, signals }: Transaction) =>
  atOnce(async (unit: ChangedUnit) => {
    const said = await failuresOf(() => signals.unlessAgain(() => startDependents(context, unit)));
    return { unit: noting(unit, said.map(asWarning)) };
  });
