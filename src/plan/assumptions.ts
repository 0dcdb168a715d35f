import { type Diagnostic, warning } from '../diagnostic.js';
import { findDirective } from '../systemd/directives/table.js';
import { describeNeed, type Need } from '../systemd/target/abilities.js';
import type { Target } from '../systemd/target/target.js';
import type { PlannedDirective } from './plan.js';

/**
 * One warning about abilities that an offline target is assumed to have: systemd skips in silence what it can't do.
 * @param loadsFilter whether systemd is to load the filter of `[syscalls]`
 */
export function assumptions(
  { abilities: { assumed } }: Target,
  directives: readonly PlannedDirective[],
  loadsFilter: boolean,
): Diagnostic[] {
  const needed = new Map<Need, string[]>(loadsFilter ? [['seccomp', ['SystemCallFilter=']]] : []);
  for (const { name } of directives) {
    for (const need of findDirective(name)?.needs ?? []) {
      needed.set(need, [...(needed.get(need) ?? []), `${name}=`]);
    }
  }
  const taken = [...needed].filter(([need]) => assumed.has(need));
  if (taken.length === 0) return [];
  const list = taken.map(([need, names]) => `${describeNeed(need)} (for ${names.join(', ')})`);
  const hint =
    'run plan on the target itself to be sure: systemd silently skips directives that it cannot enforce';
  return [warning('assumed', `this plan assumes that the target has ${list.join('; ')}`, { hint })];
}
