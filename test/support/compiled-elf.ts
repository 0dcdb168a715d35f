/** Small ELF files for both machines, made by the compilers of the toolchain's tree. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ElfImage, readImage } from '../../src/systemd/formats/elf-image.js';
import { inLayer } from './layer.js';

const COMPILERS = { 'x86-64': 'gcc', arm64: 'aarch64-linux-gnu-gcc' } as const;

export type CompiledMachine = keyof typeof COMPILERS;

export const COMPILED_MACHINES = Object.keys(COMPILERS) as CompiledMachine[];

/** Options for a library that needs no C library. */
export const BARE_LIBRARY = ['-shared', '-fPIC', '-nostdlib', '-ffreestanding'];

/** A system call as the machine makes it, and what keeps the compiler from inlining: begins C sources of the tests. */
export const SYSTEM_CALL = `
#define apart __attribute__((noinline, noclone))
#if defined(__x86_64__)
static inline __attribute__((always_inline)) long system_call(long n) {
  long r;
  __asm__ volatile("syscall" : "=a"(r) : "a"(n) : "rcx", "r11", "memory");
  return r;
}
#else
static inline __attribute__((always_inline)) long system_call(long n) {
  register long x8 __asm__("x8") = n;
  register long x0 __asm__("x0");
  __asm__ volatile("svc #0" : "=r"(x0) : "r"(x8) : "memory");
  return x0;
}
#endif
`;

/**
 * Compiles C and strips it.
 * @param folder gone after the test; the file has the name there
 */
export async function compileElf(
  machine: CompiledMachine,
  folder: string,
  name: string,
  source: string,
  options: readonly string[],
): Promise<Uint8Array> {
  const [input, output] = [join(folder, `${name}.c`), join(folder, name)];
  writeFileSync(input, source);
  const argv = [COMPILERS[machine], '-O2', '-w', '-s', '-o', output, input, ...options];
  const { status, stderr } = await inLayer(argv, { folders: [folder] });
  assert.equal(status, 0, stderr);
  return readFileSync(output);
}

/** Compiles C to what is read of it. */
export async function compileImage(...args: Parameters<typeof compileElf>): Promise<ElfImage> {
  const image = readImage(await compileElf(...args));
  assert.ok(image);
  return image;
}
