import type { Diagnostic } from '../../diagnostic.js';
import { EVERY_ARCHITECTURE } from '../../seccomp/syscalls/abi.js';
import { type Action, ALLOW, errnoAction, KILL } from '../../seccomp/syscalls/action.js';
import type { NamedPolicy } from '../../seccomp/syscalls/named-policy.js';
import { callNames } from '../../seccomp/syscalls/numbers.js';
import { always } from '../../seccomp/syscalls/resolve.js';
import { callsInSets, type SyscallSets } from '../../seccomp/syscalls/sets.js';
import type { EffectiveUnit } from '../../systemd/unit/effective.js';
import { ownArchitectures, ownErrorNumber, ownSyscallFilter } from '../../systemd/unit/own-filter.js';
import { unlistedInAllowList } from './left-to-launcher.js';

/** The answers of a unit's own filter, with diagnostics about words that systemd skips: those refuse nothing. */
export interface OwnFilter extends NamedPolicy {
  readonly ignored: readonly Diagnostic[];
}

/**
 * The refusals of a unit's own SystemCallFilter=, SystemCallErrorNumber= and SystemCallArchitectures=, as this version
 * of systemd enforces them; undefined if there are none.
 */
export function ownLimits(unit: EffectiveUnit, sets: SyscallSets, systemd: number): OwnFilter | undefined {
  const filter = ownSyscallFilter(unit, sets, systemd);
  const named = ownArchitectures(unit);
  if (!filter && named.length === 0) return undefined;
  const refused = actionOf(ownErrorNumber(unit));
  const unnamed = filter?.mode === 'allow' ? refused : ALLOW;
  const unlisted = unnamed === ALLOW ? ALLOW : unlistedInAllowList(systemd, unnamed);
  const known = callsInSets(sets);
  // systemd answers calls that it doesn't know like unknown numbers.
  const newer = unlisted === unnamed ? [] : [...callNames()].filter((call) => !known.has(call));
  const listed = filter?.mode === 'allow' ? ALLOW : refused;
  const entries = [...(filter?.entries ?? [])].map(
    ([call, { errno }]) => [call, always(errno === undefined ? listed : actionOf(errno))] as const,
  );
  return {
    mode: filter?.mode ?? 'deny',
    verdicts: new Map([...newer.map((call) => [call, always(unlisted)] as const), ...entries]),
    unnamed,
    unnamedLimit: ALLOW,
    unlisted,
    architectures: named.length > 0 ? named : EVERY_ARCHITECTURE,
    recordedArchitectures: [],
    ignored: filter?.ignored ?? [],
  };
}

const actionOf = (errno: number | 'kill'): Action => (errno === 'kill' ? KILL : errnoAction(errno));
