/** The directories that a service writes to, as a person would list them. */

import { closedBy, readOnly } from '../../../directives/values/closed-paths.js';
import { allWords, barePath, covers } from '../../../unit/values.js';
import type { RecordedPath } from '../../recording/recording.js';
import { type Facts, isBelow, isChange, isInside } from './facts.js';
import { hasPrivateTmp, TEMPORARY } from './private-tmp.js';

/** Most directories that a list has. */
const MANY = 16;

/** Characters that no line of a unit file has, and the one that stands for bytes that are no text. */
const NO_TEXT = /[\p{Cc}\ufffd]/u;

/** Directories of which each program has its own below: that one is meant, whichever of its files were seen. */
const SHARED = ['/run', '/var/cache', '/var/lib', '/var/log', '/var/spool'];

/** Places that ProtectSystem=strict leaves as they are (systemd.exec(5)). */
const LEFT_OPEN = ['/dev', '/proc', '/sys'];

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
export function writablePaths(facts: Facts): readonly string[] | string {
  const own = allWords(facts.unit.get('ReadWritePaths') ?? []);
  const managed = managedDirectories(facts);
  const temporary = hasPrivateTmp(facts) ? TEMPORARY : [];
  const open = [...LEFT_OPEN, ...temporary, ...managed, ...own.map(barePath)];
  const isOpen = (path: string) => isBelow(path, open);
  const isClosed = (path: string) => closedBy(readOnly(facts.unit), path) !== undefined;
  const found = changedPlaces(facts).filter((path) => !isOpen(path) && !isClosed(path));
  const places = outermost(found).map(withPrefix);
  if (places.includes('/')) return 'the root directory was changed';
  if (places.some((path) => NO_TEXT.test(path))) return 'a directory was changed whose name is no plain text';
  return places.length > MANY ? 'too many directories were changed' : [...own, ...places];
}

function managedDirectories(facts: Facts): string[] {
  return MANAGED.flatMap(([directive, base]) =>
    allWords(facts.unit.get(directive) ?? []).map((word) => `${base}/${word.split(':')[0]}`),
  );
}

/** Directories and files that were changed, each as wide as a person would write it. */
function changedPlaces(facts: Facts): string[] {
  const changed = facts.paths.filter((entry) => isChange(entry) && !isMadeAlready(entry));
  const bound = facts.peers.filter(
    ({ use, address, errno }) => use === 'bind' && errno === undefined && address.startsWith('/'),
  );
  return [
    ...changed.map(({ path, use }) => (use === 'write' ? placeOf(path) : wide(path))),
    ...bound.map(({ address }) => wide(parent(address))),
  ];
}

/** Directories whose files others own, too: of these the file alone is meant. */
const PARENTS_OF_MANY = ['/', '/etc', '/usr', '/var', '/opt', '/srv', '/home', '/mnt', '/media', '/boot'];

/** Whether a directory of the system was only asked for, as `mkdir -p` asks for each on its way: it is always there. */
const isMadeAlready = ({ path, errno }: RecordedPath): boolean =>
  errno !== undefined && PARENTS_OF_MANY.includes(path);

/**
 * The place of a file that was written: its directory, in which it may be renamed and made anew. Log rotation does so,
 * and a mounted file alone would stay the old one.
 */
function placeOf(file: string): string {
  const directory = parent(file);
  return PARENTS_OF_MANY.includes(directory) ? file : wide(directory);
}

const parent = (path: string): string => path.slice(0, path.lastIndexOf('/')) || '/';

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
