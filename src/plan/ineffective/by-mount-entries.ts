/** Parts that stay open below paths that a directive closes, since another directive mounts something on them. */

import { groupBy } from '../../collections.js';
import { type Diagnostic, error, printable, warning } from '../../diagnostic.js';
import { HOMES, VENDOR } from '../../directives/values/closed-paths.js';
import { CLAIMS, type Claim, claimsOf } from '../../directives/values/mount-claims.js';
import {
  keptAsMounted,
  type MountEntry,
  type MountLines,
  mountLines,
} from '../../directives/values/mount-entries.js';
import { type Mount, mountOf } from '../../formats/mount-info.js';
import type { Target } from '../../target/target.js';
import { covers, type UnitValues } from '../../unit/values.js';
import type { ConfinedUnit } from '../request.js';
import { ownValues } from '../unit-values.js';

/** A path that stays open although a directive closes all around it. */
interface Hole {
  readonly directive: string;
  readonly is: Claim['is'];
  readonly path: string;
  /** The directive that mounts something there. */
  readonly by: string;
  /** Of a path that stays as the host has it mounted: whether that is known. */
  readonly mounted?: 'writable' | 'unknown';
}

/** Directives that close all below a path. */
const CLOSING = ['NoExecPaths', 'ProtectHome', 'ProtectSystem', 'ReadOnlyPaths'];

/** Directives that close the kernel's file systems. */
const CLOSING_KERNEL = ['ProtectKernelTunables', 'ReadOnlyPaths'];

/**
 * Warnings about what directives leave open because of the policy; errors where that is a line of the unit's own.
 * systemd sets the flags of a mount and of all below it, but of no path with a mount of its own
 * (bind_remount_recursive() of systemd): such a path has the flags of its own directives alone.
 * @param values the planned values of all directives
 */
export function leftOpen(request: ConfinedUnit, values: UnitValues): Diagnostic[] {
  const before = new Set(holesIn(ownValues(request.effective), request.target).map(keyOf));
  const states = (name: string) => request.policy.service.some((one) => one.name === name);
  const added = holesIn(values, request.target).filter(
    (hole) =>
      (!before.has(keyOf(hole)) || (hole.mounted && states(hole.directive))) &&
      !isUndone(request, values, hole),
  );
  return [...groupBy(added, ({ directive }) => directive).values()].map((holes) => described(request, holes));
}

const keyOf = ({ directive, path }: Hole): string => `${directive} ${path}`;

function holesIn(values: UnitValues, { systemd, mounts }: Pick<Target, 'systemd' | 'mounts'>): Hole[] {
  const lines = mountLines(values);
  const unit: Facts = { lines, systemd, kept: keptAsMounted(lines, systemd), mounts };
  const all = [...CLAIMS.keys()].flatMap((name) => claimsOf(unit.lines, name));
  const found = CLOSING.flatMap((directive) =>
    claimsOf(unit.lines, directive)
      .filter(({ is }) => is === 'read-only' || is === 'noexec')
      .flatMap((claim) =>
        leftOutOf(claim, unit, all).map((entry) => ({ ...entry, directive, is: claim.is })),
      ),
  );
  const kept = CLOSING_KERNEL.flatMap((directive) =>
    claimsOf(unit.lines, directive).flatMap((claim) =>
      keptOf(claim, unit, all).map((entry) => ({ ...entry, directive, is: claim.is })),
    ),
  );
  return [
    ...new Map([...found, ...kept, ...droppedIn(unit.lines)].map((hole) => [keyOf(hole), hole])).values(),
  ];
}

/**
 * Paths of NoExecPaths= that are in ReadOnlyPaths=, too, below something else that is read-only: systemd drops their mount
 * as one that adds nothing, and with it the other flag (drop_nop() of systemd).
 */
function droppedIn(lines: MountLines): Hole[] {
  const readOnly = lines.places('ReadOnlyPaths');
  const noExec = lines.places('NoExecPaths');
  const isBelow = (path: string, all: readonly string[]) =>
    all.some((above) => above !== path && covers(above, path));
  const closed = lines.word('ProtectSystem') === 'strict' ? ['/', ...readOnly] : readOnly;
  return noExec
    .filter((path) => readOnly.includes(path) && isBelow(path, closed) && !isBelow(path, noExec))
    .map((path) => ({ directive: 'NoExecPaths', is: 'noexec', path, by: 'ReadOnlyPaths' }));
}

interface Facts {
  readonly lines: MountLines;
  readonly systemd: number;
  /** Paths that systemd leaves as the host has them mounted. */
  readonly kept: readonly MountEntry[];
  /** The host's; empty where they aren't known. */
  readonly mounts: readonly Mount[];
}

/** Paths on or below that of a claim which stay as the host has them mounted, where that is writable or not known. */
const keptOf = (claim: Claim, { kept, mounts }: Facts, all: readonly Claim[]) =>
  kept
    .filter(({ path }) => claim.is === 'read-only' && covers(claim.path, path))
    .filter(({ path }) => !claim.except.some((above) => covers(above, path)))
    .filter(({ path }) => !all.some((one) => one.is === 'inaccessible' && one.path === path))
    .flatMap((entry) => {
      const mounted = stateOf(mounts, entry.path);
      return mounted ? [{ ...entry, mounted }] : [];
    });

/** Undefined for a path that is read-only, or no mount: that systemd mounts, with the flags that are claimed. */
function stateOf(mounts: readonly Mount[], path: string): Hole['mounted'] {
  if (mounts.length === 0) return 'unknown';
  const mount = mountOf(mounts, path);
  return mount?.path === path && !mount.readOnly ? 'writable' : undefined;
}

const leftOutOf = (claim: Claim, unit: Facts, all: readonly Claim[]): MountEntry[] =>
  claim.leftOut
    .filter(({ path, by }) => by !== '' && path !== claim.path && covers(claim.path, path))
    .map((entry) => openPartOf(entry, unit.lines))
    .filter(({ path }) => !unit.kept.some((kept) => kept.path === path) || claim.is !== 'read-only')
    .filter(({ path }) => !path.includes('%') && !claim.except.some((above) => covers(above, path)))
    .filter(
      (entry) => !isClosed(claim.is, entry, unit, all) && isThere(entry, unit) && !isKeptByOld(claim, unit),
    );

/** The part of /dev that PrivateDevices= takes from the machine: all else there is its own, without a place for files. */
const openPartOf = (entry: MountEntry, lines: MountLines): MountEntry =>
  entry.path === '/dev' && lines.isSet('PrivateDevices') ? { path: '/dev/shm', by: 'PrivateDevices' } : entry;

/** Whether a path with a mount of its own is closed all the same. */
const isClosed = (
  is: Claim['is'],
  { path }: MountEntry,
  { lines, systemd }: Facts,
  all: readonly Claim[],
): boolean =>
  all.some((claim) => claim.path === path && (claim.is === is || claim.is === 'inaccessible')) ||
  (is === 'read-only' && lines.places('BindReadOnlyPaths').includes(path)) ||
  (is === 'noexec' && NEVER_EXECUTABLE.includes(path)) ||
  // Of systemd 252 these file systems can be written to.
  (HOMES.includes(path) && lines.word('ProtectHome') === 'tmpfs' && systemd >= 257);

/** File systems of the kernel that are mounted so that nothing there can be executed. */
const NEVER_EXECUTABLE = ['/proc', '/sys'];

/** systemd 247 mounts nothing on /run along with the kernel's file systems. */
const isThere = ({ path }: MountEntry, { systemd }: Facts): boolean => path !== '/run' || systemd > 247;

/** systemd 252 keeps what is below /usr, /boot and /etc read-only, and leaves it out only where all is to be. */
const isKeptByOld = ({ is, path }: Claim, { lines, systemd }: Facts): boolean =>
  is === 'read-only' &&
  systemd <= 252 &&
  ['yes', 'full'].includes(lines.word('ProtectSystem')) &&
  [...VENDOR, '/etc'].includes(path);

/** Mounts below NoExecPaths= by which the unit's own lines undo it, but for those that it lists: a gap of its own. */
const UNDOING = ['BindPaths', 'BindReadOnlyPaths', 'ReadOnlyPaths', 'ReadWritePaths'];

const isUndone = ({ policy }: ConfinedUnit, values: UnitValues, { is, by, path }: Hole): boolean =>
  is === 'noexec' &&
  UNDOING.includes(by) &&
  !policy.service.some(({ name }) => name === by) &&
  !mountLines(values).places('NoExecPaths').includes(path);

const OPEN = {
  'read-only': { state: 'writable', list: 'BindReadOnlyPaths' },
  noexec: { state: 'executable', list: 'NoExecPaths, too' },
} as const;

/** A bind mount of /run has a second view of the host's files below it, which systemd lays out in /run/systemd. */
const FOR_RUN = 'ReadOnlyPaths';

/** Directives by which a policy itself says what is to be mounted. */
const LISTS = ['ExecPaths', 'NoExecPaths'];

function described({ policy }: ConfinedUnit, holes: readonly Hole[]): Diagnostic {
  const { directive, is, by } = holes[0]!;
  const { state, list: usual } = OPEN[is as keyof typeof OPEN];
  const list = is === 'read-only' && holes.every(({ path }) => path === '/run') ? FOR_RUN : usual;
  const message = `${directive}= leaves ${partsOf(holes)} ${state}`;
  const hint = `list what is to be closed in ${list}${holes.some(isDevices) ? IN_DEVICES : ''}${holes.some(isKept) ? IN_PLACE : ''}`;
  const lineOf = (name: string) => policy.service.find((one) => one.name === name)?.at;
  const own = lineOf(directive) === undefined && LISTS.includes(by);
  if (!own || policy.loosen.some(({ value }) => value === by)) {
    return warning('leaves-open', message, { at: lineOf(directive) ?? lineOf(by), hint });
  }
  const meant = `if it is meant: loosen = ["${by}"] in [service]`;
  return error('loosens', `the unit's ${message}`, { at: lineOf(by), hint: `${hint}; ${meant}` });
}

const isDevices = ({ is, path }: Hole): boolean => is === 'noexec' && path === '/dev';

const isKept = ({ is, by: directive }: Hole): boolean => is === 'noexec' && directive === 'ReadOnlyPaths';

/** Both flags of one path hold with a bind mount: systemd never drops that. */
const IN_PLACE = ', with BindReadOnlyPaths in the place of ReadOnlyPaths';

/** systemd 257 and later keep no flag for /dev where they mount the kernel's file systems anew. */
const IN_DEVICES = ', and of /dev: PrivateDevices = true, and /dev/shm in the list';

const partsOf = (holes: readonly Hole[]): string =>
  [...groupBy(holes, reasonOf)]
    .map(([reason, some]) => `${some.map(({ path }) => printable(path, 60)).join(', ')} (${reason})`)
    .join(', ');

const reasonOf = ({ by, mounted }: Hole): string => (mounted ? MOUNTED[mounted] : `mounted for ${by}=`);

const MOUNTED = {
  writable: 'as the host has it mounted',
  unknown: 'where the host has it mounted so',
} as const;
