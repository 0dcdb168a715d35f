import { shortList } from '../../collections.js';
import type { Diagnostic } from '../../diagnostic.js';
import { type Exposure, exposureText, levelOf } from '../../plan/score/exposure.js';
import type { PlannedExposure } from '../../plan/score/of-plan.js';
import type { Scored } from '../../plan/score/score.js';
import type { Access, AccessVerdict } from '../../plan/score/verdicts.js';
import { PLAIN, type Role, type Theme } from '../../theme.js';
import { type Cell, table, wrapped } from './table.js';

export interface UnitScore {
  readonly unit: string;
  /** Undefined if it can't be told; a diagnostic says why. */
  readonly scored?: Scored;
  readonly diagnostics: readonly Diagnostic[];
  readonly exit?: number;
}

type ReportedScore = UnitScore & { readonly scored: Scored };

const isScored = (one: UnitScore): one is ReportedScore => one.scored !== undefined;

/** A table, the most exposed units first. */
function tableText(all: readonly UnitScore[], theme: Theme): string {
  const rows = all
    .filter(isScored)
    .sort((a, b) => b.scored.score.exposure - a.scored.score.exposure || (a.unit < b.unit ? -1 : 1))
    .map(({ unit, scored: { score } }): Cell[] => [
      unit,
      exposureText(score.exposure),
      levelCell(score.exposure),
      exposureText(score.bySystemd),
      shareText(score.doors),
    ]);
  if (rows.length === 0) return '';
  return table(rows, {
    theme,
    head: ['UNIT', 'EXPOSURE', 'LEVEL', 'SYSTEMD ALONE', 'OPEN DOORS'],
  });
}

const LEVELS: ReadonlyMap<string, Role> = new Map([
  ['DANGEROUS', 'bad'],
  ['UNSAFE', 'bad'],
  ['EXPOSED', 'doubtful'],
  ['MEDIUM', 'doubtful'],
]);

const levelCell = (exposure: Exposure): readonly [text: string, role: Role] => {
  const level = levelOf(exposure);
  return [level, LEVELS.get(level) ?? 'good'];
};

const shareText = (all: readonly AccessVerdict[]): string =>
  `${all.filter(({ access }) => access === 'open').length} of ${all.length}`;

/** One unit: its exposure, and what stays open. */
function unitText({ unit, scored }: ReportedScore, theme: Theme): string {
  const { exposure, untilReady, bySystemd } = scored.score;
  const until = untilReady === undefined ? '' : `, ${exposureText(untilReady)} until it serves`;
  const alone =
    bySystemd === exposure ? '' : `, ${exposureText(bySystemd)} counting only what systemd enforces`;
  return `${unit}: exposure ${withLevel(exposure, theme)}${until}${alone}${promotedText(scored.promoted, theme)}\n\n${openText(scored, theme)}`;
}

/** Scores for people: a table, or all about each where units are named. */
export const scoresText = (all: readonly UnitScore[], isNamed: boolean, theme: Theme = PLAIN): string =>
  isNamed
    ? all
        .filter(isScored)
        .map((one) => unitText(one, theme))
        .join('\n')
    : tableText(all, theme);

/** Doors and places. */
export function openText({ score, places }: Scored, theme: Theme = PLAIN): string {
  const { doors, untilReady } = score;
  const doorRows = doors.map((one): Cell[] => [
    one.door.name,
    one.door.does,
    [accessText(one), one.access === 'open' ? 'doubtful' : 'good'],
  ]);
  return [
    untilReady === undefined ? '' : 'What stays open once it serves:\n',
    table(doorRows, { indent: '  ', theme, head: ['DOOR', 'LETS IT', 'STATE'] }),
    `\n${wrapped(`Places where it can write and execute: ${placesText(places)}`, theme)}\n`,
  ].join('');
}

const ACCESS: Readonly<Record<Access, (verdict: AccessVerdict) => string>> = {
  open: ({ calls }) => `open: ${calls.join(', ')}`,
  closed: ({ by }) => `closed by ${by.join(', ')}`,
  needs: ({ by }) => `needs ${by.join(', ')}`,
};

const accessText = (verdict: AccessVerdict): string => ACCESS[verdict.access](verdict);

/** Most places that a line names. */
const MOST_PLACES = 8;

function placesText(places: Scored['places']): string {
  if (!places) return 'unknown: the service is not running, or has a root folder of its own';
  return places.length === 0 ? 'none' : shortList(places, MOST_PLACES);
}

/** `Exposure: 9.6 UNSAFE without the policy, 4.1 OK with it`. */
export function changeText(
  { before, after, ready, promoted }: PlannedExposure,
  theme: Theme = PLAIN,
): string {
  const serving = ready === undefined ? '' : `,\n          ${withLevel(ready, theme)} once it serves`;
  return `Exposure: ${withLevel(before, theme)} without the policy, ${withLevel(after, theme)} with it${serving}${promotedText(promoted, theme)}\n`;
}

/** The exposure with the lines that wait. */
const promotedText = (promoted: Exposure | undefined, theme: Theme): string =>
  promoted === undefined
    ? ''
    : `,\n          ${withLevel(promoted, theme)} once 'learn --promote' states the lines that wait`;

function withLevel(exposure: Exposure, { paint }: Theme): string {
  const [level, role] = levelCell(exposure);
  return `${exposureText(exposure)} ${paint(role, level)}`;
}

export const changeJson = (change: PlannedExposure | undefined) =>
  change
    ? {
        ...{ before: change.before / 10, after: change.after / 10 },
        ...(change.ready === undefined ? {} : { ready: change.ready / 10 }),
        ...(change.promoted === undefined ? {} : { promoted: change.promoted / 10 }),
      }
    : null;

/** Scores for programs: schemas/score.json. */
export const scoresJson = (all: readonly UnitScore[]) =>
  all.filter(isScored).map(({ unit, scored }) => ({ unit, ...scoredJson(scored) }));

export const scoredJson = ({ score, places, promoted }: Scored) => ({
  exposure: score.exposure / 10,
  ...(promoted === undefined ? {} : { promoted: promoted / 10 }),
  level: levelOf(score.exposure),
  ...(score.untilReady === undefined ? {} : { untilReady: score.untilReady / 10 }),
  bySystemd: score.bySystemd / 10,
  byLauncher: score.byLauncher,
  ...(score.untilReady === undefined ? {} : { byReady: score.byReady }),
  doors: score.doors.map(({ door, ...verdict }) => ({ door: door.name, ...verdictJson(verdict) })),
  ...(places ? { places } : {}),
});

const verdictJson = ({ access, calls, by }: AccessVerdict) => ({ access, calls, by });
