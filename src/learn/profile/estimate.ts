/** Whether a service was watched for long enough. Nothing here says that a recording is complete, which can't be known. */
import type { Recording } from '../../observe/recording/recording.js';
import type { Profile } from './profile.js';
import { apart, SECONDS_OF_DAY, secondsSince } from './times.js';

/** The fewest samples by which an estimate is made: below, too few calls can be seen twice. */
export const FEWEST_SLICES = 30;
export const FEWEST_HOSTS = 5;

export interface SamplesEstimate extends Incidence {
  /** The least number of calls that are likely to be unseen; null where there are too few samples to tell. */
  readonly unseen: number | null;
}

export interface SlicesEstimate extends SamplesEstimate {
  /** Seconds of work until a further call is expected; null where there are too few slices to tell. */
  readonly next: number | null;
  /** Whether `next` is the least that can be said, for no call was seen in only one slice. */
  readonly nextIsLeast: boolean;
}

/** The last call that had not been seen before. */
export interface LastNew {
  readonly call: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Seconds that were watched since, on all hosts. */
  readonly quiet: number;
}

export interface Estimate {
  /** Seconds that were watched, and days of the calendar (UTC) in which something was. */
  readonly seconds: number;
  readonly days: number;
  /** Null where no call was seen. */
  readonly lastNew: LastNew | null;
  /** Of calls that the service made at work; those of a start come only once. */
  readonly slices: SlicesEstimate;
  /** Of all calls; null with one host. */
  readonly hosts: SamplesEstimate | null;
}

/** @param recordings those that count in the profile, and perhaps others */
export function estimate(profile: Profile, recordings: readonly Recording[]): Estimate {
  const own = recordings.filter(({ host }) => host.architecture === profile.architecture);
  const shown = profile.calls.map(({ hosts }) => hosts);
  const hosts = withUnseen(incidenceOf(profile.hosts, shown), FEWEST_HOSTS);
  return {
    seconds: profile.seconds,
    days: daysOf(own),
    lastNew: lastNewOf(profile),
    slices: overSlices(own),
    hosts: profile.hosts > 1 ? hosts : null,
  };
}

const withUnseen = (incidence: Incidence, fewest: number): SamplesEstimate => ({
  ...incidence,
  unseen: incidence.samples < fewest ? null : unseenAtLeast(incidence),
});

function lastNewOf({ calls, watches }: Profile): LastNew | null {
  const [newest] = calls.toSorted((a, b) => Date.parse(b.first) - Date.parse(a.first));
  if (!newest) return null;
  const quiet = secondsSince(watches, Date.parse(newest.first) / 1000);
  return { call: newest.name, at: newest.first, quiet };
}

/**
 * The estimate over slices of the calls made at work. Of watches of a host that overlap one counts, for the other's slices
 * are no samples of their own; a call that only the other has counts as seen once.
 */
function overSlices(recordings: readonly Recording[]): SlicesEstimate {
  const counted = apart(recordings);
  const shown = new Map<string, number>();
  for (const { calls } of counted) {
    for (const { architecture, number, slices, phases } of calls) {
      const key = `${architecture} ${number}`;
      // A slice may also have shown the call in a start.
      const atWork = Math.min(slices, phases.serving ?? 0);
      if (atWork > 0) shown.set(key, (shown.get(key) ?? 0) + atWork);
    }
  }
  for (const { architecture, number, phases } of recordings.flatMap(({ calls }) => calls)) {
    const key = `${architecture} ${number}`;
    if (phases.serving && !shown.has(key)) shown.set(key, 1);
  }
  const total = counted.reduce((sum, { slices }) => sum + slices, 0);
  const seconds = counted.reduce((sum, { slices, slice }) => sum + slices * slice, 0);
  const found = withUnseen(incidenceOf(total, [...shown.values()]), FEWEST_SLICES);
  const { samples, isLeast } = samplesToNext(found);
  const next = found.unseen === null ? null : Math.floor((samples * seconds) / total);
  return { ...found, next, nextIsLeast: isLeast };
}

/** Days of the calendar, by the first and the last of each watch. */
function daysOf(recordings: readonly Recording[]): number {
  const days = new Set<number>();
  for (const { begin, end } of recordings) {
    const [first, last] = [begin, end].map((date) => Math.floor(Date.parse(date) / 1000 / SECONDS_OF_DAY));
    for (let day = first!; day <= last!; day++) days.add(day);
  }
  return days.size;
}

/**
 * Estimates of the calls that are yet to be seen, by how many samples show each that was seen. A sample is a slice
 * of time, or a host.
 */

/** Counts of calls by the samples that show them. */
export interface Incidence {
  /** The number of samples. */
  readonly samples: number;
  readonly seen: number;
  /** Calls that one sample shows, and that two show. */
  readonly once: number;
  readonly twice: number;
}

/**
 * Counts calls by samples.
 * @param shown for each call that was seen the number of samples that show it, at least one
 */
export const incidenceOf = (samples: number, shown: readonly number[]): Incidence => ({
  samples,
  seen: shown.length,
  once: shown.filter((count) => count === 1).length,
  twice: shown.filter((count) => count === 2).length,
});

/**
 * The least number of calls that are likely to be unseen, rounded up: Chao2 (A. Chao, "Estimating the population size for
 * capture-recapture data with unequal catchability", Biometrics 43, 1987; the form for small samples is that of Colwell
 * and Coddington, Phil. Trans. R. Soc. B 345, 1994, in its bias-corrected variant where `twice` is 0). It is a lower bound:
 * samples that resemble each other make it too small. A single call of one sample, for which it is 0, counts as the sign of
 * another.
 */
export function unseenAtLeast({ samples, once, twice }: Incidence): number {
  if (once === 0) return 0;
  const share = (samples - 1) / samples;
  const unseen = twice > 0 ? once ** 2 / (2 * twice) : (once * (once - 1)) / 2;
  return Math.max(1, Math.ceil(share * unseen));
}

/** The most that an event's rate may be where none was seen in n tries, times n, at 95 % (-ln 0.05). */
const RULE_OF_THREE = 3;

/**
 * The number of further samples in which a call is expected that none has shown: Good and Turing estimate `once / samples`
 * new calls a sample (I. J. Good, "The population frequencies of species and the estimation of population parameters",
 * Biometrika 40, 1953). Where no call was seen just once the rule of three gives the least number (J. A. Hanley and
 * A. Lippman-Hand, "If nothing goes wrong, is everything all right?", JAMA 249, 1983): `isLeast`.
 */
export const samplesToNext = ({ samples, once }: Incidence): { samples: number; isLeast: boolean } => ({
  samples: samples / (once || RULE_OF_THREE),
  isLeast: once === 0,
});
