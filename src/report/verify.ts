import { EXIT, printable } from '../diagnostic.js';
import type { Plan } from '../plan/plan.js';
import type { NamedDifference } from '../verify/kernel/name-differences.js';
import type { ThreadGroup } from '../verify/kernel/thread-group.js';
import { columns } from './plan.js';

/** The findings about a unit, for people. */
export function enforcementText(plan: Plan, exit: number, groups: readonly ThreadGroup[]): string {
  const state = exit === EXIT.ok ? 'enforced' : exit === EXIT.findings ? 'not enforced' : 'not proven';
  const rows = groups.flatMap(({ processes, filters, calls, heldTo, leftOver }) =>
    processes.map(({ pid, name, threads }) => [
      `${pid}`,
      printable(name),
      `${threads}`,
      `${filters}`,
      `${WITHOUT[heldTo]}${heldTo === 'nothing' ? '' : SAYS[calls]}${leftOver ? ', left over from before' : ''}`,
    ]),
  );
  const head = ['PID', 'NAME', 'THREADS', 'FILTERS', 'SYSTEM CALLS'];
  const table = rows.length > 0 ? columns([head, ...rows], '  ') : '';
  return `${plan.unit}: ${state} (${printable(plan.policyFile)})\n${table}${groups.map(differencesText).join('')}`;
}

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

function differencesText({ processes, differences }: ThreadGroup): string {
  if (differences.length === 0) return '';
  const pids = processes.map(({ pid }) => pid).join(', ');
  const rows = differences.map((difference) => [
    difference.relation,
    difference.abi,
    `${difference.expected}, got ${difference.got}`,
    byText(difference),
    difference.calls.join(' '),
  ]);
  return `Differences of ${pids}:\n${columns([['', 'ABI', 'POLICY', 'BY', 'CALLS'], ...rows], '  ')}`;
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
