import { timeOfDay, UNCONFIRMED } from '../../apply/confirm/pending.js';
import type { ChangeResult, UnitResult } from '../../apply/unit-result.js';
import { diagnosticsJson, EXIT, hasErrors, ofUnit } from '../../diagnostic.js';
import type { Outcome } from '../../outcome.js';
import { isPending } from '../../plan/emit/changes.js';
import type { PlannedExposure } from '../../plan/score/of-plan.js';
import { PLAIN, type Role, type Theme } from '../../theme.js';
import { painted, unifiedDiff } from './diff.js';
import { explanationsJson } from './explanations-json.js';
import { changesJson, changesText, planJson } from './plan.js';
import { changeJson, changeText } from './score.js';

interface OutcomeOptions {
  readonly check?: boolean;
  readonly diff?: boolean;
  /** By the unit's name; none for those that get no policy. */
  readonly exposures?: ReadonlyMap<string, PlannedExposure | undefined>;
  /** The theme of the text. */
  readonly theme?: Theme;
}

/** States of units that were changed, or would be. */
const CHANGES: readonly UnitResult['state'][] = ['applied', 'unconfirmed', 'reverted', 'pending', 'failed'];

/** The outcome of apply, confirm or revert for all their units. */
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
      changed: results.some(isChanged),
      units: results.map((result) => resultJson(result, options)),
    },
    summary: ({ changed }) => ({ changed, units: results.map(summaryJson) }),
    text: results.map((result) => resultText(result, options)).join(''),
    diagnostics,
    sources,
  };
}

const isChanged = ({ state }: UnitResult): boolean => CHANGES.includes(state);

function exitOf(results: readonly UnitResult[], options: OutcomeOptions): number {
  const wrong = results.filter(({ diagnostics }) => hasErrors(diagnostics));
  if (wrong.some((result) => isMachines(result) || isUnwritable(result))) return EXIT.failure;
  if (wrong.length > 0) return EXIT.findings;
  const waits = ({ diagnostics }: UnitResult) => diagnostics.some(({ code }) => code === UNCONFIRMED);
  const isOpen = (result: UnitResult) => waits(result) || (options.check && result.state === 'pending');
  return results.some(isOpen) ? EXIT.pending : EXIT.ok;
}

const isMachines = (result: UnitResult): boolean => 'exit' in result && result.exit === EXIT.failure;

/**
 * Whether a file can't be written. Rights, a full disk or a read-only one are the machine's fault, whatever the file.
 */
const isUnwritable = ({ diagnostics }: UnitResult): boolean =>
  diagnostics.some(({ severity, code }) => severity === 'error' && code === 'unwritable');

function resultText(result: UnitResult, options: OutcomeOptions): string {
  const { theme = PLAIN } = options;
  const diff = options.diff ? painted(diffOf(result), theme) : '';
  const mode =
    result.prepared?.plan.mode === 'permissive' ? `, ${theme.paint('doubtful', 'permissive')}` : '';
  const state = theme.paint(STATES[result.state], result.state);
  return `${result.unit}: ${state}${mode}\n${filesText(result, theme)}${restartedText(result)}${exposureText(result, options)}${diff}`;
}

const STATES: Readonly<Record<UnitResult['state'], Role>> = {
  applied: 'good',
  unconfirmed: 'doubtful',
  confirmed: 'good',
  reverted: 'good',
  unchanged: 'good',
  pending: 'doubtful',
  refused: 'bad',
  'rolled-back': 'bad',
  failed: 'bad',
};

const diffOf = ({ changes, prepared }: UnitResult): string =>
  changes.map((change) => unifiedDiff(change, prepared?.plan)).join('');

/** The exposure by the new files, where there are some. */
function exposureText(result: UnitResult, { exposures, theme = PLAIN }: OutcomeOptions): string {
  const isTold = (isDone(result) || result.state === 'pending') && isPending(result.changes);
  const change = isTold ? exposures?.get(result.unit) : undefined;
  return change ? changeText(change, theme) : '';
}

function restartedText(result: UnitResult): string {
  if (!isDone(result) || !(result.restarted || result.tightened)) return '';
  const how = result.tightened ? 'Loaded into the running processes' : 'Restarted';
  return result.verified ? `${how}, and verified.\n` : `${how}.\n`;
}

const isDone = (result: UnitResult): result is ChangeResult =>
  result.state === 'applied' || result.state === 'unconfirmed' || result.state === 'reverted';

function filesText(result: UnitResult, theme: Theme): string {
  const { state, changes, diagnostics } = result;
  if (!isDone(result) && state !== 'pending') return '';
  if (diagnostics.some(({ code }) => code === 'unit-changed'))
    return 'systemd has not read its changed files yet.\n';
  if (isPending(changes)) return changesText(changes, theme);
  return state === 'pending' ? 'The files are up to date; a restart is due.\n' : '';
}

function resultJson(result: UnitResult, { diff, exposures }: OutcomeOptions) {
  const { unit, state, changes, diagnostics, prepared } = result;
  const { restarted = false, tightened, verified, refusals, deadline } = 'restarted' in result ? result : {};
  return {
    unit,
    state,
    restarted,
    ...(tightened === undefined ? {} : { tightened }),
    ...(verified === undefined ? {} : { verified }),
    ...(refusals === undefined ? {} : { refusals: explanationsJson(refusals) }),
    ...(deadline === undefined ? {} : { confirmBy: timeOfDay(deadline) }),
    changes: changesJson(changes),
    diagnostics: diagnosticsJson(diagnostics),
    ...(diff ? { diff: diffOf(result) } : {}),
    ...(prepared
      ? {
          plan: {
            ...planJson(prepared.plan, prepared.proofs, changes),
            exposure: changeJson(exposures?.get(unit)),
          },
        }
      : {}),
  };
}

/** A unit in short: what an automation shows, and branches on. */
const summaryJson = (result: UnitResult) => ({
  unit: result.unit,
  state: result.state,
  changed: isChanged(result),
  diff: diffOf(result),
  reasons: diagnosticsJson(result.diagnostics),
});
