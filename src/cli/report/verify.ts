import { EXIT, printable } from '../../diagnostic.js';
import { PLAIN, type Role, type Theme } from '../../theme.js';
import type { ThreadGroup } from '../../verify/kernel/thread-group.js';
import { type Cell, table } from './table.js';

/** The findings about a unit, for people. */
export function enforcementText(
  { unit, policyFile }: { readonly unit: string; readonly policyFile: string },
  exit: number,
  groups: readonly ThreadGroup[],
  theme: Theme = PLAIN,
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
  const processes = rows.length > 0 ? table(rows, { indent: '  ', theme, head }) : '';
  const differences = groups.map((group) => differencesText(group, theme)).join('');
  return `${unit}: ${theme.paint(role, state)} (${printable(policyFile)})\n${processes}${differences}`;
}

const NOT_PROVEN = ['not proven', 'doubtful'] as const;

/** The state of a unit by the exit status that goes with it. */
const STATES: ReadonlyMap<number, readonly [state: string, role: Role]> = new Map([
  [EXIT.ok, ['enforced', 'good']],
  [EXIT.findings, ['not enforced', 'bad']],
]);

const ROLES: Readonly<Record<ThreadGroup['calls'], Role>> = {
  equal: 'good',
  looser: 'bad',
  unknown: 'bad',
};

const SAYS: Readonly<Record<ThreadGroup['calls'], string>> = {
  equal: 'as the policy says',
  looser: 'more permissive than the policy',
  unknown: "another filter than the policy's",
};

/** Words in front of the result for processes without the launcher: their calls are held to systemd's part alone. */
const WITHOUT: Readonly<Record<ThreadGroup['heldTo'], string>> = {
  policy: '',
  systemd: "without the launcher, as planned; systemd's part: ",
  nothing: 'without any sandbox, as planned',
};

function differencesText({ processes, differences }: ThreadGroup, theme: Theme): string {
  if (differences.length === 0) return '';
  const pids = processes.map(({ pid }) => pid).join(', ');
  const rows = differences.map(({ abi, expected, got, someArguments, calls }): Cell[] => [
    abi,
    [`${expected}, got ${got}${someArguments ? ' (some arguments)' : ''}`, 'bad'],
    calls.join(', '),
  ]);
  return `More permissive in ${pids}:\n${table(rows, { indent: '  ', theme, head: ['ABI', 'POLICY', 'CALLS'] })}`;
}
