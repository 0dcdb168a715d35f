import type { DropInFacts } from '../emit/drop-in-facts.js';
import type { FilterFile } from '../filter/filter-file.js';
import { type OwnAnswers, ownAnswers } from '../filter/own-answers.js';
import { Unprovable } from '../filter/unprovable.js';
import type { Mode } from '../plan/plan.js';
import type { Machine } from '../syscalls/abi.js';

export interface UnitMode {
  readonly mode: Mode;
  /** Of an enforcing unit the calls that are let through and recorded, and sets of them. */
  readonly recorded: readonly string[];
  /** Whether a filter of ours lets calls fail with an errno, of which the kernel has no record. That of `[ready]` may. */
  readonly isSilent: boolean;
}

/**
 * The mode that a unit's files come to, whatever the drop-in's header says: files enforce if they say so and refuse
 * something, or have nothing to do with calls.
 * @param filter what the launcher loads; `none` where it would load one that isn't there or isn't used; undefined where
 *   there is no launcher
 * @param machine what it runs on; undefined where that isn't known
 */
export function unitMode(
  facts: DropInFacts,
  filter: FilterFile | 'none' | undefined,
  machine: Machine | undefined,
): UnitMode {
  const found = answers(facts, filter, machine);
  const isLenient = facts.permissive || (typeof filter === 'object' && filter.log);
  const enforcing = !isLenient && found.refuses;
  return {
    mode: enforcing ? 'enforcing' : 'permissive',
    recorded: enforcing ? found.recorded : [],
    isSilent: (found.fails || facts.tightened) && !isLenient,
  };
}

const NOTHING: OwnAnswers = { refuses: false, fails: false, recorded: [] };

function answers(
  { refuses = true, recorded }: DropInFacts,
  filter: FilterFile | 'none' | undefined,
  machine: Machine | undefined,
): OwnAnswers {
  if (filter === 'none') return NOTHING;
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
