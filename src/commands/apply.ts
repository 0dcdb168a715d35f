import { isOutdated, isRunning, isSameRun, notRunning, restart, restartDue } from '../apply/activate.js';
import { type Change, isPending } from '../apply/changes.js';
import { unifiedDiff } from '../apply/diff.js';
import { readBack } from '../apply/read-back.js';
import { undoChanges, writeChanges } from '../apply/write.js';
import {
  type Diagnostic,
  diagnosticsJson,
  EXIT,
  error,
  hasErrors,
  printable,
  UserError,
} from '../diagnostic.js';
import { dropInPath, installedLauncher } from '../emit/paths.js';
import { changesJson, changesText, planJson } from '../report.js';
import type { Context } from '../system/context.js';
import { parseUnitName } from '../unit/name.js';
import { removeUnusedLauncher } from './launcher-file.js';
import type { Outcome } from './outcome.js';
import { type Prepared, type PrepareOptions, prepare } from './prepare.js';

export interface ApplyOptions extends PrepareOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  /** False: leave the service as it runs. */
  readonly restart?: boolean;
}

/** What became of one unit. */
interface UnitResult {
  readonly unit: string;
  readonly state: 'unchanged' | 'pending' | 'applied' | 'refused' | 'rolled-back';
  readonly changes: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
  readonly prepared?: Prepared;
  /** Of a unit that could not even be planned. */
  readonly exit?: number;
}

/** How long a service must stay up if the policy doesn't say, in milliseconds. */
const DEFAULT_SETTLE = 1000;

/**
 * Applies policies to units: writes all files, reloads once, restarts each unit and sees that it works. A unit that
 * doesn't is put back as it was, and the others go on.
 */
export async function apply(
  context: Context,
  units: readonly string[],
  options: ApplyOptions,
): Promise<Outcome> {
  const sources = new Map<string, string>();
  const planned: UnitResult[] = [];
  for (const unit of units) {
    const result = await planUnit(context, unit, options, sources);
    if (!planned.some((other) => other.unit === result.unit)) planned.push(result);
  }
  const pending = planned.filter(({ state }) => state === 'pending');
  if (options.check || pending.length === 0) return outcome(planned, sources, options);
  const written: UnitResult[] = [];
  for (const result of pending) written.push(await write(context, result));
  if (context.offline) return outcome(replaceResults(planned, written), sources, options);
  const reloaded = await reload(context);
  const done: UnitResult[] = [];
  for (const result of written) {
    if (result.state !== 'applied') done.push(result);
    else if (reloaded.length > 0) done.push(await rollBack(context, result, reloaded));
    else done.push(await activate(context, result, options));
  }
  return outcome(replaceResults(planned, done), sources, options);
}

/** Why the manager can't read its files again, if it can't. */
async function reload({ system }: Context): Promise<readonly Diagnostic[]> {
  try {
    await system.reload();
    return [];
  } catch (cause) {
    if (cause instanceof UserError) return cause.diagnostics;
    throw cause;
  }
}

async function planUnit(
  context: Context,
  unit: string,
  options: ApplyOptions,
  sources: Map<string, string>,
): Promise<UnitResult> {
  try {
    const prepared = await prepare(context, unit, options);
    for (const [file, text] of prepared.sources) sources.set(file, text);
    const { changes, diagnostics } = prepared;
    const found = { unit: prepared.unit.name.full, changes, diagnostics, prepared };
    if (hasErrors(diagnostics)) return { ...found, state: 'refused' };
    return isPending(changes)
      ? { ...found, state: 'pending' }
      : inForce(context, { ...found, state: 'unchanged' });
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    for (const [file, text] of cause.sources) sources.set(file, text);
    const { exit, diagnostics } = cause;
    return { unit: fullName(unit), state: 'refused', changes: [], diagnostics, exit };
  }
}

/** Files that are as they shall be may still not be in force: overridden, or younger than the running service. */
function inForce(context: Context, result: UnitResult): UnitResult {
  const { plan, unit, written } = result.prepared!;
  if (unit.properties === undefined) return result;
  const wrong = readBack(plan, dropInPath(context.placement, plan.unit), unit.properties);
  if (wrong.length > 0)
    return { ...result, state: 'refused', diagnostics: [...result.diagnostics, ...wrong] };
  if (!isOutdated(unit.properties, written)) return result;
  return { ...result, state: 'pending', diagnostics: [...result.diagnostics, restartDue(plan.unit)] };
}

/** A name as the other results have it, even where there is no such unit. */
function fullName(text: string): string {
  const name = parseUnitName(text);
  return 'full' in name ? name.full : printable(text);
}

async function write(context: Context, result: UnitResult): Promise<UnitResult> {
  try {
    await writeChanges(context.system, result.changes);
    return { ...result, state: 'applied' };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    await undo(context, result);
    return { ...result, state: 'refused', diagnostics: [...result.diagnostics, ...cause.diagnostics] };
  }
}

/** Whatever goes wrong from here on, the unit is put back. */
async function activate(context: Context, result: UnitResult, options: ApplyOptions): Promise<UnitResult> {
  try {
    return await bringIntoForce(context, result, options);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return rollBack(context, result, cause.diagnostics);
  }
}

async function bringIntoForce(
  context: Context,
  result: UnitResult,
  options: ApplyOptions,
): Promise<UnitResult> {
  const { system } = context;
  const { plan, policy } = result.prepared!;
  const properties = await system.unit(plan.unit);
  const wrong = readBack(plan, dropInPath(context.placement, plan.unit), properties);
  if (wrong.length > 0) return rollBack(context, result, wrong);
  const noted = (what: Diagnostic) => ({ ...result, diagnostics: [...result.diagnostics, what] });
  if (!isRunning(properties)) return noted(notRunning(plan.unit));
  if (options.restart === false) return noted(restartDue(plan.unit));
  const { settle, probe } = policy.policy;
  const failures = await restart(system, plan.unit, {
    settle: settle?.value ?? DEFAULT_SETTLE,
    probe: probe?.map(({ value }) => value),
  });
  return failures.length > 0 ? rollBack(context, result, failures) : result;
}

/** The launcher stays while another unit uses it. */
async function undo(context: Context, { changes }: UnitResult): Promise<void> {
  await undoChanges(
    context.system,
    changes.filter(({ path }) => path !== installedLauncher(context.placement)),
  );
  await removeUnusedLauncher(context);
}

/** Puts the files back, reloads, and starts the service as it was; goes on whatever fails on the way. */
async function rollBack(
  context: Context,
  result: UnitResult,
  reasons: readonly Diagnostic[],
): Promise<UnitResult> {
  const { system } = context;
  const diagnostics = [...result.diagnostics, ...reasons];
  const attempt = async (step: () => Promise<void>) => {
    try {
      await step();
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      diagnostics.push(...cause.diagnostics);
    }
  };
  await attempt(() => undo(context, result));
  await attempt(() => system.reload());
  await attempt(async () => {
    const before = result.prepared!.unit.properties!;
    // What was never restarted runs on as it did.
    if (!isRunning(before) || isSameRun(before, await system.unit(result.unit))) return;
    const again = await system.job('restart', result.unit);
    const down = error('service-down', `${result.unit} doesn't start as it was either: '${again}'`);
    if (again !== 'done') diagnostics.push(down);
  });
  return { ...result, state: 'rolled-back', diagnostics };
}

function replaceResults(all: readonly UnitResult[], done: readonly UnitResult[]): UnitResult[] {
  const byUnit = new Map(done.map((result) => [result.unit, result]));
  return all.map((result) => byUnit.get(result.unit) ?? result);
}

function outcome(
  results: readonly UnitResult[],
  sources: Map<string, string>,
  options: ApplyOptions,
): Outcome {
  const diagnostics = results.flatMap((result) =>
    results.length > 1 ? result.diagnostics.map((d) => ofUnit(d, result.unit)) : result.diagnostics,
  );
  return {
    exit: exitOf(results, options),
    json: {
      changed: results.some(({ state }) => state === 'applied' || state === 'pending'),
      units: results.map((result) => resultJson(result, options)),
    },
    text: results.map((result) => resultText(result, options)).join(''),
    diagnostics,
    sources,
  };
}

/** Among several units a diagnostic without a place doesn't say which it is about. */
const ofUnit = (d: Diagnostic, unit: string): Diagnostic =>
  d.at || d.message.includes(unit) ? d : { ...d, message: `${unit}: ${d.message}` };

function exitOf(results: readonly UnitResult[], options: ApplyOptions): number {
  const refused = results.filter(({ state }) => state === 'refused' || state === 'rolled-back');
  if (refused.some(({ exit }) => exit === EXIT.failure)) return EXIT.failure;
  if (refused.length > 0) return EXIT.findings;
  return options.check && results.some(({ state }) => state === 'pending') ? EXIT.pending : EXIT.ok;
}

function resultText(result: UnitResult, options: ApplyOptions): string {
  const diff = options.diff ? result.changes.map(unifiedDiff).join('') : '';
  const files = result.state === 'applied' || result.state === 'pending' ? changesText(result.changes) : '';
  return `${result.unit}: ${result.state}\n${files}${diff}`;
}

const resultJson = ({ unit, state, changes, diagnostics, prepared }: UnitResult, { diff }: ApplyOptions) => ({
  unit,
  state,
  changes: changesJson(changes),
  diagnostics: diagnosticsJson(diagnostics),
  ...(diff ? { diff: changes.map(unifiedDiff).join('') } : {}),
  ...(prepared ? { plan: planJson(prepared.plan, prepared.proofs, changes) } : {}),
});
