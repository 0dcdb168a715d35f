/** Mounts of a unit's own in which what a policy's directive closes is open. */

import { findDirective } from '../../directives/table.js';
import { HOMES, KERNEL, VENDOR } from '../../directives/values/closed-paths.js';
import {
  allWords,
  barePath,
  covers,
  pathsOf,
  plain,
  sinceReset,
  type UnitValues,
  wordsOf,
} from '../../unit/values.js';

/**
 * Whether these assignments of the unit's own undo what a policy's directive comes to.
 * @param all what all directives will be, the policy's and the unit's
 */
export type MakesIneffective = (ours: readonly string[], own: readonly string[], all: UnitValues) => boolean;

/** What a directive closes. */
interface Closing {
  readonly paths: (ours: readonly string[]) => readonly string[];
  /** Whether a source below such a path isn't closed. */
  readonly isOpen?: (source: string, path: string, all: UnitValues) => boolean;
  /** Whether what is mounted there is closed, too. */
  readonly reaches?: (destination: string, paths: readonly string[], all: UnitValues) => boolean;
}

/** Mounts in which what is closed, or a part of it, is open at another place. */
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

/** Mounts on the very place where systemd would mount something empty, or something else: theirs is mounted last. */
export const inThePlace =
  ({ paths }: Closing): MakesIneffective =>
  (ours, own) =>
    mountsOf(own).some(([from, to]) => from === to && paths(ours).includes(from));

/** Mounts below a path: systemd takes the right to execute away from what is mounted there by no other directive. */
export const mountedBelow: MakesIneffective = (ours, own, all) => {
  const paths = listed(ours);
  const isExcepted = (to: string, path: string) => paths.includes(to) || isExecutable(to, path, all);
  return mountsOf(own).some(([, to]) =>
    paths.some((path) => path !== to && covers(path, to) && !isExcepted(to, path)),
  );
};

/**
 * Mounts of devices that DeviceAllow= lets the unit read or write: PrivateDevices= takes them from its /dev, and by
 * DevicePolicy=closed refuses all others.
 */
export const allowedDevices: MakesIneffective = (ours, own, all) => {
  if (last(ours) !== 'yes') return false;
  const allowed = sinceReset(all.get('DeviceAllow') ?? []).flatMap((line) => {
    const [device = '', access = 'rwm'] = wordsOf(line);
    return /[rw]/.test(access) ? [device] : [];
  });
  return mountsOf(own).some(([from]) => allowed.some((device) => isShownBy(from, device)));
};

/** What PrivateDevices= leaves in /dev. */
const LEFT = [
  ...['full', 'hugepages', 'log', 'mqueue', 'null', 'ptmx'],
  ...['pts', 'random', 'shm', 'tty', 'urandom', 'zero'],
].map((name) => `/dev/${name}`);

const isLeft = (path: string): boolean => LEFT.some((one) => covers(one, path));

/** Folders of other names of devices. */
const isLink = (path: string): boolean => /^\/dev\/(?:block|char|disk)\//.test(path);

/** Whether a source may be, or hold, one of the devices: which are in a group (`char-mem`) isn't known. */
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

/** `SOURCE:DESTINATION` of a bind mount, or a path alone. */
function endsOf(word: string): readonly [from: string, to: string] {
  const [from = '', to] = word.replace(/^-/, '').split(':');
  return [placeOf(from), placeOf(to || from)];
}

/** Where a path leads by the links that all systems have. */
const placeOf = (word: string): string =>
  barePath(word)
    .replace(/^\/(?=(?:bin|sbin|lib|lib64)(?:\/|$))/, '/usr/')
    .replace(/^\/var\/run(?=\/|$)/, '/run');

const listed = (ours: readonly string[]) => allWords(ours).map((word) => placeOf(word.split(':')[0]!));

const last = (ours: readonly string[]) => plain(ours.at(-1) ?? '');

const where =
  (paths: readonly string[], ...values: readonly string[]) =>
  (ours: readonly string[]) =>
    values.includes(last(ours)) ? paths : [];

const SYSTEM: Readonly<Record<string, readonly string[]>> = {
  yes: VENDOR,
  full: [...VENDOR, '/etc'],
  strict: ['/'],
};

/** By these a unit has folders that it may write to. */
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

/** Whether one of these exceptions below a path has a place in it. */
const isExcept = (place: string, path: string, exceptions: readonly string[]): boolean =>
  exceptions.some((one) => one !== path && covers(path, one) && covers(one, place));

const isWritable = (source: string, path: string, all: UnitValues): boolean =>
  isExcept(source, path, [
    ...pathsOf(all, 'ReadWritePaths').map(placeOf),
    ...FOLDERS.flatMap((name) => foldersOf(all, name)),
  ]);

const isExecutable = (place: string, path: string, all: UnitValues): boolean =>
  isExcept(place, path, pathsOf(all, 'ExecPaths').map(placeOf));

/** Read-only is a mount that itself is one of the paths; one below them isn't. */
const isReadOnly = (to: string, paths: readonly string[], all: UnitValues): boolean =>
  [paths, ...['ReadOnlyPaths', 'InaccessiblePaths'].map((name) => pathsOf(all, name).map(placeOf))].some(
    (list) => list.includes(to),
  );

/** What is mounted on a hidden path, or below it, systemd leaves out. */
const isHidden = (to: string, paths: readonly string[]): boolean => paths.some((path) => covers(path, to));

const readOnly = (paths: Closing['paths']): Closing => ({ paths, isOpen: isWritable, reaches: isReadOnly });
const hidden = (paths: Closing['paths']): Closing => ({ paths, reaches: isHidden });

const TUNABLES = [
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

/** Other directives', or nobody's. */
const NO_TUNABLES = ['/sys/fs/cgroup', '/sys/fs/selinux'];

/** By the directives that close them. */
export const CLOSED = {
  system: {
    ...readOnly((ours) => SYSTEM[last(ours)] ?? []),
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
