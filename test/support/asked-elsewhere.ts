/** A host's answers to the script `facts`, and the command that plans for the host by them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Box } from './box.js';
import { runCommand } from './command.js';
import { inRepository } from './repository.js';
import type { RunResult } from './run.js';

/** Most calls of the script for a plan: answers lead to further questions. */
const MOST_ROUNDS = 5;

/** Runs one of the scripts for hosts, where no folder of the search path has Node. */
export const hostScript = (box: Box, script: string, ...words: string[]): Promise<RunResult> =>
  box.exec(['env', '-i', 'PATH=/usr/bin:/bin:/usr/sbin:/sbin', 'sh', script, ...words]);

/** Answers of a host, kept in files of a folder here. */
export class Answers {
  readonly #box: Box;
  readonly #folder: string;
  readonly #files: string[] = [];

  constructor(box: Box, folder: string) {
    this.#box = box;
    this.#folder = folder;
  }

  /** Asks the host. @param words of the script */
  async gather(...words: string[]): Promise<void> {
    const { status, stdout, stderr } = await hostScript(
      this.#box,
      inRepository('host-scripts/facts'),
      ...words,
    );
    assert.deepEqual([status, stderr], [0, '']);
    const path = join(this.#folder, `answers.${this.#files.length}`);
    writeFileSync(path, stdout);
    this.#files.push(path);
  }

  /** Runs the command here, about the host, which is asked again where that isn't enough. */
  run(...words: string[]): Promise<RunResult> {
    return this.runWith(undefined, ...words);
  }

  /** Runs it with a standard input. */
  async runWith(input: string | undefined, ...words: string[]): Promise<RunResult> {
    for (let round = 1; ; round++) {
      const facts = this.#files.flatMap((path) => ['--facts', path]);
      const result = await runCommand([...words, ...facts], process.env, input);
      const [, more] = /--ask(?:",\s*"| )([A-Za-z0-9+/=]+)/.exec(result.stdout + result.stderr) ?? [];
      if (more === undefined || round === MOST_ROUNDS) return result;
      await this.gather('--ask', more);
    }
  }
}
