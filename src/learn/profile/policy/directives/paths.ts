/** Directives that close parts of the file system. */

import type { RecordedPeer } from '../../../../observe/recording/recording.js';
import { runsAsRoot } from '../../../../systemd/directives/kinds/names/user.js';
import { ROOTS } from '../../../../systemd/directives/values/mounts.js';
import { allWords, barePath } from '../../../../systemd/unit/values.js';
import {
  type DirectiveCheck,
  type DirectiveVerdict,
  HOMES,
  isBelow,
  MAKING,
  not,
  type ProfileFacts,
  proved,
} from './facts.js';
import { privateTmp } from './private-tmp.js';
import { filesInRun, RUN } from './run-files.js';
import { writablePaths } from './write-paths.js';

const AF_UNIX = 1;

/** The reason why the recorded paths aren't the host's. */
export function otherRoot(facts: ProfileFacts): string | undefined {
  const root = ROOTS.find((name) => !['', '/'].includes(facts.last(name)));
  return root && `with ${root}=, the service sees other paths than the host`;
}

/**
 * The reason why a service works in a directory below one of the homes. `~` is that of its user, and the default of
 * users' own services (systemd.exec(5)).
 */
function worksAtHome(facts: ProfileFacts): string | undefined {
  const set = facts.last('WorkingDirectory').replace(/^-/, '');
  const directory = set === '' && facts.scope === 'user' ? '~' : set;
  const isHome = directory.startsWith('~') || isBelow(directory, HOMES);
  return isHome ? `WorkingDirectory=${directory} may be in a home directory` : undefined;
}

function protectHome(facts: ProfileFacts): DirectiveVerdict {
  const works = worksAtHome(facts);
  if (works !== undefined) return not(works);
  const [socket] = facts.socketsBelow(...HOMES);
  if (socket) return not(`${socket.address} is a socket in a home directory`);
  const [changed] = facts.changedBelow(...HOMES);
  if (changed) return not(`${changed.path} was changed`);
  const used = facts.foundBelow(...HOMES).filter(({ path, use }) => use !== 'stat' || !HOMES.includes(path));
  const executed = used.find(({ use }) => ['execute', 'map-executable'].includes(use));
  if (used.length > 0) {
    return proved(
      'read-only',
      `${(executed ?? used[0]!).path} was used, but nothing was changed, in ${facts.pathTime}.`,
    );
  }
  const [missing] = facts.missingBelow(...HOMES);
  // ProtectHome=yes answers EACCES below it, and tmpfs ENOENT, as the service was used to.
  if (missing)
    return proved('tmpfs', `${missing.path} was looked for, but did not exist, in ${facts.pathTime}.`);
  return proved(true, `Nothing below /home, /root and /run/user was used in ${facts.pathTime}.`);
}

/** Entries of /proc that ProcSubset=pid leaves: processes, and by `self` the service's own. */
const PROCESSES = /^\/proc(?:\/(?:\d+|self|thread-self)(?:\/.*)?)?$/;

/** The files behind the links /proc/mounts and /proc/net, which ProcSubset=pid hides: an open file has the path there. */
const BEHIND_LINKS = /^\/proc\/\d+\/(?:mounts|net)(?:\/|$)/;

function procSubset(facts: ProfileFacts): DirectiveVerdict {
  const other = facts.below('/proc').find(({ path }) => !PROCESSES.test(path) || BEHIND_LINKS.test(path));
  return other
    ? not(`${other.path} was used`)
    : proved('pid', `Only the processes in /proc were used in ${facts.pathTime}.`);
}

function protectProc(facts: ProfileFacts): DirectiveVerdict {
  if (facts.scope === 'system' && runsAsRoot(facts))
    return not('the service runs as root, which sees all processes anyway');
  const one = facts.below('/proc').find(({ path }) => /^\/proc(?:\/\d|$)/.test(path));
  return one
    ? not(`${one.path} was used, which may belong to another process`)
    : proved('invisible', `No process in /proc was examined in ${facts.pathTime}.`);
}

/** Bits of a mode that UMask= takes away: those that no file had. */
const MASKS: readonly (readonly [mask: number, text: string, whom: string])[] = [
  [0o077, '0077', 'permissions for the group or others'],
  [0o027, '0027', 'permissions for others, or write permission for the group,'],
];

/**
 * The mask is stated where no file would lose a right, by the modes that calls asked for: others may be missing among
 * those that files got. Sockets and message queues are made with rights for all.
 */
function umask(facts: ProfileFacts): DirectiveVerdict | undefined {
  const { modes } = facts.profile;
  const asked = MAKING.map(([call, position]) => facts.values(call, position));
  const all = [...modes, ...asked.flatMap((values) => values?.map(Number) ?? [])];
  const found = MASKS.find(([mask]) => all.every((mode) => (mode & mask) === 0));
  if (modes.length === 0 || !found) return undefined;
  if (asked.includes(undefined)) return not('not all modes of mkdir or mknod were recorded');
  const socket = facts.peers.find((peer) => isSocketFile(peer));
  if (socket) return not(`${socket.address} is a socket, which others may use`);
  if (facts.made('mq_open')) return not('mq_open was called, and others may use the queue');
  return proved(found[1], `No new file had ${found[2]} in ${facts.time}.`);
}

const isSocketFile = ({ use, family, address, errno }: RecordedPeer): boolean =>
  use === 'bind' && family === AF_UNIX && errno === undefined && !/^(?:@|$)/.test(address);

/** A check of paths of the host. */
const onHost =
  (check: (facts: ProfileFacts) => DirectiveVerdict | undefined) =>
  (facts: ProfileFacts): DirectiveVerdict | undefined => {
    const root = otherRoot(facts);
    return root === undefined ? check(facts) : not(root);
  };

export const PATHS: readonly DirectiveCheck[] = [
  {
    name: 'ProtectSystem',
    wanted: 'strict',
    by: ['paths', 'peers'],
    check: onHost(protectSystem),
    waits: true,
    meanwhile: protectPrograms,
  },
  {
    name: 'ReadWritePaths',
    wanted: 'the directories',
    by: ['paths', 'peers'],
    check: onHost(readWritePaths),
    waits: true,
  },
  {
    name: 'ReadOnlyPaths',
    wanted: 'all of /run',
    by: ['paths', 'peers'],
    check: onHost(closedRun),
    waits: true,
  },
  { name: 'ProtectHome', wanted: true, by: ['paths', 'peers'], check: onHost(protectHome), waits: true },
  { name: 'PrivateTmp', wanted: true, by: ['paths', 'peers'], check: onHost(privateTmp), waits: true },
  { name: 'ProcSubset', wanted: 'pid', by: ['paths'], check: procSubset, waits: true },
  { name: 'ProtectProc', wanted: 'invisible', by: ['paths'], check: protectProc, waits: true },
  { name: 'UMask', wanted: '0077', by: ['arguments', 'calls', 'modes', 'peers'], check: umask, waits: true },
];

function protectSystem(facts: ProfileFacts): DirectiveVerdict {
  const paths = writablePaths(facts);
  if (typeof paths === 'string') return not(paths);
  const where =
    paths.length === 0 ? 'No file was changed' : 'Files were changed only in the directories below';
  return proved('strict', `${where} in ${facts.pathTime}.`);
}

/**
 * Programs stay as they are, and settings of a service that has changed none. DynamicUser= implies `strict`, whatever else a unit
 * says (systemd.exec(5)).
 */
function protectPrograms(facts: ProfileFacts): DirectiveVerdict | undefined {
  if (facts.isOn('DynamicUser') || facts.changedBelow('/usr', '/boot', '/efi').length > 0) return undefined;
  const [setting] = facts.changedBelow('/etc');
  return setting
    ? proved(true, `Nothing below /usr and /boot was changed in ${facts.pathTime}.`)
    : proved('full', `Nothing below /usr, /boot and /etc was changed in ${facts.pathTime}.`);
}

function readWritePaths(facts: ProfileFacts): DirectiveVerdict | undefined {
  const paths = writablePaths(facts);
  return typeof paths === 'string' || paths.length === 0
    ? undefined
    : proved(
        paths,
        'Directories in which files were changed, created or renamed (log rotation renames files).',
      );
}

/** Whether lines of the unit decide what /run is to the service. */
const isRunOfUnit = ({ unit }: ProfileFacts): boolean =>
  ['BindPaths', 'ReadWritePaths', 'TemporaryFileSystem'].some((name) =>
    allWords(unit.get(name) ?? []).some((word) => barePath(word).split(':').includes(RUN)),
  );

/**
 * ProtectSystem=strict alone isn't enough: systemd leaves /run writable where it mounts the kernel's file systems again. A bind
 * mount of /run would have the host's files below it: systemd lays out what the service sees in /run/systemd.
 */
function closedRun(facts: ProfileFacts): DirectiveVerdict | undefined {
  const paths = writablePaths(facts);
  if (typeof paths === 'string' || facts.scope === 'user' || isRunOfUnit(facts)) return undefined;
  const files = filesInRun(facts);
  if (paths.includes(RUN) && typeof files === 'string') return not(files);
  const why =
    'Only the paths above are writable in /run, because other programs of root find there what they start.';
  return proved([RUN], why);
}
