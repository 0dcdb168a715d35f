import type { Directive } from '../directive.js';
import { findDirective } from '../table.js';
import { RUNNING } from './running.js';
import { STREAMS } from './streams.js';
import { UNIT_SETTINGS } from './unit-settings.js';

/** Every directive that is a unit's own: a policy takes none of them, a transient unit does. */
export const OWN_DIRECTIVES: readonly Directive[] = [...RUNNING, ...STREAMS, ...UNIT_SETTINGS];

const BY_NAME: ReadonlyMap<string, Directive> = new Map(OWN_DIRECTIVES.map((row) => [row.name, row]));

/** The row of a directive that a transient unit may have, SystemCallFilter= and its kin aside. */
export const findTransient = (name: string): Directive | undefined =>
  findDirective(name) ?? BY_NAME.get(name);
