import { shortList } from '../../../../collections.js';
import { assignment, comment, type Group, groupedList } from '../../../../policy/toml-text.js';
import { FALL_BACK } from '../calls/tables.js';
import type { LearnedReady, NoReady } from '../ready.js';

/**
 * Longer than a watch counts calls to the start of a service that is active already (`SHORTEST_START` in
 * learn/watch/watched-service.ts), so that none of them comes when the filter is there.
 */
const SETTLE = '2s';

/**
 * Longer than scripts do nothing new: one that loses execve fails. A script that leaves a daemon behind may have ended, by
 * which systemd takes the service for ready, before that is executed.
 */
const SCRIPT_SETTLE = '5s';

/**
 * The section `[ready]`; a comment where it is unknown.
 * @param groups calls by subject
 */
export function readyLines(
  ready: LearnedReady | NoReady | undefined,
  groups: (names: readonly string[]) => readonly Group[],
): string[] {
  if (ready === undefined) return [];
  if ('why' in ready)
    return [
      comment(`No [ready]: ${ready.why}.`),
      ...(ready.withoutReload.length > 0
        ? [comment(`Without a reload, [ready] could refuse: ${shortList(ready.withoutReload, 12)}.`)]
        : []),
    ];
  const { deny, left, leftToReload, reload, isReloadUnseen, startsNone, daemon } = ready;
  const until =
    reload === false ? 'before the service was ready, or in a reload' : 'before the service was ready';
  const made =
    daemon === undefined
      ? `Calls made only ${until}. The service loses them once it is ready.`
      : `Calls made only by the start script. Its daemon, ${daemon}, loses them once it is ready.`;
  return [
    '[ready]',
    comment(made),
    ...groupedList('deny', [
      ...groups(deny.filter((name) => !FALL_BACK.has(name) && name !== 'clone')),
      {
        title: 'Libraries and programs can do without these, as on an older kernel',
        words: deny.filter((name) => FALL_BACK.has(name)).map((name) => `${name}:ENOSYS`),
      },
    ]),
    ...(left.length > 0 ? [comment(`${LEFT}: ${shortList(left, 12)}.`)] : []),
    ...(leftToReload.length > 0 ? [comment(`${TO_RELOAD}: ${shortList(leftToReload, 12)}.`)] : []),
    ...(reload === undefined ? [] : [comment(RELOADS[`${reload}`]), `reload = ${reload}`]),
    ...(isReloadUnseen
      ? [comment('No reload was watched. A reload may need a call that is refused here.')]
      : []),
    ...(startsNone
      ? [comment("The service can't start processes any more: one that dies is not replaced.")]
      : []),
    ...(daemon === undefined
      ? [
          comment('The watch counted the first second after the start as part of the start.'),
          assignment('settle', SETTLE),
        ]
      : [
          comment('By then the script must have become the daemon, even on a busy machine.'),
          assignment('settle', SCRIPT_SETTLE),
        ]),
    ...(deny.includes('clone') ? PROCESSES : []),
  ];
}

/** The last lines, since a table of TOML ends where the next one begins. */
const PROCESSES = [
  '',
  comment('Threads can still be started: clone is refused only for processes.'),
  '[[ready.rules]]',
  'syscall = "clone"',
  'when = [{ arg = 0, bits-clear = "CLONE_THREAD" }]',
  'action = "EPERM"',
];

const LEFT = 'Not refused, because work may need them, and neither an exercise nor a day was watched';

const TO_RELOAD = 'Not refused, because a reload with another configuration may need them';

const RELOADS = {
  true: 'A reload was watched: the service keeps the calls it needs for a reload.',
  false: 'The service is restarted instead of reloaded.',
};
