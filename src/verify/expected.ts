/** The expected policy of a unit: its files, as they are on disk or would be written, and the plan behind them. */
import { toHex } from '../collections.js';
import type { UnitState } from '../machine/unit-state.js';
import type { DropInFacts } from '../plan/emit/drop-in-facts.js';
import { type EmittedFile, FILES_FIELD } from '../plan/emit/files.js';
import type { Plan, PlanLine, PlannedDirective } from '../plan/plan.js';
import type { ExpectedUnit } from '../prepare/confined.js';
import { decodeFilterFile, type FilterFile, programBytes } from '../seccomp/filter/filter-file.js';
import type { Machine } from '../seccomp/syscalls/abi.js';
import { namesFilter, namesReadyFilter } from '../systemd/paths/own-files.js';
import type { Target } from '../systemd/target/target.js';
import { EXEC_KEYS } from '../systemd/unit/exec/keys.js';
import type { Assignment, UnitFile } from '../systemd/unit/unit-file.js';
import { type ExpectedMain, mainOf } from './kernel/confinement.js';

/** The programs of a unit's filter files for a machine, in hexadecimal digits, as read-filters prints them. */
export interface ExpectedPrograms {
  readonly start?: string | undefined;
  readonly ready?: string | undefined;
}

/** The part of a plan that is held against a unit whose processes have the programs of its files. */
export interface ExpectedPolicy extends ExpectedMain {
  readonly target: Target;
  /** Whether `[syscalls]` is for the unit's processes. */
  readonly hasCalls: boolean;
  /** Whether the filter of `[ready]` is loaded once the unit serves. */
  readonly isReadied: boolean;
  readonly programs: ExpectedPrograms;
  readonly directives: readonly Pick<PlannedDirective, 'name'>[];
  readonly lines: readonly (Pick<PlanLine, 'subject' | 'at'> & Partial<Pick<PlanLine, 'enforcedBy'>>)[];
  /** Makes the plan: it says what a process lacks that hasn't these programs, and what systemd alone enforces. */
  readonly plan: () => Promise<Plan>;
}

/** A unit's state, and the policy that its directives are expected to have. */
export interface ExpectedDirectives {
  readonly plan: Pick<ExpectedPolicy, 'unit' | 'target' | 'directives' | 'lines'>;
  readonly unit: UnitState;
}

/** The expected policy by a plan. @param files those of the plan */
export const expectedBy = (plan: Plan, files: readonly EmittedFile[]): ExpectedPolicy => ({
  ...mainOf(plan),
  target: plan.target,
  hasCalls: plan.meaning !== undefined,
  isReadied: plan.ready !== undefined,
  programs: programsIn(files, plan.target.machine),
  directives: plan.directives,
  lines: plan.lines,
  plan: async () => plan,
});

/** The expected policy of a confined unit: its files where they are as its policy makes them, else its plan. */
export async function expectedOf(confined: ExpectedUnit, { assignments }: UnitFile): Promise<ExpectedPolicy> {
  const { name, facts, target, files, policy, plan } = confined;
  if (!facts) return expectedBy(await plan(), files);
  return {
    ...mainByFiles(name, facts, files),
    ...{ target, plan },
    hasCalls: policy.policy.syscalls !== undefined,
    isReadied: facts.tightened,
    programs: programsIn(files, target.machine),
    directives: assignments.filter((line) => !isOurs(line)).map(({ key }) => ({ name: key })),
    lines: policy.policy.service.map(({ name: subject, at }) => ({ subject, at })),
  };
}

/** The expected state of the main process of a unit whose files are as its policy makes them. */
export const mainByFiles = (
  unit: string,
  facts: DropInFacts,
  files: readonly EmittedFile[],
): ExpectedMain => ({
  unit,
  filtersMain: facts.filtered,
  filter: facts.launched ? filterIn(files, namesFilter) : undefined,
});

/** Whether a line is no directive of the plan: a command, or the hash of the files. */
const isOurs = ({ key, value }: Assignment): boolean =>
  EXEC_KEYS.includes(key) || (key === 'LogExtraFields' && value.startsWith(`${FILES_FIELD}=`));

/** The programs of a unit's filter files. */
function programsIn(files: readonly EmittedFile[], machine: Machine): ExpectedPrograms {
  const programOf = (isNamed: (path: string) => boolean): string | undefined => {
    const program = filterIn(files, isNamed)?.programs.get(machine);
    return program && toHex(programBytes(program));
  };
  return { start: programOf(namesFilter), ready: programOf(namesReadyFilter) };
}

function filterIn(files: readonly EmittedFile[], isNamed: (path: string) => boolean): FilterFile | undefined {
  const bytes = files.find(({ path }) => isNamed(path))?.content;
  const file = bytes && decodeFilterFile(bytes);
  return file && 'programs' in file ? file : undefined;
}
