/** Files that a service makes directly in /run, where root's other programs find what they start: only they are opened. */

import type { LifePhase } from '../../../../observe/recording/recording.js';
import { isChange, type ProfileFacts, plainPath } from './facts.js';

/** The folder that a service may write to as little as it can. */
export const RUN = '/run';

/** Calls that make an entry of a folder without opening it, or give it another name. */
const NAMING: ReadonlySet<string> = new Set([
  ...['link', 'linkat', 'mkdir', 'mkdirat', 'mknod', 'mknodat'],
  ...['rename', 'renameat', 'renameat2', 'symlink', 'symlinkat'],
]);

/** A name that is the same at each start, and that a command line takes as it is. */
const LASTING = /^\/run\/[A-Za-z_+@.-]+\.pid$/;
const PLAIN = /^\/run\/[\w+@.-]+$/;

const isInRun = (path: string): boolean => path.startsWith(`${RUN}/`) && !path.includes('/', RUN.length + 1);

/**
 * The files with a process ID that a service writes directly in /run, if it makes nothing else there. Made before its start,
 * and mounted one by one, they can be written to. They can't be removed, which a service only does at its end.
 * @returns as a text the reason why the service must make entries of /run itself
 */
export function filesInRun(facts: ProfileFacts): readonly string[] | string {
  if (facts.scope === 'user') return "commands of a user's service can't create files in /run";
  // A user's processes can only seem to make files there: in a mount namespace of their own, whatever name they like.
  if (!['', '0', 'root'].includes(facts.last('User')) || facts.last('DynamicUser') === 'yes')
    return "its user can't create files in /run";
  if (facts.profile.unit.endsWith('@.service')) return 'each instance may have its own file in /run';
  const socket = facts.socketsBelow(RUN).find(({ use, address }) => use === 'bind' && isInRun(address));
  if (socket) return `the service creates the socket ${socket.address}`;
  const changed = facts.paths.filter(isChange);
  const itself = changed.filter(({ path, use }) => path === RUN && use !== 'create-in');
  if (itself.some(({ use, phases }) => use !== 'change-directory' || mayName(facts, phases)))
    return 'the service creates, renames or removes entries of /run';
  const written = changed.filter(({ path, use }) => use === 'write' && isInRun(path));
  const files = [...new Set(written.map(({ path }) => path))];
  const other = files.find((path) => !LASTING.test(path) && !(path === pidFile(facts) && PLAIN.test(path)));
  if (other !== undefined) return `the service writes to ${other}`;
  return files.length > 0 ? files : 'the service creates files in /run';
}

/** The unit's PIDFile=, which may be relative to /run. */
function pidFile(facts: ProfileFacts): string {
  const path = facts.last('PIDFile');
  return plainPath(path.startsWith('/') ? path : `${RUN}/${path}`);
}

/**
 * Whether more than a removal at the end may have changed a folder in these phases. An end that begins without a word to the
 * watch is seen late: until then the service counts as serving.
 */
const mayName = ({ profile }: ProfileFacts, phases: readonly LifePhase[]): boolean =>
  phases.some(
    (phase) =>
      phase === 'start' ||
      (phase !== 'stop' && profile.calls.some((call) => NAMING.has(call.name) && call.phases[phase])),
  );
