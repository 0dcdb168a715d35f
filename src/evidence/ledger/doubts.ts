/** Reasons to believe a ledger less: what recordings have lost or could not see, and recordings that don't go together. */
import { shortList } from '../../collections.js';
import { type Diagnostic, note, printable, warning } from '../../diagnostic.js';
import type { Ledger, LedgerProgram, LedgerWatch } from './ledger.js';
import { apart } from './times.js';

/** A table of a watch that can't vouch for what it doesn't show. */
export interface Doubt {
  readonly host: string;
  /** The end of the watch. */
  readonly end: string;
  /** The table, as recordings name it; `end` of a watch that ended early. */
  readonly table: string;
  /** Records that were lost; null where none can be seen. */
  readonly lost: number | null;
  /** The lines of a policy that rest on the table. */
  readonly lines: string;
}

const ALL_LINES = 'every line';
const PATH_LINES = 'directives about paths and devices';

const REFUSED = 'calls that filters refused';
const PROGRAM_LINES = '[exec], and which program made a call';

/**
 * Lines of a policy by the table, or by the kernel's tracepoint, that they rest on; one that isn't named here may concern
 * any line.
 */
const LINES: ReadonlyMap<string, string> = new Map([
  ['calls', '[syscalls]'],
  ['numbers', '[syscalls]'],
  ['refused', REFUSED],
  ['marks', REFUSED],
  ['signal_generate', REFUSED],
  ['arguments', '[[syscalls.rules]], RestrictAddressFamilies='],
  ['paths', PATH_LINES],
  ['directories', PATH_LINES],
  ['peers', 'IPAddressAllow=, SocketBindAllow=, PrivateNetwork='],
  ['capabilities', 'CapabilityBoundingSet='],
  ['cap_capable', 'CapabilityBoundingSet='],
  ['programs', PROGRAM_LINES],
  ['sched_process_exec', PROGRAM_LINES],
  ['forkFlags', 'RestrictNamespaces='],
  ['task_newtask', 'RestrictNamespaces='],
  ['modes', 'RestrictSUIDSGID=, UMask='],
  ['ringOperations', 'directives, where io_uring is used'],
  ['end', 'all that the service does when it stops'],
]);

const linesOf = (table: string): string => LINES.get(table) ?? ALL_LINES;

/** All doubts, watch by watch. */
export const doubts = ({ watches }: Ledger): Doubt[] =>
  watches.flatMap(({ host, end, truncated, lost, blind, argumentsLost }) => {
    const at = (table: string, count: number | null, lines = linesOf(table)) => ({
      ...{ host: host.name, end, table, lost: count, lines },
    });
    return [
      ...argumentsLost.map(({ name, count }) => at('arguments', count, `rules on ${name}`)),
      ...Object.entries(lost).map(([table, count]) => at(table, count)),
      ...blind.map((table) => at(table, null)),
      ...(truncated ? [at('end', null)] : []),
    ];
  });

/** Warnings about doubts, and notes about recordings that don't go together. */
export const ledgerDiagnostics = (ledger: Ledger): Diagnostic[] => [
  ...doubts(ledger).map(doubtWarning),
  ...otherMachines(ledger),
  ...otherPrograms(ledger),
  ...overlapping(ledger),
];

function doubtWarning({ host, end, table, lost, lines }: Doubt): Diagnostic {
  const of = `the watch on ${printable(host)} until ${end}`;
  const vouches = `it can't vouch for ${lines}`;
  if (lost !== null)
    return warning(
      'recording-lost',
      `${of} has lost ${lost === 1 ? '1 record' : `${lost} records`} of ${table}: ${vouches}`,
    );
  return table === 'end'
    ? warning('recording-truncated', `${of} ended early: ${vouches}`)
    : warning('recording-blind', `${of} was blind for ${table}: ${vouches}`);
}

function otherMachines({ apart: others, architecture }: Ledger): Diagnostic[] {
  const machines = Object.entries(others).map(([machine, count]) => `${count} of ${machine}`);
  if (machines.length === 0) return [];
  return [
    note(
      'other-machine',
      `recordings of other machines don't count for ${architecture}: ${machines.join(', ')}`,
    ),
  ];
}

/** A program with several contents, by an upgrade or since hosts differ: calls of all of them count. */
function otherPrograms({ programs, recordings }: Ledger): Diagnostic[] {
  const differ = programs.filter(({ hashes }) => hashes.length > 1);
  const unread = programs.filter((one) => one.unread > 0 && recordings > 1);
  const names = (of: readonly LedgerProgram[]) =>
    shortList(
      of.map(({ path }) => printable(path)),
      3,
    );
  return [
    ...(differ.length === 0
      ? []
      : [note('programs-differ', `not the same in all recordings, and counted together: ${names(differ)}`)]),
    ...(unread.length === 0
      ? []
      : [
          note(
            'programs-unread',
            `whether they are the same in all recordings isn't known: ${names(unread)}`,
          ),
        ]),
  ];
}

function overlapping({ watches }: Ledger): Diagnostic[] {
  const chosen = new Set<LedgerWatch>(apart(watches));
  const others = watches.filter((watch) => !chosen.has(watch));
  if (others.length === 0) return [];
  const message = `${others.length} of ${watches.length} watches took place during others of their host: counts are too high`;
  return [note('watches-overlap', message)];
}
