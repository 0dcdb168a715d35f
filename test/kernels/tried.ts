/** What the tests of one kernel have in hand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type CrossMachine, type CrossProgram, crossBuild } from '../support/cross.js';
import type { InitramfsFile } from '../support/initramfs.js';
import {
  bootKernel,
  type Kernel,
  kernelObstacle,
  machineOf,
  type ProgramOptions,
} from '../support/kernel.js';
import type { RunResult } from '../support/run.js';
import type { KernelName } from '../support/tree.js';
import { program32 } from './program32-arm.js';

export interface TriedKernel {
  readonly kernel: KernelName;
  readonly cpu: string;
  readonly commandLine?: string;
}

export interface Tried {
  readonly name: KernelName;
  readonly machine: CrossMachine;
  /** A test whose name begins with the kernel's. */
  readonly test: (what: string, body: () => void | Promise<void>) => void;
  readonly kernel: () => Kernel;
  /** Launches a program by this filter file. */
  readonly launch: (
    filter: Uint8Array,
    argv: readonly string[],
    options?: ProgramOptions,
  ) => Promise<RunResult>;
}

const NATIVE = 'test/native/programs';
const native = (name: string, ...options: string[]): CrossProgram => ({
  source: `${NATIVE}/${name}.c`,
  options,
});
const BARE = ['-ffreestanding', '-nostdlib', '-static'];
const myos = (...options: string[]): CrossProgram => ({ source: 'test/booted/programs/myos.c', options });

/** By their names in the root folder of the kernel. */
const PROGRAMS: Readonly<Record<string, CrossProgram>> = {
  init: { source: 'test/kernels/agent.c' },
  sh: { source: 'test/kernels/sh.c' },
  state: native('state', '-static'),
  still: native('still', ...BARE, '-no-pie'),
  fault: native('fault', '-static'),
  leak: native('leak', '-static', 'native-helper/seccomp/filter.c'),
  escape: native('escape', '-static', '-pthread'),
  'escape-dynamic': native('escape', '-pthread'),
  'early.so': native('early', '-shared', '-fPIC'),
  'observe-one': { source: 'test/kernels/observe-one.c' },
  'tighten-one': { source: 'test/kernels/tighten-one.c' },
  observed: native('observed', '-static', '-pthread'),
  'try-filter': { source: 'test/seccomp/filter/try-filter.c' },
  static: myos('-static'),
  'static-pie': myos('-static-pie'),
  dynamic: myos('-no-pie'),
  'dynamic-pie': myos('-pie'),
};

/** Where the processor has BTI, the dynamic linker's branch to its entry point must meet a landing pad. */
const WITH_BTI = myos('-mbranch-protection=standard', '-Wl,-z,force-bti');

/** What tests of the machine's own kernel try on x86-64, with fewer threads. */
const KINDS = native(
  'waits',
  ...['-static', '-pthread', '-DTHREADS=4'],
  ...['calls', 'files', 'oddities', 'processes'].map((what) => `${NATIVE}/wait-${what}.c`),
);

/** As program32-arm.ts is on arm64. */
const PROGRAM32: CrossProgram = {
  source: `${NATIVE}/program32.c`,
  options: [...BARE, '-m32', '-fno-pie', '-no-pie', '-fno-stack-protector', '-Wl,--build-id=none'],
};

const WAIT_X32: CrossProgram = native(
  'wait-x32',
  ...[...BARE, '-mx32', '-fno-pie', '-no-pie', '-fno-stack-protector', '-Wl,--build-id=none'],
);

async function build(machine: CrossMachine): Promise<Record<string, InitramfsFile>> {
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-cross-'));
  try {
    const own =
      machine === 'x86-64' ? { program32: PROGRAM32, 'wait-x32': WAIT_X32 } : { bti: WITH_BTI, kinds: KINDS };
    const programs = { ...PROGRAMS, ...own };
    const files = await crossBuild(machine, folder, programs);
    const arm = machine === 'arm64' ? { program32: { content: program32() } } : {};
    return {
      ...files,
      ...arm,
      'bin/sh': files.sh!,
      waits: files.init!,
      script: { content: Buffer.from('#!/dynamic\n') },
      secret: { ...files.static!, mode: 0o711 },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const built = new Map<CrossMachine, ReturnType<typeof build>>();

/** Groups of tests on one kernel, which is booted before them and turned off after. */
export function onKernel(tried: TriedKernel, groups: readonly ((on: Tried) => void)[]): void {
  const { kernel: name, cpu } = tried;
  const title = `${name} on ${cpu}`;
  describe(title, { skip: kernelObstacle(name) }, () => {
    const machine = machineOf(name);
    let kernel: Kernel;
    before(async () => {
      if (!built.has(machine)) built.set(machine, build(machine));
      kernel = await bootKernel({ ...tried, files: await built.get(machine)! });
    });
    after(() => kernel?.off());
    const launch: Tried['launch'] = async (filter, argv, options) => {
      await kernel.write('/filter', filter);
      return kernel.run(['/launcher', '--filter=/filter', '--', ...argv], options);
    };
    const named: Tried['test'] = (what, body) => void test(`${title}: ${what}`, body);
    for (const group of groups) group({ name, machine, test: named, kernel: () => kernel, launch });
  });
}
