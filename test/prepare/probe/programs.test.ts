import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookUpProgram, probeProblems } from '../../../src/prepare/probe/programs.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';
import { policyFrom } from '../../support/policy.js';

/** A caller with these files and this PATH. */
function caller(files: Readonly<Record<string, 'good' | 'permission denied'>>, path?: string) {
  const { caller: usual } = fakeContext(new FakeSystem());
  return {
    ...usual,
    environment: path === undefined ? {} : { PATH: path },
    whyNotExecutable: (file: string) =>
      files[file] === 'good' ? undefined : (files[file] ?? 'no such file'),
  };
}

test('a program is looked for as execvp(3) does', () => {
  const found = (name: string, files: Parameters<typeof caller>[0], path?: string) =>
    lookUpProgram(name, caller(files, path));
  const both = { '/a/x': 'good', '/b/x': 'good' } as const;
  assert.deepEqual(found('x', both, '/b:/a'), { path: '/b/x' });
  assert.deepEqual(found('/a/x', both, '/b'), { path: '/a/x' });
  assert.deepEqual(found('x', { '/usr/bin/x': 'good' }), { path: '/usr/bin/x' });
  assert.deepEqual(found('x', { '/b/x': 'permission denied', '/a/x': 'good' }, '/b:/a'), { path: '/a/x' });
  assert.deepEqual(found('x', { '/b/x': 'permission denied' }, '/b:/a'), { why: '/b/x: permission denied' });
  assert.deepEqual(found('/b/x', { '/b/x': 'permission denied' }), { why: 'permission denied' });
  // A folder by the working directory isn't looked into.
  assert.deepEqual(found('x', { x: 'good', './x': 'good', 'bin/x': 'good' }, '.:bin:'), {
    why: 'no such file',
  });
});

test('a probe that can not be run is an error at its place, but not of another machine', () => {
  const policy = policyFrom('[apply]\nprobe = ["/gone\\u001b", "-x"]\n');
  const context = fakeContext(new FakeSystem());
  const problems = (offline: boolean) => probeProblems({ ...context, offline, caller: caller({}) }, policy);
  const [{ code, message, at } = assert.fail()] = problems(false);
  assert.deepEqual(
    [code, message, at?.line],
    ['no-probe', "the probe '/gone\\x1b' can't be run: no such file", 2],
  );
  assert.deepEqual(problems(true), []);
  assert.deepEqual(probeProblems({ ...context, caller: caller({}) }, policyFrom('')), []);
});
