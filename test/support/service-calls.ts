/** A service that makes the calls it is told to make. */
import assert from 'node:assert/strict';
import { abisOf } from '../../src/seccomp/syscalls/abi.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { callLine, type Way } from '../seccomp/filter/try-filter.js';
import type { Box } from './box.js';
import { MACHINE } from './native.js';
import { splitLines } from './run.js';
import { defineProgram, PROGRAMS, revert, runConfined, runToEnd } from './service.js';

/** The ABI of this machine's own programs. */
export const NATIVE = abisOf(MACHINE ?? 'x86-64')[0]!;

/** For machine(). */
export const CALLER = { 'try-filter': ['test/seccomp/filter/try-filter.c', '-static'] } as const;

/** A call by its name or number, as try-filter reads it; missing arguments are 0. */
export function line(call: string | number, args: readonly bigint[] = [], way: Way = 'native'): string {
  const nr = typeof call === 'number' ? call : numbersOf(NATIVE).get(call)!;
  return callLine(way, nr, [...args, ...new Array<bigint>(6 - args.length).fill(0n)]);
}

/** Outcomes of calls: the process is killed, the call fails with ENETDOWN, or it succeeds. */
export const KILL = 'signal 31';
export const DOWN = 'returned -100';
export const DONE = 'returned';

/** What try-filter says, without the number that a successful call returns: that differs from run to run. */
export const readOutcomes = (output: string): string[] =>
  splitLines(output).map((text) => text.replace(/^returned \d+$/, DONE));

/** What calls come to in a service under a policy, or without one. */
export async function outcomesOf(
  box: Box,
  policy: string | undefined,
  lines: readonly string[],
): Promise<string[]> {
  const unit = 'calls.service';
  await defineProgram(box, unit, `Type=oneshot\nExecStart=${PROGRAMS}/try-filter`, `${lines.join('\n')}\n`);
  const { end, output } =
    policy === undefined ? await runToEnd(box, unit) : await runConfined(box, unit, policy);
  await revert(box, unit);
  assert.equal(end, 'exited with 0', output);
  return readOutcomes(output);
}
