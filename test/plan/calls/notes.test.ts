import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Diagnostic } from '../../../src/diagnostic.js';
import { absentCalls, foreignSets, replacedFilter } from '../../../src/plan/calls/notes.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { callContext, targetOf } from '../../support/planned.js';

const said = (found: readonly Diagnostic[]) =>
  found.map(({ severity, code, message, at }) => `${severity} ${code} ${at?.line}: ${message}`);

test('a foreign call is reported with the native one, unless a line has that, too', () => {
  const absent = (lines: string) => said(absentCalls(callContext(lines)));
  assert.deepEqual(absent('deny = ["mmap2"]'), ["note unknown-syscall 2: x86-64 has no call 'mmap2'"]);
  assert.equal(absentCalls(callContext('deny = ["mmap2"]'))[0]!.hint, "it has 'mmap'");
  assert.deepEqual(absent('deny = ["mmap2", "mmap"]'), []);
  assert.deepEqual(absent('deny = ["mmap2"]\narchitectures = ["x86"]'), []);
  assert.deepEqual(absent('deny = ["@file-system"]'), []);
  const rule = 'rules = [{ syscall = "mmap2", when = [{ arg = 2, bits-any = 4 }], action = "kill" }]';
  assert.deepEqual(absent(`log = ["uname"]\n${rule}`), [
    "note unknown-syscall 3: x86-64 has no call 'mmap2'",
  ]);
});

test('sets of another release are reported if the plan uses one of them', () => {
  const target = targetOf(260, { sets: bundledSets(), version: '1' });
  const foreign = (lines: string, own = '') => {
    const context = callContext(lines, own, target);
    return said(foreignSets(context.section, target, context.own));
  };
  const message = `this plan uses the syscall sets of systemd ${bundledSets().systemd}, not those of the target's 1`;
  assert.deepEqual(foreign('log = ["uname"]\ndeny = ["@mount"]'), [`warning assumed 3: ${message}`]);
  assert.deepEqual(foreign('allow = ["uname"]'), [`warning assumed 1: ${message}`]);
  assert.deepEqual(foreign('deny = ["uname"]', 'SystemCallFilter=@system-service'), [
    `warning assumed 1: ${message}`,
  ]);
  assert.deepEqual(foreign('deny = ["uname"]'), []);
  const { section } = callContext('deny = ["@mount"]');
  assert.deepEqual(foreignSets(section, { ...target, version: bundledSets().systemd }, undefined), []);
});

test("a unit's own filter that a policy drops is reported, as a warning if then nothing is refused", () => {
  const replaced = (lines: string, own: string) => {
    const { section, own: present } = callContext(lines, own);
    return replacedFilter(section, present);
  };
  const own = 'SystemCallFilter=~uname';
  assert.deepEqual(said(replaced('inherit = false', own)), [
    "warning own-filter 2: 'inherit = false' drops the unit's own system call filter",
  ]);
  assert.deepEqual(replaced('inherit = false', ''), []);
  assert.deepEqual(replaced('inherit = true', own), []);
  assert.deepEqual(replaced('deny = ["ptrace"]', own), []);
  const { section, own: present } = callContext('inherit = false', own);
  const [permissive] = replacedFilter({ ...section, permissive: true }, present);
  assert.match(permissive!.message, /while the unit is permissive, no call is refused$/);
});
