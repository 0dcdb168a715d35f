import type { PathUse, RecordedPath } from '../../../../observe/recording/recording.js';
import { folderOf } from '../../../../systemd/unit/path.js';
import { type DirectiveVerdict, isInside, not, type ProfileFacts, proved } from './facts.js';

/** Directories that PrivateTmp= gives a service of its own. */
export const TEMPORARY = ['/tmp', '/var/tmp'];

/** Uses of a directory in which a file is made. */
const MAKES: readonly PathUse[] = ['create-in', 'change-directory'];

const isAtStart = ({ phases }: RecordedPath): boolean => phases.includes('start');

/**
 * Files that a service uses in a shared directory without having made them may be those of others, also such as it writes
 * to: a FIFO, or a device's link. It makes files in the directories that it changes.
 * Files that it finds at its start without having made them then are data of an earlier run, and files that it leaves may be for
 * the next: systemd empties private directories when a service stops.
 */
export function privateTmp(facts: ProfileFacts): DirectiveVerdict {
  const [socket] = facts.socketsBelow(...TEMPORARY);
  if (socket) return not(`${socket.address} is a socket that others may use`);
  const inside = facts.foundBelow(...TEMPORARY).filter(({ path }) => !TEMPORARY.includes(path));
  const changed = facts.changedBelow(...TEMPORARY);
  const makers = new Set(changed.filter(({ use }) => MAKES.includes(use)).map(({ path }) => path));
  const written = changed.filter(({ use, path }) => use === 'write' && makers.has(folderOf(path)));
  const own = new Set(
    [...makers, ...written.map(({ path }) => path)].filter((path) => !TEMPORARY.includes(path)),
  );
  const foreign = inside.find(({ path }) => !own.has(path) && !isInside(path, own));
  if (foreign) return not(`${foreign.path} was used, but not created by the service`);
  const early = changed.filter(isAtStart).map(({ path }) => path);
  const kept = inside.find(
    (entry) => isAtStart(entry) && !early.includes(entry.path) && !early.includes(folderOf(entry.path)),
  );
  if (kept) return not(`${kept.path} existed at the start: an earlier run left it`);
  const changes = (path: string) =>
    changed.some((one) => one.use === 'change-directory' && one.path === path);
  const full = changed.find(
    ({ use, path }) => use === 'create-in' && !TEMPORARY.includes(path) && !changes(path),
  );
  if (full) return not(`files were created in ${full.path} and none was removed: they may be data to keep`);
  return inside.length > 0
    ? proved(
        true,
        `The service created everything that it used below /tmp and /var/tmp in ${facts.pathTime}.`,
      )
    : proved(true, `Nothing below /tmp and /var/tmp was used in ${facts.pathTime}.`);
}

/** Whether the service has temporary directories of its own, by its unit or by its profile. */
export const hasPrivateTmp = (facts: ProfileFacts): boolean =>
  ['PrivateTmp', 'DynamicUser'].some((name) => facts.isOn(name)) ||
  (!facts.isOmitted('PrivateTmp') && 'value' in privateTmp(facts));
