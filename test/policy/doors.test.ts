import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openDoors } from '../../src/policy/doors.js';
import { ABIS, type Abi } from '../../src/syscalls/abi.js';
import { bundledSets } from '../../src/syscalls/sets.js';
import { syscallsFrom } from '../support/policy.js';

const IO_URING = 'io_uring does the same without the call';

/** What is said, and the column of the line at which it is. */
const CASES: readonly [lines: string, messages: readonly string[]][] = [
  ['deny = ["uname"]', []],
  ['deny = ["execve", "execveat"]', []],
  ['deny = ["execve"]', ["9: 'execve' is refused, but 'execveat' does the same"]],
  ['deny = ["uname", "execveat"]', ["18: 'execveat' is refused, but 'execve' does the same"]],
  ['deny = ["execve:log"]', []],
  ['deny = ["execve"]\naction = "log"', []],
  ['deny = ["execve", "execveat:log"]', ["9: 'execve' is refused, but 'execveat' does the same"]],
  ['deny = ["@known", "execveat:log"]', ["9: 'execve' is refused, but 'execveat' does the same"]],
  [
    'allow = ["@system-service"]\ndeny = ["execve"]',
    ["9: 'execve' is refused, but 'execveat' does the same"],
  ],
  ['allow = ["@default"]\ndeny = ["execve"]', []],
  ['deny = ["fork"]', ["9: 'fork' is refused, but 'vfork' and 'clone' and 'clone3' do the same"]],
  ['deny = ["clone3:ENOSYS"]', []],
  ['deny = ["write"]', [`9: 'write' is refused, but ${IO_URING}`]],
  ['deny = ["uname", "read", "write"]', [`18: 'read' is refused, but ${IO_URING}`]],
  ['deny = ["write", "io_uring_setup:ENOSYS"]', []],
  ['allow = ["read"]\ndeny = ["write"]', []],
  [
    'rules = [{ syscall = "clone", when = [{ arg = 0, eq = 1 }], action = "kill" }]',
    ["10: 'clone' is refused, but 'clone3' does the same"],
  ],
  [
    'deny = ["clone3:ENOSYS"]\nrules = [{ syscall = "clone", when = [{ arg = 0, eq = 1 }], action = "kill" }]',
    [],
  ],
  [
    'rules = [{ syscall = "execve", when = [{ arg = 0, eq = 1 }], action = "kill" },' +
      '{ syscall = "execveat", when = [{ arg = 1, eq = 1 }], action = "kill" }]',
    [],
  ],
  [
    'rules = [{ syscall = "socket", when = [{ arg = 0, eq = 1 }], action = "allow" }]',
    [`10: 'socket' is refused, but ${IO_URING}`],
  ],
];

for (const [lines, messages] of CASES) {
  test(`'${lines.replaceAll('\n', ', ')}' leaves ${messages.length} doors open`, () => {
    const found = openDoors(syscallsFrom(lines), bundledSets(), Object.keys(ABIS) as Abi[]);
    assert.deepEqual(
      found.map(({ at, message }) => `${at!.column}: ${message}`),
      messages,
    );
    for (const { severity, code, hint } of found) {
      assert.deepEqual([severity, code], ['warning', 'open-door']);
      assert.match(hint!, /^deny ['"]/);
    }
  });
}
