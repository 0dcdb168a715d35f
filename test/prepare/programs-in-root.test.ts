import assert from 'node:assert/strict';
import { test } from 'node:test';
import { programsInRoot } from '../../src/prepare/programs-in-root.js';
import { effectiveUnit } from '../../src/unit/effective.js';
import type { View } from '../../src/unit/view.js';
import { FakeSystem, fakeContext } from '../support/fake-system.js';
import { planned, unitFile } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';

/** A machine with a root below /srv that has one program, and a folder that may be mounted there. */
class Rooted extends FakeSystem {
  override async walk(path: string, view?: View) {
    const inside = [`${view?.root}${path}`];
    const bound = (view?.binds ?? []).map(({ source, destination }) => path.replace(destination, source));
    const there = [...inside, ...bound].includes('/srv/usr/sbin/demod') || bound.includes('/tools/kill');
    return { real: there ? path : undefined, untrusted: [] };
  }
}

async function said(service: string, lines = 'ExecReload=/bin/kill -HUP $MAINPID', offline = false) {
  const policy = policyFrom(`[service]\n${service}`);
  const effective = effectiveUnit([unitFile(lines)]);
  const context = fakeContext(new Rooted(), { offline });
  const found = await programsInRoot(context, { policy, effective, plan: planned(policy, lines) });
  return found.map(({ severity, code, message, at }) => `${at?.line} ${severity} ${code}: ${message}`);
}

const ABSENT = "ExecReload=/bin/kill (demo.service:3) isn't there in RootDirectory=/srv";

test('a program that is not in the root of a policy is an error', async () => {
  assert.deepEqual(await said('RootDirectory = "/srv"'), [`2 error unreachable-program: ${ABSENT}`]);
  assert.deepEqual(await said('RootDirectory = "/srv"', 'ExecReload=-/bin/kill'), [
    `2 warning unreachable-program: ${ABSENT}`,
  ]);
  assert.equal((await said('RootDirectory = "/srv"', 'ExecReload=kill -HUP $MAINPID')).length, 1);
});

test('what is mounted there counts, and where nobody can look nothing is said', async () => {
  assert.deepEqual(await said('RootDirectory = "/srv"\nBindReadOnlyPaths = ["/tools:/bin"]'), []);
  assert.deepEqual(await said('RootDirectory = "/srv/%i"'), []);
  assert.deepEqual(await said('RootDirectory = "/"'), []);
  assert.deepEqual(await said('Nice = 1'), []);
  assert.deepEqual(await said('RootDirectory = "/srv"', 'ExecReload=+/bin/kill'), []);
  assert.deepEqual(await said('RootDirectory = "/srv"', undefined, true), []);
});
