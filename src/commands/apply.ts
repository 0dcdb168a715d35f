import { isRunning, notRunning, restart } from '../apply/activate.js';
import { type Change, isPending } from '../apply/changes.js';
import { unifiedDiff } from '../apply/diff.js';
import { readBack } from '../apply/read-back.js';
import { undoChanges, writeChanges } from '../apply/write.js';
import { type Diagnostic, EXIT, error, hasErrors, UserError } from '../diagnostic.js';
import { dropInPath, installedLauncher } from '../emit/paths.js';
import { changesJson, changesText, diagnosticsJson, planJson } from '../report.js';
import type { Context, Outcome } from './context.js';
import { removeUnusedLauncher } from './launcher-file.js';
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
  for (const unit of units) planned.push(await planUnit(context, unit, options, sources));
  const pending = planned.filter(({ state }) => state === 'pending');
  if (options.check || pending.length === 0) return outcome(planned, sources, options);
  const written: UnitResult[] = [];
  for (const result of pending) written.push(await write(context, result));
  if (context.offline) return outcome(replaceResults(planned, written), sources, options);
  await context.system.reload();
  const done: UnitResult[] = [];
  for (const result of written)
    done.push(result.state === 'applied' ? await activate(context, result, options) : result);
  return outcome(replaceResults(planned, done), sources, options);
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
    const state = hasErrors(diagnostics) ? 'refused' : isPending(changes) ? 'pending' : 'unchanged';
    return { unit: prepared.unit.name.full, state, changes, diagnostics, prepared };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { unit, state: 'refused', changes: [], diagnostics: cause.diagnostics };
  }
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

async function activate(context: Context, result: UnitResult, options: ApplyOptions): Promise<UnitResult> {
  const { system } = context;
  const { plan, policy } = result.prepared!;
  const properties = await system.unit(plan.unit);
  const wrong = readBack(plan, dropInPath(context.placement, plan.unit), properties);
  if (wrong.length > 0) return rollBack(context, result, wrong, false);
  if (options.restart === false) return result;
  if (!isRunning(properties))
    return { ...result, diagnostics: [...result.diagnostics, notRunning(plan.unit)] };
  const { settle, probe } = policy.policy;
  const failures = await restart(system, plan.unit, {
    settle: settle?.value ?? DEFAULT_SETTLE,
    probe: probe?.map(({ value }) => value),
  });
  return failures.length > 0 ? rollBack(context, result, failures, true) : result;
}

/** The launcher stays while another unit uses it. */
async function undo(context: Context, { changes }: UnitResult): Promise<void> {
  await undoChanges(
    context.system,
    changes.filter(({ path }) => path !== installedLauncher(context.placement)),
  );
  await removeUnusedLauncher(context);
}

/** Puts the files back, reloads, and starts the service as it was. */
async function rollBack(
  context: Context,
  result: UnitResult,
  reasons: readonly Diagnostic[],
  restarted: boolean,
): Promise<UnitResult> {
  const { system } = context;
  const diagnostics = [...result.diagnostics, ...reasons];
  await undo(context, result);
  await system.reload();
  if (restarted) {
    const again = await system.job('restart', result.unit);
    if (again !== 'done')
      diagnostics.push(error('service-down', `${result.unit} doesn't start as it was either: '${again}'`));
  }
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
  const diagnostics = results.flatMap((result) => result.diagnostics);
  return {
    exit: exitOf(results, options),
    json: {
      changed: results.some(({ state }) => state === 'applied' || state === 'pending'),
      units: results.map(resultJson),
    },
    text: results.map((result) => resultText(result, options)).join(''),
    diagnostics,
    sources,
  };
}

function exitOf(results: readonly UnitResult[], options: ApplyOptions): number {
  const refused = results.filter(({ state }) => state === 'refused' || state === 'rolled-back');
  if (refused.some(({ prepared }) => !prepared)) return EXIT.failure;
  if (refused.length > 0) return EXIT.findings;
  return options.check && results.some(({ state }) => state === 'pending') ? EXIT.pending : EXIT.ok;
}

function resultText(result: UnitResult, options: ApplyOptions): string {
  const diff = options.diff ? result.changes.map(unifiedDiff).join('') : '';
  const files = result.state === 'applied' || result.state === 'pending' ? changesText(result.changes) : '';
  return `${result.unit}: ${result.state}\n${files}${diff}`;
}

const resultJson = ({ unit, state, changes, diagnostics, prepared }: UnitResult) => ({
  unit,
  state,
  changes: changesJson(changes),
  diagnostics: diagnosticsJson(diagnostics),
  ...(prepared ? { plan: planJson(prepared.plan, prepared.proofs, changes) } : {}),
});
