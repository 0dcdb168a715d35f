/** The checklist: what happens to a service, and whether a watch has seen it. */
import type { EventKind, Profile, ProfileWatch } from './profile.js';
import { SECONDS_OF_DAY, secondsOfPeriod } from './times.js';

/** Facts of a unit; without them its lines aren't on the list. */
export interface UnitFacts {
  /** The unit's command lines as written: `ExecStartPre=/usr/sbin/nginx -t`. */
  readonly commands: readonly string[];
  /** Whether it has work besides that of its start. */
  readonly serves: boolean;
}

const SECONDS_OF_WEEK = 7 * SECONDS_OF_DAY;

export type ChecklistKind =
  | 'start'
  | 'serving'
  | 'reload'
  | 'stop'
  | 'log-rotation'
  | 'day'
  | 'week'
  | 'command';

export interface ChecklistItem {
  readonly what: ChecklistKind;
  /** Of a command: the line. */
  readonly line?: string;
  /** `none`: the unit has no such thing. */
  readonly seen: 'yes' | 'no' | 'none';
  /** How often; of a day or a week, the seconds of it that were watched. */
  readonly count: number;
}

/** How often watches have seen an event. */
export const countEvents = (watches: readonly Pick<ProfileWatch, 'events'>[], what: EventKind): number =>
  watches.reduce((sum, { events }) => sum + events.filter((event) => event.what === what).length, 0);

/** The list of a profile, from the start of a service to its stop, times and commands last. */
export function checklist(profile: Profile, facts: UnitFacts | undefined): ChecklistItem[] {
  const count = (what: EventKind) => countEvents(profile.watches, what);
  const serving = count('serving');
  const canReload = facts === undefined || facts.commands.some((line) => RELOADS.test(line));
  return [
    item('start', count('start')),
    { ...item('serving', serving), ...(facts?.serves === false && serving === 0 ? { seen: 'none' } : {}) },
    { ...item('reload', count('reload')), ...(canReload || count('reload') > 0 ? {} : { seen: 'none' }) },
    item('stop', count('stop')),
    item('log-rotation', count('log-rotation')),
    period(profile, 'day', SECONDS_OF_DAY),
    period(profile, 'week', SECONDS_OF_WEEK),
    ...(facts?.commands ?? []).map((line) => commandItem(profile, line)),
  ];
}

const RELOADS = /^ExecReload(?:Post)?=/;

const item = (what: ChecklistKind, count: number): ChecklistItem => ({
  what,
  seen: count > 0 ? 'yes' : 'no',
  count,
});

function period({ watches }: Profile, what: ChecklistKind, length: number): ChecklistItem {
  const count = Math.floor(secondsOfPeriod(watches, length));
  return { what, seen: count >= length ? 'yes' : 'no', count };
}

const words = (line: string): string => line.split(/\s+/).join(' ');

/** Something that lines about what a service doesn't do wait for, and whether it was seen. */
export interface Awaited {
  readonly what: string;
  readonly seen: boolean;
}

/** Evidence that a short watch lacks. A week has its rotations of logs, be it that one left no trace. */
export function awaitedOf(list: readonly ChecklistItem[]): Awaited[] {
  const isSeen = (kind: ChecklistKind) => list.some(({ what, seen }) => what === kind && seen === 'yes');
  return [
    { what: 'a day of work', seen: isSeen('day') },
    { what: 'a log rotation', seen: isSeen('log-rotation') || isSeen('week') },
    { what: 'a restart', seen: isSeen('stop') && isSeen('start') },
  ];
}

/** `a day of work, a log rotation and a restart (1 of 3 seen)`. */
export const awaitedText = (awaited: readonly Awaited[]): string =>
  `${awaited
    .map(({ what }) => what)
    .join(', ')
    .replace(
      /, ([^,]*)$/,
      ' and $1',
    )} (${awaited.filter(({ seen }) => seen).length} of ${awaited.length} seen)`;

/** A command is seen by itself: the stop of a service whose program has failed runs no ExecStop=. */
function commandItem(profile: Profile, line: string): ChecklistItem {
  const runs = profile.watches
    .flatMap(({ events }) => events)
    .filter((event) => event.what === 'command' && words(event.line ?? '') === words(line));
  return { ...item('command', runs.length), line };
}
