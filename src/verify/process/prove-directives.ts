import { groupBy } from '../../collections.js';
import { codeOf, type Diagnostic, UserError } from '../../diagnostic.js';
import { findDirective } from '../../directives/table.js';
import { userFolders } from '../../paths/placement.js';
import { filterReader } from '../../prepare/load/native-program.js';
import { PROGRAM_WITHIN } from '../../state/process-status.js';
import type { Context } from '../../system/context.js';
import type { System } from '../../system/system.js';
import type { Enforcement } from '../kernel/enforcement.js';
import { createLeftOver } from '../kernel/left-over.js';
import { readUnit, type UnitFilters } from '../kernel/unit-filters.js';
import type { Planned } from '../kernel/without-launcher.js';
import {
  leavesOpen,
  leftOverDirective,
  looserDirective,
  someUnseen,
  unreadable,
} from './about-directives.js';
import { gravest, type HeldDirective, type HeldFinding } from './finding.js';
import { look as lookAt, type Seen } from './look.js';
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

/** The most looks: a process that systemd is about to start has yet to be confined. */
const LOOKS = 3;

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
  const pids = kernel.groups.flatMap(({ processes }) => processes.map(({ pid }) => pid));
  const bases = userFolders(placement, planned.plan.target.systemd);
  const held = { directives: directivesOf(planned, otherwise), pids, bases };
  const readFilters = () => readUnit(system, planned.unit, () => filterReader(context));
  const line = `${planned.plan.unit}: looking at its processes`;
  const look = (read?: UnitFilters) =>
    context.caller.during(line, () => lookAt(system, planned, { ...held, read }, readFilters));
  try {
    let { seen, isWhole } = await look(kernel.read);
    for (let looks = 1; looks < LOOKS && seen.some(isLooser); looks++) {
      await system.wait(PROGRAM_WITHIN);
      const again = await look();
      [seen, isWhole] = [lasting(seen, again.seen), again.isWhole];
    }
    return await proofOf(system, planned, { seen, isWhole });
  } catch (cause) {
    if (!(cause instanceof UserError) || codeOf(cause) !== 'unreadable') throw cause;
    return { ...NO_PROOF, directives: heldDirectives(planned, []), unproven: [unreadable(planned, cause)] };
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

const isLooser = ({ finding }: Seen): boolean => finding.relation === 'looser';

/**
 * The findings of a further look, without directives that are looser in it alone: systemd may be about to confine such a
 * process. It need not be the same process, since one may come after the other.
 */
function lasting(before: readonly Seen[], now: readonly Seen[]): Seen[] {
  const known = new Set(before.filter(isLooser).map(({ directive }) => directive));
  return now.filter((one) => !isLooser(one) || known.has(one.directive));
}

async function proofOf(
  system: System,
  planned: Planned,
  { seen, isWhole }: { readonly seen: readonly Seen[]; readonly isWhole: boolean },
): Promise<Proof> {
  const pids = new Set(seen.flatMap(({ process: of }) => of?.pid ?? []));
  const isLeftOver = await createLeftOver(system, planned.unit, pids);
  const loose = seen.filter(isLooser);
  const old = new Set<SeenProcess>();
  for (const { process: of } of loose) if (of && (await isLeftOver(of.pid))) old.add(of);
  const directives = heldDirectives(planned, seen);
  const isOld = ({ process }: Seen) => process !== undefined && old.has(process);
  const wrong = heldDirectives(
    planned,
    loose.filter((one) => !isOld(one)),
  );
  return {
    directives,
    wrong: wrong.flatMap(looserDirective),
    leftOver: heldDirectives(planned, loose.filter(isOld)).flatMap((one) => leftOverDirective(planned, one)),
    open: directives.filter((one) => !isTold(planned, one)).flatMap(leavesOpen),
    unproven: isWhole ? [] : [someUnseen(planned)],
  };
}

/** Whether the plan has told beforehand that a directive leaves something open. */
const isTold = ({ plan }: Planned, { at }: HeldDirective): boolean =>
  plan.diagnostics.some(
    (one) => one.code === 'leaves-open' && one.at !== undefined && one.at.line === at?.line,
  );

function heldDirectives({ plan }: Planned, seen: readonly Seen[]): HeldDirective[] {
  const places = new Map(plan.lines.map(({ subject, at }) => [subject, at]));
  const byName = groupBy(seen, ({ directive }) => directive);
  return namesOf(plan).map((directive) => {
    const findings = findingsOf(byName.get(directive) ?? []);
    const relation = gravest(findings.map((one) => one.relation));
    return { directive, at: places.get(directive), relation, findings };
  });
}

const findingsOf = (seen: readonly Seen[]): HeldFinding[] =>
  [...groupBy(seen, ({ finding }) => `${finding.relation} ${finding.seen}`).values()].map((some) => ({
    ...some[0]!.finding,
    processes: some.flatMap(({ process: of }) => (of ? [{ pid: of.pid, name: of.name }] : [])),
  }));
