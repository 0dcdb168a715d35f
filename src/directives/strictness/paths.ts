/** Rules for directives that open parts of the file system which others of the unit close. */

import {
  allWords,
  barePath,
  covers,
  isOn,
  lastOf,
  pathsOf,
  sinceReset,
  type UnitValues,
} from '../../unit/values.js';
import type { Comparison, Rule } from './values.js';

export const HOMES = ['/home', '/root', '/run/user'];
export const VENDOR = ['/usr', '/boot', '/efi'];
export const KERNEL = ['/dev', '/proc', '/sys'];

/** What gives a service another root. */
export const ROOTS: readonly string[] = ['RootDirectory', 'RootImage', 'RootMStack'];

/** A part of the file system that a directive of the unit closes. */
interface Closed {
  readonly by: string;
  readonly paths: readonly string[];
  readonly except: readonly string[];
}

const closed = (by: string, paths: readonly string[], except: readonly string[] = []): Closed[] =>
  paths.length === 0 ? [] : [{ by, paths, except }];

function protectSystem(unit: UnitValues): Closed[] {
  if (isOn(unit, 'DynamicUser')) return closed('DynamicUser', ['/'], KERNEL);
  const value = lastOf(unit, 'ProtectSystem');
  if (value === 'strict') return closed('ProtectSystem', ['/'], KERNEL);
  if (value === 'full') return closed('ProtectSystem', [...VENDOR, '/etc']);
  return value === 'yes' ? closed('ProtectSystem', VENDOR) : [];
}

/** What the unit's processes can't write to. */
function readOnly(unit: UnitValues): Closed[] {
  return [
    ...protectSystem(unit),
    ...(isOn(unit, 'ProtectHome') ? closed('ProtectHome', HOMES) : []),
    ...(isOn(unit, 'ProtectKernelTunables') ? closed('ProtectKernelTunables', ['/proc', '/sys']) : []),
    ...(isOn(unit, 'ProtectControlGroups') ? closed('ProtectControlGroups', ['/sys/fs/cgroup']) : []),
    ...closed('ReadOnlyPaths', pathsOf(unit, 'ReadOnlyPaths')),
    ...closed('InaccessiblePaths', pathsOf(unit, 'InaccessiblePaths')),
  ];
}

/** What the unit's processes can't see. */
function hidden(unit: UnitValues): Closed[] {
  const roots = ROOTS.filter((name) => !['', '/'].includes(lastOf(unit, name)));
  return [
    ...roots.flatMap((name) => closed(name, ['/'])),
    ...(['yes', 'tmpfs'].includes(lastOf(unit, 'ProtectHome')) ? closed('ProtectHome', HOMES) : []),
    ...['PrivateTmp', 'DynamicUser'].flatMap((name) =>
      isOn(unit, name) ? closed(name, ['/tmp', '/var/tmp']) : [],
    ),
    ...(isOn(unit, 'PrivateDevices') ? closed('PrivateDevices', ['/dev']) : []),
    ...closed('InaccessiblePaths', pathsOf(unit, 'InaccessiblePaths')),
    ...closed('TemporaryFileSystem', pathsOf(unit, 'TemporaryFileSystem')),
  ];
}

/** Which directive closes a path. Where a specifier leads isn't known, so that anything may close it. */
function closedBy(parts: readonly Closed[], path: string, within = false): string | undefined {
  const hit = (part: Closed) =>
    path.includes('%') ||
    (part.paths.some((above) => covers(above, path) || (within && covers(path, above))) &&
      !part.except.some((above) => covers(above, path)));
  return parts.find(hit)?.by;
}

const opens = (path: string, by: string) => `it opens '${path}', which the unit's '${by}' closes`;

/** Paths of the policy that the unit doesn't list itself and that another of its directives closes. */
function openedPaths({ before, after }: Comparison, parts: readonly Closed[]): string | undefined {
  const own = allWords(before).map(barePath);
  for (const path of allWords(after).map(barePath)) {
    const by = own.some((above) => covers(above, path)) ? undefined : closedBy(parts, path);
    if (by !== undefined) return opens(path, by);
  }
  return undefined;
}

export const writePaths: Rule = (comparison) => openedPaths(comparison, readOnly(comparison.unit));

export const execPaths: Rule = (comparison) =>
  openedPaths(comparison, closed('NoExecPaths', pathsOf(comparison.unit, 'NoExecPaths')));

/**
 * StateDirectory= and the like: each is a path that the service may write to. A reset takes away what the service
 * counts on, not what confines it.
 */
export const directories: Rule = ({ row, before, after, unit }) => {
  const base = row.kind.type === 'directories' ? row.kind.base : '';
  const pathOf = (word: string) => `${base}/${word.split(':')[0]!}`;
  const own = [...allWords(before).map(pathOf), ...pathsOf(unit, 'ReadWritePaths')];
  for (const word of allWords(after).filter((entry) => !entry.endsWith(':ro'))) {
    const path = pathOf(word);
    const by = own.some((above) => covers(above, path)) ? undefined : closedBy(readOnly(unit), path);
    if (by !== undefined) return opens(path, by);
  }
  return undefined;
};

/** A bind mount shows its source, which the host looks up: whatever confines the unit's own view is no hindrance. */
function opened({ before, after, unit }: Comparison, parts: readonly Closed[]): string | undefined {
  const own = allWords(before);
  for (const word of allWords(after).filter((entry) => !own.includes(entry))) {
    const source = barePath(word.split(':')[0]!);
    const by = closedBy(parts, source, true);
    if (by !== undefined) return opens(source, by);
  }
  const emptied = after.includes('') && hasBinds(unit);
  return emptied ? "it takes the unit's own mounts back, read-only ones included" : undefined;
}

/** One list to systemd, see the table. */
const hasBinds = (unit: UnitValues) =>
  ['BindPaths', 'BindReadOnlyPaths'].some((name) => sinceReset(unit.get(name) ?? []).length > 0);

export const binds: Rule = (comparison) =>
  opened(comparison, [...readOnly(comparison.unit), ...hidden(comparison.unit)]);

export const readOnlyBinds: Rule = (comparison) => opened(comparison, hidden(comparison.unit));
