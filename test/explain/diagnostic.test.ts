import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explanationDiagnostic } from '../../src/explain/diagnostic.js';
import { type Explanation, explainCalls } from '../../src/explain/explanation.js';
import type { Confinement } from '../../src/explain/refused-call.js';
import { ownLimits } from '../../src/plan/calls/own-limits.js';
import { ABIS } from '../../src/seccomp/syscalls/abi.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { bundledSets } from '../../src/seccomp/syscalls/sets.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { unitFile } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';

/** What is found of a call that failed. */
function refused(name: string, policy: string, refusers: readonly string[] = []): Explanation {
  const sets = bundledSets();
  const confinement: Confinement = {
    ...{ policy: policyFrom(policy), machine: 'x86-64', sets, refusers: () => refusers },
    own: ownLimits(effectiveUnit([unitFile('')]), sets, 257),
  };
  const nr = numbersOf('x86-64').get(name)!;
  const process = { pid: 7, name: 'demod', program: '/usr/sbin/demod' };
  const call = { ...process, time: 1, arch: ABIS['x86-64'].arch, nr, action: 0x50000, certain: true };
  return explainCalls([call], confinement, () => undefined)[0]!;
}

test('a call that a directive of the policy refuses has a hint', () => {
  const policy = '[syscalls]\ndeny = ["uname"]\n[service]\nRestrictRealtime = true\n';
  const found = refused('sched_setscheduler', policy, ['RestrictRealtime']);
  const { message, hint } = explanationDiagnostic(found, 'x86-64');
  assert.deepEqual(
    [message, hint],
    [
      'sched_setscheduler (144) failed: RestrictRealtime=',
      'to allow it: remove RestrictRealtime= from [service]',
    ],
  );
});

test('a call that is refused after readiness has a hint, with one for calls of the start', () => {
  const { message, hint } = explanationDiagnostic(
    refused('execve', '[ready]\ndeny = ["execve"]\n'),
    'x86-64',
  );
  assert.equal(message, 'execve (59) failed: deny execve, once it serves');
  assert.match(
    hint!,
    /^to allow it: .*; if the service was still starting, give 'settle' in \[ready\] more time$/,
  );
});

test('text shows a change, its consequences, and an alternative on separate lines', () => {
  const policy = '[syscalls]\ndeny = ["@mount"]\n[[expect]]\nsyscall = "mount"\naction = "kill"\n';
  const instead = { does: 'take "no-exec" out of extends in line 1', where: 'p.toml' };
  const found = { ...refused('mount', policy), instead };
  const { hint, hintLines } = explanationDiagnostic(found, 'x86-64');
  assert.deepEqual(hintLines, [
    'to allow it: add a rule that allows mount:',
    '  [[syscalls.rules]]',
    '  syscall = "mount"',
    '  when = [{ arg = 0, ge = 0 }] # any value',
    '  action = "allow"',
    'and change the expected action in line 5;',
    'or take "no-exec" out of extends in line 1;',
    'with CAP_SYS_ADMIN it can then change which files it sees',
  ]);
  assert.equal(hint, hintLines?.join(' '));
});
