/** Core files (core(5)) of processes that a filter killed. */

export const ARGS = [17n, 3n, 5n, 0x1122334455667788n, 6n, 0xffffffffffffffffn];

export interface Made {
  readonly machine?: number;
  readonly signal?: number;
  readonly code?: number;
  readonly arch?: number;
  readonly nr?: number;
}

/** A core file with the notes of one thread, by default of arm64, whose argument registers hold ARGS. */
export function coreFile(made: Made = {}): Buffer {
  const { machine = 183, signal = 31, code = 1, arch = 0xc00000b7, nr = 198 } = made;
  const status = Buffer.alloc(112 + 34 * 8 + 8);
  status.writeInt32LE(77, 32);
  const registers = machine === 62 ? [14, 13, 12, 7, 9, 8] : [0, 1, 2, 3, 4, 5];
  for (const [i, register] of registers.entries()) status.writeBigUInt64LE(ARGS[i]!, 112 + 8 * register);
  const about = Buffer.alloc(136);
  about.write('daemon', 40);
  const info = Buffer.alloc(128);
  info.writeInt32LE(signal, 0);
  info.writeInt32LE(code, 8);
  info.writeUInt32LE(nr, 24);
  info.writeUInt32LE(arch, 28);
  const notes = Buffer.concat([note(1, status), note(3, about), note(0x53494749, info)]);
  const head = Buffer.alloc(64 + 56);
  head.write('\x7fELF\x02\x01\x01', 'latin1');
  head.writeUInt16LE(4, 16);
  head.writeUInt16LE(machine, 18);
  head.writeBigUInt64LE(64n, 32);
  head.writeUInt16LE(56, 54);
  head.writeUInt16LE(1, 56);
  head.writeUInt32LE(4, 64);
  head.writeBigUInt64LE(120n, 72);
  head.writeBigUInt64LE(BigInt(notes.length), 96);
  return Buffer.concat([head, notes]);
}

function note(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(20);
  head.writeUInt32LE(5, 0);
  head.writeUInt32LE(data.length, 4);
  head.writeUInt32LE(type, 8);
  head.write('CORE', 12);
  return Buffer.concat([head, data]);
}
