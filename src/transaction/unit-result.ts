import { type Diagnostic, diagnosticsJson, EXIT, hasErrors } from '../diagnostic.js';
import { type Change, isPending } from '../emit/changes.js';
import type { Outcome } from '../outcome.js';
import type { Prepared } from '../prepare/prepare.js';
import { unifiedDiff } from '../report/diff.js';
import { changesJson, changesText, planJson } from '../report/plan.js';
import type { Service } from '../state/service.js';
import type { Undo } from './undo-record.js';

/** What became of one unit. */
export interface UnitResult {
  readonly unit: string;
  /** `failed`: neither as it shall be nor as it was. */
  readonly state: 'unchanged' | 'pending' | 'applied' | 'reverted' | 'refused' | 'rolled-back' | 'failed';
  readonly changes: readonly Change[];
  readonly diagnostics: readonly Diagnostic[];
  /** The service was, or was tried to be, restarted. */
  readonly restarted?: boolean;
  /** Whether every thread's filters were seen, and are as the policy says; undefined where nothing was looked at. */
  readonly verified?: boolean | undefined;
  /** What runs by it, as it was before anything was changed; nothing offline. */
  readonly services?: readonly Service[];
  /** The way back, where something is changed. */
  readonly undo?: Undo;
  readonly prepared?: Prepared;
  /** Where the machine is at fault, and not the policy or the unit. */
  readonly exit?: number;
}

/** Plans units one after the other; of names that stand for one unit the first counts. */
export async function planEach(
  units: readonly string[],
  plan: (unit: string) => Promise<UnitResult>,
): Promise<UnitResult[]> {
  const planned: UnitResult[] = [];
  for (const unit of units) {
    const result = await plan(unit);
    if (!planned.some((other) => other.unit === result.unit)) planned.push(result);
  }
  return planned;
}

/** The results, in the place of each the one that came of it later. */
export function updated(results: readonly UnitResult[], later: readonly UnitResult[]): UnitResult[] {
  const byUnit = new Map(later.map((result) => [result.unit, result]));
  return results.map((result) => byUnit.get(result.unit) ?? result);
}

interface OutcomeOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
}

/** What apply and revert have to say of their units. */
export function unitsOutcome(
  results: readonly UnitResult[],
  sources: ReadonlyMap<string, string>,
  options: OutcomeOptions,
): Outcome {
  const diagnostics = results.flatMap((result) =>
    results.length > 1 ? result.diagnostics.map((d) => ofUnit(d, result.unit)) : result.diagnostics,
  );
  return {
    exit: exitOf(results, options),
    json: {
      changed: results.some(({ state }) => ['applied', 'reverted', 'pending', 'failed'].includes(state)),
      units: results.map((result) => resultJson(result, options)),
    },
    text: results.map((result) => resultText(result, options)).join(''),
    diagnostics,
    sources,
  };
}

/** Among several units a diagnostic without a place doesn't say which it is about. */
export const ofUnit = (d: Diagnostic, unit: string): Diagnostic =>
  d.at || d.message.includes(unit) ? d : { ...d, message: `${unit}: ${d.message}` };

function exitOf(results: readonly UnitResult[], options: OutcomeOptions): number {
  const wrong = results.filter(({ diagnostics }) => hasErrors(diagnostics));
  if (wrong.some((result) => result.exit === EXIT.failure || isUnwritable(result))) return EXIT.failure;
  if (wrong.length > 0) return EXIT.findings;
  return options.check && results.some(({ state }) => state === 'pending') ? EXIT.pending : EXIT.ok;
}

/** Rights, a full disk, or one that can't be written to: the machine's fault, whatever was to be written. */
const isUnwritable = ({ diagnostics }: UnitResult): boolean =>
  diagnostics.some(({ severity, code }) => severity === 'error' && code === 'unwritable');

function resultText(result: UnitResult, options: OutcomeOptions): string {
  const diff = options.diff ? result.changes.map(unifiedDiff).join('') : '';
  const how = result.verified ? 'Restarted, and verified.' : 'Restarted.';
  const done = isDone(result) && result.restarted ? `${how}\n` : '';
  const mode = result.prepared?.plan.mode === 'permissive' ? ', permissive' : '';
  return `${result.unit}: ${result.state}${mode}\n${filesText(result)}${done}${diff}`;
}

const isDone = ({ state }: UnitResult): boolean => state === 'applied' || state === 'reverted';

function filesText(result: UnitResult): string {
  const { state, changes } = result;
  if (!isDone(result) && state !== 'pending') return '';
  if (isPending(changes)) return changesText(changes);
  return state === 'pending' ? 'The files are as they shall be; a restart is due.\n' : '';
}

const resultJson = (
  { unit, state, restarted = false, verified, changes, diagnostics, prepared }: UnitResult,
  { diff }: OutcomeOptions,
) => ({
  unit,
  state,
  restarted,
  ...(verified === undefined ? {} : { verified }),
  changes: changesJson(changes),
  diagnostics: diagnosticsJson(diagnostics),
  ...(diff ? { diff: changes.map(unifiedDiff).join('') } : {}),
  ...(prepared ? { plan: planJson(prepared.plan, prepared.proofs, changes) } : {}),
});
