/** The directories that a service writes to, as a person would list them. */

import { printable } from '../../../../diagnostic.js';
import type { RecordedPath } from '../../../../observe/recording/recording.js';
import { closedBy, readOnly } from '../../../../systemd/directives/values/closed-paths.js';
import { folderOf } from '../../../../systemd/unit/path.js';
import { allWords, barePath, covers } from '../../../../systemd/unit/values.js';
import { HOMES, isBelow, isChange, isInside, PARENTS_OF_MANY, type ProfileFacts } from './facts.js';
import { hasPrivateTmp, TEMPORARY } from './private-tmp.js';
import { filesInRun, RUN } from './run-files.js';

const MOST_DIRECTORIES = 16;

/** The character in the place of bytes that are no text. */
const NO_TEXT = '\ufffd';

/** Whether a reader of the policy sees a path as it is. */
const isPlain = (path: string): boolean => printable(path, path.length) === path && !path.includes(NO_TEXT);

/** Directories of which each program has its own below: that one is meant, whichever of its files were seen. */
const SHARED = ['/run', '/var/cache', '/var/lib', '/var/log', '/var/spool'];

/** Those whose directories hold data: a program that makes a directory in its own there writes to it, at times under load alone. */
const OF_DATA = ['/var/cache', '/var/lib', '/var/log', '/var/spool'];
const EEXIST = 17;

/** Places that ProtectSystem=strict leaves as they are, for other directives (systemd.exec(5)). */
const LEFT_OPEN = ['/dev', '/proc', '/sys', ...HOMES];

/** Directives by which systemd makes directories and leaves them writable. */
const MANAGED: readonly (readonly [directive: string, base: string])[] = [
  ['CacheDirectory', '/var/cache'],
  ['LogsDirectory', '/var/log'],
  ['RuntimeDirectory', '/run'],
  ['StateDirectory', '/var/lib'],
];

/**
 * Paths for ReadWritePaths=, sorted; those that are writable anyway are left out. The unit's own paths stay.
 * @returns as a text the reason why there is no such list
 */
export function writablePaths(facts: ProfileFacts): readonly string[] | string {
  const own = allWords(facts.unit.get('ReadWritePaths') ?? []);
  const managed = managedDirectories(facts);
  const temporary = hasPrivateTmp(facts) ? TEMPORARY : [];
  const open = [...LEFT_OPEN, ...temporary, ...managed, ...own.map(barePath)];
  const isOpen = (path: string) => isBelow(path, open);
  const isClosed = (path: string) => closedBy(readOnly(facts.unit), path) !== undefined;
  const found = changedPlaces(facts).filter((path) => !isOpen(path) && !isClosed(path));
  const places = outermost(found).map(withPrefix);
  if (places.includes('/')) return 'the root directory was changed';
  if (!places.every(isPlain)) return 'a directory was changed whose name is not plain text';
  return places.length > MOST_DIRECTORIES ? 'too many directories were changed' : [...own, ...places];
}

function managedDirectories(facts: ProfileFacts): string[] {
  return MANAGED.flatMap(([directive, base]) =>
    allWords(facts.unit.get(directive) ?? []).map((word) => `${base}/${word.split(':')[0]}`),
  );
}

/** Directories and files that were changed, each as wide as a person would write it; of /run its files, if that is enough. */
function changedPlaces(facts: ProfileFacts): readonly string[] {
  const places = widePlaces(facts);
  const files = filesInRun(facts);
  return typeof files === 'string' ? places : places.flatMap((place) => (place === RUN ? files : [place]));
}

function widePlaces(facts: ProfileFacts): string[] {
  const changed = facts.paths.filter((entry) => isChange(entry) || existsInOwn(entry));
  const bound = facts.peers.filter(
    ({ use, address, errno }) => use === 'bind' && errno === undefined && address.startsWith('/'),
  );
  return [
    ...changed.map(({ path, use }) => (use === 'write' ? placeOf(path) : wide(path))),
    ...bound.map(({ address }) => wide(parent(address))),
  ];
}

/** Whether a directory exists that the program would have made in its own directory of data. */
const existsInOwn = ({ path, use, errno }: RecordedPath): boolean =>
  use === 'change-directory' && errno === EEXIST && OF_DATA.some((base) => path.startsWith(`${base}/`));

/**
 * The place of a file that was written: its directory, in which it may be renamed and created again. Log rotation does so,
 * and a mounted file alone would stay the old one.
 */
function placeOf(file: string): string {
  const directory = parent(file);
  return PARENTS_OF_MANY.includes(directory) ? file : wide(directory);
}

const parent = (path: string): string => folderOf(path) || '/';

/** The directory of a program for any below it, and /tmp for all of it. */
function wide(directory: string): string {
  const temporary = TEMPORARY.find((one) => covers(one, directory));
  if (temporary !== undefined) return temporary;
  const base = SHARED.find((one) => directory.startsWith(`${one}/`));
  if (base === undefined) return directory;
  return `${base}/${directory.slice(base.length + 1).split('/')[0]}`;
}

const outermost = (paths: readonly string[]): string[] => {
  const all = new Set(paths);
  return [...all].filter((path) => !isInside(path, all)).sort();
};

/**
 * A path as the directive takes it. Below /run it may be missing after a boot, and a file or mount of its own on another
 * host: `-` lets that pass. `%` begins a specifier.
 */
function withPrefix(path: string): string {
  const isEverywhere = parent(path) === '/' || [...SHARED, ...TEMPORARY].includes(path);
  const isOwn = !isEverywhere && PARENTS_OF_MANY.includes(parent(path));
  return (isOwn || path.startsWith('/run/') ? '-' : '') + path.replaceAll('%', '%%');
}
