import { groupBy } from '../../collections.js';
import { codeOf, type Diagnostic, UserError } from '../../diagnostic.js';
import { findDirective } from '../../directives/table.js';
import { userFolders } from '../../paths/placement.js';
import { filterReader } from '../../prepare/load/native-program.js';
import type { Context } from '../../system/context.js';
import type { System } from '../../system/system.js';
import type { Enforcement } from '../kernel/enforcement.js';
import { createLeftOver } from '../kernel/left-over.js';
import { readUnit } from '../kernel/unit-filters.js';
import type { Planned } from '../kernel/without-launcher.js';
import {
  leavesOpen,
  leftOverDirective,
  looserDirective,
  noProcess,
  seenNowhere,
  someUnseen,
  unreadable,
} from './about-directives.js';
import type { HeldDirective } from './finding.js';
import { heldDirectives, isLooser, type Look, lastingLook, type Seen } from './look.js';
import { UNREAD } from './own-filters.js';
import type { SeenProcess } from './seen-process.js';

export interface Proof {
  readonly directives: readonly HeldDirective[];
  /** Errors about directives that don't hold. */
  readonly wrong: readonly Diagnostic[];
  /** Errors about those that don't hold in processes from before the unit's start. */
  readonly leftOver: readonly Diagnostic[];
  /** Warnings of what systemd leaves open. */
  readonly open: readonly Diagnostic[];
  /** Errors about processes that can't be seen. */
  readonly unproven: readonly Diagnostic[];
}

/** The proof of a unit that is held to nothing. */
export const NO_PROOF: Proof = { directives: [], wrong: [], leftOver: [], open: [], unproven: [] };

/**
 * Holds the directives of a unit's drop-in against what the kernel shows of its processes. The measure is the value that
 * the manager has loaded.
 * @param otherwise directives of which the manager has loaded another value than the drop-in's: those prove nothing
 * @param kernel the comparison of the unit's filters, just made
 */
export async function proveDirectives(
  context: Context,
  planned: Planned,
  otherwise: ReadonlySet<string>,
  kernel: Pick<Enforcement, 'groups' | 'read'>,
): Promise<Proof> {
  const { system, placement } = context;
  const directives = directivesOf(planned, otherwise);
  const asked = {
    directives,
    pids: kernel.groups.flatMap(({ processes }) => processes.map(({ pid }) => pid)),
    read: kernel.read,
    bases: userFolders(placement, planned.plan.target.systemd),
    readFilters: () => readUnit(system, planned.unit, () => filterReader(context)),
  };
  const line = `${planned.plan.unit}: looking at its processes`;
  try {
    const found = await context.caller.during(line, () => lastingLook(system, planned, asked));
    // Filters that could not be read for the calls are an error already.
    const told = kernel.read && kernel.read.hidden.size > 0 ? UNREAD.seen : undefined;
    const isAlone = kernel.groups.length === 0 && kernel.read === undefined;
    return await proofOf(system, planned, found, { directives, isAlone, told });
  } catch (cause) {
    if (!(cause instanceof UserError) || codeOf(cause) !== 'unreadable') throw cause;
    return { ...NO_PROOF, directives: heldBy(planned, []), unproven: [unreadable(planned, cause)] };
  }
}

/** Directives that the plan has in force in processes. */
function directivesOf({ plan }: Planned, otherwise: ReadonlySet<string>): string[] {
  const lost = new Set(
    plan.lines.filter((line) => line.enforcedBy === 'nobody').map(({ subject }) => subject),
  );
  return namesOf(plan).filter((name) => !lost.has(name) && !otherwise.has(name));
}

const namesOf = ({ directives }: Planned['plan']): string[] => [
  ...new Set(directives.map(({ name }) => name).filter((name) => findDirective(name) !== undefined)),
];

interface Compared {
  readonly directives: readonly string[];
  readonly isAlone: boolean;
  readonly told: string | undefined;
}

/**
 * @param asked the directives that were looked for, whether nothing else of the unit was compared, and a reason for what is
 *   unseen that has been told
 */
async function proofOf(
  system: System,
  planned: Planned,
  { seen, isWhole, isEmpty }: Look,
  asked: Compared,
): Promise<Proof> {
  const pids = new Set(seen.flatMap(({ process: of }) => of?.pid ?? []));
  const isLeftOver = await createLeftOver(system, planned.unit, pids);
  const loose = seen.filter(isLooser);
  const old = new Set<SeenProcess>();
  for (const { process: of } of loose) if (of && (await isLeftOver(of.pid))) old.add(of);
  const directives = heldBy(planned, seen);
  const isOld = ({ process }: Seen) => process !== undefined && old.has(process);
  const looser = (some: readonly Seen[]) => heldBy(planned, some);
  const held = directives.filter(({ directive }) => asked.directives.includes(directive));
  return {
    directives,
    wrong: looser(loose.filter((one) => !isOld(one))).flatMap(looserDirective),
    leftOver: looser(loose.filter(isOld)).flatMap((one) => leftOverDirective(planned, one)),
    open: directives.flatMap(leavesOpen),
    unproven: [
      ...(isWhole ? [] : [someUnseen(planned)]),
      ...(isEmpty ? [noProcess(planned)] : notSeen(planned, held, asked)),
    ],
  };
}

/** Errors about directives that no process shows, be it that none of those that would is seen. */
function notSeen(
  planned: Planned,
  directives: readonly HeldDirective[],
  { isAlone, told }: Compared,
): Diagnostic[] {
  const unseen = directives.filter(({ relation }) => relation === 'unseen');
  const hiddenBy = ({ findings }: HeldDirective): string | undefined =>
    findings.every((one) => one.relation === 'unseen')
      ? findings.find(({ isHidden }) => isHidden)?.seen
      : undefined;
  const found = [...groupBy(unseen.filter(hiddenBy), (one) => hiddenBy(one)!)].flatMap(([why, some]) =>
    why === told ? [] : [seenNowhere(planned, some, why)],
  );
  const isNothing = isAlone && unseen.length > 0 && unseen.length === directives.length;
  return found.length === 0 && isNothing ? [seenNowhere(planned, unseen)] : found;
}

const heldBy = ({ plan }: Planned, seen: readonly Seen[]): HeldDirective[] => {
  const places = new Map(plan.lines.map(({ subject, at }) => [subject, at]));
  return heldDirectives(namesOf(plan), seen).map((one) => ({ ...one, at: places.get(one.directive) }));
};
