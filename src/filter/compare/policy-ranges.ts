/** A policy as ranges of numbers, as the kernels that it is for take them. */
import { ABIS, type Abi, abiOf, abisOf, kernelNumber } from '../../syscalls/abi.js';
import { nameOf, numbersOf } from '../../syscalls/numbers.js';
import type { SyscallPolicy } from '../../syscalls/policy.js';
import { ascending } from '../turning-points.js';
import { turningPoints } from '../verdicts.js';

/** Conventions that the machine has: calls through others can't be made. */
export const archesOf = ({ machine }: SyscallPolicy): number[] =>
  ascending(abisOf(machine).map((abi) => ABIS[abi].arch));

/** Numbers at which the verdict, or whether there is a call at all, may change. */
export const pointsOf = (policy: SyscallPolicy, arch: number): number[] =>
  ascending([...turningPoints(policy, arch), ...boundaries(policy, arch)]);

/**
 * Numbers of one of the two ABIs that x86-64 and x32 share that a kernel before 5.4 takes for the other's: later ones have
 * no call there, whatever filters say.
 */
export function isNoCall({ machine }: SyscallPolicy, arch: number, nr: number): boolean {
  const id = abiOf(machine, arch, nr);
  if (id?.abi === 'x86-64') return id.nr >= 512 && id.nr <= 547;
  return id?.abi === 'x32' && id.nr < 512 && nameOf('x32', id.nr) === undefined;
}

/** Where isNoCall() may change, beside the turning points of every policy. */
function boundaries({ machine }: SyscallPolicy, arch: number): number[] {
  const abis = abisOf(machine).filter((abi) => abi === 'x32' && ABIS[abi].arch === arch);
  const points = (abi: Abi) => [...numbersOf(abi).values(), 512].map((nr) => kernelNumber(abi, nr));
  return abis.flatMap(points).flatMap((point) => [point, point + 1]);
}

/** The last number before the next point. */
export const lastBefore = (points: readonly number[], i: number): number =>
  i + 1 < points.length ? points[i + 1]! - 1 : 0xffffffff;
