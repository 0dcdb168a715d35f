/** Machines and their calling conventions, by systemd's names (SystemCallArchitectures= in systemd.exec(5)). */

import { groupBy } from '../../collections.js';

export type Machine = 'x86-64' | 'arm64' | 'riscv64';
export type Abi = 'x86-64' | 'x32' | 'x86' | 'arm64' | 'arm' | 'riscv64';

/** A number with this bit is an x32 call (__X32_SYSCALL_BIT, asm/unistd.h). */
export const X32_BIT = 0x40000000;

interface AbiRow {
  readonly machine: Machine;
  /** AUDIT_ARCH_* (linux/audit.h). */
  readonly arch: number;
  /**
   * Bits of an argument register that the kernel looks at. A filter may see more: a 64-bit program that uses `int 0x80`
   * passes whole registers.
   */
  readonly registerBits: 32 | 64;
}

export const ABIS: Readonly<Record<Abi, AbiRow>> = {
  'x86-64': { machine: 'x86-64', arch: 0xc000003e, registerBits: 64 },
  x32: { machine: 'x86-64', arch: 0xc000003e, registerBits: 64 },
  x86: { machine: 'x86-64', arch: 0x40000003, registerBits: 32 },
  arm64: { machine: 'arm64', arch: 0xc00000b7, registerBits: 64 },
  arm: { machine: 'arm64', arch: 0x40000028, registerBits: 32 },
  riscv64: { machine: 'riscv64', arch: 0xc00000f3, registerBits: 64 },
};

/** The architectures of a policy that closes no ABI. */
export const EVERY_ARCHITECTURE: readonly string[] = ['native', ...Object.keys(ABIS)];

export const MACHINES: readonly Machine[] = ['x86-64', 'arm64', 'riscv64'];

/** Machines that the native helper is built for: the launcher, and the program that loads filters into processes. */
export const HELPER_MACHINES: readonly Machine[] = ['x86-64', 'arm64'];

const BY_MACHINE: ReadonlyMap<Machine, readonly Abi[]> = groupBy(
  Object.keys(ABIS) as Abi[],
  (abi) => ABIS[abi].machine,
);

/** The ABIs that a machine's kernel can run; the native one is first. */
export const abisOf = (machine: Machine): readonly Abi[] => BY_MACHINE.get(machine)!;

/**
 * The ABI of a call, and its number in that ABI's table; undefined for a foreign AUDIT_ARCH value. The number -1 isn't
 * an x32 call: tracers write it to skip a call.
 * @param nr unsigned 32 bits, as a filter sees it
 */
export function abiOf(machine: Machine, arch: number, nr: number): { abi: Abi; nr: number } | undefined {
  const abi = abisOf(machine).find((name) => ABIS[name].arch === arch);
  if (abi === 'x86-64' && nr >= X32_BIT && nr !== 0xffffffff) {
    return { abi: 'x32', nr: (nr & ~X32_BIT) >>> 0 };
  }
  return abi && { abi, nr };
}

/** A table's number as a filter sees it. */
export const kernelNumber = (abi: Abi, nr: number): number => (abi === 'x32' ? (nr | X32_BIT) >>> 0 : nr);
