import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from '../../../src/machine/context.js';
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

test('a program is looked up like by execvp(3)', () => {
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

test("a probe that can't run is an error at its place, except for another machine", async () => {
  const policy = policyFrom('[apply]\nprobe = [["/gone\\u001b", "-x"], "tcp:localhost:1"]\n');
  const context = fakeContext(new FakeSystem());
  const problems = (offline: boolean) => probeProblems({ ...context, offline, caller: caller({}) }, policy);
  const [{ code, message, at } = assert.fail(), ...more] = await problems(false);
  assert.deepEqual(
    [code, message, at?.line, more],
    ['policy-value', "the probe '/gone\\x1b' can't be run: no such file", 2, []],
  );
  assert.deepEqual(await problems(true), []);
  assert.deepEqual(await probeProblems({ ...context, caller: caller({}) }, policyFrom('')), []);
});

test('a user who runs the probe must exist, and finds it in a PATH of their own', async () => {
  const policy = policyFrom('[apply]\nprobe = ["x"]\nprobe-as = "demo"\n');
  const problems = async (status: number, more: Partial<Context> = {}) => {
    const stdout = status === 0 ? 'demo:x:33:33::/home/demo:/bin/sh\n' : '';
    const programs = { getent: () => ({ status, stdout, stderr: '' }) };
    const context = { ...fakeContext(new FakeSystem({ programs })), ...more };
    const found = await probeProblems(
      { ...context, caller: caller({ '/usr/bin/x': 'good' }, '/nowhere') },
      policy,
    );
    return found.map(({ code, message, at }) => `${at?.line}:${at?.column} ${code}: ${message}`);
  };
  assert.deepEqual(await problems(0), []);
  assert.deepEqual(await problems(1), ["3:12 no-user: there is no user 'demo'"]);
  assert.deepEqual(await problems(0, { superuser: false }), [
    "3:12 needs-root: only root can run a probe as another user: 'probe-as'",
  ]);
});
