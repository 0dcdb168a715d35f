/** A policy as ranges of the number that a filter sees, by calling convention. */
import { ABIS, type Abi, abisOf, X32_BIT } from '../../syscalls/abi.js';
import { ENOSYS, KILL } from '../../syscalls/action.js';
import type { AbiPolicy, SyscallPolicy, Verdict } from '../../syscalls/policy.js';
import { WORD_MAX } from './decision.js';

/** Numbers, both ends included, that get one verdict. */
export interface NumberRange {
  readonly first: number;
  readonly last: number;
  readonly verdict: Verdict;
}

/** A part of the numbers of one AUDIT_ARCH value: its ABI, and the distance of its numbers from that ABI's table. */
interface NumberSegment {
  readonly first: number;
  readonly last: number;
  readonly abi: Abi;
  readonly shift: number;
  /** The verdict on all its numbers, instead of the table's. */
  readonly always?: Verdict;
}

const NO_SYSTEM_CALL: Verdict = { rules: [], otherwise: ENOSYS };
const REFUSED: Verdict = { rules: [], otherwise: KILL };

/**
 * x86-64 and x32 share one AUDIT_ARCH value. Without bit 30 the numbers from 0x80000000 and those from 0xc0000000 on
 * are the same numbers of the table. -1 is no x32 call; 512 to 547 are x32 calls without their bit.
 */
const X86_64_SEGMENTS: readonly NumberSegment[] = [
  { first: 0, last: 511, abi: 'x86-64', shift: 0 },
  { first: 512, last: 547, abi: 'x86-64', shift: 0, always: NO_SYSTEM_CALL },
  { first: 548, last: X32_BIT - 1, abi: 'x86-64', shift: 0 },
  { first: X32_BIT, last: 0x7fffffff, abi: 'x32', shift: X32_BIT },
  { first: 0x80000000, last: 0xbfffffff, abi: 'x32', shift: 0 },
  { first: 0xc0000000, last: WORD_MAX - 1, abi: 'x32', shift: X32_BIT },
  { first: WORD_MAX, last: WORD_MAX, abi: 'x86-64', shift: 0 },
];

/** The verdict of every number by AUDIT_ARCH value of a policy's machine; the native one is first. */
export function rangesByArch(policy: SyscallPolicy): Map<number, NumberRange[]> {
  const byArch = new Map<number, NumberRange[]>();
  for (const abi of abisOf(policy.machine)) {
    const { arch } = ABIS[abi];
    if (!byArch.has(arch))
      byArch.set(
        arch,
        segmentsOf(abi).flatMap((segment) => split(policy, segment)),
      );
  }
  return byArch;
}

const segmentsOf = (abi: Abi): readonly NumberSegment[] =>
  ABIS[abi].arch === ABIS['x86-64'].arch ? X86_64_SEGMENTS : [{ first: 0, last: WORD_MAX, abi, shift: 0 }];

function split(policy: SyscallPolicy, segment: NumberSegment): NumberRange[] {
  const { first, last, abi, shift } = segment;
  const table = policy.abis.get(abi);
  if (table === undefined) return [{ first, last, verdict: REFUSED }];
  if (segment.always !== undefined) return [{ first, last, verdict: segment.always }];
  const unlisted: Verdict = { rules: [], otherwise: table.unlisted };
  const ranges: NumberRange[] = [];
  let next = first;
  for (const [nr, verdict] of listed(table, first - shift, last - shift)) {
    const at = nr + shift;
    if (at > next) ranges.push({ first: next, last: at - 1, verdict: unlisted });
    ranges.push({ first: at, last: at, verdict });
    next = at + 1;
  }
  if (next <= last) ranges.push({ first: next, last, verdict: unlisted });
  return ranges;
}

/** The table's entries between two numbers, ascending. */
const listed = (table: AbiPolicy, first: number, last: number): [number, Verdict][] =>
  [...table.verdicts].filter(([nr]) => nr >= first && nr <= last).sort(([a], [b]) => a - b);
