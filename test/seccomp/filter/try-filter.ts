/** Asks the running kernel what it makes of filters, through try-filter.c and try-calls.c. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import type { Machine } from '../../../src/seccomp/syscalls/abi.js';
import { inRepository } from '../../support/repository.js';

/** How a call is made: by the machine's own instruction, as 32-bit x86 programs do, or so to map memory and run code there. */
export type Way = 'native' | 'int80' | 'inject';

const MACHINES: Readonly<Record<string, Machine>> = { x64: 'x86-64', arm64: 'arm64', riscv64: 'riscv64' };

/** The machine that the tests run on, if filters can be made for it. */
export const thisMachine: Machine | undefined = MACHINES[process.arch];

/** Programs as try-filter.c reads them: struct sock_filter in memory, all machines here being little-endian. */
export function encode(program: readonly Instruction[]): string {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(({ code, jt, jf, k }, at) => {
    bytes.writeUInt16LE(code, 8 * at);
    bytes.writeUInt8(jt, 8 * at + 2);
    bytes.writeUInt8(jf, 8 * at + 3);
    bytes.writeUInt32LE(k, 8 * at + 4);
  });
  return bytes.toString('hex');
}

/** A line for a call; registers in full, also where the kernel cuts them. */
export const callLine = (way: Way, nr: number, args: readonly bigint[]): string =>
  `call ${way} ${nr.toString(16)} ${args.map((arg) => arg.toString(16)).join(' ')}`;

type Program = 'try-filter' | 'try-calls';
type Built = { readonly path: string } | { readonly skip: string };

/** What shows that a program works here: what it reads, and what it says to that. */
const TRIALS: Readonly<Record<Program, readonly [input: string, output: string]>> = {
  'try-filter': ['filter 060000000000ff7f\ncheck\n', 'taken\n'],
  'try-calls': ['filter 060000000000ff7f\ncall native 1388 0 0 0 0 0 0\n', 'passed\n'],
};

const built = new Map<Program, Built>();

function build(program: Program): Built {
  if (thisMachine === undefined) return { skip: `no filters for ${process.arch}` };
  const folder = mkdtempSync(join(tmpdir(), 'try-filter-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, program);
  const source = inRepository(`test/seccomp/filter/${program}.c`);
  const compiler = spawnSync('cc', ['-O1', '-Wall', '-Wextra', '-o', path, source], { encoding: 'utf8' });
  if (compiler.error) return { skip: 'needs a C compiler (cc)' };
  if (compiler.status !== 0) throw new Error(compiler.stderr);
  const [input, output] = TRIALS[program];
  const { stdout, stderr } = spawnSync(path, { input, encoding: 'utf8' });
  return stdout === output ? { path } : { skip: `needs a kernel with seccomp filters: ${stdout}${stderr}` };
}

function builtOnce(program: Program): Built {
  const done = built.get(program) ?? build(program);
  built.set(program, done);
  return done;
}

/** Why the kernel can't be asked here, or undefined. */
export function kernelUnavailable(program: Program = 'try-filter'): string | undefined {
  const done = builtOnce(program);
  return 'skip' in done ? done.skip : undefined;
}

/** The kernel's answers, one line for each `check` and `call` line. */
export function askKernel(lines: readonly string[], program: Program = 'try-filter'): string[] {
  const done = builtOnce(program);
  if ('skip' in done) throw new Error(done.skip);
  const { status, stdout, stderr } = spawnSync(done.path, {
    input: `${lines.join('\n')}\n`,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  if (status !== 0) throw new Error(`${program}: ${status} ${stderr}`);
  return stdout.trimEnd().split('\n');
}
