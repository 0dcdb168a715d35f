/** A policy on trial, applied on a machine in memory, and recordings of what its service did under it. */
import assert from 'node:assert/strict';
import { apply } from '../../src/cli/commands/apply.js';
import type { Recording } from '../../src/observe/recording/recording.js';
import { keepRecording } from '../../src/observe/recordings/store.js';
import { machine } from './apply-in-memory.js';
import { UNIT } from './demo-service.js';
import { fakeContext } from './fake-system.js';
import { call, recording } from './recordings.js';

export const POLICY =
  '# mine\n[syscalls]\naction = "EPERM"\nallow = ["@system-service"]\ndeny = ["execve"]\nlog = ["poll", "chmod"]\n';
const FILE = `/etc/sandbox-unit/${UNIT}.toml`;
/** Recordings of it were made under a policy that was applied before. */
const WEEK = { begin: '2030-01-01T00:00:00.000Z', end: '2030-01-08T00:00:01.000Z' };

export async function applied(recordings: readonly Recording[], policy = POLICY) {
  const system = machine({}, policy);
  const context = fakeContext(system);
  const { exit } = await apply(context, [UNIT], {});
  assert.equal(exit, 0);
  for (const one of recordings) await keepRecording(context, one);
  const text = () => new TextDecoder().decode(system.files.get(FILE)!.bytes);
  return { system, context, text };
}

export const used = (more: Partial<Recording> = {}) =>
  recording({ ...WEEK, lost: {}, calls: [call('poll'), call('read')], ...more });
