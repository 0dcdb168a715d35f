/** Watches services: here until the user ends it, or in the background; lists and ends watches. */

import { type Diagnostic, EXIT, failure, hasErrors, note } from '../../../diagnostic.js';
import { lossDiagnostics } from '../../../learn/profile/incomplete-tables.js';
import { makeProfile } from '../../../learn/profile/make-profile.js';
import { stopWatch, watchInBackground } from '../../../learn/watch/background.js';
import { underWatch } from '../../../learn/watch/under-watch.js';
import { assertMayWatch, watch, withRights } from '../../../learn/watch/watch.js';
import type { WatchOptions } from '../../../learn/watch/watch-loop.js';
import type { Context } from '../../../machine/context.js';
import { failureOf, failuresOf } from '../../../machine/state/failures.js';
import type { Recording } from '../../../observe/recording/recording.js';
import { type Outcome, printed } from '../../../outcome.js';
import { fullName } from '../../../prepare/load/load-unit.js';
import { ownCommand } from '../../../systemd/command-lines.js';
import { parseSpan } from '../../../systemd/time-span.js';
import { recordedText, watchesText } from '../../report/learn/watches.js';

/** Options of a watch as they are on the command line. */
export interface WatchWords {
  readonly for?: string;
  readonly restart?: boolean;
  readonly exercise?: string;
  readonly background?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const SECOND = 1_000_000_000n;

/** Seconds that services serve between their restarts, without a time or an exercise. */
const SHORTEST_LIFE = 10;

/** Longest watch, in seconds: a year. */
const LONGEST = 31_536_000n;

/**
 * Seconds of an option.
 * @throws UserError `usage`
 */
export function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const span = parseSpan(text.trim(), SECOND);
  if (span !== undefined && span >= SECOND && span <= LONGEST * SECOND) return Number(span / SECOND);
  const hint = "give a time from a second to a year, such as '10min' or '7d'";
  throw failure('usage', `${option} ${text} is not a valid time`, { hint });
}

/**
 * Watches services, and keeps recordings of them. Exit 1 if something went wrong meanwhile or records were lost, 2 if the
 * watch could not go on.
 */
export async function watchUnits(
  context: Context,
  units: readonly string[],
  words: WatchWords,
): Promise<Outcome> {
  const { for: time, restart, exercise, background } = words;
  const shortest = restart && exercise === undefined ? SHORTEST_LIFE : undefined;
  const seconds = timeOf('--for', time) ?? shortest;
  return background
    ? inBackground(context, units, words)
    : here(context, units, { seconds, restart, exercise, quiet: words.quiet || words.json });
}

async function here(context: Context, units: readonly string[], options: WatchOptions): Promise<Outcome> {
  const { diagnostics: found, saved } = await watch(context, units, options);
  const recordings = saved.map(({ recording }) => recording);
  const losses = recordings.flatMap(lossesIn);
  const shows = (unit: string) => `'${ownCommand(context.placement.scope, 'learn --show', unit)}'`;
  const hint = `${recordings.map(({ unit }) => shows(unit)).join(', ')} shows what it contains`;
  const json = { recordings: saved.map(({ recording: { unit }, path }) => ({ unit, path })) };
  const diagnostics = [...found, ...losses, note('recorded', 'the recording is kept', { hint })];
  const exit = hasErrors(found) || losses.length > 0 ? EXIT.findings : EXIT.ok;
  return { ...printed(recordedText(recordings), json, diagnostics), exit };
}

/** Warnings about records of a watch that were lost. */
const lossesIn = (recording: Recording): Diagnostic[] =>
  lossDiagnostics(makeProfile(recording.unit, [recording], recording.host.architecture));

/**
 * Begins watches in the background. Exit 2 if one can't begin; the others do.
 * @throws UserError `needs-root` also for a user, whose manager has no capabilities to give
 */
async function inBackground(
  context: Context,
  units: readonly string[],
  { for: time, restart, exercise }: WatchWords,
): Promise<Outcome> {
  assertMayWatch(context);
  const names = units.map(fullName);
  if (!context.superuser) {
    const message = "a user manager can't watch services in the background";
    throw failure('needs-root', message, { hint: withRights(names[0]!) });
  }
  const words = [
    'learn',
    ...(context.placement.scope === 'user' ? ['--user'] : []),
    ...(restart ? ['--restart'] : []),
    ...(time === undefined ? [] : ['--for', time]),
    ...(exercise === undefined ? [] : ['--exercise', exercise]),
  ];
  const watched: string[] = [];
  const said: Diagnostic[] = [];
  for (const name of names) {
    const found = await failuresOf(async () => [
      await watchInBackground(context, name, [...words, '--', name]),
    ]);
    if (!hasErrors(found)) watched.push(name);
    said.push(...found);
  }
  return { ...printed('', { watched }, said), exit: hasErrors(said) ? EXIT.failure : EXIT.ok };
}

const LIST = 'list and end watches of services';

/** Lists the watches under way. */
export async function list(context: Context): Promise<Outcome> {
  assertMayWatch(context, LIST);
  const watches = await underWatch(context);
  return printed(watchesText(watches, context.system.now()), { underWatch: watches });
}

/** Ends watches in the background, which keep what they have seen. Exit 2 if one can't be ended; the others are. */
export async function stop(context: Context, units: readonly string[]): Promise<Outcome> {
  assertMayWatch(context, LIST);
  const names = units.map(fullName);
  const stopped: string[] = [];
  const failures: Diagnostic[] = [];
  for (const name of names) {
    const found = await failureOf(() => stopWatch(context, name));
    if (found.length === 0) stopped.push(name);
    failures.push(...found);
  }
  const text = stopped.map((name) => `${name}: the watch has ended\n`).join('');
  const exit = failures.length > 0 ? EXIT.failure : EXIT.ok;
  return { ...printed(text, { stopped }, failures), exit };
}
