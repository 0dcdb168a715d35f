/** Asks the C compiler what kernel headers say, for the ABIs of every machine, without running any of their code. */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * How an x86-64 gcc lays out each ABI: the folder of its asm/ headers and the flags that give its word size,
 * its alignment (arm aligns 64-bit members, x86 doesn't) and its predefined macros.
 */
const TARGETS = {
  'x86-64': { asm: 'x86', flags: [] },
  x32: { asm: 'x86', flags: ['-mx32'] },
  x86: { asm: 'x86', flags: ['-m32'] },
  arm64: { asm: 'arm64', flags: ['-U__x86_64__', '-D__aarch64__'] },
  arm: { asm: 'arm', flags: ['-m32', '-malign-double', '-U__i386__', '-D__arm__', '-D__ARM_EABI__'] },
  riscv64: { asm: 'riscv', flags: ['-U__x86_64__', '-D__riscv', '-D__riscv_xlen=64'] },
};

export const ABIS = Object.keys(TARGETS);

/** The C library of this machine, which has names that no kernel header has (AF_*). */
export const LIBC = 'libc';

/** Says that the tables can't be made here; a test may skip. */
export class Unavailable extends Error {}

/** @param root where linux-libc-dev is unpacked: '/' or a folder (dpkg --extract). */
export function findHeaders(root) {
  const headers = { root };
  const missing = ABIS.map((abi) => asmFolder(headers, abi)).find((folder) => !existsSync(folder));
  if (missing) throw new Unavailable(`no ${missing}: linux-libc-dev of Debian 13 or later has it`);
  const macros = cc(['-E', '-dM', '-x', 'c', '/dev/null']);
  if (!macros.includes('#define __x86_64__ ') || macros.includes('#define __clang__ ')) {
    throw new Unavailable('cc is no gcc for x86-64');
  }
  return headers;
}

/** The kernel's release without its patch level, as '6.12'. */
export function kernelSeries(headers) {
  const text = readFileSync(join(headers.root, 'usr/include/linux/version.h'), 'utf8');
  const part = (name) => text.match(new RegExp(`#define LINUX_VERSION_${name} (\\d+)`))[1];
  return `${part('MAJOR')}.${part('PATCHLEVEL')}`;
}

/** The C library's release, as '2.41'. */
export function libcRelease() {
  const found = [...preprocess({}, LIBC, ['features.h']).matchAll(/^#define __GLIBC(?:_MINOR)?__ (\d+)$/gm)];
  if (found.length !== 2) throw new Unavailable('the C library is not glibc');
  return found.map((m) => m[1]).join('.');
}

/** The text of some headers after preprocessing, with its `#define` lines and line markers (gcc -dD). */
export function preprocess(headers, abi, includes) {
  return compile(headers, abi, ['-E', '-dD'], includeLines(includes));
}

/**
 * The value of each name as an argument register holds it: negative numbers as wide as their C type.
 * @returns Map of name → bigint
 */
export function evaluate(headers, abi, includes, names) {
  const rows = names.map((name) => `{ (unsigned long long)(${name}), sizeof(${name}) },`);
  const source = `${includeLines(includes)}const unsigned long long values[][2] = {\n${rows.join('\n')}\n};\n`;
  const bytes = dataBytes(compile(headers, abi, ['-S'], source));
  if (bytes.length !== names.length * 16)
    throw new Error(`${abi}: ${bytes.length} bytes for ${names.length} names`);
  return new Map(
    names.map((name, i) => {
      const size = Number(bytes.readBigUInt64LE(i * 16 + 8));
      return [name, BigInt.asUintN(size * 8, bytes.readBigUInt64LE(i * 16))];
    }),
  );
}

/** A machine may lack a header of its own in asm/. */
const includeLines = (includes) =>
  includes
    .map((name) => {
      const line = `#include <${name}>\n`;
      return name.startsWith('asm/') ? `#if __has_include(<${name}>)\n${line}#endif\n` : line;
    })
    .join('');

const asmFolder = (headers, abi) => join(headers.root, 'usr/lib/linux/uapi', TARGETS[abi].asm, 'asm');

function cc(args) {
  try {
    const env = { ...process.env, LC_ALL: 'C' };
    return execFileSync('cc', args, { encoding: 'utf8', maxBuffer: 1 << 26, env });
  } catch (e) {
    if (e.code === 'ENOENT') throw new Unavailable('no C compiler (cc)');
    throw e;
  }
}

function compile(headers, abi, mode, source) {
  const folder = mkdtempSync(join(tmpdir(), 'tables-'));
  try {
    const include = abi === LIBC ? [] : kernelIncludes(headers, abi, folder);
    const file = join(folder, 'names.c');
    writeFileSync(file, source);
    return cc([...mode, ...include, '-w', '-o', '-', file]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Only the kernel's own headers and the compiler's: an empty unistd.h stands for the C library's, which linux/shm.h asks for. */
function kernelIncludes(headers, abi, folder) {
  const include = join(folder, 'include');
  mkdirSync(include);
  for (const name of ['linux', 'asm-generic']) {
    symlinkSync(join(headers.root, 'usr/include', name), join(include, name));
  }
  symlinkSync(asmFolder(headers, abi), join(include, 'asm'));
  writeFileSync(join(include, 'unistd.h'), '');
  const builtin = cc(['-print-file-name=include']).trim();
  return [
    '-nostdinc',
    '-fno-canonical-system-headers',
    ...TARGETS[abi].flags,
    '-isystem',
    builtin,
    '-isystem',
    include,
  ];
}

const DIRECTIVE = /^\s*\.(quad|long|zero)\s+(-?\d+)$/gm;

/** What the data directives of an assembly listing put into memory. */
function dataBytes(assembly) {
  const parts = [...assembly.matchAll(DIRECTIVE)].map(([, directive, number]) => {
    if (directive === 'zero') return Buffer.alloc(Number(number));
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(number)));
    return directive === 'quad' ? bytes : bytes.subarray(0, 4);
  });
  return Buffer.concat(parts);
}
