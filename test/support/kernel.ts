/**
 * Debian's kernels in an emulated machine, with an initramfs of the test's own files: programs run there as `run` runs
 * them here.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Machine } from '../../src/seccomp/syscalls/abi.js';
import { unavailable } from './available.js';
import { type InitramfsFile, initramfs } from './initramfs.js';
import { layerCommand } from './layer.js';
import { type RunResult, shown } from './run.js';
import { debianTree, type KernelName } from './tree.js';

export interface KernelOptions {
  readonly kernel: KernelName;
  /** The processor, by QEMU's name. */
  readonly cpu: string;
  /** Beside what the console needs. */
  readonly commandLine?: string;
  /** Of the initramfs. Its `init` must be agent.c. */
  readonly files: Readonly<Record<string, InitramfsFile>>;
}

export interface ProgramOptions {
  readonly input?: string;
  /** The whole environment; default: none. */
  readonly env?: Readonly<Record<string, string>>;
  /** As a user without any rights. */
  readonly asNobody?: boolean;
}

/** The emulator by machine, and the console's name there. */
const EMULATORS = {
  'x86-64': { argv: ['qemu-system-x86_64', '-M', 'q35'], console: 'ttyS0' },
  arm64: { argv: ['qemu-system-aarch64', '-M', 'virt'], console: 'ttyAMA0' },
} as const;

export const machineOf = (kernel: KernelName): Exclude<Machine, 'riscv64'> =>
  kernel.endsWith('arm64') ? 'arm64' : 'x86-64';

/** Why a kernel can't be run here, or undefined. */
export const kernelObstacle = (kernel: KernelName): string | undefined =>
  (process.arch === 'x64' ? undefined : 'the compilers for both machines are those of x86-64') ??
  unavailable('toolchain') ??
  unavailable('emulator') ??
  unavailable(kernel);

const hex = (text: string | Uint8Array): string => `x${Buffer.from(text).toString('hex')}`;
const unhex = (word: string): Buffer => Buffer.from(word.slice(1), 'hex');
const NOBODY = 65534;

function emulatorLine({ kernel, cpu, commandLine = '' }: KernelOptions, folder: string): string[] {
  const emulator = EMULATORS[machineOf(kernel)];
  return layerCommand(
    [
      ...[...emulator.argv, '-accel', 'tcg', '-cpu', cpu, '-m', '512', '-no-reboot'],
      ...['-nodefaults', '-nic', 'none', '-display', 'none', '-serial', 'stdio'],
      ...['-kernel', join(folder, 'vmlinuz'), '-initrd', join(folder, 'initramfs')],
      ...['-append', `console=${emulator.console} quiet loglevel=3 panic=-1 ${commandLine}`],
    ],
    { tree: 'emulator', folders: [folder] },
  );
}

/** Boots a kernel. @throws Error with what the console showed, if it doesn't come up. */
export async function bootKernel(options: KernelOptions): Promise<Kernel> {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-kernel-'));
  const tree = debianTree(options.kernel);
  utimesSync(tree, new Date(), new Date()); // it is used: tree.sh removes others
  copyFileSync(join(tree, 'vmlinuz'), join(folder, 'vmlinuz'));
  writeFileSync(join(folder, 'initramfs'), initramfs(options.files));
  const [command, ...argv] = emulatorLine(options, folder);
  const emulator = spawn(command!, argv, { stdio: ['pipe', 'pipe', 'pipe'] });
  const kernel = new Kernel(emulator);
  emulator.on('close', () => rmSync(folder, { recursive: true, force: true }));
  await kernel.expect('ready', 'the kernel boots');
  return kernel;
}

/** A kernel that runs. Requests are answered in their order. */
export class Kernel {
  readonly #emulator: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<void>;
  readonly #answers: string[] = [];
  #output = '';
  #wake = () => {};
  #isOver = false;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(emulator: ChildProcessByStdio<Writable, Readable, Readable>) {
    this.#emulator = emulator;
    let line = '';
    emulator.stdout.on('data', (chunk: Buffer) => {
      const lines = (line + chunk.toString('latin1')).split('\n');
      line = lines.pop()!;
      for (const one of lines) this.#take(one.replace(/\r$/, ''));
    });
    emulator.stderr.on('data', (chunk: Buffer) => this.#take(chunk.toString()));
    emulator.stdin.on('error', () => {}); // it may have ended
    this.#ended = new Promise((resolve) => {
      emulator.on('error', (error) => this.#take(error.message));
      emulator.on('close', () => {
        this.#isOver = true;
        this.#wake();
        resolve();
      });
    });
  }

  #take(line: string): void {
    if (line.startsWith('@')) this.#answers.push(line.slice(1));
    else this.#output += `${line}\n`;
    this.#wake();
  }

  /** The next answer's words behind the first, which must be this. @throws Error if it is another, or none comes. */
  async expect(word: string, what: string): Promise<string[]> {
    while (this.#answers.length === 0) {
      if (this.#isOver) throw new Error(`no answer: ${what}\n${this.#output.slice(-4000)}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const [first, ...rest] = this.#answers.shift()!.split(' ');
    if (first !== word) throw new Error(`${first} ${rest.join(' ')}: ${what}`);
    return rest;
  }

  #ask(words: readonly string[], answer: string, what: string): Promise<string[]> {
    const next = this.#queue.then(() => {
      this.#emulator.stdin.write(`${words.join(' ')}\n`);
      return this.expect(answer, what);
    });
    this.#queue = next.catch(() => {});
    return next;
  }

  #line(argv: readonly string[], { env = {}, input = '', asNobody = false }: ProgramOptions): string[] {
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return [asNobody ? `${NOBODY}` : '0', hex(input), ...[...variables, ...argv].map(hex)];
  }

  /** Runs a program to its end. @throws Error if it doesn't end. */
  async run(argv: readonly string[], options: ProgramOptions = {}): Promise<RunResult> {
    const line = ['run', ...this.#line(argv, options)];
    const [status, stdout, stderr] = await this.#ask(line, 'ended', shown(argv));
    return ended(Number(status), unhex(stdout!).toString(), unhex(stderr!).toString());
  }

  /** Starts a program that goes on, and returns its PID. */
  async start(argv: readonly string[], options: ProgramOptions = {}): Promise<number> {
    const [pid] = await this.#ask(['start', ...this.#line(argv, options)], 'started', shown(argv));
    return Number(pid);
  }

  /** Writes a file, of this mode if it is new. */
  async write(path: string, content: string | Uint8Array, mode = 0o644): Promise<void> {
    await this.#ask(['write', hex(path), mode.toString(8), hex(content)], 'done', path);
  }

  async read(path: string): Promise<string> {
    const [content] = await this.#ask(['read', hex(path)], 'content', path);
    return unhex(content!).toString();
  }

  async off(): Promise<void> {
    this.#emulator.stdin.write('off\n');
    await this.#ended;
  }
}

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** What wait(2) tells, as {@link run} does. */
function ended(status: number, stdout: string, stderr: string): RunResult {
  const signal = status & 0x7f;
  if (signal === 0) return { status: (status >> 8) & 0xff, stdout, stderr };
  return { status: 128 + signal, signal: SIGNALS.get(signal) as NodeJS.Signals, stdout, stderr };
}
