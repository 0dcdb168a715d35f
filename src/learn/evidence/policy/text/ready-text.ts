import { shortList } from '../../../../collections.js';
import { LIBRARIES_FALL_BACK, PROGRAMS_FALL_BACK } from '../../../../seccomp/syscalls/fall-back.js';
import type { LearnedReady, NoReady } from '../ready.js';
import { assignment, comment, type Group, groupedList } from './toml.js';

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

const FALL_BACK: readonly string[] = [...LIBRARIES_FALL_BACK, ...PROGRAMS_FALL_BACK];

/**
 * The section `[ready]`; a comment where it can't be told.
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
        ? [comment(`Without a reload: ${shortList(ready.withoutReload, 12)}.`)]
        : []),
    ];
  const { deny, left, leftToReload, reload, isReloadUnseen, startsNone, daemon } = ready;
  const until =
    reload === false ? 'until the service was ready, or in a reload,' : 'until the service was ready,';
  const made =
    daemon === undefined
      ? `Made ${until} and not since then. The service loses them once it serves.`
      : `Made by the start script alone. ${daemon}, which it becomes, loses them once it serves.`;
  return [
    '[ready]',
    comment(made),
    ...groupedList('deny', [
      ...groups(deny.filter((name) => !FALL_BACK.includes(name) && name !== 'clone')),
      {
        title: 'Libraries and programs do without these where the kernel lacks them',
        words: deny.filter((name) => FALL_BACK.includes(name)).map((name) => `${name}:ENOSYS`),
      },
    ]),
    ...(left.length > 0 ? [comment(`${LEFT}: ${shortList(left, 12)}.`)] : []),
    ...(leftToReload.length > 0 ? [comment(`${TO_RELOAD}: ${shortList(leftToReload, 12)}.`)] : []),
    ...(reload === undefined ? [] : [comment(RELOADS[`${reload}`]), `reload = ${reload}`]),
    ...(isReloadUnseen ? [comment('No reload was watched: it may need a call that is refused here.')] : []),
    ...(startsNone ? [comment('No process is started then: one that dies is not replaced.')] : []),
    ...(daemon === undefined
      ? [comment('The watch counts a second after the start as a part of it.'), assignment('settle', SETTLE)]
      : [
          comment('The script must have become the daemon by then, also on a busy machine.'),
          assignment('settle', SCRIPT_SETTLE),
        ]),
    ...(deny.includes('clone') ? PROCESSES : []),
  ];
}

/** The last lines, since a table of TOML ends where the next one begins. */
const PROCESSES = [
  '',
  comment('Threads go on being started: clone is refused where it makes a process.'),
  '[[ready.rules]]',
  'syscall = "clone"',
  'when = [{ arg = 0, bits-clear = "CLONE_THREAD" }]',
  'action = "EPERM"',
];

const LEFT = 'Left, since neither an exercise nor a day was watched, and work may need them';

const TO_RELOAD = 'Left, since a reload with another configuration may need them';

const RELOADS = {
  true: 'A reload was watched: the service keeps what it needs for it.',
  false: 'A restart takes the place of a reload.',
};
