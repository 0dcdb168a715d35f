import { stillWaits, timeOfDay } from '../../apply/confirm/pending.js';
import type { Code } from '../../codes/subjects.js';
import { groupBy, shortList } from '../../collections.js';
import { type Diagnostic, diagnosticsJson, inOrder, printable } from '../../diagnostic.js';
import type { RefusedSinceStart } from '../../explain/refused-since-start.js';
import { tallyJson } from '../../explain/tally.js';
import type { Context } from '../../machine/context.js';
import type { Injection } from '../../machine/state/injections.js';
import type { Mode } from '../../plan/plan.js';
import { ownCommand, shellWord } from '../../systemd/command-lines.js';
import { parseUnitName } from '../../systemd/unit/name.js';
import { PLAIN, type Role, type Theme } from '../../theme.js';
import type { ServiceState } from '../../verify/drift/service-state.js';
import { type Cell, styled, table } from './table.js';
import { keptJson } from './watched.js';

export interface UnitStatus {
  readonly unit: string;
  /** Undefined if the unit isn't confined, or if its mode can't be told. */
  readonly mode?: Mode;
  /** Until the service serves, where filters of its start and of `[ready]` are two. */
  readonly modeUntilReady?: Mode;
  /** Undefined if no manager is asked. */
  readonly state?: ServiceState;
  /** The instances of a template. */
  readonly instances?: readonly { readonly name: string; readonly state: ServiceState }[] | undefined;
  readonly policy?: string;
  readonly dropIn?: string;
  /** Whether `run` has made it: it has a drop-in as little as a policy's file. */
  readonly transient?: boolean;
  /** Calls and sets that an enforcing unit lets through and has recorded. */
  readonly recorded: readonly string[];
  /** Directives of its policy that wait for `learn --promote`. */
  readonly waiting?: readonly string[];
  /** Refusals to its services since their last start; undefined where none of them was started. */
  readonly refused?: RefusedSinceStart;
  /** Codes of the gaps that were allowed when the policy was applied. */
  readonly gaps: readonly string[];
  /** Files that the unit needs and that aren't there. */
  readonly missing: readonly string[];
  /** Codes of diagnostics about changes since the policy was applied. */
  readonly drift: readonly Code[];
  /** Whether there may be more drift than can be told. */
  readonly untold?: boolean;
  /** The filters that what runs of it was given, by `apply --live` or `tighten`. */
  readonly injected?: readonly Injection[];
  /** The latest time to confirm its change, in milliseconds since 1970; undefined where none waits. */
  readonly deadline?: number;
  readonly diagnostics: readonly Diagnostic[];
  readonly exit?: number;
}

/** Diagnostics without repetition: several units may have one in common. */
export const distinct = (diagnostics: readonly Diagnostic[]): Diagnostic[] => [
  ...new Map(
    diagnostics.map((one) => [`${one.code} ${one.message} ${one.at?.file}:${one.at?.line}`, one]),
  ).values(),
];

/**
 * Units, each once, with the deadlines of changes that are done and wait to be confirmed.
 * @param deadlines in milliseconds since 1970, by the units that were changed
 */
export function withDeadlines(
  context: Context,
  all: readonly UnitStatus[],
  deadlines: ReadonlyMap<string, number>,
): UnitStatus[] {
  return [...new Map(all.map((one) => [one.unit, one])).values()].map((one) => {
    const name = parseUnitName(one.unit);
    const template = 'full' in name ? name.template : undefined;
    const changed = [one.unit, template ?? one.unit].find((unit) => deadlines.has(unit));
    return changed === undefined ? one : withDeadline(context, one, [changed, deadlines.get(changed)!]);
  });
}

/** @param changed the unit that was changed, be it a template, and its deadline */
function withDeadline(
  context: Context,
  one: UnitStatus,
  [changed, deadline]: readonly [string, number],
): UnitStatus {
  const diagnostics = [...one.diagnostics, stillWaits(context, changed, deadline)];
  const state = one.state === 'live' ? { state: 'unconfirmed' as const } : {};
  return { ...one, ...state, deadline, diagnostics };
}

/** Diagnostics for people: the last error of several units that are to be applied again has one command for all. */
export function withOneHint(
  { placement: { scope } }: Context,
  all: readonly UnitStatus[],
  diagnostics: readonly Diagnostic[],
): readonly Diagnostic[] {
  if (diagnostics.length < 2) return diagnostics;
  const commands = new Map(all.map(({ unit }) => [ownCommand(scope, 'apply', unit), unit]));
  const sorted = inOrder(diagnostics);
  const again = sorted.filter(({ hint }) => hint !== undefined && commands.has(hint));
  const named = [...new Set(again.map(({ hint }) => commands.get(hint!)!))];
  if (named.length < 2) return diagnostics;
  // --all would also confine a unit that was reverted.
  const hint = ownCommand(scope, `apply ${named.map(shellWord).join(' ')}`);
  return sorted.map((one) => {
    if (!again.includes(one)) return one;
    const { hint: _, ...bare } = one;
    return one === again.at(-1) ? { ...bare, hint } : bare;
  });
}

/** @param whole whether all units were looked for */
export function statusText(all: readonly UnitStatus[], whole: boolean, theme: Theme = PLAIN): string {
  const rows = all
    .filter((one) => one.dropIn !== undefined || one.transient || one.drift.length > 0 || isInjected(one))
    .flatMap((one): Cell[][] => [
      [
        one.unit,
        styled(modeText(one), one.mode && MODES[isLenientAtStart(one) ? 'permissive' : one.mode]),
        styled(stateText(one), one.state && STATES[one.state]),
        styled(driftText(one), one.drift.length > 0 ? 'bad' : one.untold ? 'doubtful' : undefined),
        styled(refusedText(one), (one.refused?.count ?? 0) > 0 ? 'doubtful' : undefined),
        printable(originText(one)),
      ],
      ...(one.instances ? instanceRows(one.instances) : []),
    ]);
  if (rows.length === 0) return whole && all.length === 0 ? 'No unit is confined by sandbox-unit.\n' : '';
  return table(rows, { theme, head: ['UNIT', 'MODE', 'STATE', 'DRIFT', 'REFUSED', 'POLICY'], cuts: 'all' });
}

/** The instances of a template, a row for each state that some of them are in. */
const instanceRows = (instances: NonNullable<UnitStatus['instances']>): Cell[][] =>
  [...groupBy(instances, ({ state }) => state)].map(([state, some]) => [
    `  ${state.replaceAll('-', ' ')}: ${some.map(({ name }) => name).join(', ')}`,
  ]);

const isInjected = ({ injected = [] }: UnitStatus): boolean => injected.length > 0;

/** The state, and whether what runs has got filters since its start. */
const stateText = (one: UnitStatus): string =>
  [...(one.state ? [one.state.replaceAll('-', ' ')] : []), ...(isInjected(one) ? ['injected'] : [])].join(
    ', ',
  ) || '-';

/** The policy; of a unit without one the command that confines it. */
function originText({ transient, policy, injected = [] }: UnitStatus): string {
  if (transient) return 'sandbox-unit run';
  return policy ?? (injected.some(({ by }) => by === 'tighten') ? 'sandbox-unit tighten' : '-');
}

const STATES: Readonly<Partial<Record<ServiceState, Role>>> = {
  live: 'good',
  unconfirmed: 'doubtful',
  'not-proven': 'doubtful',
  'restart-due': 'doubtful',
  'reload-due': 'doubtful',
  'not-read': 'bad',
  failed: 'bad',
  'no-unit': 'bad',
};

const MODES: Readonly<Record<Mode, Role>> = { enforcing: 'good', permissive: 'doubtful' };

/** Drift in short, `policy, unit`: the codes without their common prefix; `?` if there may be more. */
const driftText = ({ drift, untold }: UnitStatus): string =>
  [...drift.map((code) => code.replace(/^drift-/, '')), ...(untold ? ['?'] : [])].join(', ') || '-';

/** The number of refusals; with `?` if there may be more, or some of them another's. `-` where none is known. */
const refusedText = ({ refused }: UnitStatus): string =>
  refused?.count === undefined ? '-' : `${refused.count}${refused.unseen.length > 0 ? '?' : ''}`;

/** The most calls that one line names. */
const MOST_RECORDED = 3;

/** Whether the calls of its start are only recorded, though some are refused once it serves. */
const isLenientAtStart = ({ mode, modeUntilReady = mode }: UnitStatus): boolean =>
  modeUntilReady === 'permissive' && mode !== modeUntilReady;

const modeText = (one: UnitStatus): string =>
  [
    one.mode ?? '-',
    ...(isLenientAtStart(one) ? ['permissive until it serves'] : []),
    ...(one.recorded.length > 0 ? [`records ${printable(shortList(one.recorded, MOST_RECORDED))}`] : []),
    ...(one.waiting && one.waiting.length > 0 ? [`${one.waiting.length} lines wait`] : []),
  ].join(', ');

/** The status for programs: schemas/status.json. */
export const statusJson = ({ refused, injected = [], deadline, ...one }: UnitStatus) => ({
  unit: one.unit,
  mode: one.mode ?? null,
  modeUntilReady: one.modeUntilReady ?? null,
  state: one.state ?? null,
  policy: one.policy ?? null,
  dropIn: one.dropIn ?? null,
  transient: one.transient ?? false,
  recorded: one.recorded,
  refused: refused ? refusedJson(refused) : null,
  waiting: one.waiting ?? [],
  gaps: one.gaps,
  missing: one.missing,
  drift: one.drift,
  injected: injected.map(({ by, at, deny }) => ({ by, at: timeOfDay(at), deny })),
  confirmBy: deadline === undefined ? null : timeOfDay(deadline),
});

const refusedJson = ({ count, calls, others, unseen }: RefusedSinceStart) => ({
  count: count ?? null,
  calls: calls.map(tallyJson),
  others: others.map(keptJson),
  unseen,
});

/** The status in short. What has changed is what isn't as it was applied. */
export const statusSummary = (all: readonly UnitStatus[]) => ({
  changed: all.some(hasDrift),
  units: all.map((one) => ({
    unit: one.unit,
    state: one.state ?? null,
    changed: hasDrift(one),
    reasons: diagnosticsJson(one.diagnostics),
  })),
});

const hasDrift = ({ drift }: UnitStatus): boolean => drift.length > 0;
