import assert from 'node:assert/strict';
import { parsePolicy } from '../../src/policy/parse.js';
import type { Policy, SyscallsSection } from '../../src/policy/policy.js';

/** A policy that has nothing wrong with its form. */
export function policyFrom(source: string, file = 'p.toml'): Policy {
  const { policy, diagnostics } = parsePolicy(source, file);
  assert.deepEqual(diagnostics, []);
  return policy;
}

/** Its `[syscalls]`, from the lines below that header. */
export const syscallsFrom = (lines: string): SyscallsSection => policyFrom(`[syscalls]\n${lines}`).syscalls!;
