/** The profile of a unit, for people and for programs. */
import { printable } from '../../../diagnostic.js';
import type { ChecklistItem } from '../../../learn/profile/checklist.js';
import type { Estimate, SamplesEstimate, SlicesEstimate } from '../../../learn/profile/estimate.js';
import type { IncompleteTable } from '../../../learn/profile/incomplete-tables.js';
import { nameOfArgument } from '../../../learn/profile/policy/value-names.js';
import type { Profile, ProfileArguments, RecordingCounts } from '../../../learn/profile/profile.js';
import type { RecordedPath, RecordedPeer } from '../../../observe/recording/recording.js';
import { errnoName } from '../../../seccomp/syscalls/errno.js';
import { spanText } from '../../../systemd/time-span.js';
import { fileName } from '../../../systemd/unit/path.js';
import { PLAIN, type Theme } from '../../../theme.js';
import { type TableOptions, table, wrapped } from '../table.js';

export interface ShownProfile {
  readonly profile: Profile;
  readonly estimate: Estimate;
  readonly checklist: readonly ChecklistItem[];
  readonly incomplete: readonly IncompleteTable[];
}

/** Rows of a table that people read; programs get all. */
const MOST_ROWS = 40;

/** Characters of a command, or of a list of values. */
const WIDTH = 100;

export function profileText(
  { profile, estimate, checklist, incomplete }: ShownProfile,
  theme: Theme = PLAIN,
): string {
  const parts = [
    headText(profile, estimate),
    estimateText(estimate, incomplete, theme),
    partText({ heading: 'Checklist', rows: checklist.map(checkRow), theme }),
    callsText(profile, theme),
    refusedText(profile, theme),
    argumentsText(profile, theme),
    capabilitiesText(profile, theme),
    peersText(profile, theme),
    pathsText(profile, theme),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** To the minute: `2026-11-20 10:00`. */
const dateText = (date: string): string => date.slice(0, 16).replace('T', ' ');

const headText = ({ unit, architecture, recordings, hosts }: Profile, { seconds, days }: Estimate): string =>
  `${unit}: ${plural(recordings, 'recording')} of ${plural(hosts, 'host')} (${architecture}), ` +
  `${spanText(seconds)} watched on ${plural(days, 'day')}\n`;

function estimateText(
  { lastNew, slices, hosts }: Estimate,
  incomplete: readonly IncompleteTable[],
  theme: Theme,
): string {
  const lines = [
    ...(lastNew
      ? [
          `the last new call was ${lastNew.call}, ${dateText(lastNew.at)}; ${spanText(lastNew.quiet)} were watched since`,
        ]
      : []),
    ...slicesLines(slices),
    ...(hosts ? hostsLines(hosts) : []),
    ...(incomplete.length > 0
      ? ["some records were lost or can't be seen on this kernel: there may be more"]
      : []),
  ];
  return `Enough? No watch can prove that nothing is missing.\n${lines.map((line) => `${wrapped(line, theme, '  ')}\n`).join('')}`;
}

function slicesLines({ samples, seen, once, unseen, next, nextIsLeast }: SlicesEstimate): string[] {
  const head = `at work ${plural(seen, 'call')} in ${plural(samples, 'slice')} of time, ${once} of them in one slice alone`;
  if (unseen === null || next === null) return [`${head}: too few slices to tell how many are unseen`];
  const expected = nextIsLeast
    ? `if there are any, the next may take ${spanText(next)} of work or more`
    : `the next new one is expected in ${spanText(next)} of work`;
  return [head, `${unseenText(unseen)}; ${expected}`];
}

const unseenText = (unseen: number): string =>
  unseen === 0
    ? 'no sign of others'
    : `at least ${unseen} more ${unseen === 1 ? 'is' : 'are'} likely to be unseen`;

function hostsLines({ samples, once, unseen }: SamplesEstimate): string[] {
  const head = `${plural(once, 'call')} on one of ${samples} hosts alone`;
  return [unseen === null ? head : `${head}: ${unseenText(unseen)} on further ones`];
}

/** A rotation leaves no trace where a service opens its log for each line, or where the log is copied. */
const UNSEEN: Readonly<Record<string, string>> = { 'log-rotation': 'not seen, or unknown' };

const PERIODS: Readonly<Record<string, string>> = { day: '1d', week: '1w' };

function checkRow({ what, line, seen, count }: ChecklistItem): string[] {
  const mark = { yes: 'seen', no: UNSEEN[what] ?? 'not seen', none: '-' }[seen];
  const period = PERIODS[what];
  const detail = period
    ? `${spanText(count)} of ${period}`
    : seen === 'none'
      ? 'the unit has no ExecReload='
      : count > 0
        ? plural(count, 'time')
        : '';
  return [line === undefined ? what : printable(line, WIDTH), mark, detail];
}

interface ProfileTable extends TableOptions {
  readonly heading: string;
  readonly rows: readonly (readonly string[])[];
}

/** A table with its heading; empty without rows. */
function partText({ heading, rows, ...options }: ProfileTable): string {
  if (rows.length === 0) return '';
  const shown = rows.slice(0, MOST_ROWS);
  const more = rows.length - shown.length;
  const rest = more > 0 ? `  and ${more} more: --json has all\n` : '';
  return `${heading}:\n${table(shown, { indent: '  ', ...options })}${rest}`;
}

/** How many hosts and recordings show a line: one that is alone shows all. */
const of = (profile: Profile, { hosts, recordings }: RecordingCounts): string[] => [
  ...(profile.hosts > 1 ? [`${hosts}/${profile.hosts}`] : []),
  ...(profile.recordings > 1 ? [`${recordings}/${profile.recordings}`] : []),
];

/** The names of those columns. */
const ofHead = ({ hosts, recordings }: Profile): string[] => [
  ...(hosts > 1 ? ['HOSTS'] : []),
  ...(recordings > 1 ? ['RECORDINGS'] : []),
];

const programsText = (programs: readonly string[]): string =>
  printable(programs.map(fileName).join(' ') || '-', WIDTH);

/** The name, with the ABI where that isn't the machine's own. */
const callText = (all: Profile, { name, architecture }: { name: string; architecture: string }): string =>
  architecture === all.architecture ? name : `${name} (${architecture})`;

function callsText(profile: Profile, theme: Theme): string {
  const rows = profile.calls.map((call) => [
    callText(profile, call),
    `${call.count}`,
    ...of(profile, call),
    Object.keys(call.phases).join(' '),
    dateText(call.first),
    dateText(call.last),
    programsText(call.programs),
  ]);
  const head = ['CALL', 'COUNT', ...ofHead(profile), 'PHASES', 'FIRST', 'LAST', 'PROGRAMS'];
  // No call is left out: they are what a policy is made of.
  const all = rows.length === 0 ? '' : `Calls:\n${table(rows, { indent: '  ', theme, head, cuts: 'last' })}`;
  return all + numbersText('Calls that no table knows', profile.nameless);
}

const numbersText = (what: string, numbers: readonly string[]): string =>
  numbers.length === 0 ? '' : `${what}: ${numbers.join(', ')}\n`;

function refusedText(profile: Profile, theme: Theme): string {
  const rows = profile.refused.map((one) => [
    callText(profile, one),
    one.answer === 'kill' ? 'kill' : (errnoName(one.answer) ?? `${one.answer}`),
    `${one.count}`,
    ...of(profile, one),
    programsText(one.programs),
  ]);
  const head = ['CALL', 'ANSWER', 'COUNT', ...ofHead(profile), 'PROGRAMS'];
  const numbers = numbersText('Refused calls that no table knows', profile.namelessRefused);
  return partText({ heading: 'Refused by a filter', head, rows, theme, cuts: 'last' }) + numbers;
}

function argumentsText(profile: Profile, theme: Theme): string {
  const rows = profile.arguments.map((one) => [
    callText(profile, one),
    one.arguments.join(','),
    `${one.values.length}${one.lost > 0 ? ` (${one.lost} lost)` : ''}`,
    valuesText(profile, one),
  ]);
  return partText({ heading: 'Arguments', head: ['CALL', 'WHICH', 'VALUES', ''], rows, theme });
}

/** Values, as many as fit; those that some hosts don't show with how many do. */
function valuesText(profile: Profile, { name, arguments: places, values, shown }: ProfileArguments): string {
  const texts = values.map((value, i) => {
    const { hosts } = shown[i]!;
    const everywhere = hosts === profile.hosts ? '' : ` (${hosts}/${profile.hosts})`;
    return value.map((one, j) => valueText(name, places[j]!, one)).join(':') + everywhere;
  });
  return printable(fitting(texts).join(' '), 2 * WIDTH);
}

/** As many texts as a line holds, the first at least, and how many more there are. */
function fitting(texts: readonly string[]): string[] {
  let length = 0;
  const rest = texts.findIndex((text, i) => {
    length += text.length + 1;
    return i > 0 && length > WIDTH;
  });
  return rest < 0 ? [...texts] : [...texts.slice(0, rest), `and ${texts.length - rest} more`];
}

/** The name of a value as rules have it, else the number: in hex where it is flags by its size. */
const valueText = (call: string, place: number, value: string): string =>
  nameOfArgument(call, place, BigInt(value)) ?? numberText(value);

const numberText = (value: string): string => (value.length > 3 ? `0x${BigInt(value).toString(16)}` : value);

function capabilitiesText(profile: Profile, theme: Theme): string {
  const rows = profile.capabilities.map((one) => [
    one.name,
    one.granted ? 'granted' : 'denied',
    `${one.count}`,
    ...of(profile, one),
    printable(one.calls.join(' '), WIDTH),
  ]);
  return partText({
    heading: 'Capabilities',
    head: ['NAME', '', 'COUNT', ...ofHead(profile), 'CALLS'],
    rows,
    theme,
  });
}

/** Address families by number (linux/socket.h) that are often seen. */
const FAMILIES: ReadonlyMap<number, string> = new Map([
  [1, 'unix'],
  [2, 'inet'],
  [10, 'inet6'],
  [16, 'netlink'],
]);

const failureText = ({ errno }: { errno?: number }): string =>
  errno === undefined ? '' : (errnoName(errno) ?? `${errno}`);

function peersText(profile: Profile, theme: Theme): string {
  const rows = byCount(profile.peers).map((one) => [
    one.use,
    FAMILIES.get(one.family) ?? `family ${one.family}`,
    addressText(one),
    `${one.count}`,
    ...of(profile, one),
    failureText(one),
  ]);
  return partText({
    heading: 'Addresses',
    head: ['USE', 'FAMILY', 'ADDRESS', 'COUNT', ...ofHead(profile), 'ERROR'],
    rows,
    theme,
  });
}

const addressText = ({ address, port }: RecordedPeer): string => {
  const text = printable(address === '' ? '-' : address, WIDTH);
  return port === null ? text : `${text.includes(':') ? `[${text}]` : text}:${port}`;
};

function pathsText(profile: Profile, theme: Theme): string {
  const rows = byCount(profile.paths).map((one) => [
    one.use,
    pathText(one),
    `${one.count}`,
    ...of(profile, one),
    one.phases.join(' '),
    failureText(one),
  ]);
  return partText({
    heading: 'Paths',
    head: ['USE', 'PATH', 'COUNT', ...ofHead(profile), 'PHASES', 'ERROR'],
    rows,
    theme,
  });
}

const pathText = ({ path, cut, device }: RecordedPath): string =>
  `${cut ? '…' : ''}${printable(path, WIDTH)}${device === undefined ? '' : ` (${device})`}`;

const byCount = <T extends { readonly count: number }>(all: readonly T[]): T[] =>
  all.toSorted((a, b) => b.count - a.count);
