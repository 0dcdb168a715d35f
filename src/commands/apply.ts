import { once } from '../collections.js';
import { systemctl } from '../command-lines.js';
import { type Diagnostic, error, hasErrors, note, UserError } from '../diagnostic.js';
import { isPending } from '../emit/changes.js';
import type { Outcome } from '../outcome.js';
import { dropInPath } from '../paths.js';
import { fullName } from '../prepare/load/load-unit.js';
import { type Prepared, type PrepareOptions, prepare } from '../prepare/prepare.js';
import { type MachineFacts, probeMachine } from '../prepare/probe/target.js';
import { obstacleTo } from '../restart/may-restart.js';
import { obstacles, restartProblems } from '../restart/preflight.js';
import { keepRunsSeen, keepUntrusted, runsAsBefore } from '../state/applied-runs.js';
import { failedService } from '../state/failed-service.js';
import { dropInsOf } from '../state/service.js';
import { boundTo } from '../state/stopped.js';
import type { Context } from '../system/context.js';
import { bringIntoForce } from '../transaction/apply-steps.js';
import { type HeldSignals, holdSignals } from '../transaction/held-signals.js';
import { keepUndo } from '../transaction/keep-record.js';
import { changing } from '../transaction/lock.js';
import { undo } from '../transaction/roll-back.js';
import { restartDue } from '../transaction/trial.js';
import { filesToUndo, putsLauncher, type Undo } from '../transaction/undo-record.js';
import { planEach, type UnitResult, unitsOutcome, updated } from '../transaction/unit-result.js';
import { writeChanges } from '../transaction/write.js';
import { notConfined } from '../verify/kernel/confinement.js';
import { mountedBy, replacedPrograms } from '../verify/kernel/replaced-programs.js';
import { withLooseRuns } from '../verify/kernel/unfiltered-runs.js';
import { hasOtherCalls, notInForce } from '../verify/manager/in-force.js';

export interface ApplyOptions extends PrepareOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  /** False: leave the service as it runs. */
  readonly restart?: boolean;
}

/**
 * Applies policies to units: writes all files, reloads once, restarts each unit and sees that it works. A unit that
 * doesn't is put back as it was, and the others go on.
 */
export async function apply(
  context: Context,
  units: readonly string[],
  options: ApplyOptions,
): Promise<Outcome> {
  return changing(context, options, () => applyEach(context, units, options));
}

async function applyEach(
  context: Context,
  units: readonly string[],
  options: ApplyOptions,
): Promise<Outcome> {
  const sources = new Map<string, string>();
  const machine = once(() => probeMachine(context));
  const planned = await planEach(units, (unit) => planUnit(context, unit, { options, sources, machine }));
  const pending = planned.filter(({ state }) => state === 'pending');
  if (!options.check && !context.offline) await keepSeen(context, planned);
  if (options.check || pending.length === 0) return unitsOutcome(planned, sources, options);
  const signals = holdSignals(context, (name) =>
    context.caller.tell(`${name}: putting back what isn't done …`),
  );
  try {
    const written: UnitResult[] = [];
    for (const result of pending) written.push(await write(context, result, signals));
    const fine = context.offline ? [] : written.filter(({ state }) => state === 'applied');
    const done = await bringIntoForce(context, fine, { ...options, signals });
    return unitsOutcome(updated(planned, [...written, ...done]), sources, options);
  } finally {
    signals.release();
  }
}

/** What runs with its files as they are is known from now on, whatever becomes of their times. */
async function keepSeen(context: Context, planned: readonly UnitResult[]): Promise<void> {
  for (const { state, prepared, services = [], diagnostics } of planned) {
    const isAllLive = state === 'unchanged' && !diagnostics.some(({ code }) => code === 'restart-due');
    if (prepared && isAllLive) await keepRunsSeen(context, prepared.standing, services);
  }
}

/** What is the same for every unit of a run. */
interface Run {
  readonly options: ApplyOptions;
  /** Texts that diagnostics point into. */
  readonly sources: Map<string, string>;
  readonly machine: () => Promise<MachineFacts>;
}

async function planUnit(
  context: Context,
  unit: string,
  { options, sources, machine }: Run,
): Promise<UnitResult> {
  try {
    const planned = await prepare(context, unit, options, machine);
    if (planned.diagnostics.some(({ code }) => code === 'untrusted-path')) {
      await keepUntrusted(context, planned.unit.name.full, planned.unit.services);
    }
    // A service that is only asked about is left in peace.
    const prepared = options.check ? planned : await withLooseRuns(context, planned);
    for (const [file, text] of prepared.sources) sources.set(file, text);
    const { changes } = prepared;
    const diagnostics = [...prepared.diagnostics, ...(await obstacles(context, prepared, options))];
    const { name, services } = prepared.unit;
    const found = { unit: name.full, changes, diagnostics, services, prepared };
    if (hasErrors(diagnostics)) return { ...found, state: 'refused' };
    const unloadable = notLoadable(context, prepared);
    if (unloadable) return { ...found, state: 'refused', diagnostics: [...diagnostics, unloadable] };
    return isPending(changes)
      ? { ...found, state: 'pending' }
      : inForce(context, { ...found, state: 'unchanged' }, options);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    for (const [file, text] of cause.sources) sources.set(file, text);
    const { exit, diagnostics } = cause;
    return { unit: fullName(unit), state: 'refused', changes: [], diagnostics, exit };
  }
}

/** What systemd itself can't load runs no better with a drop-in, and can't be read back. */
function notLoadable({ placement }: Context, { plan, unit }: Prepared): Diagnostic | undefined {
  const state = unit.properties?.get('LoadState') ?? 'loaded';
  if (state === 'loaded') return undefined;
  const hint = `'systemd-analyze ${placement.scope === 'user' ? '--user ' : ''}verify ${plan.unit}' says why`;
  return error('not-loaded', `systemd can't load ${plan.unit}: ${state}`, { hint });
}

/** Files that are as they shall be may still not be in force: overridden, younger than the service, or gone around. */
async function inForce(
  context: Context,
  result: UnitResult,
  { check, restart }: ApplyOptions,
): Promise<UnitResult> {
  const { plan, unit, standing } = result.prepared!;
  if (unit.properties === undefined) return result;
  const refused = (why: readonly Diagnostic[]): UnitResult => ({
    ...result,
    state: 'refused',
    diagnostics: [...result.diagnostics, ...why],
  });
  const wrong = notInForce(context, plan, unit);
  if (wrong.length > 0) return mayBeUnread(context, result) ? unread(result) : refused(wrong);
  if (hasOtherCalls(context, result.prepared!, unit.services)) return unread(result);
  const due: Diagnostic[] = [];
  let { state } = result;
  for (const service of unit.services) {
    const { name, properties } = service;
    const refuses = plan.meaning !== undefined && plan.mode === 'enforcing';
    due.push(...failedService(service, { scope: plan.target.scope, standing, refuses }));
    const replaced = await replacedPrograms(context.system, mountedBy(plan, name), properties);
    const isOld = await runsAsBefore(context, standing, properties);
    if (!isOld && replaced.length === 0) {
      const open = await notConfined(context.system, { ...plan, unit: name }, properties);
      if (open.length > 0) return refused(open.map((one) => withRestart(context, name, one)));
      continue;
    }
    const obstacle = await obstacleTo(context, service);
    const stays = restart === false || obstacle !== undefined;
    // Who restarts the service is told by what becomes of it.
    if (stays && replaced.length > 0) return refused(replaced);
    due.push(...replaced.map((one): Diagnostic => ({ ...one, severity: 'warning' })));
    if (replaced.length === 0 && (check || stays)) due.push(restartDue(name, obstacle));
    if (stays) continue;
    const problems = await restartProblems(context, 'apply', [service]);
    if (hasErrors(problems)) return refused(problems);
    due.push(...problems);
    state = 'pending';
  }
  return { ...result, state, diagnostics: [...result.diagnostics, ...due] };
}

/**
 * Whether the manager may have read other files at the place of the drop-in: it doesn't see that they have changed where
 * these are older.
 */
const mayBeUnread = ({ placement }: Context, { prepared }: UnitResult): boolean =>
  dropInsOf(prepared!.unit.properties!).includes(dropInPath(placement, prepared!.unit.name.full));

/** Files that are yet to be read: whatever runs doesn't run with them. */
function unread(result: UnitResult): UnitResult {
  const { standing, ...rest } = result.prepared!;
  const message = `systemd has other lines than the drop-in of ${result.unit}: it is made to read its files again`;
  return {
    ...result,
    state: 'pending',
    prepared: { ...rest, standing: { ...standing, since: Number.POSITIVE_INFINITY } },
    diagnostics: [...result.diagnostics, note('reload-due', message)],
  };
}

/** What runs without the filter that its files would give it was started when they weren't there. */
const withRestart = ({ placement }: Context, unit: string, open: Diagnostic): Diagnostic => ({
  ...open,
  hint: open.hint ?? systemctl(placement.scope, 'restart', unit),
});

/** From here on it is heard what others do to the services. */
async function keepWayBack(
  context: Context,
  { unit, changes, services = [], prepared }: UnitResult,
): Promise<Undo> {
  await context.system.watch(services.flatMap(({ name, properties }) => [name, ...boundTo(properties)]));
  return keepUndo(context, { unit, changes, services, standing: prepared?.standing });
}

/** What the loaded drop-in needs goes only when the manager has read the new one, and that is tried out. */
async function write(context: Context, result: UnitResult, signals: HeldSignals): Promise<UnitResult> {
  const { unit, changes } = result;
  try {
    signals.assertNone();
    const kept = context.offline ? undefined : await keepWayBack(context, result);
    const now = changes.filter(({ kind }) => context.offline || kind !== 'remove');
    await writeChanges(context.system, now);
    return { ...result, state: 'applied', ...(kept ? { undo: kept } : {}) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const { placement } = context;
    const files = filesToUndo(placement, unit, changes);
    const problems = await undo(context, { unit, files, launcher: putsLauncher(placement, changes) });
    const diagnostics = [...result.diagnostics, ...cause.diagnostics, ...problems];
    const { exit } = cause;
    return { ...result, state: problems.length > 0 ? 'failed' : 'refused', diagnostics, exit };
  }
}
