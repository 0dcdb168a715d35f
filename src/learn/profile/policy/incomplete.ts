/** Reasons to believe a kind of evidence less: records that were lost, and what a kernel can't show. */

import { type Kind, kindsIn } from '../../../observe/recording/kinds.js';
import type { LifePhase, PathUse, RecordedPath } from '../../../observe/recording/recording.js';
import { normalize } from '../../../systemd/unit/path.js';
import { countEvents } from '../checklist.js';
import type { ProfilePart } from './input.js';
import { counted } from './text/spans.js';

/** The reason why evidence of a kind may lack something; undefined where nothing is known to be missing. */
export function whyIncomplete(profile: ProfilePart, kind: Kind): string | undefined {
  const concerns = (name: string) => kindsIn(name).includes(kind);
  if (profile.blind.some(concerns)) return `this kernel doesn't report ${SHOWN[kind]}`;
  const lost = Object.entries(profile.lost).filter(([name, count]) => count > 0 && concerns(name));
  const [named] = lost.flatMap(([name]) => REASONS.get(name) ?? []);
  if (named !== undefined) return named;
  const total = lost.reduce((sum, [, count]) => sum + count, 0);
  if (total > 0) return `${counted(total, 'record')} of ${SHOWN[kind]} ${total === 1 ? 'was' : 'were'} lost`;
  return (
    (kind === 'paths' ? unplaced(profile) : undefined) ??
    (kind === 'peers' ? unplacedSocket(profile) : undefined) ??
    mismatch(profile, kind) ??
    whyStartUnknown(profile) ??
    (kind === 'paths' ? whyStopUnknown(profile) : undefined)
  );
}

/** Reasons by the tables that count what wasn't seen by something else than records. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ['leavers', 'processes moved out of its control group and were not watched'],
]);

/** The reason why some file may be elsewhere than its path says. */
function unplaced({ paths }: ProfilePart): string | undefined {
  const cut = paths.filter((path) => path.cut).length;
  if (cut > 0)
    return `${counted(cut, 'path')} ${cut === 1 ? 'was' : 'were'} too long to be recorded completely`;
  const climbing = paths.filter((path) => GIVEN_CHANGES.has(path.use) && /\/\.\.(?:\/|$)/.test(path.path));
  if (climbing.length === 0) return undefined;
  const places = placesOf(paths.filter(({ use }) => !GIVEN.has(use)));
  const lost = climbing.filter(({ path }) => !isPlain(path, places)).length;
  return lost === 0 ? undefined : `'..' may follow a link in ${counted(lost, 'path')}`;
}

/** Changes of paths that are known by the names that calls were given, with all links in them. */
const GIVEN_CHANGES: ReadonlySet<PathUse> = new Set(['change-directory', 'change-attribute']);
const GIVEN: ReadonlySet<PathUse> = new Set([...GIVEN_CHANGES, 'stat', 'failed']);

/** The reason why a socket's file may be anywhere. */
function unplacedSocket({ peers }: ProfilePart): string | undefined {
  const found = peers.find(
    ({ use, family, address, errno }) =>
      use === 'bind' && family === AF_UNIX && errno === undefined && /^[^/@]/.test(address),
  );
  return found && `the socket ${found.address} was bound in an unknown directory`;
}

const AF_UNIX = 1;

/** Files whose place the kernel has reported, and the directories above: none of them is a link. */
function placesOf(paths: readonly RecordedPath[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const { path } of paths) {
    let end = path.length;
    while (end > 0 && !found.has(path.slice(0, end))) {
      found.add(path.slice(0, end));
      end = path.lastIndexOf('/', end - 1);
    }
  }
  return found;
}

/** Whether each `..` of a path follows a directory that is known to be no link. */
const isPlain = (path: string, places: ReadonlySet<string>): boolean =>
  [...path.matchAll(/\/\.\.(?=\/|$)/g)].every(({ index }) => {
    const left = normalize(path.slice(0, index));
    return left.length < 2 || places.has(left);
  });

/** Calls that can't be without a trace in another table. */
const TRACES: ReadonlyMap<
  Kind,
  readonly (readonly [calls: readonly string[], is: (of: ProfilePart) => boolean])[]
> = new Map([
  ['paths', [[['open', 'openat', 'openat2'], ({ paths }) => paths.length > 0]]],
  [
    'peers',
    [
      [['bind'], ({ peers }) => peers.some(({ use }) => use === 'bind')],
      [['connect'], ({ peers }) => peers.some(({ use }) => use === 'connect')],
    ],
  ],
  ['fork-flags', [[['clone', 'clone3', 'fork', 'vfork'], ({ forkFlags }) => forkFlags.length > 0]]],
]);

/** Evidence of what io_uring does for a process without a call. */
const PAST_CALLS: readonly Kind[] = ['modes', 'paths', 'peers'];

/** Either shows that it is used: with IORING_SETUP_SQPOLL a thread of the kernel takes what is submitted. */
const RINGS: readonly string[] = ['io_uring_enter', 'io_uring_setup'];

/**
 * Operations of io_uring (enum io_uring_op of linux/io_uring.h) that take no path and no address: on files that a call has
 * opened, on timers, futexes and buffers.
 */
const WITHOUT_NAMES: ReadonlySet<number> = new Set([
  // IORING_OP_NOP to IORING_OP_SYNC_FILE_RANGE, TIMEOUT and TIMEOUT_REMOVE
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 11, 12],
  // ASYNC_CANCEL, LINK_TIMEOUT, FALLOCATE, CLOSE, FILES_UPDATE, READ, WRITE, FADVISE, MADVISE
  ...[14, 15, 17, 19, 20, 22, 23, 24, 25],
  // EPOLL_CTL to TEE and SHUTDOWN
  ...[29, 30, 31, 32, 33, 34],
  // READ_MULTISHOT, FUTEX_WAIT to FIXED_FD_INSTALL, FTRUNCATE, EPOLL_WAIT, READV_FIXED and WRITEV_FIXED
  ...[49, 51, 52, 53, 54, 55, 59, 60, 61],
]);

/** The reason why io_uring may have done more than the tables show. */
function whyRingIncomplete(profile: ProfilePart, kind: Kind): string | undefined {
  if (!RINGS.some((name) => isMade(profile, name))) return undefined;
  const { ringOperations, blind, lost } = profile;
  if (blind.includes('ringOperations') || (lost.ringOperations ?? 0) > 0 || ringOperations.length === 0)
    return `io_uring was used, and its ${SHOWN[kind]} are not recorded`;
  const other = ringOperations.find((operation) => !WITHOUT_NAMES.has(operation));
  return other === undefined
    ? undefined
    : `operation ${other} of io_uring was used, and its ${SHOWN[kind]} are not recorded`;
}

/** The reason to think that a table lacks something though nothing was counted as lost. */
function mismatch(profile: ProfilePart, kind: Kind): string | undefined {
  const ring = PAST_CALLS.includes(kind) ? whyRingIncomplete(profile, kind) : undefined;
  if (ring !== undefined) return ring;
  const traces = TRACES.get(kind) ?? [];
  const made = traces
    .flatMap(([calls, is]) => (is(profile) ? [] : calls))
    .find((name) => isMade(profile, name));
  return made && `${made} was called, but none of its ${SHOWN[kind]} was recorded`;
}

const isMade = ({ calls }: ProfilePart, name: string): boolean => calls.some((call) => call.name === name);

const SHOWN: Readonly<Record<Kind, string>> = {
  arguments: 'arguments',
  calls: 'calls',
  capabilities: 'capabilities',
  'fork-flags': 'new processes',
  modes: 'modes of files',
  paths: 'paths',
  peers: 'addresses',
  programs: 'programs',
  refused: 'refused calls',
};

type WatchedPhases = Pick<ProfilePart, 'calls' | 'watches'>;

const isIn = ({ calls }: WatchedPhases, phase: LifePhase): boolean =>
  calls.some(({ phases }) => (phases[phase] ?? 0) > 0);

/**
 * The reason why watches prove nothing about a start. One that began amid a start has calls of it, but neither a new
 * control group nor the event.
 */
export function whyStartUnknown(seen: WatchedPhases): string | undefined {
  const isBegun = seen.watches.some((watch) => watch.lives > 0 || countEvents([watch], 'start') > 0);
  return isBegun && isIn(seen, 'start') ? undefined : 'no start was watched';
}

/**
 * The reason why files may be needed that no watch has seen: many services save their state when they stop. A signal may
 * end one before it makes a call.
 */
function whyStopUnknown(seen: WatchedPhases): string | undefined {
  const isSeen = isIn(seen, 'stop') || countEvents(seen.watches, 'stop') > 0;
  return isSeen ? undefined : 'no stop was watched';
}
