/** Questions to a profile, whose answers prove directives. */

import type { Kind } from '../../../../observe/recording/kinds.js';
import type { PathUse, RecordedPath, RecordedPeer } from '../../../../observe/recording/recording.js';
import { ownValues } from '../../../../plan/unit-values.js';
import { findDirective } from '../../../../systemd/directives/table.js';
import { normalize } from '../../../../systemd/unit/path.js';
import type { Scope } from '../../../../systemd/unit/search.js';
import { covers, isOn, lastOf, type UnitValues } from '../../../../systemd/unit/values.js';
import { valuesOf } from '../arguments.js';
import { whyIncomplete } from '../incomplete.js';
import type { PolicyRequest, ProfilePart } from '../input.js';
import { counted, span } from '../text/spans.js';

/** A directive's value with the reason for it, or the reason why it isn't stated. */
export type DirectiveVerdict =
  | { readonly value: string | boolean | readonly string[]; readonly why: string }
  | { readonly not: string };

/** The check of one directive. */
export interface DirectiveCheck {
  readonly name: string;
  /** The value that a comment shows where it isn't stated. */
  readonly wanted: string | boolean;
  /** Kinds of evidence without which nothing is proved. */
  readonly by: readonly Kind[];
  /** Undefined where the directive would say nothing. */
  readonly check: (facts: ProfileFacts) => DirectiveVerdict | undefined;
  /** Whether a short watch can't prove it, since services do more on other days. */
  readonly waits?: true;
  /** A weaker line until then. */
  readonly meanwhile?: (facts: ProfileFacts) => DirectiveVerdict | undefined;
}

/** The uses of a path that change something. */
const CHANGES: ReadonlySet<PathUse> = new Set(['write', 'create-in', 'change-directory', 'change-attribute']);
/** Files of the kernel's own file systems, which have a path nowhere: memfd_create(2), shmget(2), aio and the like. */
const NAMELESS = /^\/(?:memfd:|SYSV[\da-f]{8}|\[|anon_|dmabuf:)/;
const ENOENT = 2;

/**
 * Errnos of uses that failed though something is there: ENXIO of a FIFO without a reader, EBUSY, EEXIST, EISDIR, EINVAL of
 * readlink(2) on what is no link, ETXTBSY, ENOTEMPTY, ELOOP of a link that isn't to be followed.
 */
const IS_THERE: readonly (number | undefined)[] = [6, 16, 17, 21, 22, 26, 39, 40];

/** Calls that make a file without opening it, with the place of the argument that has its mode. */
export const MAKING: readonly (readonly [call: string, argument: number])[] = [
  ['mkdir', 1],
  ['mkdirat', 2],
  ['mknod', 1],
  ['mknodat', 2],
];

export class ProfileFacts {
  readonly profile: ProfilePart;
  readonly unit: UnitValues;
  readonly paths: readonly RecordedPath[];
  readonly peers: readonly RecordedPeer[];
  readonly #request: PolicyRequest;
  readonly #calls: ReadonlySet<string>;

  constructor(request: PolicyRequest) {
    const { profile, effective } = request;
    this.#request = request;
    this.profile = profile;
    this.unit = ownValues(effective);
    this.paths = profile.paths
      .filter(({ path }) => path.startsWith('/') && !NAMELESS.test(path))
      .map((entry) => ({ ...entry, path: plainPath(entry.path) }));
    this.peers = profile.peers.map((peer) =>
      peer.address.startsWith('/') ? { ...peer, address: plainPath(peer.address) } : peer,
    );
    this.#calls = new Set(profile.calls.map(({ name }) => name));
  }

  get scope(): Scope {
    return this.#request.target.scope;
  }

  /** The target's version. */
  get systemd(): number {
    return this.#request.target.systemd;
  }

  /** Whether addresses are confined. */
  get addresses(): boolean {
    return this.#request.options?.addresses ?? false;
  }

  /** The reason why the service may make code at run time. */
  get codeMaker(): string | undefined {
    return this.#request.codeMaker;
  }

  /** Whether the file of a program is known to have no set-user-ID and no set-group-ID bit. */
  isPlain(program: string): boolean {
    return this.#request.plainPrograms?.has(program) ?? false;
  }

  /** The time of the watch in words: `7 d`. */
  get time(): string {
    return span(this.profile.seconds);
  }

  /** The amount of paths that were looked at: `7 d (412,000 uses of paths)`. */
  get pathTime(): string {
    const uses = this.paths.reduce((sum, { count }) => sum + count, 0);
    return `${this.time} (${counted(uses, 'use')} of paths)`;
  }

  /** Whether the policy shall not have a directive. */
  isOmitted(directive: string): boolean {
    return this.#request.options?.omitted?.has(directive) ?? false;
  }

  whyIncomplete(kinds: readonly Kind[]): string | undefined {
    return kinds.map((kind) => whyIncomplete(this.profile, kind)).find((reason) => reason !== undefined);
  }

  /** The first of these calls that was made. */
  made(...calls: readonly string[]): string | undefined {
    return calls.find((call) => this.#calls.has(call));
  }

  /** Whether the program may make a call, as far as is known. */
  reaches(call: string): boolean {
    const { reachable } = this.#request;
    return reachable === 'unknown' || reachable.has(call);
  }

  /** The values of an argument; undefined where some may be missing. */
  values(call: string, position: number): readonly bigint[] | undefined {
    return valuesOf(this.profile, call, position);
  }

  /** Uses that succeeded of paths below one of these, themselves included. */
  below(...roots: readonly string[]): RecordedPath[] {
    return this.paths.filter((entry) => succeeded(entry) && isBelow(entry.path, roots));
  }

  /** Uses of paths below one of these that found something, be it that they failed: it must not be hidden. */
  foundBelow(...roots: readonly string[]): RecordedPath[] {
    return this.paths.filter(
      (entry) => (succeeded(entry) || IS_THERE.includes(entry.errno)) && isBelow(entry.path, roots),
    );
  }

  /** Uses of paths below one of these that the service lived without: nothing was there. */
  missingBelow(...roots: readonly string[]): RecordedPath[] {
    return this.paths.filter(({ path, errno }) => errno === ENOENT && isBelow(path, roots));
  }

  /** Uses below one of these that changed something. */
  changedBelow(...roots: readonly string[]): RecordedPath[] {
    return this.paths.filter((entry) => isChange(entry) && isBelow(entry.path, roots));
  }

  /** UNIX sockets below one of these. */
  socketsBelow(...roots: readonly string[]): RecordedPeer[] {
    return this.peers.filter(({ address, errno }) => errno === undefined && isBelow(address, roots));
  }

  /** The calls for which a capability was granted; undefined where it wasn't. A page fault is no call. */
  granted(name: string): readonly string[] | undefined {
    const entries = this.profile.capabilities.filter((entry) => entry.name === name && entry.granted);
    return entries.length > 0 ? entries.flatMap(({ calls }) => calls) : undefined;
  }

  /** Whether a capability was asked for in vain. */
  wasRefused(name: string): boolean {
    return this.profile.capabilities.some((entry) => entry.name === name && !entry.granted);
  }

  /** Of names of a list, those that the unit's own value of a directive lets through. */
  permitted(directive: string, names: readonly string[]): readonly string[] {
    const row = findDirective(directive)!;
    const own = this.unit.get(directive) ?? [];
    const permitted = own.length > 0 ? row.kind.permitted!(row, own) : undefined;
    return permitted ? names.filter((name) => permitted.names.has(name) === permitted.only) : names;
  }

  isOn(directive: string): boolean {
    return isOn(this.unit, directive);
  }

  last(directive: string): string {
    return lastOf(this.unit, directive);
  }
}

const succeeded = ({ use, errno }: RecordedPath): boolean => errno === undefined && use !== 'failed';

/** Directories whose files others own, too: of these the file alone is meant. */
export const PARENTS_OF_MANY = [
  ...['/', '/etc', '/usr', '/var', '/opt', '/srv', '/home', '/mnt', '/media', '/boot'],
];

/** Directories of ProtectHome= (systemd.exec(5)), which ProtectSystem=strict leaves as they are. */
export const HOMES = ['/home', '/root', '/run/user'];

const EROFS = 30;

/**
 * Whether a use changed something, or would have if the place weren't read-only, as under an earlier policy. A directory
 * that could not be made, since it exists, changed nothing.
 */
export const isChange = ({ use, errno }: RecordedPath): boolean =>
  CHANGES.has(use) && (errno === undefined || errno === EROFS);

export const isBelow = (path: string, roots: readonly string[]): boolean =>
  roots.some((root) => covers(root, path));

/** Whether a path lies below one of many, in time that depends on its depth alone. */
export function isInside(path: string, above: ReadonlySet<string>): boolean {
  let end = path.lastIndexOf('/');
  while (end > 0) {
    if (above.has(path.slice(0, end))) return true;
    end = path.lastIndexOf('/', end - 1);
  }
  return path !== '/' && above.has('/');
}

/** A path by plain steps, and by the name that `/var/run` links to. */
export const plainPath = (path: string): string => normalize(path).replace(/^\/var\/run(?=\/|$)/, '/run');

export const proved = (
  value: Exclude<DirectiveVerdict, { not: string }>['value'],
  why: string,
): DirectiveVerdict => ({
  value,
  why,
});

export const not = (reason: string): DirectiveVerdict => ({ not: reason });

/** Calls that a directive closes, capabilities that it takes, and places that it closes to any use or to changes. */
export interface Closing {
  readonly calls?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly hidden?: readonly string[];
  readonly unchanged?: readonly string[];
  /** A further reason. */
  readonly also?: (facts: ProfileFacts) => string | undefined;
}

/** The first thing that a directive would close; undefined if the service needs none of it. */
export function needed(facts: ProfileFacts, closing: Closing): string | undefined {
  const { calls = [], capabilities = [], hidden = [], unchanged = [] } = closing;
  const call = facts.made(...calls);
  if (call !== undefined) return `${call} was called`;
  const capability = capabilities.find((name) => facts.granted(name) !== undefined);
  if (capability !== undefined) return `${capability} was used`;
  const [used] = facts.below(...hidden);
  if (used) return `${used.path} was used`;
  const [changed] = facts.changedBelow(...unchanged);
  return changed ? `${changed.path} was changed` : closing.also?.(facts);
}
