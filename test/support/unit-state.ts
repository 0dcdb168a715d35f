import { parseUnitState, type UnitState } from '../../src/machine/unit-state.js';

/** A unit that has some properties, by their names on the bus, and no others. */
export const unitState = (properties: Readonly<Record<string, unknown>> = {}): UnitState =>
  parseUnitState(new Map(Object.entries(properties)));
