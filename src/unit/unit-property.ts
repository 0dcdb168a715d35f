/** A property of a transient unit, for the manager's StartTransientUnit(). */
export interface UnitProperty {
  readonly name: string;
  /** The D-Bus type: `a(ss)`. */
  readonly signature: string;
  /** The value: structs are arrays, 64-bit numbers may be bigint, bytes are numbers. */
  readonly value: unknown;
}
