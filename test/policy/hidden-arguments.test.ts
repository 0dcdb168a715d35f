import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkSyscalls } from '../../src/policy/check.js';
import { MACHINES } from '../../src/syscalls/abi.js';
import { bundledSets } from '../../src/syscalls/sets.js';
import { policyFrom } from '../support/policy.js';

describe('of a rule on arguments that no filter can compare on an ABI it is said what its call gets there', () => {
  const EPERM_RULE = (call: string, arg: number, more = '') =>
    `[syscalls]\narchitectures = ["x86", "arm"]\n${more}\n[[syscalls.rules]]\nsyscall = "${call}"\n` +
    `when = [{ arg = ${arg}, eq = 1 }]\naction = "EPERM"`;
  const told = (source: string) =>
    checkSyscalls(policyFrom(source), bundledSets(), MACHINES)
      .filter(({ code }) => code === 'stricter-than-policy')
      .map(({ severity, message, hint, at }) => `${severity} ${at!.line}: ${message} (${hint})`);

  const instead = (call: string) => `programs call '${call}' instead: a rule on it tells its arguments apart`;
  const there = "it gets 'EPERM' there, whatever its arguments";

  test('in memory', () => {
    const message = `'mmap' on x86 has its arguments in memory, where no filter looks: ${there}`;
    assert.deepEqual(told(EPERM_RULE('mmap', 2)), [`note 4: ${message} (${instead('mmap2')})`]);
  });

  test('of 16 bits', () => {
    const on = (abi: string) =>
      `note 4: 'setuid' on ${abi} takes only 16 bits of an ID: ${there} (${instead('setuid32')})`;
    assert.deepEqual(told(EPERM_RULE('setuid', 0)), [on('x86'), on('arm')]);
  });

  test('that it has no register for', () => {
    const message = `'fallocate' on x86 has no register for an argument 4: ${there}`;
    assert.deepEqual(
      told(EPERM_RULE('fallocate', 4))[0],
      `note 4: ${message} (without 'x86' in 'architectures' no call comes through it)`,
    );
  });

  test('of which an ABI takes less where they are numbers than where they are pointers', () => {
    const source = EPERM_RULE('ioctl', 2).replace('"x86", "arm"', '"x32"');
    const message = `'ioctl' on x32 takes 32 bits of a number and 64 of a pointer: ${there}`;
    const hint = "without 'x32' in 'architectures' no call comes through it";
    assert.deepEqual(told(source.replace('eq = 1', 'eq = 1, width = 64')), [`note 4: ${message} (${hint})`]);
    assert.deepEqual(told(source), []);
  });

  test('and nothing where they are in registers, or all answers are the same', () => {
    for (const source of [
      EPERM_RULE('mmap2', 2),
      EPERM_RULE('fallocate', 3),
      EPERM_RULE('chown', 0),
      EPERM_RULE('mmap', 2, 'deny = ["mmap:EPERM"]'),
      EPERM_RULE('mmap', 2).replace('"x86", "arm"', '"x32"'),
    ]) {
      assert.deepEqual(told(source), []);
    }
  });
});
