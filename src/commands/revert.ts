import { isRunning, restart } from '../apply/activate.js';
import { type Change, changes, isPending } from '../apply/changes.js';
import { writeChanges } from '../apply/write.js';
import { type Diagnostic, diagnosticsJson, EXIT, hasErrors, UserError } from '../diagnostic.js';
import { changesJson, changesText } from '../report.js';
import type { Context } from '../system/context.js';
import { isTemplate } from '../unit/name.js';
import { findUnit } from './find-unit.js';
import { unusedLauncher } from './launcher-file.js';
import { fullName, noUnit, serviceName } from './load-unit.js';
import { assertMayChange } from './needs-root.js';
import type { Outcome } from './outcome.js';
import { readFiles, readOwnFiles } from './own-files.js';

export interface RevertOptions {
  readonly check?: boolean;
  /** False: leave the service as it runs. */
  readonly restart?: boolean;
}

interface UnitResult {
  readonly unit: string;
  readonly changes: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
  /** Of a unit that could not even be looked at. */
  readonly exit?: number;
}

/** Removes what apply wrote for units, reloads once, and restarts those that run. */
export async function revert(
  context: Context,
  units: readonly string[],
  options: RevertOptions,
): Promise<Outcome> {
  assertMayChange(context, options);
  const planned: UnitResult[] = [];
  for (const unit of units) {
    const result = await planUnit(context, unit);
    if (!planned.some((other) => other.unit === result.unit)) planned.push(result);
  }
  await addLauncher(context, planned);
  const pending = planned.filter((result) => isPending(result.changes));
  if (options.check || pending.length === 0) return outcome(planned, options);
  for (const result of pending) await writeChanges(context.system, result.changes);
  if (context.offline) return outcome(planned, options);
  await context.system.reload();
  const done = new Map<string, UnitResult>();
  for (const result of pending)
    done.set(result.unit, options.restart === false ? result : await restartUnit(context, result));
  return outcome(
    planned.map((result) => done.get(result.unit) ?? result),
    options,
  );
}

/** One unit that can't be reverted doesn't stop the others. */
async function planUnit(context: Context, text: string): Promise<UnitResult> {
  try {
    return await planOne(context, text);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { unit: fullName(text), changes: [], diagnostics: cause.diagnostics, exit: cause.exit };
  }
}

async function planOne(context: Context, text: string): Promise<UnitResult> {
  const { name, exists } = await unitOf(context, text);
  const files = [
    ...(await readOwnFiles(withRuntime(context, false), name)),
    ...(await readOwnFiles(withRuntime(context, true), name)),
  ];
  if (files.length === 0 && !exists) {
    throw await noUnit(context, serviceName(name), ', and nothing of ours for it');
  }
  return { unit: name, changes: changes([], files), diagnostics: [] };
}

/** What apply wrote until the next boot goes, too. */
const withRuntime = (context: Context, runtime: boolean): Context => ({
  ...context,
  placement: { ...context.placement, runtime },
});

/** The unit that a name stands for: apply writes for the unit itself, never for an alias. */
async function unitOf(context: Context, text: string): Promise<{ name: string; exists: boolean }> {
  const name = serviceName(text);
  if (context.offline) return { name: (await findUnit(context, name)).name.full, exists: true };
  if (isTemplate(name)) return { name: name.full, exists: true };
  const properties = await context.system.unit(name.full);
  return { name: String(properties.get('Id')), exists: properties.get('LoadState') !== 'not-found' };
}

/** The launcher goes with the last drop-in of ours. */
async function addLauncher(context: Context, planned: UnitResult[]): Promise<void> {
  const leaving = planned.flatMap((result) => result.changes.map(({ path }) => path));
  const unused = leaving.length > 0 ? await unusedLauncher(context, leaving) : undefined;
  const files = unused === undefined ? [] : await readFiles(context, [unused]);
  const last = planned.findLastIndex((result) => isPending(result.changes));
  if (last < 0) return;
  planned[last] = { ...planned[last]!, changes: [...planned[last]!.changes, ...changes([], files)] };
}

async function restartUnit(context: Context, result: UnitResult): Promise<UnitResult> {
  const { system } = context;
  try {
    if (!isRunning(await system.unit(result.unit))) return result;
    return { ...result, diagnostics: await restart(system, result.unit, context.placement.scope) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { ...result, diagnostics: cause.diagnostics };
  }
}

function outcome(results: readonly UnitResult[], options: RevertOptions): Outcome {
  const diagnostics = results.flatMap((result) => result.diagnostics);
  const pending = results.some((result) => isPending(result.changes));
  const failed = results.some((result) => result.exit === EXIT.failure);
  const found = hasErrors(diagnostics) ? EXIT.findings : EXIT.ok;
  const exit = failed ? EXIT.failure : found || (options.check && pending ? EXIT.pending : EXIT.ok);
  return {
    exit,
    json: {
      changed: pending,
      units: results.map((result) => ({
        unit: result.unit,
        state: stateOf(result, options),
        changes: changesJson(result.changes),
        diagnostics: diagnosticsJson(result.diagnostics),
      })),
    },
    text: results
      .map((result) => `${result.unit}: ${stateOf(result, options)}\n${changesText(result.changes)}`)
      .join(''),
    diagnostics,
    sources: new Map(),
  };
}

function stateOf(result: UnitResult, options: RevertOptions): string {
  if (result.exit !== undefined) return 'refused';
  if (!isPending(result.changes)) return 'unchanged';
  return options.check ? 'pending' : 'reverted';
}
