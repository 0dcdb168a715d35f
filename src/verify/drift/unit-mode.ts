import type { FilterOnDisk, FiltersOnDisk } from '../../machine/state/own-filters.js';
import type { DropInFacts } from '../../plan/emit/drop-in-facts.js';
import { jointMode, type Mode } from '../../plan/plan.js';
import type { FilterFile } from '../../seccomp/filter/filter-file.js';
import { type OwnAnswers, ownAnswers } from '../../seccomp/filter/own-answers.js';
import { Unprovable } from '../../seccomp/filter/prove-numbers.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';

export interface UnitMode {
  /** The mode of all filters together, as they are once the service serves. */
  readonly mode: Mode;
  /** The mode until then, where it has calls refused or recorded by both `[syscalls]` and `[ready]`. */
  readonly untilReady: Mode | undefined;
  /** Of an enforcing unit the calls that are let through and recorded, and sets of them. */
  readonly recorded: readonly string[];
  /** Whether a filter of ours lets calls fail with an errno, of which the kernel has no record. */
  readonly isSilent: boolean;
}

/**
 * The mode that a unit's files come to, whatever the drop-in's header says: files enforce if they say so and refuse
 * something, or have nothing to do with calls. Undefined if a filter is missing or can't be read.
 * @param machine what it runs on; undefined where that isn't known
 */
export function unitMode(
  facts: DropInFacts,
  filters: FiltersOnDisk,
  machine: Machine | undefined,
): UnitMode | undefined {
  const [start, ready] = [filters.start, filters.ready].map((one) => one && loadable(one));
  if (start === 'unknown' || ready === 'unknown') return undefined;
  const hasStart = start !== undefined || facts.refuses !== undefined || facts.recorded.length > 0;
  const phases = [
    ...(hasStart || ready === undefined ? [phase(facts, start, machine)] : []),
    ...(ready === undefined ? [] : [phase(facts, ready, machine)]),
  ];
  const mode = jointMode(...phases.map((one) => one.mode));
  return {
    mode,
    untilReady: phases.length > 1 ? phases[0]!.mode : undefined,
    recorded: mode === 'enforcing' ? [...new Set(phases.flatMap(({ recorded }) => recorded))] : [],
    isSilent: phases.some(({ isSilent }) => isSilent),
  };
}

const loadable = ({ content }: FilterOnDisk): FilterFile | 'unused' | 'unknown' =>
  content === 'unused' || (content !== 'missing' && 'programs' in content) ? content : 'unknown';

/** The mode by one filter; without a filter file by the lines of the drop-in, for systemd's. */
function phase(
  facts: DropInFacts,
  filter: FilterFile | 'unused' | undefined,
  machine: Machine | undefined,
): Pick<UnitMode, 'mode' | 'recorded' | 'isSilent'> {
  const { refuses, fails, recorded } = answers(facts, filter, machine);
  const isLenient = facts.permissive || (typeof filter === 'object' && filter.log);
  return {
    mode: !isLenient && refuses ? 'enforcing' : 'permissive',
    recorded: isLenient ? [] : recorded,
    isSilent: fails && !isLenient,
  };
}

const NOTHING: OwnAnswers = { refuses: false, fails: false, recorded: [] };

function answers(
  { refuses = true, recorded }: DropInFacts,
  filter: FilterFile | 'unused' | undefined,
  machine: Machine | undefined,
): OwnAnswers {
  if (filter === 'unused') return NOTHING;
  return filter ? filterAnswers(filter, machine) : { refuses, recorded, fails: false };
}

/** A program that can't be followed isn't ours: nothing speaks for its refusing anything. */
function filterAnswers({ programs }: FilterFile, machine: Machine | undefined): OwnAnswers {
  const own = [...programs].filter(([one]) => machine === undefined || one === machine);
  try {
    const each = own.map(([one, program]) => ownAnswers(program, one));
    return {
      refuses: each.some(({ refuses }) => refuses),
      fails: each.some(({ fails }) => fails),
      recorded: [...new Set(each.flatMap(({ recorded }) => recorded))].sort(),
    };
  } catch (cause) {
    if (!(cause instanceof Unprovable)) throw cause;
    return { ...NOTHING, fails: true };
  }
}
