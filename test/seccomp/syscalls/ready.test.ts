import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALLOW, ENOSYS, errnoAction, KILL, LOG } from '../../../src/seccomp/syscalls/action.js';
import { answers, mayPass } from '../../../src/seccomp/syscalls/named-policy.js';
import { withOwnSets } from '../../../src/seccomp/syscalls/own-sets.js';
import { readyCalls } from '../../../src/seccomp/syscalls/ready.js';
import { resolve, resolveCalls, strictest, verdictOn } from '../../../src/seccomp/syscalls/resolve.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { policyFrom, syscallsFrom } from '../../support/policy.js';

const sets = withOwnSets(bundledSets());
const EPERM = errnoAction(1);

const section = (lines: string) => readyCalls(policyFrom(`[ready]\n${lines}`).ready!);
const named = (lines: string) => resolveCalls(section(lines), sets);
const answer = (lines: string, call: string) => strictest(verdictOn(named(lines), call));

test('a refused call fails with EPERM, unless the section says otherwise', () => {
  assert.equal(answer('deny = ["execve"]', 'execve'), EPERM);
  assert.equal(answer('deny = ["execve"]\naction = "kill"', 'execve'), KILL);
  assert.equal(answer('deny = ["execve:kill"]', 'execve'), KILL);
  assert.equal(answer('deny = ["execve"]', 'bind'), ALLOW);
});

test('an allow list includes the harmless calls, and not execve', () => {
  const allow = 'allow = ["accept4"]\nlog = ["openat"]\ndeny = ["madvise"]';
  assert.deepEqual(
    ['accept4', 'exit_group', 'execve', 'socket', 'openat', 'madvise'].map((call) => answer(allow, call)),
    [ALLOW, ALLOW, EPERM, EPERM, LOG, EPERM],
  );
  assert.equal(named(allow).unlisted, ENOSYS);
});

test('[ready] closes no open ABI', () => {
  assert.deepEqual([...resolve(named('deny = ["execve"]'), 'x86-64').abis.keys()], ['x86-64', 'x32', 'x86']);
  const one = readyCalls(policyFrom('[ready]\ndeny = ["execve"]').ready!, ['x86']);
  assert.deepEqual([...resolve(resolveCalls(one, sets), 'x86-64').abis.keys()], ['x86-64', 'x86']);
});

test('calls that were refused before stay refused, and those that depend on arguments may still pass', () => {
  const rule = '[[syscalls.rules]]\nsyscall = "socket"\nwhen = [{ arg = 0, eq = 1 }]\naction = "allow"';
  const before = resolveCalls(syscallsFrom(`deny = ["bind", "clone3:ENOSYS"]\n${rule}`), bundledSets());
  const both = resolveCalls(section('allow = ["bind", "clone3", "socket"]'), sets, before);
  const passing = ['bind', 'clone3', 'socket', 'read', 'listen'].filter((call) =>
    mayPass(verdictOn(both, call)),
  );
  assert.deepEqual(passing, ['socket', 'read']);
  assert.deepEqual(answers(verdictOn(both, 'clone3')), [ENOSYS]);
});
