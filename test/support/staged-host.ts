/** A host without Node: files for it are made here, copied there, and put into force by the script `activate`. */
import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Answers, hostScript } from './asked-elsewhere.js';
import type { Box } from './box.js';
import type { RunResult } from './run.js';
import { mainPid } from './service.js';

/** The folder of the copy, on the host. */
export const STAGE = '/root/stage';

export class StagedHost {
  readonly #box: Box;
  readonly #folder: string;

  /** @param folder one of this machine, for answers, policies and files */
  constructor(box: Box, folder: string) {
    this.#box = box;
    this.#folder = folder;
  }

  /** Runs the command on this machine, about a unit of the host. */
  async here(unit: string, ...words: string[]): Promise<RunResult> {
    const answers = new Answers(this.#box, this.#folder);
    await answers.gather(unit);
    return answers.run(...words);
  }

  /** Makes the files of a policy here, and copies them to the host. */
  async stage(unit: string, policy: string): Promise<void> {
    const [path, output] = [join(this.#folder, 'policy.toml'), join(this.#folder, 'tree')];
    rmSync(output, { recursive: true, force: true });
    writeFileSync(path, policy);
    const made = await this.here(unit, 'generate', '--policy', path, '--output', output, '--activate', unit);
    assert.equal(made.status, 0, made.stderr);
    await this.#box.succeed(['rm', '-rf', STAGE]);
    cpSync(output, `/proc/${this.#box.pid}/root${STAGE}`, { recursive: true });
  }

  activate(...words: string[]): Promise<RunResult> {
    return hostScript(this.#box, `${STAGE}/activate`, ...words);
  }

  /** Whether a service's main process has a filter. */
  async isConfined(unit: string): Promise<boolean> {
    const status = await this.#box.readFile(`/proc/${await mainPid(this.#box, unit)}/status`);
    return /^Seccomp:\t2$/m.test(status);
  }
}
