/**
 * Directives, held against what /proc shows of a unit's processes. A directive is `unseen`, and not proven, where it has no row in
 * the table, where no process shows it, and where the process may change by itself what shows it: capabilities in a user namespace
 * of its own, mounts that it has made in a mount namespace of its own. A process from before the run has no such excuse, since its
 * namespace may be that of the run before. One that is looser is looked at again, since systemd may be about to confine it.
 */

import { groupBy } from '../../collections.js';
import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { nativeProgram } from '../../prepare/load/installed-programs.js';
import { findDirective } from '../../systemd/directives/table.js';
import { userFolders } from '../../systemd/paths/placement.js';
import type { ExpectedDirectives } from '../expected.js';
import type { Enforcement } from '../kernel/enforcement.js';
import { readUnit } from '../kernel/unit-filters.js';
import { notRunning } from '../kernel/unseen.js';
import {
  leavesOpen,
  looserDirective,
  seenNowhere,
  survivingDirective,
  unreadable,
} from './about-directives.js';
import type { CheckedDirective } from './finding.js';
import { UNREAD } from './own-filters.js';
import { checkedDirectives, type DirectiveFinding, lastingProbe, type ProbeResult } from './probe.js';
import { failureOf } from './processes.js';

export interface DirectiveProof {
  readonly directives: readonly CheckedDirective[];
  /** Errors about directives that don't hold. */
  readonly wrong: readonly Diagnostic[];
  /** Errors about those that don't hold in processes from before the unit's start. */
  readonly surviving: readonly Diagnostic[];
  /** Warnings of what systemd leaves open. */
  readonly open: readonly Diagnostic[];
  /** Errors about processes that can't be seen. */
  readonly unproven: readonly Diagnostic[];
}

/** The proof of a unit that is held to nothing. */
export const NO_PROOF: DirectiveProof = { directives: [], wrong: [], surviving: [], open: [], unproven: [] };

/**
 * Errors about directives that don't hold.
 * @param isKnown whether another error already tells why the unit's processes can't be as the policy says: then they
 *   are one error
 */
export function notHolding(
  { directives, wrong, surviving }: DirectiveProof,
  isKnown: boolean,
): readonly Diagnostic[] {
  if (!isKnown || wrong.length === 0) return [...wrong, ...surviving];
  const names = directives.filter(({ relation }) => relation === 'looser').map(({ directive }) => directive);
  return [
    error('looser-directive', `so these directives are not in force: ${names.join('=, ')}=`),
    ...surviving,
  ];
}

/**
 * Holds the directives of a unit's drop-in against what the kernel shows of its processes. The expected value is the one that
 * the manager has loaded.
 * @param otherwise directives of which the manager has loaded another value than the drop-in's: those prove nothing
 * @param kernel the comparison of the unit's filters, just made
 */
export async function proveDirectives(
  context: Context,
  planned: ExpectedDirectives,
  otherwise: ReadonlySet<string>,
  kernel: Pick<Enforcement, 'groups' | 'read'>,
): Promise<DirectiveProof> {
  const { system, placement } = context;
  const directives = directivesOf(planned, otherwise);
  if (directives.length === 0) return { ...NO_PROOF, directives: checkedBy(planned, []) };
  const asked = {
    directives,
    pids: kernel.groups.flatMap(({ processes }) => processes.map(({ pid }) => pid)),
    read: kernel.read,
    bases: userFolders(placement, planned.plan.target.systemd),
    readFilters: () => readUnit(system, planned.unit, () => nativeProgram(context, 'read-filters')),
  };
  const line = `${planned.plan.unit}: checking its processes`;
  try {
    const found = await context.caller.during(line, () => lastingProbe(system, planned, asked));
    const all = checkedBy(planned, found.seen);
    const held = all.filter(({ directive }) => directives.includes(directive));
    return {
      directives: all,
      wrong: all.flatMap(looserDirective),
      surviving: all.flatMap((one) => survivingDirective(planned, one)),
      open: all.flatMap(leavesOpen),
      unproven: notSeen(planned, found, held, kernel),
    };
  } catch (cause) {
    const unproven = [unreadable(planned, failureOf(cause))];
    return { ...NO_PROOF, directives: checkedBy(planned, []), unproven };
  }
}

/** Directives that the plan has in force in processes. */
function directivesOf({ plan }: ExpectedDirectives, otherwise: ReadonlySet<string>): string[] {
  const lost = new Set(
    plan.lines.filter((line) => line.enforcedBy === 'nobody').map(({ subject }) => subject),
  );
  return namesOf(plan).filter((name) => !lost.has(name) && !otherwise.has(name));
}

const namesOf = ({ directives }: ExpectedDirectives['plan']): string[] => [
  ...new Set(directives.map(({ name }) => name).filter((name) => findDirective(name) !== undefined)),
];

/**
 * Errors about processes that could not be looked at, else about directives that no process shows, be it that none of those
 * that would is seen.
 */
function notSeen(
  planned: ExpectedDirectives,
  { isEmpty, failure }: ProbeResult,
  directives: readonly CheckedDirective[],
  { groups, read }: Pick<Enforcement, 'groups' | 'read'>,
): Diagnostic[] {
  if (failure) return [unreadable(planned, failure)];
  const { plan, unit } = planned;
  if (isEmpty) return [notRunning(plan.unit, plan.target.scope, unit)];
  const unseen = directives.filter(({ findings }) => findings.every((one) => one.relation === 'unseen'));
  const hiddenBy = ({ findings }: CheckedDirective) => findings.find(({ isHidden }) => isHidden)?.seen;
  // Filters that could not be read for the calls are an error already.
  const isSaid = (why: string) => why === UNREAD.seen && read !== undefined && read.hidden.size > 0;
  const found = [...groupBy(unseen.filter(hiddenBy), (one) => hiddenBy(one)!)].flatMap(([why, some]) =>
    isSaid(why) ? [] : [seenNowhere(planned, some, why)],
  );
  const isAlone = groups.length === 0 && read === undefined;
  const isNothing = isAlone && unseen.length > 0 && unseen.length === directives.length;
  return found.length === 0 && isNothing ? [seenNowhere(planned, unseen)] : found;
}

const checkedBy = ({ plan }: ExpectedDirectives, seen: readonly DirectiveFinding[]): CheckedDirective[] => {
  const places = new Map(plan.lines.map(({ subject, at }) => [subject, at]));
  return checkedDirectives(namesOf(plan), seen).map((one) => ({ ...one, at: places.get(one.directive) }));
};
