import type { FilterFile } from '../../seccomp/filter/filter-file.js';
import { passingOf, UNLISTED } from '../../seccomp/filter/own-answers.js';
import type { WordRange } from '../../seccomp/filter/prove-numbers.js';
import { simulate } from '../../seccomp/filter/simulate.js';
import { ABIS, abisOf, type Machine, X32_BIT } from '../../seccomp/syscalls/abi.js';
import { permits } from '../../seccomp/syscalls/action.js';
import { registersWith } from '../../seccomp/syscalls/arguments.js';
import { numbersOf } from '../../seccomp/syscalls/numbers.js';
import { callsOf } from '../../seccomp/syscalls/resolve.js';
import { expandSet, type SyscallSets } from '../../seccomp/syscalls/sets.js';
import { whollyRefused } from '../../systemd/directives/table.js';
import type { Filtering } from './rows.js';
import type { CallList, ScoreSettings } from './settings.js';

/** Something that refuses calls of the machine's native ABI. */
export interface Layer {
  /** `SystemCallFilter=`, `the launcher`. */
  readonly name: string;
  readonly mode: Filtering['mode'];
  /** Whether a call passes with these arguments; without them, whether it passes with some. */
  readonly passes: (call: string, args?: readonly bigint[]) => boolean;
}

const nativeOf = (machine: Machine) => abisOf(machine)[0]!;

/** SystemCallFilter=. A call that neither the machine's table nor the list has is none. */
export function listLayer({ allows, calls }: CallList, machine: Machine): Layer {
  const numbers = numbersOf(nativeOf(machine));
  const mode = allows ? 'allow' : calls.size === 0 ? 'none' : 'deny';
  return {
    name: 'SystemCallFilter=',
    mode,
    passes: (call) => (calls.has(call) ? allows : !allows && numbers.has(call)),
  };
}

/** The part of a filter of ours that decides on one machine, and its effect beside the calls. */
export interface FilterLayer extends Layer {
  /** Whether calls of another ABI than the native one pass. */
  readonly opensOthers: boolean;
  readonly noNewPrivileges: boolean;
}

/**
 * A filter of ours; undefined where it has no program for the machine, on which a service with it doesn't start.
 * @param name `the launcher`
 * @throws Unprovable, ProgramError for a program that our compiler didn't make
 */
export function filterLayer(name: string, file: FilterFile, machine: Machine): FilterLayer | undefined {
  const program = file.programs.get(machine);
  if (!program) return undefined;
  const native = nativeOf(machine);
  const { arch } = ABIS[native];
  const numbers = numbersOf(native);
  const passing = passingOf(program);
  return {
    name,
    mode: passing(arch, [UNLISTED, UNLISTED]) ? 'deny' : 'allow',
    passes: (call, args) => {
      const nr = numbers.get(call) ?? UNLISTED;
      if (!args) return passing(arch, [nr, nr]);
      return permits(simulate(program, { arch, nr, args: registersWith(native, call, args) }).action);
    },
    opensOthers: othersOf(machine).some(([other, numbers]) => passing(other, numbers)),
    noNewPrivileges: file.noNewPrivileges,
  };
}

/** The numbers of all ABIs but the native one, as filters see them. The number -1 is no x32 call. */
const othersOf = (machine: Machine): (readonly [arch: number, numbers: WordRange])[] =>
  abisOf(machine)
    .slice(1)
    .map((abi) => [ABIS[abi].arch, abi === 'x32' ? [X32_BIT, 0xfffffffe] : [0, 0xfffffffe]]);

/** Filters that directives bring along beside SystemCallFilter=. */
export const directiveLayers = (settings: ScoreSettings, sets: SyscallSets): Layer[] =>
  [...whollyRefused()]
    .filter(([directive]) => settings.isOn(directive))
    .map(([directive, refused]) => {
      const calls = new Set(refused.flatMap((name) => callsOf({ name }, sets)));
      return { name: `${directive}=`, mode: 'deny', passes: (call) => !calls.has(call) };
    });

/** Filters taken together: a call passes that all of them let through. */
export function filteringOf(layers: readonly Layer[], sets: SyscallSets): Filtering {
  const modes = layers.map(({ mode }) => mode);
  return {
    mode: modes.includes('allow') ? 'allow' : modes.includes('deny') ? 'deny' : 'none',
    passesOf: (set) =>
      (expandSet(sets, set) ?? []).some((call) => layers.every(({ passes }) => passes(call))),
  };
}
