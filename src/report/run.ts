/** The end of a transient unit: systemd-run(1)'s words for it, and the exit status that systemd-run makes of it. */

import { EXIT } from '../diagnostic.js';
import type { UnitProperties } from '../system/system.js';
import { endText } from '../unit/exit-status.js';

/** The number that stands for an unknown one on the bus. */
const UNKNOWN = 2n ** 64n - 1n;

function numberOf(unit: UnitProperties, name: string): bigint | undefined {
  const value = unit.get(name);
  if (typeof value !== 'bigint' && typeof value !== 'number') return undefined;
  return BigInt(value) === UNKNOWN ? undefined : BigInt(value);
}

const codeOf = (unit: UnitProperties): number => Number(numberOf(unit, 'ExecMainCode') ?? 0n);
const statusOf = (unit: UnitProperties): number => Number(numberOf(unit, 'ExecMainStatus') ?? 0n);
const resultOf = (unit: UnitProperties): string => String(unit.get('Result') ?? 'n/a');

/** The exit status after a signal, which leaves no status. */
const EXCEPTION = 255;

/** Whether the unit's program was ever started: a condition of a drop-in may not hold. */
export const hasRun = (unit: UnitProperties): boolean => codeOf(unit) > 0;

/** Signals that count as success: HUP, INT, PIPE and TERM (systemd.service(5), SuccessExitStatus=). */
const CLEAN_SIGNALS = [1, 2, 13, 15];
const CLD_EXITED = 1;

/**
 * Whether systemd may call the end itself a success. The result alone doesn't tell: whoever has the right may reset it.
 */
function isClean(unit: UnitProperties): boolean {
  const [statuses = [], signals = []] = (unit.get('SuccessExitStatus') ?? []) as number[][];
  return codeOf(unit) === CLD_EXITED
    ? [0, ...statuses].includes(statusOf(unit))
    : [...CLEAN_SIGNALS, ...signals].includes(statusOf(unit));
}

/**
 * The exit status: 0 if systemd calls the end a success, the status of a command that exited, 255 after a signal, else
 * 1.
 */
export function exitStatus(unit: UnitProperties): number {
  const result = resultOf(unit);
  if (result === 'success') {
    if (!hasRun(unit) || isClean(unit)) return EXIT.ok;
    return codeOf(unit) === CLD_EXITED ? statusOf(unit) : EXCEPTION;
  }
  if (result === 'exit-code' && statusOf(unit) > 0) return statusOf(unit);
  return result === 'signal' ? EXCEPTION : EXIT.findings;
}

/**
 * The end in brackets, as far as the unit tells it: ` (exit-code: code=exited, status=203/EXEC)`. Empty after a
 * success.
 */
export function howItEnded(unit: UnitProperties): string {
  if (resultOf(unit) === 'success') return '';
  const code = codeOf(unit);
  return ` (${resultOf(unit)}${code > 0 ? `: ${endText(code, statusOf(unit))}` : ''})`;
}

/** The time from the start to the end, in microseconds. */
function runtime(unit: UnitProperties): bigint | undefined {
  const start = numberOf(unit, 'InactiveExitTimestampMonotonic') ?? 0n;
  const end = numberOf(unit, 'InactiveEnterTimestampMonotonic') ?? 0n;
  return start > 0n && end > start ? end - start : undefined;
}

function cpuTime(unit: UnitProperties): bigint | undefined {
  const nanoseconds = numberOf(unit, 'CPUUsageNSec');
  return nanoseconds === undefined ? undefined : (nanoseconds + 999n) / 1000n;
}

/** Lines about the end, as systemd-run 257 prints them. */
export function summaryLines(unit: UnitProperties): string[] {
  const time = (what: string, value: bigint | undefined) =>
    value === undefined ? [] : [`${what}: ${timeText(value)}`];
  const code = codeOf(unit);
  const ended = code > 0 ? [`Main processes terminated with: ${endText(code, statusOf(unit))}`] : [];
  return [
    `Finished with result: ${resultOf(unit)}`,
    ...ended,
    ...time('Service runtime', runtime(unit)),
    ...time('CPU time consumed', cpuTime(unit)),
    ...memoryLines(unit),
    ...trafficLines(unit, 'IP traffic received', 'IPIngressBytes', 'sent', 'IPEgressBytes'),
    ...trafficLines(unit, 'IO bytes read', 'IOReadBytes', 'written', 'IOWriteBytes'),
  ];
}

function memoryLines(unit: UnitProperties): string[] {
  const peak = numberOf(unit, 'MemoryPeak');
  const swap = numberOf(unit, 'MemorySwapPeak');
  if (peak === undefined) return [];
  return [`Memory peak: ${sizeText(peak)}${swap === undefined ? '' : ` (swap: ${sizeText(swap)})`}`];
}

function trafficLines(unit: UnitProperties, ins: string, inName: string, outs: string, outName: string) {
  const [into, out] = [inName, outName].map((name) => numberOf(unit, name) || undefined);
  if (into === undefined && out === undefined) return [];
  const text = (bytes: bigint | undefined) => (bytes === undefined ? 'n/a' : sizeText(bytes));
  return [`${ins}: ${text(into)} ${outs}: ${text(out)}`];
}

/** The end for programs; numbers are in microseconds and bytes. */
export const endJson = (unit: UnitProperties) => ({
  result: resultOf(unit),
  code: ['none', 'exited', 'killed', 'dumped'][codeOf(unit)] ?? 'none',
  status: statusOf(unit),
  runtime: runtime(unit) ?? null,
  cpuTime: cpuTime(unit) ?? null,
  memoryPeak: numberOf(unit, 'MemoryPeak') ?? null,
});

/** Units of time in microseconds; systemd's years and months are means. */
const TIMES: readonly (readonly [string, bigint])[] = [
  ['y', 31_557_600_000_000n],
  ['month', 2_629_800_000_000n],
  ['w', 604_800_000_000n],
  ['d', 86_400_000_000n],
  ['h', 3_600_000_000n],
  ['min', 60_000_000n],
  ['s', 1_000_000n],
  ['ms', 1000n],
  ['us', 1n],
];

/** A span to the millisecond, as systemd writes it: `1min 3.045s`, `14ms`. */
export function timeText(microseconds: bigint): string {
  const words: string[] = [];
  let left = microseconds;
  for (const [unit, size] of TIMES) {
    if (left < size || (left < 1000n && words.length > 0)) continue;
    const rest = unit === 's' ? left % size : 0n;
    words.push(`${left / size}${rest > 0n ? `.${String(rest / 1000n).padStart(3, '0')}` : ''}${unit}`);
    left = unit === 's' ? 0n : left % size;
  }
  return words.join(' ') || '0';
}

/** Bytes as systemd writes them: `1.5M`. */
export function sizeText(bytes: bigint): string {
  const power = 'KMGTPE'.split('').findLastIndex((_, i) => bytes >= 1024n ** BigInt(i + 1));
  if (power < 0) return `${bytes}B`;
  const tenths = ((bytes * 10n) / 1024n ** BigInt(power + 1)) % 10n;
  return `${bytes / 1024n ** BigInt(power + 1)}${tenths > 0n ? `.${tenths}` : ''}${'KMGTPE'[power]}`;
}
