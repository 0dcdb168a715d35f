/** The filter file: programs as the launcher reads them (sandbox-unit-launcher(8), native-helper/seccomp/filter.h). */

import { type Diagnostic, error, UserError } from '../../diagnostic.js';
import { ABIS, abisOf, MACHINES, type Machine } from '../syscalls/abi.js';
import { BPF_MAXINSNS, type Instruction } from './bpf.js';
import { validate } from './validate.js';

/** Length of the guard that the launcher puts in front of a program to let its own execve through. */
export const GUARD_LENGTH = 18;

/** The longest program that fits behind the guard. */
export const MAX_PROGRAM_LENGTH = BPF_MAXINSNS - GUARD_LENGTH;

/**
 * Every call that the launcher makes, by name. Filters that are in force before it starts must permit them. After its
 * filter is loaded it needs execve only, and write and exit_group to report an execve that failed.
 */
export const LAUNCHER_CALLS: readonly string[] = [
  'execve',
  'exit_group',
  'getrandom',
  'newfstatat',
  'openat',
  'prctl',
  'read',
  'seccomp',
  'write',
];

/** The further calls that stage `entry` needs: the launcher's, and those of the tracer, which has no filter of ours. */
export const TRACER_CALLS: readonly string[] = [
  'clone',
  'close_range',
  'getpid',
  'getppid',
  'ptrace',
  'rt_sigprocmask',
  'sendto',
  'socketpair',
  'wait4',
];

/** The calls that other filters must permit so that the launcher can load a policy. */
export const callsToLoad = (stage: 'exec' | 'entry'): readonly string[] =>
  stage === 'entry' ? [...LAUNCHER_CALLS, ...TRACER_CALLS] : LAUNCHER_CALLS;

type ProgramsByMachine = ReadonlyMap<Machine, readonly Instruction[]>;

export interface FilterFile {
  /**
   * Whether the launcher sets no_new_privs before it loads; without that only a process with CAP_SYS_ADMIN can load a
   * filter.
   */
  readonly noNewPrivileges: boolean;
  /**
   * Whether the launcher loads with SECCOMP_FILTER_FLAG_LOG, so that the kernel may record every call that isn't
   * allowed.
   */
  readonly log: boolean;
  /** The policy's programs, one for each machine that the file serves, of 1 to MAX_PROGRAM_LENGTH instructions. */
  readonly programs: ProgramsByMachine;
  /**
   * Programs of stage `entry`, one for each machine: they are in force from the exec on, and the policy's from the
   * program's entry point on. Without them, at stage `exec`, the policy is in force from the program's first
   * instruction on.
   */
  readonly start?: ProgramsByMachine;
  /**
   * Whether the file is of stage `ready`: the policy is in force from when the service is up. `tighten` loads such a
   * file, and the launcher refuses it. It has no programs of stage `entry`.
   */
  readonly ready?: boolean;
}

const MAGIC = new TextEncoder().encode('SBXUNITF');
const VERSION = 1;
const STAGES = ['exec', 'entry', 'ready'];
const NO_NEW_PRIVILEGES = 1;
const LOG = 2;
const KNOWN_FLAGS = NO_NEW_PRIVILEGES | LOG;
const MAX_PROGRAMS = 8;
const ROLES = ['programs', 'start'] as const;
const HEADER_SIZE = 24;
const ENTRY_SIZE = 12;
const INSTRUCTION_SIZE = 8;

/** The AUDIT_ARCH_* value of a machine's native ABI. */
const archOf = (machine: Machine): number => ABIS[abisOf(machine)[0]!].arch;

/**
 * The bytes of a filter file. Programs come in the order of MACHINES, so that equal files give equal bytes.
 * @throws UserError `cannot-start` for no program at all, or one that the launcher or the kernel would refuse
 */
export function encodeFilterFile(file: FilterFile): Uint8Array {
  const programs = MACHINES.flatMap((machine) =>
    ROLES.flatMap((role, number) => {
      const program = file[role]?.get(machine);
      return program === undefined ? [] : [{ machine, role: number, program }];
    }),
  );
  const problem = programs.map(programProblem).find(Boolean) ?? setProblem(file);
  if (problem !== undefined) throw new UserError(error('cannot-start', problem));

  const instructions = programs.reduce((sum, { program }) => sum + program.length, 0);
  const bytes = new Uint8Array(HEADER_SIZE + programs.length * ENTRY_SIZE + instructions * INSTRUCTION_SIZE);
  bytes.set(MAGIC);
  const flags = (file.noNewPrivileges ? NO_NEW_PRIVILEGES : 0) | (file.log ? LOG : 0);
  const words = [VERSION, STAGES.indexOf(stageOf(file)), flags, programs.length];
  for (const { machine, role, program } of programs) words.push(archOf(machine), role, program.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(MAGIC.length + 4 * index, word, true);
  });
  bytes.set(programBytes(programs.flatMap(({ program }) => program)), MAGIC.length + 4 * words.length);
  return bytes;
}

const stageOf = ({ start, ready }: FilterFile): string => (ready ? 'ready' : start ? 'entry' : 'exec');

/** The problem of a set of programs: stage `entry` takes both programs of a machine, or none. */
function setProblem({ programs, start, ready }: FilterFile): string | undefined {
  if (programs.size === 0) return 'the filter has no program';
  if (start && ready) return "the filter has programs of stage 'entry' at stage 'ready'";
  const alone = start && MACHINES.find((machine) => programs.has(machine) !== start.has(machine));
  return alone && `the filter has only one of the two programs of stage 'entry' for ${alone}`;
}

/** The problem of one program: one that the kernel takes may still be too long for the guard. */
function programProblem({ machine, program }: { machine: Machine; program: readonly Instruction[] }) {
  const problem =
    program.length > MAX_PROGRAM_LENGTH
      ? `${program.length} instructions, but at most ${MAX_PROGRAM_LENGTH} are allowed`
      : validate(program);
  return problem === undefined ? undefined : `the filter's program for ${machine}: ${problem}`;
}

/** The bytes of a program as they lie in memory (struct sock_filter). */
export function programBytes(program: readonly Instruction[]): Uint8Array {
  const bytes = new Uint8Array(program.length * INSTRUCTION_SIZE);
  const view = new DataView(bytes.buffer);
  for (const [i, instruction] of program.entries()) writeInstruction(view, i * INSTRUCTION_SIZE, instruction);
  return bytes;
}

function writeInstruction(view: DataView, at: number, { code, jt, jf, k }: Instruction): void {
  view.setUint16(at, code, true);
  view.setUint8(at + 2, jt);
  view.setUint8(at + 3, jf);
  view.setUint32(at + 4, k, true);
}

const readInstruction = (view: DataView, at: number): Instruction => ({
  code: view.getUint16(at, true),
  jt: view.getUint8(at + 2),
  jf: view.getUint8(at + 3),
  k: view.getUint32(at + 4, true),
});

const bad = (problem: string): Diagnostic =>
  error('cannot-start', `the filter file ${problem}`, { hint: 'make it again from its policy' });

/**
 * Reads a filter file as strictly as the launcher does. Every machine must also be a known one, and every program one
 * that the kernel takes.
 */
export function decodeFilterFile(bytes: Uint8Array): FilterFile | Diagnostic {
  if (bytes.length < HEADER_SIZE) return bad('is too short');
  if (MAGIC.some((byte, index) => bytes[index] !== byte)) return bad('has an unknown header');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => view.getUint32(at, true);

  const [version, stageNumber, flags, count] = [word(8), word(12), word(16), word(20)];
  if (version !== VERSION) return bad(`has version ${version}, but only ${VERSION} is supported`);
  const stage = STAGES[stageNumber];
  if (stage === undefined) return bad(`has an unknown stage ${stageNumber}`);
  if ((flags & ~KNOWN_FLAGS) !== 0) return bad(`has unknown flags 0x${flags.toString(16)}`);
  if (count < 1 || count > MAX_PROGRAMS) return bad(`has ${count} programs, not 1 to ${MAX_PROGRAMS}`);
  if (bytes.length < HEADER_SIZE + count * ENTRY_SIZE) return bad('is too short');

  const roles = stage === 'entry' ? 2 : 1;
  const read = readPrograms(view, count, roles);
  if (!Array.isArray(read)) return read;
  const [programs, start] = read;
  const file: FilterFile = {
    noNewPrivileges: (flags & NO_NEW_PRIVILEGES) !== 0,
    log: (flags & LOG) !== 0,
    programs: programs!,
    ...(start ? { start } : {}),
    ...(stage === 'ready' ? { ready: true } : {}),
  };
  const problem = setProblem(file);
  return problem === undefined ? file : error('cannot-start', problem);
}

/** Reads the table of programs, and the programs by their roles; they must end where the bytes do. */
function readPrograms(view: DataView, count: number, roles: number): ProgramsByMachine[] | Diagnostic {
  const entries = Array.from({ length: count }, (_, index) => {
    const at = HEADER_SIZE + index * ENTRY_SIZE;
    const [arch, role, length] = [0, 4, 8].map((offset) => view.getUint32(at + offset, true));
    return { arch: arch!, role: role!, length: length! };
  });
  const total = entries.reduce((sum, { length }) => sum + length, 0);
  if (view.byteLength !== HEADER_SIZE + count * ENTRY_SIZE + total * INSTRUCTION_SIZE) {
    return bad('is not as long as its header says');
  }
  const byRole = Array.from({ length: roles }, () => new Map<Machine, Instruction[]>());
  let at = HEADER_SIZE + count * ENTRY_SIZE;
  for (const { arch, role, length } of entries) {
    const machine = MACHINES.find((one) => archOf(one) === arch);
    const programs = byRole[role];
    if (programs === undefined) return bad(`has a program of an unknown role ${role}`);
    if (machine === undefined) return bad(`has a program for an unknown architecture 0x${arch.toString(16)}`);
    if (programs.has(machine)) return bad(`has two programs for ${machine}`);
    const start = at;
    const program = Array.from({ length }, (_, index) =>
      readInstruction(view, start + index * INSTRUCTION_SIZE),
    );
    const problem = programProblem({ machine, program });
    if (problem !== undefined) return error('cannot-start', problem);
    programs.set(machine, program);
    at += length * INSTRUCTION_SIZE;
  }
  return byRole;
}
