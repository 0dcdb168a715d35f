/** Parts of the file system that directives of a unit close, and which of them a policy would open. */

import { allWords, barePath, covers, isOn, lastOf, type UnitValues } from '../../unit/values.js';
import type { Comparison } from '../directive.js';

export const HOMES = ['/home', '/root', '/run/user'];
export const VENDOR = ['/usr', '/boot', '/efi'];
export const KERNEL = ['/dev', '/proc', '/sys'];

/** Paths that ProtectKernelTunables= makes read-only (namespace.c of systemd). */
export const TUNABLES = [
  ...[
    'acpi',
    'apm',
    'asound',
    'bus',
    'fs',
    'irq',
    'latency_stats',
    'mtrr',
    'scsi',
    'sys',
    'sysrq-trigger',
  ].map((name) => `/proc/${name}`),
  ...['/proc/timer_stats', '/sys'],
];

/** Paths in /sys that ProtectKernelTunables= leaves to other directives, or to none. */
export const NO_TUNABLES = ['/sys/fs/cgroup', '/sys/fs/selinux'];

/** Directives that give a service another root. */
export const ROOTS: readonly string[] = ['RootDirectory', 'RootImage', 'RootMStack'];

/** Directives that give a unit another network than the host's, and a /sys with the devices of that one. */
export const OTHER_NETWORKS: readonly string[] = ['NetworkNamespacePath', 'PrivateNetwork'];

/** A part of the file system that a directive of the unit closes. */
export interface Closed {
  readonly by: string;
  readonly paths: readonly string[];
  readonly except: readonly string[];
}

export const closed = (by: string, paths: readonly string[], except: readonly string[] = []): Closed[] =>
  paths.length === 0 ? [] : [{ by, paths, except }];

/** The paths that a directive's list closes where they are: a bind mount of another place closes none. */
export function closedPaths(unit: UnitValues, directive: string): string[] {
  const words = allWords(unit.get(directive) ?? []).map((word) => word.split(':').map(barePath));
  const inPlace = words.filter(([from, to]) => directive !== 'BindReadOnlyPaths' || !to || from === to);
  return inPlace.map(([path]) => path!);
}

const listed = (unit: UnitValues, directive: string): Closed[] =>
  closed(directive, closedPaths(unit, directive));

function protectSystem(unit: UnitValues): Closed[] {
  if (isOn(unit, 'DynamicUser')) return closed('DynamicUser', ['/'], KERNEL);
  const value = lastOf(unit, 'ProtectSystem');
  // It leaves homes to ProtectHome= (protect_system_strict_table of systemd).
  if (value === 'strict') return closed('ProtectSystem', ['/'], [...KERNEL, ...HOMES]);
  if (value === 'full') return closed('ProtectSystem', [...VENDOR, '/etc']);
  return value === 'yes' ? closed('ProtectSystem', VENDOR) : [];
}

/** Parts that the unit's processes can't write to. */
export function readOnly(unit: UnitValues): Closed[] {
  return [
    ...protectSystem(unit),
    ...(isOn(unit, 'ProtectHome') ? closed('ProtectHome', HOMES) : []),
    ...(isOn(unit, 'ProtectKernelTunables') ? closed('ProtectKernelTunables', ['/proc', '/sys']) : []),
    ...(isOn(unit, 'ProtectControlGroups') ? closed('ProtectControlGroups', ['/sys/fs/cgroup']) : []),
    ...listed(unit, 'ReadOnlyPaths'),
    ...listed(unit, 'InaccessiblePaths'),
  ];
}

/** Parts that the unit's processes can't see. */
export function hidden(unit: UnitValues): Closed[] {
  const roots = ROOTS.filter((name) => !['', '/'].includes(lastOf(unit, name)));
  return [
    ...roots.flatMap((name) => closed(name, ['/'])),
    ...(['yes', 'tmpfs'].includes(lastOf(unit, 'ProtectHome')) ? closed('ProtectHome', HOMES) : []),
    ...['PrivateTmp', 'DynamicUser'].flatMap((name) =>
      isOn(unit, name) ? closed(name, ['/tmp', '/var/tmp']) : [],
    ),
    ...(isOn(unit, 'PrivateDevices') ? closed('PrivateDevices', ['/dev']) : []),
    ...listed(unit, 'InaccessiblePaths'),
    ...listed(unit, 'TemporaryFileSystem'),
  ];
}

/** Which directive closes a path. Where a specifier leads isn't known, so that anything may close it. */
export function closedBy(parts: readonly Closed[], path: string, within = false): string | undefined {
  const hit = (part: Closed) =>
    path.includes('%') ||
    (part.paths.some((above) => covers(above, path) || (within && covers(path, above))) &&
      !part.except.some((above) => covers(above, path)));
  return parts.find(hit)?.by;
}

export const opens = (path: string, by: string) => `it opens '${path}', which the unit's '${by}' closes`;

/** Paths of the policy that the unit doesn't list itself and that another of its directives closes. */
export function openedPaths(
  { before, after }: Pick<Comparison, 'before' | 'after'>,
  parts: readonly Closed[],
): string | undefined {
  const own = allWords(before).map(barePath);
  for (const path of allWords(after).map(barePath)) {
    const by = own.some((above) => covers(above, path)) ? undefined : closedBy(parts, path);
    if (by !== undefined) return opens(path, by);
  }
  return undefined;
}
