import { shortList } from '../collections.js';
import { type Diagnostic, printable } from '../diagnostic.js';
import type { Mode } from '../plan/plan.js';
import type { State } from '../status/unit-state.js';
import { columns } from './plan.js';

/** How a unit stands. */
export interface UnitStatus {
  readonly unit: string;
  /** Undefined where it isn't confined, or can't be told. */
  readonly mode?: Mode;
  /** Undefined where nothing is asked of a manager. */
  readonly state?: State;
  readonly policy?: string;
  readonly dropIn?: string;
  /** What an enforcing unit lets through and has recorded: calls and sets. */
  readonly recorded: readonly string[];
  /** Codes of what nobody enforces, which was allowed when it was applied. */
  readonly gaps: readonly string[];
  /** Files that it needs and that aren't there. */
  readonly missing: readonly string[];
  /** What has changed since its policy was applied: codes of diagnostics. */
  readonly drift: readonly string[];
  /** Whether more of that can't be told. */
  readonly untold?: boolean;
  readonly diagnostics: readonly Diagnostic[];
  readonly exit?: number;
}

/** @param whole whether all units were looked for */
export function statusText(all: readonly UnitStatus[], whole: boolean): string {
  const rows = all
    .filter(({ dropIn, drift }) => dropIn !== undefined || drift.length > 0)
    .map((one) => [
      one.unit,
      modeText(one),
      one.state?.replaceAll('-', ' ') ?? '-',
      driftText(one),
      printable(one.policy ?? '-'),
    ]);
  if (rows.length === 0) return whole && all.length === 0 ? 'No unit is confined by sandbox-unit.\n' : '';
  return columns([['UNIT', 'MODE', 'STATE', 'DRIFT', 'POLICY'], ...rows]);
}

/** `policy, unit`: the codes without what they have in common; `?` for what can't be told. */
const driftText = ({ drift, untold }: UnitStatus): string =>
  [...drift.map((code) => code.replace(/^drift-/, '')), ...(untold ? ['?'] : [])].join(', ') || '-';

/** Calls that one line names. */
const MOST_NAMED = 3;

const modeText = ({ mode, recorded }: UnitStatus): string =>
  recorded.length === 0 ? (mode ?? '-') : `${mode}, records ${printable(shortList(recorded, MOST_NAMED))}`;

/** For programs: sandbox-unit.json(5). */
export const statusJson = ({
  unit,
  mode,
  state,
  policy,
  dropIn,
  recorded,
  gaps,
  missing,
  drift,
}: UnitStatus) => ({
  unit,
  mode: mode ?? null,
  state: state ?? null,
  policy: policy ?? null,
  dropIn: dropIn ?? null,
  recorded,
  gaps,
  missing,
  drift,
});
