import { EXIT, printable } from '../diagnostic.js';
import { type Look, PLAIN, type Role } from '../look.js';
import type { Plan } from '../plan/plan.js';
import type { NamedDifference } from '../verify/kernel/name-differences.js';
import type { ThreadGroup } from '../verify/kernel/thread-group.js';
import { type Cell, table } from './table.js';

/** The way in which findings are shown. */
export interface ShownFindings {
  readonly look?: Look;
  /** Whether calls are named that only directives refuse beside the policy. */
  readonly verbose?: boolean;
}

/** The findings about a unit, for people. */
export function enforcementText(
  plan: Plan,
  exit: number,
  groups: readonly ThreadGroup[],
  { look = PLAIN, verbose = false }: ShownFindings = {},
): string {
  const [state, role] = STATES.get(exit) ?? NOT_PROVEN;
  const rows = groups.flatMap(({ processes, filters, calls, heldTo, leftOver }) =>
    processes.map(({ pid, name, threads }): Cell[] => [
      `${pid}`,
      printable(name),
      `${threads}`,
      `${filters}`,
      [
        `${WITHOUT[heldTo]}${heldTo === 'nothing' ? '' : SAYS[calls]}${leftOver ? ', left over from before' : ''}`,
        heldTo === 'nothing' ? 'doubtful' : leftOver ? 'bad' : ROLES[calls],
      ],
    ]),
  );
  const head = ['PID', 'NAME', 'THREADS', 'FILTERS', 'SYSTEM CALLS'];
  const processes = rows.length > 0 ? table(rows, { indent: '  ', look, head }) : '';
  const differences = groups.map((group) => differencesText(group, look, verbose)).join('');
  return `${plan.unit}: ${look.paint(role, state)} (${printable(plan.policyFile)})\n${processes}${differences}`;
}

const NOT_PROVEN = ['not proven', 'doubtful'] as const;

/** The state of a unit by the exit status that goes with it. */
const STATES: ReadonlyMap<number, readonly [state: string, role: Role]> = new Map([
  [EXIT.ok, ['enforced', 'good']],
  [EXIT.findings, ['not enforced', 'bad']],
]);

const ROLES: Readonly<Record<ThreadGroup['calls'], Role>> = {
  equal: 'good',
  otherwise: 'good',
  stricter: 'good',
  looser: 'bad',
  unknown: 'doubtful',
};

const SAYS: Readonly<Record<ThreadGroup['calls'], string>> = {
  equal: 'as the policy says',
  otherwise: 'as the policy says, some of it refused otherwise',
  stricter: 'as the policy says, or stricter',
  looser: 'looser than the policy',
  unknown: "can't be known",
};

/** Words in front of the result for processes without the launcher: their calls are held to systemd's part alone. */
const WITHOUT: Readonly<Record<ThreadGroup['heldTo'], string>> = {
  policy: '',
  systemd: "without the launcher, as planned; systemd's part: ",
  nothing: 'without any sandbox, as planned',
};

function differencesText({ processes, differences }: ThreadGroup, look: Look, verbose: boolean): string {
  if (differences.length === 0) return '';
  const pids = processes.map(({ pid }) => pid).join(', ');
  const folded = verbose ? [] : differences.filter(isByDirectives);
  const rows = differences
    .filter((one) => !folded.includes(one))
    .map((difference): Cell[] => [
      [difference.relation, difference.relation === 'looser' ? 'bad' : 'good'],
      difference.abi,
      `${difference.expected}, got ${difference.got}`,
      byText(difference),
      difference.calls.join(', '),
    ]);
  const head = ['', 'ABI', 'POLICY', 'BY', 'CALLS'];
  const own = rows.length > 0 ? `Differences of ${pids}:\n${table(rows, { indent: '  ', look, head })}` : '';
  return `${own}${foldedText(pids, folded)}`;
}

/** Whether directives refuse more than the policy, which is nobody's mistake. */
const isByDirectives = ({ relation, by }: NamedDifference): boolean =>
  relation === 'stricter' && by.length > 0;

function foldedText(pids: string, folded: readonly NamedDifference[]): string {
  if (folded.length === 0) return '';
  const names = [...new Set(folded.flatMap(({ by }) => by))].sort().map((name) => `${name}=`);
  return `Stricter for ${pids}, by ${names.join(', ')}: '--verbose' names the calls\n`;
}

function byText({ relation, by, someArguments }: NamedDifference): string {
  const who =
    by.length > 0 ? by.map((name) => `${name}=`).join(', ') : relation === 'looser' ? '' : 'another filter';
  return `${who}${someArguments ? ' (some arguments)' : ''}`.trim();
}

/** Groups of threads for programs. */
export const groupsJson = (groups: readonly ThreadGroup[]) =>
  groups.map(({ processes, filters, heldTo, leftOver, calls, ranges, sampled, uncompared, differences }) => ({
    processes,
    filters,
    heldTo,
    leftOver,
    calls,
    ranges,
    sampled,
    uncompared,
    differences,
  }));
