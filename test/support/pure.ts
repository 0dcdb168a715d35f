/** The pure code of the native helper, with sanitizers on (test/native/programs/pure.c). */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Instruction } from '../../src/seccomp/filter/bpf.js';
import { ABIS, abisOf, type Machine } from '../../src/seccomp/syscalls/abi.js';
import { compileProgram, INCLUDES, NATIVE } from './native.js';
import { run } from './run.js';

/** Asks pure.c, and returns a line for each request. */
export type Pure = (letter: string, requests: readonly Uint8Array[]) => Promise<string[]>;

const SOURCES = [
  ...['base/message', 'seccomp/filter', 'launcher/options', 'launcher/script'],
  ...['sandboxify/request', 'sandboxify/calls', 'sandboxify/list-filter', 'tighten/interpret'],
];

/** Compiles pure.c into a folder. */
export async function compilePure(folder: string): Promise<Pure> {
  const sanitizers = ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
  const sources = SOURCES.map((name) => join(NATIVE, `${name}.c`));
  const pure = await compileProgram('pure', folder, [...sanitizers, ...INCLUDES, ...sources]);
  return async (letter, requests) => {
    const input = requests.flatMap((bytes) => {
      const head = Buffer.alloc(5, letter);
      head.writeUInt32LE(bytes.length, 1);
      return [head, bytes];
    });
    const { status, stdout, stderr } = await run([pure], { input: Buffer.concat(input) });
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    const lines = stdout.split('\n').slice(0, -1);
    assert.equal(lines.length, requests.length);
    return lines;
  };
}

/** AUDIT_ARCH_* of a machine's native calls. */
export const archOf = (machine: Machine) => ABIS[abisOf(machine)[0]!].arch;

/** 32-bit numbers as they lie in memory. */
export function words(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32LE(value, 4 * index);
  return bytes;
}

/** A program from hex (struct sock_filter[]). */
export function decodeProgram(hex: string): Instruction[] {
  const bytes = Buffer.from(hex, 'hex');
  return Array.from({ length: bytes.length / 8 }, (_, at) => ({
    code: bytes.readUInt16LE(8 * at),
    jt: bytes.readUInt8(8 * at + 2),
    jf: bytes.readUInt8(8 * at + 3),
    k: bytes.readUInt32LE(8 * at + 4),
  }));
}
