import type { Instruction } from '../../src/seccomp/filter/bpf.js';

/** What compile() makes use of, by code. `K` stands for the operand. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x05, 'ja'],
  [0x06, 'ret #K'],
  [0x15, 'jeq #K'],
  [0x20, 'ld [K]'],
  [0x35, 'jge #K'],
  [0x45, 'jset #K'],
  [0x54, 'and #K'],
]);

/** A listing, one line an instruction, jumps by absolute line, as the kernel's bpf_dbg: `12: jge #0x40000000, 30, 13`. */
export function disassemble(program: readonly Instruction[]): string[] {
  const width = String(program.length - 1).length;
  return program.map((one, at) => `${String(at).padStart(width)}: ${mnemonic(one, at)}`);
}

function mnemonic({ code, jt, jf, k }: Instruction, at: number): string {
  const name = NAMES.get(code);
  if (name === undefined) throw new Error(`no name for the code ${code}`);
  if (name === 'ja') return `ja ${at + 1 + k}`;
  const text = name.replace('[K]', `[${k}]`).replace('#K', `#0x${k.toString(16)}`);
  return name.startsWith('j') ? `${text}, ${at + 1 + jt}, ${at + 1 + jf}` : text;
}
