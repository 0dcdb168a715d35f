/** The outcome of `tighten`, as text and JSON. */

import type { Tightened } from '../../apply/live/tighten-unit.js';
import { diagnosticsJson, EXIT, hasErrors, ofUnit } from '../../diagnostic.js';
import type { Outcome } from '../../outcome.js';
import type { Role, Theme } from '../../theme.js';

/** The outcome for all units. @param deny the calls that are refused, each with its answer */
export function tightenOutcome(
  results: readonly Tightened[],
  deny: readonly string[],
  { theme }: { readonly theme: Theme },
): Outcome {
  return {
    exit: exitOf(results),
    json: { changed: results.some(isChanged), deny, units: results.map(resultJson) },
    text: results.map((one) => resultText(one, deny, theme)).join(''),
    diagnostics: results.flatMap(({ unit, diagnostics }) =>
      results.length > 1 ? diagnostics.map((one) => ofUnit(one, unit)) : diagnostics,
    ),
    sources: new Map(),
  };
}

const isChanged = ({ state }: Tightened): boolean => state !== 'refused';

function exitOf(results: readonly Tightened[]): number {
  const isFatal = ({ state, exit }: Tightened) =>
    state === 'killed' || state === 'unknown' || exit === EXIT.failure;
  if (results.some(isFatal)) return EXIT.failure;
  if (results.some(({ diagnostics }) => hasErrors(diagnostics))) return EXIT.findings;
  return results.some(({ state }) => state === 'pending') ? EXIT.pending : EXIT.ok;
}

const STATES: Readonly<Record<Tightened['state'], Role>> = {
  tightened: 'good',
  pending: 'doubtful',
  refused: 'bad',
  killed: 'bad',
  unknown: 'bad',
};

function resultText(result: Tightened, deny: readonly string[], theme: Theme): string {
  const { unit, state, paused } = result;
  const head = `${unit}: ${theme.paint(STATES[state], state)}\n`;
  if (state !== 'tightened' && state !== 'pending') return head;
  const verb = state === 'pending' ? 'would be' : result.threads === 1 ? 'is' : 'are';
  const still = paused === undefined ? '' : `; they were stopped for ${(paused / 1000).toFixed(1)} ms`;
  return `${head}${countText(result)} ${verb} refused ${deny.map(entryText).join(', ')}${still}.\n`;
}

const countText = ({ threads, processes }: Tightened): string =>
  `${threads} ${threads === 1 ? 'thread' : 'threads'} of ${processes} ${processes === 1 ? 'process' : 'processes'}`;

const entryText = (entry: string): string => {
  const [name, answer] = entry.split(':');
  return `${name} (${answer})`;
};

const resultJson = ({ unit, state, threads, processes, paused, diagnostics }: Tightened) => ({
  unit,
  state,
  threads,
  processes,
  paused: paused ?? null,
  diagnostics: diagnosticsJson(diagnostics),
});
