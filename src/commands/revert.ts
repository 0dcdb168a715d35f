import { isRunning, restart } from '../apply/activate.js';
import { type Change, changes, isPending } from '../apply/changes.js';
import { writeChanges } from '../apply/write.js';
import { type Diagnostic, EXIT, hasErrors, UserError } from '../diagnostic.js';
import { changesJson, changesText, diagnosticsJson } from '../report.js';
import type { Context, Outcome } from './context.js';
import { removeUnusedLauncher } from './launcher-file.js';
import { serviceName } from './load-unit.js';
import { readOwnFiles } from './own-files.js';

export interface RevertOptions {
  readonly check?: boolean;
  /** False: leave the service as it runs. */
  readonly restart?: boolean;
}

interface UnitResult {
  readonly unit: string;
  readonly changes: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Removes what apply wrote for units, reloads once, and restarts those that run. */
export async function revert(
  context: Context,
  units: readonly string[],
  options: RevertOptions,
): Promise<Outcome> {
  const planned: UnitResult[] = [];
  for (const unit of units) planned.push(await planUnit(context, unit));
  const pending = planned.filter((result) => isPending(result.changes));
  if (options.check || pending.length === 0) return outcome(planned, options);
  for (const result of pending) await writeChanges(context.system, result.changes);
  await removeUnusedLauncher(context);
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

async function planUnit(context: Context, text: string): Promise<UnitResult> {
  const { full: unit } = serviceName(text);
  return { unit, changes: changes([], await readOwnFiles(context, unit)), diagnostics: [] };
}

async function restartUnit(context: Context, result: UnitResult): Promise<UnitResult> {
  const { system } = context;
  try {
    if (!isRunning(await system.unit(result.unit))) return result;
    return { ...result, diagnostics: await restart(system, result.unit, { settle: 0, probe: undefined }) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { ...result, diagnostics: cause.diagnostics };
  }
}

function outcome(results: readonly UnitResult[], options: RevertOptions): Outcome {
  const diagnostics = results.flatMap((result) => result.diagnostics);
  const pending = results.some((result) => isPending(result.changes));
  const exit = hasErrors(diagnostics) ? EXIT.findings : options.check && pending ? EXIT.pending : EXIT.ok;
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
  if (!isPending(result.changes)) return 'unchanged';
  return options.check ? 'pending' : 'reverted';
}
