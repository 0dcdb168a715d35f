/** Directives that hold: `apply` would take each as it is, on this unit and this target. */

import { planService } from '../../../../plan/service.js';
import { ownValues } from '../../../../plan/unit-values.js';
import type { DirectiveEntry, Policy } from '../../../../policy/policy.js';
import { formatDirective, isFormatted } from '../../../../systemd/directives/format.js';
import { findDirective } from '../../../../systemd/directives/table.js';
import { plain, sinceReset, wordsOf } from '../../../../systemd/unit/values.js';
import type { PolicyRequest } from '../input.js';

/** A directive with its value. */
export interface Proposed {
  readonly name: string;
  readonly value: string | boolean | readonly string[];
}

/** A directive that `apply` would refuse or not put into force, and the reason. */
export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

type KeptInput = Pick<PolicyRequest, 'effective' | 'surroundings' | 'target'>;

/**
 * Takes out the directives that the unit has already, and those that are weaker than the unit's or wouldn't be in force,
 * with their partners. As one may rest on another, all that are left are asked again.
 */
export function keepGood<T extends Proposed>(
  proposed: readonly T[],
  request: KeptInput,
): { readonly kept: readonly T[]; readonly left: readonly LeftOut[] } {
  const left: LeftOut[] = [];
  let kept = proposed.filter((one) => !isOwn(one, request));
  while (true) {
    const wrong = problemsOf(kept, request);
    if (wrong.size === 0) return { kept, left };
    const fallen = new Map(
      [...wrong].flatMap(([name, reason]) => fallingWith(name).map((one) => [one, reason])),
    );
    left.push(
      ...kept.filter(({ name }) => fallen.has(name)).map(({ name }) => ({ name, reason: fallen.get(name)! })),
    );
    kept = kept.filter(({ name }) => !fallen.has(name));
  }
}

const FILE = 'learned';

/** A directive that closes more than its partners. They hold without it. */
const ADDED = 'ReadOnlyPaths';

/** A directive that closes something, and the one that makes exceptions: neither is meant without the other. */
const PARTNERS: readonly (readonly string[])[] = [
  ['ProtectSystem', 'ReadWritePaths', ADDED],
  ['DevicePolicy', 'DeviceAllow'],
  ['SocketBindDeny', 'SocketBindAllow'],
  ['IPAddressDeny', 'IPAddressAllow'],
];

/** A directive and its partners, the one that closes first. */
export const withPartner = (name: string): readonly string[] =>
  PARTNERS.find((all) => all.includes(name)) ?? [name];

/** Whether a directive makes exceptions from another one. */
export const isException = (name: string): boolean => name !== ADDED && withPartner(name)[0] !== name;

const fallingWith = (name: string): readonly string[] => (name === ADDED ? [name] : withPartner(name));

/** Its line is its place among all, by which a diagnostic is attributed. */
const entryOf = ({ name, value }: Proposed, line: number): DirectiveEntry => {
  const at = { file: FILE, line, column: 1 };
  return { name, value, at, valueAt: at };
};

function problemsOf(proposed: readonly Proposed[], request: KeptInput): ReadonlyMap<string, string> {
  const policy = policyOf(proposed.map((one, i) => entryOf(one, i + 1)));
  const { effective, target, surroundings } = request;
  const { diagnostics } = planService({ policy, effective, target, surroundings });
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  return new Map(errors.map(({ message, at }) => [proposed[(at?.line ?? 1) - 1]!.name, message]));
}

const policyOf = (service: readonly DirectiveEntry[]): Policy => ({
  file: FILE,
  description: undefined,
  extends: [],
  defaults: undefined,
  syscalls: undefined,
  ready: undefined,
  service,
  loosen: [],
  wrap: undefined,
  startPre: [],
  settle: undefined,
  probe: undefined,
  probeAs: undefined,
  probeTimeout: undefined,
  reload: undefined,
  refused: undefined,
  listening: undefined,
  understood: [],
  expect: [],
});

/** Whether the unit's own lines say just this, be it in several lines. */
function isOwn(one: Proposed, { effective }: KeptInput): boolean {
  const row = findDirective(one.name)!;
  const formatted = formatDirective(row, one.value, entryOf(one, 1).valueAt);
  const own = ownValues(effective).get(one.name) ?? [];
  const set = row.merge === 'scalar' ? own.slice(-1).map(plain) : sinceReset(own).flatMap(wordsOf);
  const meant = isFormatted(formatted) ? formatted.values.flatMap(wordsOf) : [];
  return set.length > 0 && set.join('\n') === meant.join('\n');
}
