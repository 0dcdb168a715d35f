import type { Instruction } from '../../src/filter/bpf.js';

/** A program as read-filters prints it: eight bytes an instruction (struct sock_filter), in hex. */
export const hexOf = (program: readonly Instruction[]): string =>
  program
    .map(({ code, jt, jf, k }) => {
      const bytes = Buffer.alloc(8);
      bytes.writeUInt16LE(code);
      bytes.writeUInt8(jt, 2);
      bytes.writeUInt8(jf, 3);
      bytes.writeUInt32LE(k, 4);
      return bytes.toString('hex');
    })
    .join('');
