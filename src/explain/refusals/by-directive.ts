/** The directive that made the kernel refuse something to a unit's processes, and the line that would allow it. */

import type { Location } from '../../diagnostic.js';
import { ERRNO, type Refusal, type RefusedAddress, type RefusedPath } from '../../observe/refusals.js';
import type { Policy } from '../../policy/policy.js';
import type { Get } from '../../systemd/directives/directive.js';
import { CAPABILITIES, TAKEN } from '../../systemd/directives/kinds/names/capabilities.js';
import { isSet, loadedLines } from '../../systemd/directives/loaded.js';
import { bitsOf } from '../../systemd/directives/values/bus.js';
import {
  allExpected,
  type ExpectedMount,
  type MountLines,
  writable,
} from '../../systemd/directives/values/mounts.js';
import { folderOf } from '../../systemd/unit/path.js';
import { covers } from '../../systemd/unit/values.js';

/** A change of `[service]` that would allow what was refused. */
export type ServiceChange =
  /** Adds a word to a directive's list. */
  | { readonly does: 'add'; readonly name: string; readonly word: string }
  /** Gives a directive a weaker value. */
  | { readonly does: 'set'; readonly name: string; readonly value: string }
  | { readonly does: 'leave out'; readonly name: string };

export interface DirectiveCause {
  readonly directive: string;
  /** The directive with the part of its value that counts: `ProtectSystem=strict`. */
  readonly what: string;
  /** The line of the policy; undefined for a line of the unit's own files. */
  readonly at: Location | undefined;
  /** False where a file's mode, or a right that the program's user lacks, may have been the reason. */
  readonly certain: boolean;
  readonly change: ServiceChange;
}

/** A unit as the manager has loaded it, and its policy. */
export interface LoadedUnit {
  readonly get: Get;
  readonly policy: Pick<Policy, 'service'>;
  /** The folders that the unit's own are below; undefined for those of the system's manager. */
  readonly bases?: ReadonlyMap<string, string> | undefined;
}

/**
 * The directive that refused something.
 * @returns undefined where no directive did: a file's mode, or another program
 */
export function directiveCause(refusal: Refusal, unit: LoadedUnit): DirectiveCause | undefined {
  const lines = loadedLines(unit.get, unit.bases);
  const found = causeIn(refusal, unit.get, lines);
  if (found === undefined) return undefined;
  const entry = unit.policy.service.findLast(({ name }) => name === found.directive);
  return { certain: true, ...found, at: entry?.at };
}

type Found = Omit<DirectiveCause, 'at' | 'certain'> & { readonly certain?: boolean };

function causeIn(refusal: Refusal, get: Get, lines: MountLines): Found | undefined {
  if (refusal.kind === 'path') return pathCause(refusal, get, lines);
  if (refusal.kind === 'address') return addressCause(refusal, get, lines);
  if (refusal.kind === 'capability') return capabilityCause(refusal.capability, get, lines);
  // The lists of calls explain what a filter refused.
  if (refusal.byFilter || !MAPS.includes(refusal.call) || !lines.isSet(NO_WRITE_AND_EXECUTE))
    return undefined;
  return { directive: NO_WRITE_AND_EXECUTE, ...leftOut(NO_WRITE_AND_EXECUTE) };
}

const NO_WRITE_AND_EXECUTE = 'MemoryDenyWriteExecute';

/** Calls that make memory executable. */
const MAPS: readonly string[] = ['mmap', 'mmap2', 'mprotect', 'pkey_mprotect', 'shmat'];

const leftOut = (name: string, what = `${name}=`) => ({
  what,
  change: { does: 'leave out', name } as const,
});

/** The kinds of mounts that answer so. */
function answering({ errno, wish }: RefusedPath): readonly ExpectedMount['is'][] {
  if (errno === ERRNO.EROFS) return ['read-only', 'private'];
  if (errno === ERRNO.EACCES && wish === 'execute') return ['noexec', 'inaccessible'];
  return errno === ERRNO.EPERM ? [] : ['inaccessible', 'private'];
}

function pathCause(refusal: RefusedPath, get: Get, lines: MountLines): Found | undefined {
  const { path, errno, capability, isRoot } = refusal;
  const claim = closing(refusal, lines);
  if (claim !== undefined)
    return {
      directive: claim.by,
      ...mountChange(claim, refusal, lines),
      certain: errno !== ERRNO.EACCES || isRoot,
    };
  if (isRoot && capability !== undefined) return capabilityCause(capability, get, lines);
  return errno === ERRNO.EPERM && path.startsWith('/dev/') ? deviceCause(path, lines) : undefined;
}

/** The mount that closes a path for a purpose: the deepest, unless another one opens it again. */
function closing(refusal: RefusedPath, lines: MountLines): ExpectedMount | undefined {
  const { path, errno } = refusal;
  const kinds = answering(refusal);
  const claims = allExpected(lines).filter(
    (claim) =>
      kinds.includes(claim.is) && covers(claim.path, path) && !claim.except.some((one) => covers(one, path)),
  );
  const claim = claims.toSorted((a, b) => b.path.length - a.path.length)[0];
  if (claim === undefined || errno !== ERRNO.EROFS) return claim;
  const opened = writable(lines).find((one) => one.path.length > claim.path.length && covers(one.path, path));
  return opened ? undefined : claim;
}

/** Directives whose value lists paths. */
const LISTS: readonly string[] = ['InaccessiblePaths', 'NoExecPaths', 'ReadOnlyPaths', 'TemporaryFileSystem'];

function mountChange(claim: ExpectedMount, { path, wish, errno }: RefusedPath, lines: MountLines) {
  const { by, is } = claim;
  const value = LISTS.includes(by) ? claim.path : lines.word(by);
  const what = `${by}=${value === 'yes' || value === '' ? '' : value}`;
  if (by === 'ProtectHome') {
    const reads = wish === 'read' || wish === 'look at' || wish === 'enter';
    if (is !== 'read-only' && reads)
      return { what, change: { does: 'set', name: by, value: 'read-only' } as const };
    return leftOut(by, what);
  }
  const isOfKernel = by === 'ProtectKernelTunables' || by === 'ProtectControlGroups';
  if (errno === ERRNO.EROFS && is === 'read-only' && !isOfKernel)
    return { what, change: { does: 'add', name: 'ReadWritePaths', word: folderToOpen(path, wish) } as const };
  if (is === 'noexec') return { what, change: { does: 'add', name: 'ExecPaths', word: path } as const };
  return leftOut(by, what);
}

/** Folders in which many programs have files. */
export const SHARED: ReadonlySet<string> = new Set([
  ...['/', '/boot', '/etc', '/home', '/media', '/mnt', '/opt', '/root', '/run', '/srv', '/usr', '/var'],
  ...['/usr/bin', '/usr/lib', '/usr/local', '/usr/share', '/var/cache', '/var/lib', '/var/log', '/var/spool'],
]);

/** The smallest folder that makes sense: a file's own, unless other programs have files in it, too. */
function folderToOpen(path: string, wish: RefusedPath['wish']): string {
  const isFile = wish === 'write' || wish === 'change';
  const folder = isFile ? folderOf(path) : path;
  return folder === '' || SHARED.has(folder) ? path : folder;
}

/** With DevicePolicy=auto, devices are closed where some directive allows one: ProtectClock= does. */
function deviceCause(path: string, lines: MountLines): Found | undefined {
  const policy = lines.word('DevicePolicy');
  const isClosed = policy === 'closed' || policy === 'strict';
  const implying = ['PrivateDevices', 'ProtectClock', 'DeviceAllow'].find((name) => lines.isSet(name));
  const directive = isClosed ? 'DevicePolicy' : implying;
  if (directive === undefined) return undefined;
  const what = `${directive}=${isClosed ? policy : ''}`;
  return { directive, what, change: { does: 'add', name: 'DeviceAllow', word: `${path} rw` } };
}

function capabilityCause(capability: string, get: Get, lines: MountLines): Found | undefined {
  const taker = [...TAKEN].find(([by, names]) => lines.isSet(by) && names.includes(capability))?.[0];
  if (taker !== undefined) return { directive: taker, ...leftOut(taker) };
  const number = CAPABILITIES.indexOf(capability);
  const bounding = get(BOUNDING);
  const isBound = bounding !== undefined && !bitsOf(bounding).includes(number);
  if (isBound)
    return {
      directive: BOUNDING,
      what: `${BOUNDING}=`,
      change: { does: 'add', name: BOUNDING, word: capability },
    };
  // In a user namespace of its own it has the capability, and it reaches no further.
  return lines.isSet('PrivateUsers')
    ? { directive: 'PrivateUsers', ...leftOut('PrivateUsers'), certain: false }
    : undefined;
}

const BOUNDING = 'CapabilityBoundingSet';

function addressCause(
  { use, errno, port, address }: RefusedAddress,
  get: Get,
  lines: MountLines,
): Found | undefined {
  if (errno === ERRNO.ENETUNREACH)
    return lines.isSet('PrivateNetwork')
      ? { directive: 'PrivateNetwork', ...leftOut('PrivateNetwork') }
      : undefined;
  if (errno !== ERRNO.EPERM) return undefined;
  const [directive, change]: [string, ServiceChange] =
    use === 'bind'
      ? ['SocketBindDeny', { does: 'add', name: 'SocketBindAllow', word: String(port ?? '') }]
      : ['IPAddressDeny', { does: 'add', name: 'IPAddressAllow', word: address }];
  return isSet(get, directive) ? { directive, what: `${directive}=`, change } : undefined;
}
