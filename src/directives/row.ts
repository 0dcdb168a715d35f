/** The shape of one row of the directive table, and short ways to write rows. */

import type { Lack, Need } from '../target/abilities.js';
import type { EnumValue, OwnKind } from './own-kinds.js';

/** Which units a resource limit counts in (RLIMIT_* in setrlimit(2), as systemd.exec(5) reads them). */
export type LimitUnit = 'bytes' | 'count' | 'seconds' | 'microseconds' | 'nice';

/** How a value is written. `formatDirective` has one function for each type. */
export type ValueKind =
  | { readonly type: 'boolean' }
  /** `boolean`: `true` and `false` are written as `yes` and `no`. `suffix`: a host name may follow, `private:web`. */
  | {
      readonly type: 'enum';
      readonly values: readonly EnumValue[];
      readonly boolean?: boolean;
      readonly suffix?: { readonly after: string; readonly what: 'hostname' };
    }
  | {
      readonly type: 'integer';
      readonly min: number;
      readonly max: number;
      readonly words?: readonly EnumValue[];
    }
  | { readonly type: 'mode' }
  /** `zero`: 0 is a limit too. `off`: the word `off` is the default. */
  | { readonly type: 'size'; readonly zero?: boolean; readonly infinity?: boolean; readonly off?: boolean }
  | { readonly type: 'percent'; readonly max?: number }
  | { readonly type: 'tasks' }
  | {
      readonly type: 'time';
      readonly unit: 'seconds' | 'nanoseconds';
      readonly infinity?: boolean;
      readonly atLeastSecond?: boolean;
    }
  | { readonly type: 'limit'; readonly unit: LimitUnit }
  /** A set of numbers: `0-3 8`. `words`: what may stand in its place. */
  | { readonly type: 'cpus'; readonly words?: readonly EnumValue[] }
  /** Words of a closed table. `boolean`: `true` and `false` are taken in place of a list. */
  | {
      readonly type: 'words';
      readonly of: readonly string[];
      readonly boolean?: boolean;
    }
  /** Words with `~` in front of the list: all but these. */
  | { readonly type: 'capabilities' }
  | { readonly type: 'families' }
  | { readonly type: 'namespaces'; readonly user: boolean }
  | { readonly type: 'filesystems' }
  | { readonly type: 'interfaces' }
  | { readonly type: 'interface' }
  | { readonly type: 'user' }
  | { readonly type: 'groups' }
  /** `word`: what may stand in place of the path. `dash`: `-` in front means that it may be missing. */
  | {
      readonly type: 'path';
      readonly specifiers: boolean;
      readonly word?: string;
      readonly dash?: boolean;
    }
  /** `plus`: `+` may stand in front, and not only `-`; `bare`: not even that. */
  | { readonly type: 'paths'; readonly plus: boolean; readonly bare?: true }
  | { readonly type: 'search-path' }
  | { readonly type: 'binds' }
  | { readonly type: 'tmpfs' }
  /** `symlink`: a second name may follow the directory's. */
  | { readonly type: 'directories'; readonly base: string; readonly symlink: boolean }
  | { readonly type: 'image-options' }
  | { readonly type: 'images'; readonly destination: boolean }
  | { readonly type: 'image-policy' }
  | { readonly type: 'root-hash' }
  | { readonly type: 'signature' }
  | { readonly type: 'label' }
  | { readonly type: 'name'; readonly what: NameShape }
  | { readonly type: 'names' }
  | { readonly type: 'load-credential' }
  | { readonly type: 'set-credential'; readonly encrypted: boolean }
  | { readonly type: 'import-credential' }
  | { readonly type: 'devices' }
  | { readonly type: 'device-value'; readonly value: 'weight' | 'bytes' | 'seconds' }
  | { readonly type: 'prefixes' }
  | { readonly type: 'socket-rules' }
  | { readonly type: 'nft-sets' }
  | { readonly type: 'bpf-programs' }
  | { readonly type: 'bpf-filters' }
  | { readonly type: 'bpf-words'; readonly prefix: string }
  | OwnKind;

/** What a name is of. */
export type NameShape =
  | 'pam'
  | 'log-namespace'
  | 'cgroup'
  | 'slice'
  | 'bus'
  | 'utmp'
  | 'identifier'
  | 'reboot-argument';

/**
 * How systemd joins several assignments, and so what a drop-in must write:
 * `scalar`: the last one holds; `append`: they add up and ours comes on top of the unit's own, because more
 * entries restrict more, or because the directive has no reset of its own; `replace`: they add up, so the
 * drop-in begins with a reset and ours is all there is; `intersect`: an allow list replaces, a list that
 * begins with `~` is taken from what the unit has.
 */
export type Merge = 'scalar' | 'append' | 'replace' | 'intersect';

/**
 * How `loosens` compares the policy's value with the unit's own.
 * `ranks`: by rank, higher is stricter in every component, `unset` is what a unit without the directive has;
 * `fixed`: what the unit sets stays; `neutral`: not a matter of confinement.
 */
export type Strictness =
  | {
      readonly rule: 'ranks';
      readonly ranks: Readonly<Record<string, readonly number[]>>;
      readonly unset: string;
    }
  | { readonly rule: 'namespace-path'; readonly own: string }
  | {
      readonly rule:
        | 'neutral'
        | 'fixed'
        | 'restricts'
        | 'set'
        | 'granted-set'
        | 'ambient'
        | 'secure-bits'
        | 'delegate'
        | 'user'
        | 'groups'
        | 'umask'
        | 'mode'
        | 'limit'
        | 'device-limit'
        | 'write-paths'
        | 'exec-paths'
        | 'directories'
        | 'binds'
        | 'read-only-binds'
        | 'devices'
        | 'addresses'
        | 'socket-rules'
        | 'grants';
    };

/** A property of org.freedesktop.systemd1.Service. */
export interface BusProperty {
  readonly property: string;
  /** As GetAll returns it. */
  readonly signature: string;
  /** What StartTransientUnit takes, where that differs. */
  readonly write?: string;
  /** First systemd that has it, where it is younger than the directive. */
  readonly since?: number;
}

export interface Directive {
  readonly name: string;
  readonly kind: ValueKind;
  /** First systemd that knows it; 183 stands for "183 or before". */
  readonly since: number;
  /** First systemd that ignores it again. */
  readonly until?: number;
  /** The right-hand side that takes earlier assignments back; without it nothing does. */
  readonly reset?: '' | 'no';
  readonly merge: Merge;
  readonly strictness: Strictness;
  /** The property that carries the value, and those that carry what it has no room for. */
  readonly bus: BusProperty;
  readonly more?: readonly BusProperty[];
  /**
   * A value that systemd refuses makes it drop the rest of the file, not only the line: write it after all others. A
   * good value may turn bad on the target, `User=%i` in a unit without an instance.
   */
  readonly fatal?: true;
  /** Without these it isn't in force, or not all of it. */
  readonly needs?: readonly Need[];
  /** The unit's processes get a mount namespace of their own. */
  readonly mountNamespace?: true;
  /** Without a mount namespace, but nonetheless in the user manager only with a user namespace (PrivateUsers=). */
  readonly userNamespace?: true;
  /** Why no kernel puts it into force, and what does. */
  readonly idle?: Lack;
  /** The user manager can't put it into force, or not before this version. */
  readonly systemOnly?: true | { readonly before: number };
  /** The manual page that describes it: those of systemd.unit(5) are in [Unit], all others in [Service]. */
  readonly man:
    | 'systemd.exec'
    | 'systemd.kill'
    | 'systemd.resource-control'
    | 'systemd.service'
    | 'systemd.unit';
  /** Its values are written as those of another directive, which it adds up with. */
  readonly writtenAs?: string;
  /** A value as a policy writes it. */
  readonly example: unknown;
}

type Traits = Partial<Omit<Directive, 'name' | 'since' | 'kind' | 'example'>>;

/**
 * A row with the most common traits: a scalar without a reset, of systemd.exec(5), a matter of confinement
 * only if `traits` says so, a string on the bus under its own name.
 */
export function row(
  name: string,
  since: number,
  kind: ValueKind,
  example: unknown,
  traits: Traits = {},
): Directive {
  return {
    name,
    since,
    kind,
    example,
    merge: 'scalar',
    strictness: NEUTRAL,
    bus: on(name, 's'),
    man: 'systemd.exec',
    ...traits,
  };
}

export const on = (property: string, signature: string): BusProperty => ({ property, signature });

export const BOOLEAN: ValueKind = { type: 'boolean' };
const NEUTRAL: Strictness = { rule: 'neutral' };
export const FIXED: Strictness = { rule: 'fixed' };
export const RESTRICTS: Strictness = { rule: 'restricts' };
export const YES_RESTRICTS: Strictness = { rule: 'ranks', ranks: { no: [0], yes: [1] }, unset: 'no' };
export const NO_RESTRICTS: Strictness = { rule: 'ranks', ranks: { yes: [0], no: [1] }, unset: 'no' };

/** A boolean that confines when it is on. */
export const restriction = (name: string, since: number, traits: Traits = {}): Directive =>
  row(name, since, BOOLEAN, true, { bus: on(name, 'b'), strictness: YES_RESTRICTS, ...traits });

/** A boolean that doesn't confine. */
export const toggle = (name: string, since: number, traits: Traits = {}): Directive =>
  row(name, since, BOOLEAN, true, { bus: on(name, 'b'), ...traits });

/** A span of time that has no end by `infinity`: `RestartSec` is RestartUSec on the bus. */
export const time = (name: string, since: number, traits: Traits = {}): Directive =>
  row(`${name}Sec`, since, { type: 'time', unit: 'seconds', infinity: true }, '10s', {
    bus: on(`${name}USec`, 't'),
    ...traits,
  });

/** An enumeration; a plain word is as old as the directive. */
export function oneOf(words: readonly (string | EnumValue)[], boolean = false): ValueKind {
  const values = words.map((word) => (typeof word === 'string' ? { value: word } : word));
  return boolean ? { type: 'enum', values, boolean } : { type: 'enum', values };
}

/** Ranks of words, weakest first; `unset` is what a unit without the directive has. */
export const weakestFirst = (words: readonly string[], unset: string): Strictness => ({
  rule: 'ranks',
  ranks: Object.fromEntries(words.map((word, rank) => [word, [rank]])),
  unset,
});
