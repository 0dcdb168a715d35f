import { type Location, printable } from '../diagnostic.js';
import type { Change } from '../emit/changes.js';
import type { Plan, PlanLine, PlannedFilter } from '../plan/plan.js';
import type { ProofSummary } from '../prepare/build-filter.js';
import { NUMBERS_SOURCE } from '../syscalls/numbers.js';

const place = ({ file, line }: Location) => `${printable(file.slice(file.lastIndexOf('/') + 1))}:${line}`;

/** Columns with two spaces between them, fit for a terminal; the last one isn't padded. */
export function columns(texts: readonly (readonly string[])[], indent = ''): string {
  const rows = texts.map((row) => row.map((cell) => printable(cell, Number.POSITIVE_INFINITY)));
  const widths: number[] = [];
  for (const row of rows) {
    row.slice(0, -1).forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows
    .map(
      (row) =>
        indent + row.map((cell, i) => (i < row.length - 1 ? cell.padEnd(widths[i]!) : cell)).join('  '),
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** A plan for people: each line of the policy, its enforcer and the means. */
export function planText(plan: Plan, proofs: readonly ProofSummary[], changes: readonly Change[]): string {
  const { target } = plan;
  const sets = target.sets.source === 'target' ? 'its own sets' : `sets of systemd ${target.sets.systemd}`;
  const mode = plan.mode === 'permissive' ? ' (permissive)' : '';
  const header = `${plan.unit}: ${printable(plan.policyFile)}${mode} on systemd ${printable(target.version)} (${target.machine}, ${sets}, numbers of ${NUMBERS_SOURCE})\n`;
  const rows = plan.lines.map((line) => [place(line.at), line.subject, line.enforcedBy, howText(line)]);
  const table = columns([['LINE', 'POLICY', 'ENFORCED BY', 'HOW'], ...rows], '  ');
  const parts = [header, table, additionsText(plan), filterText(proofs), changesText(changes)];
  return parts.filter((part) => part !== '').join('\n');
}

const howText = ({ how, reason }: PlanLine) => (reason ? `${how} (${reason})`.trim() : how);

/** Parts of the drop-in that come from no line of the policy, and the commands without the launcher. */
function additionsText(plan: Plan): string {
  const added = plan.directives.filter((directive) => !directive.because.startsWith('['));
  const rows = added.map(({ name, values, because, section }) => [
    `${name}=${section === 'Unit' ? '' : values.filter((value) => value !== '').join(' ')}`,
    because,
  ]);
  const wraps = plan.commands.map(({ key, wrapped }) => [`${key}=`, `${wrapped} behind the launcher`]);
  const bare = plan.without.length > 0 ? [[plan.without.join(', '), withoutText(plan)]] : [];
  const all = [...rows, ...wraps, ...bare];
  return all.length === 0 ? '' : `Besides:\n${columns(all, '  ')}`;
}

/** The confinement that commands in a plan's `without` lack. */
export function withoutText({ filter, programs, without }: Plan): string {
  if (!filter) return 'without any sandbox';
  const until = programs.length > 0 ? ', until they start what [exec] programs names' : '';
  const free = without.some((key) => key.endsWith('+')) ? '; with + without any sandbox' : '';
  return `without the launcher and what it alone enforces${until}${free}`;
}

function filterText(proofs: readonly ProofSummary[]): string {
  // Nothing is compiled for a plan with errors.
  if (proofs.length === 0) return '';
  const rows = proofs.map(({ machine, role, instructions, calls }) => [
    role === 'main' ? machine : `${machine}, before the entry point`,
    `${instructions} instructions, proven on ${calls} calls`,
  ]);
  return `Filter:\n${columns(rows, '  ')}`;
}

const SIGNS = { create: '+', replace: '~', remove: '-', unchanged: '=' } as const;

/** One line for each file, and the sum of the changes. */
export function changesText(changes: readonly Change[]): string {
  if (changes.length === 0) return '';
  const rows = changes.map(({ kind, path }) => [SIGNS[kind], kind, printable(path)]);
  const count = (kind: Change['kind']) => changes.filter((change) => change.kind === kind).length;
  const pending = changes.length - count('unchanged');
  const sum =
    pending === 0
      ? 'Nothing to do.\n'
      : `${count('create')} to create, ${count('replace')} to replace, ${count('remove')} to remove.\n`;
  return `Files:\n${columns(rows, '  ')}${sum}`;
}

/** A plan for programs. */
export function planJson(plan: Plan, proofs: readonly ProofSummary[], changes: readonly Change[]) {
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
    lines: plan.lines.map(({ at, ...line }) => ({ ...at, ...line })),
    directives: plan.directives,
    commands: plan.commands,
    withoutLauncher: plan.without,
    filter: plan.filter ? filterJson(plan.filter, proofs) : null,
    changes: changesJson(changes),
  };
}

const filterJson = ({ noNewPrivileges, start }: PlannedFilter, proofs: readonly ProofSummary[]) => ({
  stage: start ? 'entry' : 'exec',
  noNewPrivileges,
  programs: proofs,
});

export const changesJson = (changes: readonly Change[]) => changes.map(({ kind, path }) => ({ kind, path }));
