/** The shape of one row of the directive table, of the kind of value that it has, and of how strict values are. */

import type { Diagnostic, Location } from '../../diagnostic.js';
import type { Lack, Need } from '../target/abilities.js';
import type { UnitProperty } from '../unit/unit-property.js';
import type { UnitValues } from '../unit/values.js';

/** One word that an enumeration takes, with the first systemd that knows it (unset: as old as the directive). */
export interface EnumValue {
  readonly value: string;
  readonly since?: number;
}

/** Something of a value that may be younger than its directive: the first systemd that knows it, and its name. */
export interface YoungPart {
  readonly since: number;
  readonly what: string;
}

/** The directive and the place of a value that is read; problems and needs collect in it. */
export interface ValueReading {
  readonly row: Directive;
  readonly at: Location;
  readonly problems: Diagnostic[];
  readonly needs: YoungPart[];
}

/** A property of the unit; undefined where the manager has none of this name. */
export type Get = (property: string) => unknown;

/** Names that a set lets through: all but some, or none but some. */
export interface Permitted {
  readonly only: boolean;
  readonly names: ReadonlySet<string>;
}

/** Properties by their names; undefined where a text means something that the bus has no value for. */
export type WrittenProperties = readonly UnitProperty[] | undefined;

/**
 * @param values right-hand sides that add up, or of which the last holds; none is empty
 * @param systemd the major version that gets the properties
 */
export type WriteDirective = (
  row: Directive,
  values: readonly string[],
  systemd: number,
) => WrittenProperties;

/** A kind of value: how it is checked and written, how it goes to systemd by the bus, and how it is read back. */
export interface ValueKind {
  readonly type: string;
  /** The type of its property on the bus, as D-Bus writes it. */
  readonly signature: string;
  /** The right-hand sides of a policy's value; undefined, with a problem in the reading, if it is wrong. */
  readonly format: (reading: ValueReading, value: unknown) => string[] | undefined;
  /** The properties of a transient unit that mean these right-hand sides. */
  readonly write: WriteDirective;
  /**
   * Whether the manager has what right-hand sides, empty ones included, say. It is undefined for values that only a
   * transient unit's own directives have: they are not read back.
   */
  readonly isLoaded?: (row: Directive, values: readonly string[], get: Get) => boolean;
  /** For a list that `~` turns around: the names that it lets through after these right-hand sides. */
  readonly permitted?: (row: Directive, values: readonly string[]) => Permitted;
  /** Whether a loaded value leaves the service as it would be without; unset where {@link isOn} can tell. */
  readonly isOff?: (value: unknown) => boolean;
  /** The words of an enumeration. */
  readonly words?: readonly EnumValue[];
  /** It is a boolean, or takes one in place of a word. */
  readonly boolean?: boolean;
  /** A later element takes the place of an earlier one with the same first field. */
  readonly keyed?: true;
  /** The directory that its names are below. */
  readonly base?: string;
}

/**
 * How systemd joins several assignments, and so what a drop-in must write:
 * `scalar`: the last one holds; `append`: they add up and ours comes on top of the unit's own, because more
 * entries restrict more, or because the directive has no reset of its own; `replace`: they add up, so the
 * drop-in begins with a reset and ours is all there is; `intersect`: an allow list replaces, a list that
 * begins with `~` is taken from what the unit has.
 */
export type Merge = 'scalar' | 'append' | 'replace' | 'intersect';

/** One directive: what the unit has, and what it would have with the policy's drop-in. */
export interface DirectiveComparison {
  readonly row: Directive;
  readonly before: readonly string[];
  /** The policy's value, as `formatDirective` writes it. */
  readonly after: readonly string[];
  /** The lines of the drop-in. */
  readonly emitted: readonly string[];
  readonly unit: UnitValues;
}

/** Why the policy's value is weaker than the unit's own, else undefined. */
export type WeakerRule = (comparison: DirectiveComparison) => string | undefined;

/** How `loosens` compares the policy's value with the unit's own. */
export interface Strictness {
  readonly weaker: WeakerRule;
  /** The directive takes something from a service. Others give something that another directive closes. */
  readonly takes: boolean;
  /** Of a word: higher is more restrictive in every component. */
  readonly ranks?: Readonly<Record<string, readonly number[]>>;
  /** The word that a unit without the directive has. */
  readonly unset?: string;
}

/** A property of org.freedesktop.systemd1.Service. */
export interface BusProperty {
  readonly property: string;
  /** As GetAll returns it. */
  readonly signature: string;
  /** The type that StartTransientUnit takes, where it differs. */
  readonly write?: string;
  /** First systemd that has it, where it is younger than the directive. */
  readonly since?: number;
}

export interface Directive {
  readonly name: string;
  readonly kind: ValueKind;
  /** First systemd that knows it; 183 means "183 or before". */
  readonly since: number;
  /** First systemd that ignores it again. */
  readonly until?: number;
  /** The right-hand side that takes earlier assignments back; without it nothing does. */
  readonly reset?: '' | 'no';
  readonly merge: Merge;
  /** Without it, the directive is not a matter of confinement. */
  readonly strictness?: Strictness;
  /** A directive that makes this one more restrictive when the unit is loaded (unit_patch_contexts() of systemd). */
  readonly impliedBy?: string;
  /** The property that carries the value, and those that carry what it has no room for. */
  readonly bus: BusProperty;
  readonly more?: readonly BusProperty[];
  /**
   * A value that systemd refuses makes it drop the rest of the file, not only the line: write it after all others. A
   * good value may turn bad on the target, `User=%i` in a unit without an instance.
   */
  readonly fatal?: true;
  /** Calls, and sets of them, that systemd's own filter for it refuses, with some arguments at least (seccomp-util.c). */
  readonly refuses?: readonly string[];
  /** Without these it isn't in force, or not all of it. */
  readonly needs?: readonly Need[];
  /** The unit's processes get a mount namespace of their own. */
  readonly mountNamespace?: true;
  /** Without a mount namespace, but nonetheless in the user manager only with a user namespace (PrivateUsers=). */
  readonly userNamespace?: true;
  /** Why no kernel puts it into force, and what does. */
  readonly ineffective?: Lack;
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
