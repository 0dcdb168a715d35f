/** The end of a transient unit: systemd-run(1)'s words for it, and the exit status that systemd-run makes of it. */

import { EXIT } from '../../diagnostic.js';
import type { UnitState } from '../../machine/unit-state.js';
import { timeText } from '../../systemd/time-span.js';
import { CLEAN_SIGNALS, endText } from '../../systemd/unit/exit-status.js';

const resultOf = (unit: UnitState): string => unit.result || 'n/a';

/** The exit status after a signal, which leaves no status. */
const EXCEPTION = 255;

/** Whether the unit's program was ever started: a condition of a drop-in may not hold. */
export const hasRun = (unit: UnitState): boolean => unit.execMainCode > 0;

const CLD_EXITED = 1;

/**
 * Whether systemd may call the end itself a success. The result alone doesn't tell: whoever has the right may reset it.
 */
function isClean({ execMainCode, execMainStatus, successExitStatus }: UnitState): boolean {
  return execMainCode === CLD_EXITED
    ? [0, ...successExitStatus.statuses].includes(execMainStatus)
    : [...CLEAN_SIGNALS, ...successExitStatus.signals].includes(execMainStatus);
}

/**
 * The exit status: 0 if systemd calls the end a success, the status of a command that exited, 255 after a signal, else
 * 1.
 */
export function exitStatus(unit: UnitState): number {
  const { result, execMainCode: code, execMainStatus: status } = unit;
  if (result === 'success') {
    if (!hasRun(unit) || isClean(unit)) return EXIT.ok;
    return code === CLD_EXITED ? status : EXCEPTION;
  }
  if (result === 'exit-code' && status > 0) return status;
  return result === 'signal' ? EXCEPTION : EXIT.findings;
}

/**
 * The end in brackets, as far as the unit tells it: ` (exit-code: code=exited, status=203/EXEC)`. Empty after a
 * success.
 */
export function howItEnded(unit: UnitState): string {
  if (resultOf(unit) === 'success') return '';
  const { execMainCode: code, execMainStatus: status } = unit;
  return ` (${resultOf(unit)}${code > 0 ? `: ${endText(code, status)}` : ''})`;
}

/** The time from the start to the end, in microseconds. */
function runtime(unit: UnitState): bigint | undefined {
  const { inactiveExitTimestampMonotonic: start, inactiveEnterTimestampMonotonic: end } = unit;
  return start > 0 && end > start ? BigInt(end - start) : undefined;
}

const cpuTime = ({ cpuUsageNSec: nanoseconds }: UnitState): bigint | undefined =>
  nanoseconds === undefined ? undefined : (nanoseconds + 999n) / 1000n;

/** Lines about the end, as systemd-run 257 prints them. */
export function summaryLines(unit: UnitState): string[] {
  const time = (what: string, value: bigint | undefined) =>
    value === undefined ? [] : [`${what}: ${timeText(value)}`];
  const { execMainCode: code, execMainStatus: status } = unit;
  const ended = code > 0 ? [`Main processes terminated with: ${endText(code, status)}`] : [];
  return [
    `Finished with result: ${resultOf(unit)}`,
    ...ended,
    ...time('Service runtime', runtime(unit)),
    ...time('CPU time consumed', cpuTime(unit)),
    ...memoryLines(unit),
    ...trafficLines('IP traffic received', unit.ipIngressBytes, 'sent', unit.ipEgressBytes),
    ...trafficLines('IO bytes read', unit.ioReadBytes, 'written', unit.ioWriteBytes),
  ];
}

function memoryLines({ memoryPeak: peak, memorySwapPeak: swap }: UnitState): string[] {
  if (peak === undefined) return [];
  return [`Memory peak: ${sizeText(peak)}${swap === undefined ? '' : ` (swap: ${sizeText(swap)})`}`];
}

function trafficLines(ins: string, into: bigint | undefined, outs: string, out: bigint | undefined) {
  if (!into && !out) return [];
  const text = (bytes: bigint | undefined) => (bytes ? sizeText(bytes) : 'n/a');
  return [`${ins}: ${text(into)} ${outs}: ${text(out)}`];
}

/** The end for programs; numbers are in microseconds and bytes. */
export const endJson = (unit: UnitState) => ({
  result: resultOf(unit),
  code: ['none', 'exited', 'killed', 'dumped'][unit.execMainCode] ?? 'none',
  status: unit.execMainStatus,
  runtime: runtime(unit) ?? null,
  cpuTime: cpuTime(unit) ?? null,
  memoryPeak: unit.memoryPeak ?? null,
});

/** Bytes as systemd writes them: `1.5M`. */
export function sizeText(bytes: bigint): string {
  const power = 'KMGTPE'.split('').findLastIndex((_, i) => bytes >= 1024n ** BigInt(i + 1));
  if (power < 0) return `${bytes}B`;
  const tenths = ((bytes * 10n) / 1024n ** BigInt(power + 1)) % 10n;
  return `${bytes / 1024n ** BigInt(power + 1)}${tenths > 0n ? `.${tenths}` : ''}${'KMGTPE'[power]}`;
}
