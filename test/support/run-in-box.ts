/** `sandbox-unit run` in a box, and what its units say. */
import assert from 'node:assert/strict';
import type { Box, ExecOptions } from './box.js';
import { runCommand } from './command-in-box.js';
import { inRepository } from './repository.js';
import type { RunResult } from './run.js';
import { splitLines } from './run.js';

export const COMMAND = ['node', inRepository('dist/sandbox-unit.cjs'), 'run'];

/** Runs a command line. */
export const runUnit = (box: Box, words: readonly string[], options?: ExecOptions): Promise<RunResult> =>
  options === undefined ? runCommand(box, ['run', ...words]) : box.exec([...COMMAND, ...words], options);

/** What was said of a unit, names and times aside. */
export const said = ({ stderr }: RunResult): string[] =>
  splitLines(stderr).map((line) =>
    line
      .replace(/run-[rpu][0-9a-fi-]+\.service/g, 'NAME')
      .replace(/[0-9a-f]{32}/, 'ID')
      .replace(/(runtime|consumed|peak): .*/, '$1: N'),
  );

/** Runs a command line, and reads from the journal what its program has written. */
export async function runAndRead(
  box: Box,
  words: readonly string[],
  options?: ExecOptions,
): Promise<RunResult & { readonly output: string }> {
  await box.succeed(['journalctl', '--sync']);
  const last = await box.succeed(['journalctl', '--quiet', '--lines=1', '--output=cat', '--show-cursor']);
  const [, cursor] = /^-- cursor: (.*)$/m.exec(last) ?? assert.fail(last);
  const result = await runUnit(box, words, options);
  await box.succeed(['journalctl', '--sync']);
  const lines = ['journalctl', '--quiet', '--output=cat', `--after-cursor=${cursor}`, '_TRANSPORT=stdout'];
  return { ...result, output: await box.succeed(lines) };
}
