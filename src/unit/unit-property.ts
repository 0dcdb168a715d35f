/** A property of a transient unit, as StartTransientUnit of the manager takes it. */
export interface UnitProperty {
  readonly name: string;
  /** Its type, as D-Bus writes it: `a(ss)`. */
  readonly signature: string;
  /** Structs are arrays, 64-bit numbers may be bigint, bytes are numbers. */
  readonly value: unknown;
}
