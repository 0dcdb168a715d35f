/** Reasons to believe a profile less: what recordings have lost or could not see, and recordings that don't go together. */
import { shortList } from '../../collections.js';
import { type Diagnostic, note, printable, warning } from '../../diagnostic.js';
import { KINDS, type Kind, kindsIn } from '../../observe/recording/kinds.js';
import { directivesBy } from './policy/directives/directives.js';
import type { Profile, ProfileProgram, ProfileWatch } from './profile.js';
import { apart } from './times.js';

/** A table of a watch that is incomplete. */
export interface IncompleteTable {
  readonly host: string;
  /** The end of the watch. */
  readonly end: string;
  /** The table, as recordings name it; `end` of a watch that ended early. */
  readonly table: string;
  /** Records that were lost; null where none can be seen. */
  readonly lost: number | null;
  /** The lines of a policy that rest on the table: sections, and directives as `UMask=`. */
  readonly lines: readonly string[];
}

/** The lines of a policy that rest on a kind of evidence, beside directives. */
const LINES: Readonly<Partial<Record<Kind, readonly string[]>>> = {
  arguments: ['[[syscalls.rules]]'],
  calls: ['[syscalls]'],
  'fork-flags': ['rules on clone'],
  programs: ['[exec]', 'which program made a call'],
  refused: ['calls that filters refused'],
};

/** Tables that no line rests on by itself. */
const OTHERS: ReadonlyMap<string, string> = new Map([
  ['events', 'the number of events'],
  ['ringOperations', 'directives, if io_uring is used'],
]);

function linesOf(table: string): readonly string[] {
  const other = OTHERS.get(table);
  if (other !== undefined) return [other];
  const kinds = kindsIn(table);
  if (kinds.length === KINDS.length) return ['every line'];
  return [...kinds.flatMap((kind) => LINES[kind] ?? []), ...directivesBy(kinds).map((name) => `${name}=`)];
}

/** All incomplete tables, watch by watch. */
export const incompleteTables = ({ watches }: Profile): IncompleteTable[] =>
  watches.flatMap(({ host, end, truncated, lost, blind, argumentsLost }) => {
    const at = (table: string, count: number | null, lines = linesOf(table)) => ({
      ...{ host: host.name, end, table, lost: count, lines },
    });
    return [
      ...argumentsLost.map(({ name, count }) => at('arguments', count, [`rules on ${name}`])),
      ...Object.entries(lost).map(([table, count]) => at(table, count)),
      ...blind.map((table) => at(table, null)),
      ...(truncated ? [at('end', null, ['everything the service does when it stops'])] : []),
    ];
  });

/** Warnings about incomplete tables, and notes about recordings that don't go together. */
export const profileDiagnostics = (profile: Profile): Diagnostic[] => [
  ...incompleteTables(profile).map(incompleteWarning),
  ...otherMachines(profile),
  ...otherPrograms(profile),
  ...overlapping(profile),
];

const INCOMPLETE = 'recording-incomplete';
const LEAVERS = 'recording-leavers';

/** Codes of warnings about records that were lost. */
export const LOSSES: readonly string[] = [INCOMPLETE, LEAVERS];

/** Warnings about records that were lost. */
export const lossDiagnostics = (profile: Profile): Diagnostic[] =>
  incompleteTables(profile)
    .filter(({ lost }) => lost !== null)
    .map(incompleteWarning);

/** The most lines of a policy that one warning names. */
const MOST_LINES = 5;

function incompleteWarning({ host, end, table, lost, lines }: IncompleteTable): Diagnostic {
  const of = `the watch on ${printable(host)} until ${end}`;
  const effect = `it may be incomplete for ${shortList(lines, MOST_LINES)}`;
  if (table === 'leavers' && lost !== null) {
    const moved = lost === 1 ? '1 process was' : `${lost} processes were`;
    const hint = 'the policy confines these processes, too: check each of its lines for them';
    const message = `${of}: ${moved} moved out of the service's control group, as for a login, and not watched; ${effect}`;
    return warning(LEAVERS, message, { hint });
  }
  return warning(INCOMPLETE, `${of} ${whatHappened(table, lost)}; ${effect}`);
}

function whatHappened(table: string, lost: number | null): string {
  if (lost !== null) return `lost ${lost === 1 ? '1 record' : `${lost} records`} of ${table}`;
  return table === 'end' ? 'was cut short' : `could not see ${table}`;
}

function otherMachines({ apart: others, architecture }: Profile): Diagnostic[] {
  const machines = Object.entries(others).map(([machine, count]) => `${count} of ${machine}`);
  if (machines.length === 0) return [];
  return [
    note(
      'recordings-differ',
      `recordings from other kinds of machines are ignored for ${architecture}: ${machines.join(', ')}`,
    ),
  ];
}

/** A program with several contents, by an upgrade or since hosts differ: calls of all of them count. */
function otherPrograms({ programs, recordings }: Profile): Diagnostic[] {
  const differ = programs.filter(({ hashes }) => hashes.length > 1);
  const unread = programs.filter((one) => one.unread > 0 && recordings > 1);
  const names = (of: readonly ProfileProgram[]) =>
    shortList(
      of.map(({ path }) => printable(path)),
      3,
    );
  return [
    ...(differ.length === 0
      ? []
      : [
          note(
            'recordings-differ',
            `programs differ between recordings, and the calls of all their versions count: ${names(differ)}`,
          ),
        ]),
    ...(unread.length === 0
      ? []
      : [
          note(
            'recordings-differ',
            `it is unknown whether these programs are the same in all recordings: ${names(unread)}`,
          ),
        ]),
  ];
}

function overlapping({ watches }: Profile): Diagnostic[] {
  const chosen = new Set<ProfileWatch>(apart(watches));
  const others = watches.filter((watch) => !chosen.has(watch));
  if (others.length === 0) return [];
  const message = `${others.length} of ${watches.length} watches overlap with others on the same host, so counts are too high`;
  return [note(INCOMPLETE, message)];
}
