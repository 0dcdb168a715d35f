import { lazily } from '../../../collections.js';
import type { Directive } from '../directive.js';
import { findDirective } from '../table.js';
import { running } from './running.js';
import { streams } from './streams.js';
import { condition, unitSettings } from './unit-settings.js';

/** Every directive that is a unit's own, conditions aside: a policy takes none of them, a transient unit does. */
export const ownDirectives = lazily((): readonly Directive[] => [
  ...running(),
  ...streams(),
  ...unitSettings(),
]);

const byName = lazily(
  (): ReadonlyMap<string, Directive> => new Map(ownDirectives().map((row) => [row.name, row])),
);

/** The row of a directive that a transient unit may have, SystemCallFilter= and its kin aside. */
export const findTransient = (name: string): Directive | undefined =>
  findDirective(name) ?? byName().get(name) ?? condition(name);
