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
  const rows = directives
    .filter(({ relation }) => relation === 'looser' || relation === 'open')
    .flatMap(({ directive, relation, findings }) =>
      findings
        .filter((one) => one.relation === relation)
        .map((one): Cell[] => [
          directive,
          [SAYS[relation], ROLE[relation]],
          pidsText(one),
          printable(one.seen),
        ]),
    );
  const words =
    names('unseen').length > 0 ? `; reported by systemd alone: ${names('unseen').join(', ')}` : '';
  const sum = `Directives: ${seen} of ${directives.length} seen in processes${words}`;
  return `${wrapped(sum, theme)}\n${table(rows, { indent: '  ', theme })}`;
}

const ROLE: Readonly<Record<CheckedDirective['relation'], Role>> = {
  equal: 'good',
  stricter: 'good',
  looser: 'bad',
  open: 'doubtful',
  unseen: 'doubtful',
};

const SAYS: Readonly<Record<CheckedDirective['relation'], string>> = {
  equal: 'equal',
  stricter: 'stricter',
  looser: 'looser',
  open: 'left open',
  unseen: 'unseen',
};

/** The most processes that are named in a line. */
const MOST_NAMED = 5;

function pidsText({ processes }: ProcessFinding): string {
  if (processes.length === 0) return 'control group';
  const pids = processes.slice(0, MOST_NAMED).map(({ pid }) => pid);
  return `${pids.join(', ')}${processes.length > MOST_NAMED ? ', …' : ''}`;
}

/** Directives for programs. */
export const directivesJson = (directives: readonly CheckedDirective[]) =>
  directives.map(({ directive, at, relation, findings }) => ({
    directive,
    line: at ? { file: at.file, line: at.line } : null,
    relation,
    findings: findings.map(({ seen, processes, relation: of }) => ({ relation: of, seen, processes })),
  }));
