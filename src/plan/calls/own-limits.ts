import type { Diagnostic } from '../../diagnostic.js';
import { type Action, ALLOW, errnoAction, KILL } from '../../syscalls/action.js';
import type { OwnLimits } from '../../syscalls/named-policy.js';
import { callNames } from '../../syscalls/numbers.js';
import { callsInSets, type SyscallSets } from '../../syscalls/sets.js';
import type { EffectiveUnit } from '../../unit/effective.js';
import { ownArchitectures, ownErrorNumber, ownSyscallFilter } from '../../unit/own-filter.js';
import { unlistedInAllowList } from './left-to-launcher.js';

/** The limits of a unit's own filter, with diagnostics about words that systemd skips: those refuse nothing. */
export interface OwnFilter extends OwnLimits {
  readonly ignored: readonly Diagnostic[];
}

/**
 * The refusals of a unit's own SystemCallFilter=, SystemCallErrorNumber= and SystemCallArchitectures=, as this version
 * of systemd enforces them; undefined if there are none.
 */
export function ownLimits(unit: EffectiveUnit, sets: SyscallSets, systemd: number): OwnFilter | undefined {
  const filter = ownSyscallFilter(unit, sets, systemd);
  const named = ownArchitectures(unit);
  const architectures = named.length > 0 ? named : undefined;
  if (!filter && !architectures) return undefined;
  const refused = actionOf(ownErrorNumber(unit));
  const unnamed = filter?.mode === 'allow' ? refused : ALLOW;
  const unlisted = unnamed === ALLOW ? ALLOW : unlistedInAllowList(systemd, unnamed);
  const known = callsInSets(sets);
  // systemd answers calls that it doesn't know like unknown numbers.
  const newer = unlisted === unnamed ? [] : [...callNames()].filter((call) => !known.has(call));
  const limit = (call: string): Action => {
    const entry = filter?.entries.get(call);
    if (!filter || !entry) return known.has(call) ? unnamed : unlisted;
    if (entry.errno !== undefined) return actionOf(entry.errno);
    return filter.mode === 'allow' ? ALLOW : refused;
  };
  return {
    limit,
    calls: [...(filter?.entries.keys() ?? []), ...newer],
    unnamed,
    unlisted,
    architectures,
    ignored: filter?.ignored ?? [],
  };
}

const actionOf = (errno: number | 'kill'): Action => (errno === 'kill' ? KILL : errnoAction(errno));
