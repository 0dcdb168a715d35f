/** Core files (core(5)) of processes that a filter killed: the call, and its six arguments. */
import { ABIS } from '../../syscalls/abi.js';
import { KILL } from '../../syscalls/action.js';
import type { KernelRecord } from './record.js';

/** The bytes of a core file that must be read: the notes come before the memory. */
export const CORE_HEAD = 1 << 20;

const ET_CORE = 4;
const PT_NOTE = 4;
const NT_PRSTATUS = 1;
const NT_PRPSINFO = 3;
const NT_SIGINFO = 0x53494749;
const SIGSYS = 31;
const SYS_SECCOMP = 1;

/** The offset of the registers in `struct elf_prstatus` (linux/elfcore.h), on 64-bit machines. */
const REGISTERS_AT = 112;
/** The offset of `pr_fname` in `struct elf_prpsinfo`. */
const NAME_AT = 40;

interface Registers {
  readonly arch: number;
  /** Indices of the argument registers in elf_gregset_t (asm/user_64.h; asm/ptrace.h). */
  readonly args: readonly number[];
}

/** Registers by `e_machine`: rdi, rsi, rdx, r10, r8, r9 among `user_regs_struct`; x0 to x5. */
const MACHINES: ReadonlyMap<number, Registers> = new Map([
  [62, { arch: ABIS['x86-64'].arch, args: [14, 13, 12, 7, 9, 8] }],
  [183, { arch: ABIS.arm64.arch, args: [0, 1, 2, 3, 4, 5] }],
]);

interface Note {
  readonly type: number;
  readonly data: DataView;
}

/**
 * The call that ended a process, from the head of its core file. Undefined unless it is the 64-bit core file of a
 * process that a filter's SIGSYS ended. Only native calls have arguments.
 * @param time when the process ended, in milliseconds since 1970
 */
export function callInCore(head: Uint8Array, time: number): KernelRecord | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const isCore = head.length >= 64 && view.getUint32(0, false) === 0x7f454c46;
  if (!isCore || head[4] !== 2 || head[5] !== 1 || view.getUint16(16, true) !== ET_CORE) return undefined;
  const machine = MACHINES.get(view.getUint16(18, true));
  const notes = notesOf(view);
  const find = (type: number, size: number) =>
    notes.find((note) => note.type === type && note.data.byteLength >= size)?.data;
  // struct siginfo: si_signo, si_errno, si_code; _sigsys: _call_addr, _syscall, _arch.
  const info = find(NT_SIGINFO, 32);
  const isRefused = info?.getInt32(0, true) === SIGSYS && info.getInt32(8, true) === SYS_SECCOMP;
  if (!machine || !info || !isRefused) return undefined;
  const arch = info.getUint32(28, true);
  // The first NT_PRSTATUS is of the thread that died.
  const status = find(NT_PRSTATUS, REGISTERS_AT + 8 * (Math.max(...machine.args) + 1));
  const registers = arch === machine.arch ? status : undefined;
  const args = registers && machine.args.map((i) => registers.getBigUint64(REGISTERS_AT + 8 * i, true));
  return {
    time,
    pid: status?.getInt32(32, true),
    name: nameIn(find(NT_PRPSINFO, NAME_AT + 16)),
    program: undefined,
    arch,
    nr: info.getUint32(24, true),
    action: KILL,
    ...(args ? { args } : {}),
  };
}

function nameIn(data: DataView | undefined): string {
  if (!data) return '';
  const bytes = new Uint8Array(data.buffer, data.byteOffset + NAME_AT, 16);
  return new TextDecoder().decode(bytes).replace(/\0.*$/s, '');
}

/**
 * The first notes of the one segment that has notes, as far as they are whole within the head. The kernel writes a
 * single such segment. Notes of the process and of the thread that died come first in it (elf_core_dump()).
 */
function notesOf(view: DataView): Note[] {
  const [table, size, count] = [
    view.getBigUint64(32, true),
    view.getUint16(54, true),
    view.getUint16(56, true),
  ];
  for (let i = 0; i < count && size >= 56; i++) {
    const at = Number(table) + i * size;
    if (at + size > view.byteLength) break;
    if (view.getUint32(at, true) !== PT_NOTE) continue;
    const start = Number(view.getBigUint64(at + 8, true));
    const length = Number(view.getBigUint64(at + 32, true));
    return notesBetween(view, start, Math.min(start + length, view.byteLength));
  }
  return [];
}

const aligned = (length: number) => (length + 3) & ~3;

/** More bytes than any note has: NT_FILE may have many megabytes. */
const MAX_NOTE = 1 << 28;

/** The most notes that are read; those that matter are among the first five. */
const MOST_NOTES = 64;

function notesBetween(view: DataView, start: number, end: number): Note[] {
  const notes: Note[] = [];
  for (let at = start; at + 12 <= end && notes.length < MOST_NOTES; ) {
    const [name, length] = [view.getUint32(at, true), view.getUint32(at + 4, true)];
    if (name > MAX_NOTE || length > MAX_NOTE) break;
    const data = at + 12 + aligned(name);
    if (data + length > end) break;
    notes.push({
      type: view.getUint32(at + 8, true),
      data: new DataView(view.buffer, view.byteOffset + data, length),
    });
    at = data + aligned(length);
  }
  return notes;
}
