import { printable, renderDiagnostic, warning } from '../../diagnostic.js';
import { explanationDiagnostic, isGuess, UNKNOWN, UNSEEN } from '../../explain/diagnostic.js';
import { callText, type Explanation, isFinding } from '../../explain/explanation.js';
import { PLAIN, type Theme } from '../../theme.js';
import { painted } from './diff.js';
import {
  changesText,
  type FurtherCommand,
  furtherText,
  gainsText,
  groupsText,
  phaseText,
  wayText,
} from './explain-short.js';

/** The way in which explanations are shown. */
export interface ExplainStyle {
  readonly sources: ReadonlyMap<string, string>;
  readonly machine: string;
  readonly theme?: Theme;
  /** Whether each of many calls is told by itself. */
  readonly verbose?: boolean;
  /** Calls that got ENOSYS, or would, in the place of which others are made. */
  readonly fallbacks?: readonly Explanation[];
  /** From when on calls were looked for, in milliseconds since 1970; 0 if that isn't known. */
  readonly since?: number;
  /** Whether they are of a recorded run. */
  readonly recorded?: boolean;
  /** Why nothing is proposed for a guess, and the way out, where these aren't the usual ones. */
  readonly ofGuess?: string;
  /** The command that looks again. */
  readonly further?: FurtherCommand;
  /** The change of the policy's file as a diff, if it was written. */
  readonly diff?: string | undefined;
  /** Explanations of calls that are refused after it, too. */
  readonly left?: readonly Explanation[];
}

/** Explanations for people: one with its line of the policy and the text to write, many by what they have in common. */
export function explanationsText(
  unit: string,
  explanations: readonly Explanation[],
  shown: ExplainStyle,
): string {
  const { machine, verbose = false, fallbacks = [], further, diff, since = 0 } = shown;
  const isEach = verbose || explanations.length < 2;
  const told = isEach
    ? explanations.map((one) => oneText(one, unit, shown))
    : groupsText(explanations, shown);
  const ways =
    diff === undefined ? allText(explanations, unit, shown) : writtenText(explanations, unit, shown);
  const isShort = !isEach && diff === undefined && further !== undefined;
  const more = isShort ? [`${furtherText(explanations, unit, further)}\n`] : [];
  const besides = verbose ? paragraph(fallbacks.map((one) => fallbackText(one, machine))) : [];
  return [
    `${unit}: ${countText(explanations, machine, since)}\n`,
    ...told,
    ...ways,
    ...besides,
    ...more,
  ].join('\n');
}

const fallbackText = ({ call, count }: Explanation, machine: string): string =>
  `  ${callText(call, machine)} gets ENOSYS, and the program makes another call instead: ${count === 1 ? 'once' : `${count} times`}`;

/** The number of calls that were refused, and of those that would be, whatever their arguments. */
function countText(explanations: readonly Explanation[], machine: string, since: number): string {
  const found = explanations.filter(isFinding);
  const count = (of: readonly Explanation[]) => new Set(of.map(({ call }) => callText(call, machine))).size;
  const passed = count(found.filter(({ got }) => got === 'recorded'));
  const would = passed > 0 ? `, ${passed} would be` : '';
  if (found.length === 0)
    return `no refused call is on record${since > 0 ? ` since ${new Date(since).toISOString()}` : ''}`;
  return refusedText(count(found.filter(({ got }) => got !== 'recorded'))) + would;
}

/** The changes for all of several calls; none where there is nothing to change. */
function allText(explanations: readonly Explanation[], unit: string, shown: ExplainStyle): string[] {
  if (explanations.length < 2) return [];
  return paragraph([
    ...changesText(explanations, unit),
    ...gainsText(explanations, shown.theme),
    ...guessText(explanations, shown),
  ]);
}

/** A policy that was written, and all that is to be done besides. */
function writtenText(explanations: readonly Explanation[], unit: string, shown: ExplainStyle): string[] {
  const { diff, left = [], theme = PLAIN } = shown;
  const besides = left.map((one) => ({ ...one, changes: one.changes.filter(({ edit }) => !edit) }));
  return [
    painted(diff!, theme),
    ...paragraph([
      ...changesText(besides, unit),
      ...gainsText(explanations, theme),
      ...guessText(left, shown),
    ]),
  ];
}

/** The reason why nothing is proposed for some of them. */
const guessText = (
  explanations: readonly Explanation[],
  { recorded = false, ofGuess }: ExplainStyle,
): string[] => (explanations.some(isGuess) ? [`  ${ofGuess ?? (recorded ? UNSEEN : UNKNOWN)}`] : []);

const paragraph = (lines: readonly string[]): string[] => (lines.length > 0 ? [`${lines.join('\n')}\n`] : []);

const refusedText = (count: number): string =>
  count === 0 ? 'no call was refused' : count === 1 ? '1 call was refused' : `${count} calls were refused`;

function oneText(explanation: Explanation, unit: string, shown: ExplainStyle): string {
  const { sources, machine, theme = PLAIN } = shown;
  const { processes, count, last, changes, instead, opens: gains } = explanation;
  const { hint: _, hintLines: __, ...diagnostic } = explanationDiagnostic(explanation, machine);
  const who = processes.map(({ pid, name, program }) => {
    const ran = program === undefined ? '' : ` (${printable(program)})`;
    return `${printable(name)}${pid === undefined ? '' : `[${pid}]`}${ran}`;
  });
  const times = count === 1 ? 'once' : `${count} times, last`;
  const lines = [
    renderDiagnostic(diagnostic, sources, theme),
    `  by ${who.join(', ')}, ${times} at ${new Date(last).toISOString()}${phaseText([explanation])}`,
    ...changes.flatMap((change, i) => wayText(change, i === 0 ? 'to allow it,' : 'and', unit)),
    ...(instead ? wayText(instead, 'or', unit) : []),
    ...(gains === undefined ? [] : [`  ${renderDiagnostic(warning('opens', gains), sources, theme)}`]),
    ...guessText([explanation], shown),
  ];
  return `${lines.join('\n')}\n`;
}
