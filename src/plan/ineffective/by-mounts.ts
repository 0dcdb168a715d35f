/** Bind mounts of a unit by which paths stay open that a policy's directive closes. */

import { findDirective } from '../../directives/table.js';
import { HOMES, KERNEL, NO_TUNABLES, TUNABLES, VENDOR } from '../../directives/values/closed-paths.js';
import {
  allWords,
  barePath,
  covers,
  pathsOf,
  scalarOf,
  sinceReset,
  type UnitValues,
  wordsOf,
} from '../../unit/values.js';

/**
 * Whether the unit's own values of one directive (`own`) undo the policy's values of another (`ours`).
 * @param all the planned values of all directives, the policy's and the unit's
 */
export type MakesIneffective = (ours: readonly string[], own: readonly string[], all: UnitValues) => boolean;

/** The paths that a directive closes, and its exceptions. */
interface Closing {
  readonly paths: (ours: readonly string[]) => readonly string[];
  /** Whether a source below a closed path is open. */
  readonly isOpen?: (source: string, path: string, all: UnitValues) => boolean;
  /** Whether the directive closes a mount's destination, too. */
  readonly reaches?: (destination: string, paths: readonly string[], all: UnitValues) => boolean;
}

/** True if a mount shows a closed path, or a part of one, at a place that stays open. */
export const shownElsewhere =
  ({ paths: pathsOf, isOpen, reaches }: Closing): MakesIneffective =>
  (ours, own, all) => {
    const paths = pathsOf(ours);
    const shows = (from: string) => (path: string) =>
      covers(from, path) || (covers(path, from) && !isOpen?.(from, path, all));
    return mountsOf(own).some(
      ([from, to]) => from !== to && paths.some(shows(from)) && !reaches?.(to, paths, all),
    );
  };

/** True if a mount is on the very path where systemd would mount something empty or other: the unit's comes last. */
export const inThePlace =
  ({ paths }: Closing): MakesIneffective =>
  (ours, own) =>
    mountsOf(own).some(([from, to]) => from === to && paths(ours).includes(from));

/**
 * True if the unit has a mount below a path of NoExecPaths=, and not below one of ExecPaths=. systemd leaves such a
 * mount executable unless NoExecPaths= lists it by itself.
 */
export const mountedBelow: MakesIneffective = (ours, own, all) => {
  const paths = listed(ours);
  const isExcepted = (to: string, path: string) => paths.includes(to) || isExecutable(to, path, all);
  return mountsOf(own).some(([, to]) =>
    paths.some((path) => path !== to && covers(path, to) && !isExcepted(to, path)),
  );
};

/**
 * True if a mount shows a device that DeviceAllow= lets the unit read or write. PrivateDevices= takes the device from
 * /dev only; its DevicePolicy=closed refuses all others.
 */
export const allowedDevices: MakesIneffective = (ours, own, all) => {
  if (scalarOf(ours) !== 'yes') return false;
  const allowed = sinceReset(all.get('DeviceAllow') ?? []).flatMap((line) => {
    const [device = '', access = 'rwm'] = wordsOf(line);
    return /[rw]/.test(access) ? [device] : [];
  });
  return mountsOf(own).some(([from]) => allowed.some((device) => isShownBy(from, device)));
};

/** Entries that PrivateDevices= leaves in /dev. */
const LEFT = [
  ...['full', 'hugepages', 'log', 'mqueue', 'null', 'ptmx'],
  ...['pts', 'random', 'shm', 'tty', 'urandom', 'zero'],
].map((name) => `/dev/${name}`);

const isLeft = (path: string): boolean => LEFT.some((one) => covers(one, path));

/** Whether a path is in a folder of aliases of devices. */
const isLink = (path: string): boolean => /^\/dev\/(?:block|char|disk)\//.test(path);

/** Whether a mount's source may be, or hold, one of the devices. A group (`char-mem`) counts as any device. */
function isShownBy(from: string, device: string): boolean {
  if (isLeft(from) || isLeft(device)) return false;
  if (covers(from, '/dev')) return true;
  if (!covers('/dev', from)) return false;
  return !device.startsWith('/') || covers(from, barePath(device)) || isLink(from) || isLink(device);
}

export const either =
  (...rules: readonly MakesIneffective[]): MakesIneffective =>
  (...given) =>
    rules.some((rule) => rule(...given));

const mountsOf = (own: readonly string[]) => allWords(own).map(endsOf);

/** The ends of a bind mount: `SOURCE:DESTINATION`, or one path for both. */
function endsOf(word: string): readonly [from: string, to: string] {
  const [from = '', to] = word.replace(/^-/, '').split(':');
  return [placeOf(from), placeOf(to || from)];
}

/** The path behind the links that all systems have. */
export const placeOf = (word: string): string =>
  barePath(word)
    .replace(/^\/(?=(?:bin|sbin|lib|lib64)(?:\/|$))/, '/usr/')
    .replace(/^\/var\/run(?=\/|$)/, '/run');

const listed = (ours: readonly string[]) => allWords(ours).map((word) => placeOf(word.split(':')[0]!));

const where =
  (paths: readonly string[], ...values: readonly string[]) =>
  (ours: readonly string[]) =>
    values.includes(scalarOf(ours)) ? paths : [];

const SYSTEM: Readonly<Record<string, readonly string[]>> = {
  yes: VENDOR,
  full: [...VENDOR, '/etc'],
  strict: ['/'],
};

/** Directives that give a unit folders to write to. */
const FOLDERS = [
  'RuntimeDirectory',
  'StateDirectory',
  'CacheDirectory',
  'LogsDirectory',
  'ConfigurationDirectory',
];

function foldersOf(all: UnitValues, name: string): string[] {
  const base = findDirective(name)!.kind.base ?? '';
  const words = allWords(all.get(name) ?? []).filter((word) => !word.endsWith(':ro'));
  return words.map((word) => `${base}/${word.split(':')[0]!}`);
}

/** Whether a place is in one of the exceptions below a path. */
const isExcept = (place: string, path: string, exceptions: readonly string[]): boolean =>
  exceptions.some((one) => one !== path && covers(path, one) && covers(one, place));

const isWritable = (source: string, path: string, all: UnitValues): boolean =>
  isExcept(source, path, [
    ...pathsOf(all, 'ReadWritePaths').map(placeOf),
    ...FOLDERS.flatMap((name) => foldersOf(all, name)),
  ]);

const isExecutable = (place: string, path: string, all: UnitValues): boolean =>
  isExcept(place, path, pathsOf(all, 'ExecPaths').map(placeOf));

/** Whether a mount is read-only: its destination is one of the paths. Below one of them it is not. */
const isReadOnly = (to: string, paths: readonly string[], all: UnitValues): boolean =>
  [paths, ...['ReadOnlyPaths', 'InaccessiblePaths'].map((name) => pathsOf(all, name).map(placeOf))].some(
    (list) => list.includes(to),
  );

/** Whether systemd leaves a mount out, since its destination is hidden. */
const isHidden = (to: string, paths: readonly string[]): boolean => paths.some((path) => covers(path, to));

const readOnly = (paths: Closing['paths']): Closing => ({ paths, isOpen: isWritable, reaches: isReadOnly });
const hidden = (paths: Closing['paths']): Closing => ({ paths, reaches: isHidden });

/** Closed paths and their exceptions, under a short name for each directive or value. */
export const CLOSED = {
  system: {
    ...readOnly((ours) => SYSTEM[scalarOf(ours)] ?? []),
    isOpen: (source, path, all) => isExcept(source, path, KERNEL) || isWritable(source, path, all),
  },
  readOnlyPaths: readOnly(listed),
  controlGroups: readOnly(where(['/sys/fs/cgroup'], 'yes', 'private', 'strict')),
  tunables: {
    ...readOnly(where(TUNABLES, 'yes')),
    isOpen: (source, path, all) => isExcept(source, path, NO_TUNABLES) || isWritable(source, path, all),
  },
  addresses: hidden(where(['/proc/kallsyms', '/proc/kcore'], 'yes')),
  logs: hidden(where(['/proc/kmsg', '/dev/kmsg'], 'yes')),
  modules: hidden(where(['/usr/lib/modules'], 'yes')),
  inaccessible: hidden(listed),
  noExec: { paths: listed, isOpen: isExecutable, reaches: (to, paths) => paths.includes(to) },
  emptied: { paths: listed },
  readOnlyHomes: readOnly(where(HOMES, 'read-only')),
  hiddenHomes: hidden(where(HOMES, 'yes')),
  emptiedHomes: { paths: where(HOMES, 'tmpfs') },
  temporary: { paths: where(['/tmp', '/var/tmp'], 'yes', 'disconnected') },
  processes: {
    paths: where(['/proc'], 'invisible', 'ptraceable', 'noaccess'),
    isOpen: (source) => !isProcess(source),
  },
  otherThanProcesses: { paths: where(['/proc'], 'pid'), isOpen: (source) => isProcess(source) },
} as const satisfies Readonly<Record<string, Closing>>;

const isProcess = (path: string): boolean => /^\/proc\/(?:\d+|self|thread-self)(?:\/|$)/.test(path);
