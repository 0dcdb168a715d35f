/** A policy as ranges of numbers, for the kernels of its machine. */
import { ABIS, type Abi, abiOf, abisOf, kernelNumber } from '../../syscalls/abi.js';
import { nameOf, numbersOf } from '../../syscalls/numbers.js';
import type { SyscallPolicy } from '../../syscalls/policy.js';
import { ascending } from '../turning-points.js';
import { turningPoints } from '../verdicts.js';

/** The conventions of the machine; no call can be made through others. */
export const archesOf = ({ machine }: SyscallPolicy): number[] =>
  ascending(abisOf(machine).map((abi) => ABIS[abi].arch));

/** Numbers at which the verdict may change, or isNoCall(). */
export const pointsOf = (policy: SyscallPolicy, arch: number): number[] =>
  ascending([...turningPoints(policy, arch), ...boundaries(policy, arch)]);

/**
 * Whether a number of x86-64 or x32 is no call. A kernel before 5.4 takes it for a number of the other ABI; later
 * kernels have no call there, whatever filters say.
 */
export function isNoCall({ machine }: SyscallPolicy, arch: number, nr: number): boolean {
  const id = abiOf(machine, arch, nr);
  if (id?.abi === 'x86-64') return id.nr >= 512 && id.nr <= 547;
  return id?.abi === 'x32' && id.nr < 512 && nameOf('x32', id.nr) === undefined;
}

/** Numbers at which isNoCall() may change, besides the turning points of every policy. */
function boundaries({ machine }: SyscallPolicy, arch: number): number[] {
  const abis = abisOf(machine).filter((abi) => abi === 'x32' && ABIS[abi].arch === arch);
  const points = (abi: Abi) => [...numbersOf(abi).values(), 512].map((nr) => kernelNumber(abi, nr));
  return abis.flatMap(points).flatMap((point) => [point, point + 1]);
}

/** The last number before the next point. */
export const lastBefore = (points: readonly number[], i: number): number =>
  i + 1 < points.length ? points[i + 1]! - 1 : 0xffffffff;
