/** What comes from outside, read by the C code that reads it, under a coverage-guided fuzzer with sanitizers. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { KILL } from '../../src/seccomp/syscalls/action.js';
import { inLayer, layerAvailable } from '../support/layer.js';
import {
  filterRefusing,
  INCLUDES,
  launcherObstacle,
  NATIVE,
  PROGRAMS,
  sharedFolder,
  startRefusing,
} from '../support/native.js';
import { THOROUGH } from '../support/thorough.js';

const skip = launcherObstacle() ?? layerAvailable('clang');
const folder = sharedFolder();
/** Both targets run beside each other. */
const SECONDS = THOROUGH ? 15 : 5;

interface Target {
  readonly name: string;
  readonly sources: readonly string[];
  /** What the fuzzer begins with: in order, so that the deep paths are reached. */
  readonly seeds: () => readonly (string | Uint8Array)[];
}

const TARGETS: readonly Target[] = [
  {
    name: 'fuzz-filter',
    sources: ['seccomp/filter'],
    seeds: () => {
      const files = [filterRefusing({ uname: KILL }), filterRefusing({}, startRefusing({}))];
      return [...files, ...files.map((bytes) => Buffer.from(bytes).toString('base64'))];
    },
  },
  {
    name: 'fuzz-environment',
    sources: ['sandboxify/request', 'sandboxify/calls', 'sandboxify/list-filter', 'base/message'],
    seeds: () => [
      'A=1\nSECCOMP_SYSCALL_DENY=uname:arm_fadvise64_64:reboot\nSECCOMP_DEFAULT_ACTION=log',
      'SECCOMP_SYSCALL_ALLOW=read:write:exit_group',
      'SECCOMP_DEFAULT_ACTION=allow',
    ],
  },
];

describe('no input from outside makes the C code misbehave:', { skip, concurrency: true }, () => {
  for (const { name, sources, seeds } of TARGETS) {
    test(name, async () => {
      const corpus = join(folder, `${name}-corpus`);
      mkdirSync(corpus);
      for (const [index, seed] of seeds().entries()) writeFileSync(join(corpus, `${index}`), seed);
      const program = join(folder, name);
      const files = sources.map((source) => join(NATIVE, `${source}.c`));
      const build = await inLayer(
        [
          ...['clang', '-g', '-O1', '-std=gnu11', '-Wall', '-Wextra', '-Werror', '-o', program],
          ...['-fsanitize=fuzzer,address,undefined', '-fno-sanitize-recover=all'],
          ...[...INCLUDES, join(PROGRAMS, `${name}.c`), ...files],
        ],
        { tree: 'clang', folders: [folder] },
      );
      assert.deepEqual(build, { status: 0, stdout: '', stderr: '' });
      const { status, stderr } = await inLayer(
        [program, `-max_total_time=${SECONDS}`, '-timeout=10', `-artifact_prefix=${folder}/`, corpus],
        { tree: 'clang', folders: [folder] },
      );
      assert.equal(status, 0, stderr);
      // Coverage that stays at nothing would be a fuzzer that doesn't see the code.
      const covered = Number(/DONE +cov: (\d+)/.exec(stderr)?.[1]);
      assert.ok(covered > 40, stderr);
    });
  }
});
