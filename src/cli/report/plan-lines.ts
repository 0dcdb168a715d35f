import { groupBy, shortList } from '../../collections.js';
import { printable } from '../../diagnostic.js';
import type { Enforcer, Plan, PlanLine } from '../../plan/plan.js';
import { PLAIN, type Role, type Theme } from '../../theme.js';
import { type Cell, styled, table } from './table.js';

/** The way in which a plan is shown. */
export interface ShownPlan {
  readonly theme?: Theme;
  /** Whether each entry of a list has a row of its own. */
  readonly verbose?: boolean;
}

/** The most calls that one row names. */
const MOST_CALLS = 3;

/**
 * The lines of a plan, file by file, each from top to bottom: entries of one list that are enforced alike share a row, at
 * the place of the first.
 */
export function linesText(plan: Plan, { theme = PLAIN, verbose = false }: ShownPlan): string {
  const files = groupBy(plan.lines, ({ at }) => at.file);
  const groupsOf = (lines: readonly PlanLine[]) =>
    verbose ? lines.map((line) => [line]) : [...groupBy(lines, keyOf).values()];
  const rows = [...files].flatMap(([file, lines]) => [
    ...(files.size > 1 || file !== plan.policyFile ? [[[printable(file), 'place'] as const]] : []),
    ...groupsOf(lines.toSorted(byPlace)).map(rowOf),
  ]);
  if (rows.length === 0) return '';
  return table(rows, { indent: '  ', theme, head: ['LINE', 'POLICY', 'ENFORCED BY', 'HOW'] });
}

/** The order of a file. */
const byPlace = ({ at: a }: PlanLine, { at: b }: PlanLine): number => a.line - b.line || a.column - b.column;

/** A text that entries of one list have in common if they are enforced alike. */
function keyOf({ entry, enforcedBy, how, reason, at, subject }: PlanLine): string {
  const own = entry ? [entry.list, entry.action] : [subject, at.line, at.column];
  return JSON.stringify([own, enforcedBy, how, reason]);
}

const ROLES: Readonly<Partial<Record<Enforcer, Role>>> = {
  systemd: 'by-systemd',
  launcher: 'by-launcher',
  'systemd and launcher': 'by-both',
  tighten: 'by-launcher',
  nobody: 'by-nobody',
};

/** @param lines one, or several entries of a list */
function rowOf(lines: readonly PlanLine[]): Cell[] {
  const [first] = lines as [PlanLine];
  const { enforcedBy, how, reason } = first;
  return [
    numbersText(lines.map(({ at }) => at.line)),
    lines.length === 1 ? first.subject : entriesText(lines),
    styled(enforcedBy, ROLES[enforcedBy]),
    reason ? `${how} (${reason})`.trim() : how,
  ];
}

/** `4`, `4-9`: the lines of a file between which the entries are. */
function numbersText(numbers: readonly number[]): string {
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  return first === last ? `${first}` : `${first}-${last}`;
}

/** `deny:EPERM add_key, keyctl, ptrace and 10 more`. */
function entriesText(lines: readonly PlanLine[]): string {
  const [first] = lines.flatMap(({ entry }) => entry ?? []);
  const action = first?.action === undefined ? '' : `:${first.action}`;
  const names = lines.flatMap(({ entry }) => entry?.name ?? []);
  // A name takes no more room than that there is one more.
  const most = names.length === MOST_CALLS + 1 ? names.length : MOST_CALLS;
  return `${first?.list}${action} ${shortList(names, most)}`;
}
