/** The exec guard as the launcher puts it in front of a program (native-helper/seccomp/filter.c, guard_write). */
import { ABIS, MACHINES } from '../syscalls/abi.js';
import { ALLOW } from '../syscalls/action.js';
import { numbersOf } from '../syscalls/numbers.js';
import { BPF_ABS, BPF_ALU, BPF_AND, BPF_JEQ, BPF_JMP, BPF_LD, BPF_RET, type Instruction } from './bpf.js';
import { GUARD_LENGTH } from './filter-file.js';

/** Offsets of the words that a guard compares: number, convention, six halves of the key. */
const WORDS: readonly number[] = [0, 4, 40, 44, 48, 52, 56, 60];

/**
 * A program without the guard in front of it: its answers to all calls but the launcher's own execve, whose key is
 * gone. Programs of others, and code that only resembles a guard, are returned whole. A guard that a service made up
 * with a key of its own hides nothing beside the launcher's program, which still refuses the calls that the guard lets through.
 */
export const withoutGuard = (program: readonly Instruction[]): readonly Instruction[] =>
  isGuarded(program) ? program.slice(GUARD_LENGTH) : program;

/** Whether a program begins with the guard of one of our machines, whatever its key. */
export function isGuarded(program: readonly Instruction[]): boolean {
  if (program.length <= GUARD_LENGTH) return false;
  const [nr, arch] = [program[1]!.k, program[3]!.k];
  const ours = MACHINES.some(
    (machine) => ABIS[machine].arch === arch && numbersOf(machine).get('execve') === nr,
  );
  const shape = [
    ...WORDS.flatMap((word, i) => [
      { code: BPF_LD | BPF_ABS, jt: 0, jf: 0, k: word },
      { code: BPF_JMP | BPF_JEQ, jt: 0, jf: GUARD_LENGTH - 3 - 2 * i, k: program[2 * i + 1]!.k },
    ]),
    { code: BPF_RET, jt: 0, jf: 0, k: ALLOW },
    { code: BPF_ALU | BPF_AND, jt: 0, jf: 0, k: 0 },
  ];
  return ours && shape.every((expected, i) => isSame(expected, program[i]!));
}

const isSame = (a: Instruction, b: Instruction): boolean =>
  a.code === b.code && a.jt === b.jt && a.jf === b.jf && a.k === b.k;
