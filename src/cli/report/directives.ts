import { groupBy } from '../../collections.js';
import { printable } from '../../diagnostic.js';
import { PLAIN, type Role, type Theme } from '../../theme.js';
import type { CheckedDirective, ProcessFinding } from '../../verify/process/finding.js';
import { type Cell, table, wrapped } from './table.js';

/** Findings about directives in a unit's processes, for people; those that hold are only counted. */
export function directivesText(directives: readonly CheckedDirective[], theme: Theme = PLAIN): string {
  if (directives.length === 0) return '';
  const by = groupBy(directives, ({ relation }) => relation);
  const names = (relation: CheckedDirective['relation']) =>
    (by.get(relation) ?? []).map(({ directive }) => directive);
  const seen = directives.length - names('unseen').length;
  const rows = directives.flatMap(({ directive, relation, findings }) => {
    const state = NOT_CLOSED.get(relation);
    if (state === undefined) return [];
    return findings
      .filter((one) => one.relation === relation)
      .map((one): Cell[] => [directive, state, pidsText(one), printable(one.seen)]);
  });
  const words = names('unseen').length > 0 ? `; known only from systemd: ${names('unseen').join(', ')}` : '';
  const sum = `Directives: ${seen} of ${directives.length} confirmed in processes${words}`;
  return `${wrapped(sum, theme)}\n${table(rows, { indent: '  ', theme })}`;
}

/** The states of directives that leave something open; the others are only counted. */
const NOT_CLOSED: ReadonlyMap<CheckedDirective['relation'], readonly [state: string, role: Role]> = new Map([
  ['looser', ['looser', 'bad']],
  ['open', ['left open', 'doubtful']],
]);

/** The most processes that are named in a line. */
const MOST_PROCESSES = 5;

function pidsText({ processes }: ProcessFinding): string {
  if (processes.length === 0) return 'control group';
  const pids = processes.slice(0, MOST_PROCESSES).map(({ pid }) => pid);
  return `${pids.join(', ')}${processes.length > MOST_PROCESSES ? ', …' : ''}`;
}

/** Directives for programs. */
export const directivesJson = (directives: readonly CheckedDirective[]) =>
  directives.map(({ directive, at, relation, findings }) => ({
    directive,
    line: at ? { file: at.file, line: at.line } : null,
    relation,
    findings: findings.map(({ seen, processes, relation: of }) => ({ relation: of, seen, processes })),
  }));
