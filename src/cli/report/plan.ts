import { shortList } from '../../collections.js';
import { printable } from '../../diagnostic.js';
import type { FileChange } from '../../plan/emit/changes.js';
import type { Plan, PlannedFilter, PlannedReady } from '../../plan/plan.js';
import type { ProofSummary } from '../../prepare/build-filter.js';
import { NUMBERS_SOURCE } from '../../seccomp/syscalls/numbers.js';
import { PLAIN, type Theme } from '../../theme.js';
import { linesText, type ShownPlan } from './plan-lines.js';
import { type Cell, table } from './table.js';

/** The most calls of `[ready]` that one row names. */
const MOST_TAKEN = 8;

/** The parts of a plan besides its lines. */
export interface ProofsAndChanges {
  readonly proofs: readonly ProofSummary[];
  readonly changes: readonly FileChange[];
}

/** A plan for people: the files that it changes, and the enforcer and the means of each line of the policy. */
export function planText(plan: Plan, { proofs, changes }: ProofsAndChanges, shown: ShownPlan = {}): string {
  const { theme = PLAIN } = shown;
  const parts = [
    headText(plan, theme),
    changesText(changes, theme),
    linesText(plan, shown),
    additionsText(plan, theme),
    readyText(plan, theme),
    filterText(proofs, theme),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function headText({ unit, policyFile, mode, target }: Plan, { paint }: Theme): string {
  const sets = target.sets.source === 'target' ? 'its own sets' : `sets of systemd ${target.sets.systemd}`;
  const permissive = mode === 'permissive' ? ` (${paint('doubtful', 'permissive')})` : '';
  const on = `on systemd ${printable(target.version)} (${target.machine}, ${sets}, numbers of ${NUMBERS_SOURCE})`;
  return `${unit}: ${printable(policyFile)}${permissive}\n${on}\n`;
}

/** Parts of the drop-in that come from no line of the policy, and the commands without the launcher. */
function additionsText(plan: Plan, theme: Theme): string {
  const added = plan.directives.filter(({ because }) => !/^\[(?:syscalls|service|exec)\]/.test(because));
  const rows = added.map(({ name, values, because, section }) => [
    `${name}=${section === 'Unit' ? '' : values.filter((value) => value !== '').join(' ')}`,
    because,
  ]);
  const wraps = plan.commands.map(({ key, wrapped, because }) => {
    const behind = because === undefined || wrapped > 0 ? [`${wrapped} behind the launcher`] : [];
    return [`${key}=`, [...behind, ...(because === undefined ? [] : [because])].join('; ')];
  });
  const bare = plan.without.length > 0 ? [[plan.without.join(', '), withoutText(plan)]] : [];
  const all = [...rows, ...wraps, ...bare];
  return all.length === 0 ? '' : `Besides:\n${table(all, { indent: '  ', theme })}`;
}

/** The confinement that commands in a plan's `without` lack. */
export function withoutText({ filter, without }: Plan): string {
  if (!filter) return 'without any sandbox';
  const free = without.some((key) => key.endsWith('+')) ? '; with + without any sandbox' : '';
  return `without the filter of the launcher${free}`;
}

const WHEN: Readonly<Record<ProofSummary['role'], string>> = {
  main: '',
  start: ', before the entry point',
  ready: ', once it serves',
};

/** The calls that a service loses once it serves, and the rest. Of a permissive policy they are recorded. */
function readyText({ ready }: Plan, theme: Theme): string {
  if (!ready) return '';
  const { taken, narrowed, left, critical, filter } = ready;
  const rows = [
    ...(taken.length > 0
      ? [[filter.log ? 'recorded' : 'refused', `${taken.length}: ${shortList(taken, MOST_TAKEN)}`]]
      : []),
    ...(narrowed.length > 0 ? [['by arguments', shortList(narrowed, MOST_TAKEN)]] : []),
    ...(filter.log
      ? [['left', `${taken.length + left.length}: all that passed until then`], ...privilegesRow(filter)]
      : [
          [
            'left',
            `${left.length}, among them ${critical.left.length} of ${critical.before.length} in @critical`,
          ],
        ]),
  ];
  return `Once it serves:\n${table(rows, { indent: '  ', theme })}`;
}

/** A filter that only records takes privileges all the same: the exposure hangs on that, too. */
const privilegesRow = ({ noNewPrivileges }: PlannedFilter): string[][] =>
  noNewPrivileges ? [['also', 'no_new_privs, which loading the filter needs']] : [];

function filterText(proofs: readonly ProofSummary[], theme: Theme): string {
  // Nothing is compiled for a plan with errors.
  if (proofs.length === 0) return '';
  const rows = proofs.map(({ machine, role, instructions, calls }) => [
    `${machine}${WHEN[role]}`,
    `${instructions} instructions, proven ${calls === undefined ? 'before it was written' : `on ${calls} calls`}`,
  ]);
  return `Filter:\n${table(rows, { indent: '  ', theme })}`;
}

const SIGNS: Readonly<Record<FileChange['kind'], Cell>> = {
  create: ['+', 'added'],
  replace: ['~', 'doubtful'],
  remove: ['-', 'removed'],
  unchanged: '=',
};

/** One line for each file, and the sum of the changes. */
export function changesText(changes: readonly FileChange[], theme: Theme = PLAIN): string {
  if (changes.length === 0) return '';
  const rows = changes.map(({ kind, path }): Cell[] => [SIGNS[kind], kind, printable(path)]);
  const count = (kind: FileChange['kind']) => changes.filter((change) => change.kind === kind).length;
  const pending = changes.length - count('unchanged');
  const sum =
    pending === 0
      ? 'Nothing to do.\n'
      : `${count('create')} to create, ${count('replace')} to replace, ${count('remove')} to remove.\n`;
  return `Files:\n${table(rows, { indent: '  ', theme })}${sum}`;
}

/** A plan for programs. */
export function planJson(plan: Plan, proofs: readonly ProofSummary[], changes: readonly FileChange[]) {
  const { target } = plan;
  return {
    unit: plan.unit,
    policy: plan.policyFile,
    mode: plan.mode,
    target: {
      systemd: target.version,
      machine: target.machine,
      scope: target.scope,
      sets: { source: target.sets.source, systemd: target.sets.systemd },
      numbers: NUMBERS_SOURCE,
    },
    lines: plan.lines.map(({ at, entry: _, ...line }) => ({ ...at, ...line })),
    directives: plan.directives,
    commands: plan.commands.map(({ added: _, ...command }) => command),
    withoutLauncher: plan.without,
    filter: plan.filter
      ? filterJson(
          plan.filter,
          proofs.filter(({ role }) => role !== 'ready'),
        )
      : null,
    ready: plan.ready
      ? readyJson(
          plan.ready,
          proofs.filter(({ role }) => role === 'ready'),
        )
      : null,
    changes: changesJson(changes),
  };
}

const filterJson = ({ noNewPrivileges, start }: PlannedFilter, proofs: readonly ProofSummary[]) => ({
  stage: start ? 'entry' : 'exec',
  noNewPrivileges,
  programs: proofs,
});

const readyJson = (
  { taken, narrowed, left, critical, filter: { noNewPrivileges } }: PlannedReady,
  proofs: readonly ProofSummary[],
) => ({ taken, narrowed, left, critical, noNewPrivileges, programs: proofs });

export const changesJson = (changes: readonly FileChange[]) =>
  changes.map(({ kind, path }) => ({ kind, path }));
