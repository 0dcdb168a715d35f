import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setsOfTarget } from '../../../src/prepare/probe/target-sets.js';
import { type FakeOptions, FakeSystem, fakeContext } from '../../support/fake-system.js';

const VERSION = '252.39-1~deb12u1';
const USERS = {
  scope: 'user',
  lifetime: 'always',
  home: '/home/u',
  runtimeDirectory: '/run/user/1',
} as const;
const KEPT = '/run/sandbox-unit/syscall-sets';
const listing = (version: string) => `# systemd ${version}\n@default\n    # Calls\n    read\n`;

/** Asks twice; returns how often the sets were listed, the members of @default at last, and what is kept. */
async function asked(options: FakeOptions, context = {}) {
  const system = new FakeSystem(options);
  const ask = () => setsOfTarget(fakeContext(system, { superuser: true, ...context }), VERSION);
  await ask();
  const { members } = await ask();
  const kept = new TextDecoder().decode((await system.read(KEPT))?.bytes);
  const listed = system.calls.filter((call) => call.includes('syscall-filter')).length;
  return { listed, first: members.get('@default')![0], kept: kept.split('\n')[0] };
}

test('root lists the sets of a version of systemd once, and keeps them', async () => {
  assert.deepEqual(await asked({}), { listed: 1, first: '@sandbox', kept: `# systemd ${VERSION}` });
  const kept = await asked({ files: { [KEPT]: listing(VERSION) } });
  assert.deepEqual(kept, { listed: 0, first: 'read', kept: `# systemd ${VERSION}` });
});

test('kept sets of another version of systemd are replaced', async () => {
  const { listed, kept } = await asked({ files: { [KEPT]: listing('252.38-1~deb12u1') } });
  assert.deepEqual([listed, kept], [1, `# systemd ${VERSION}`]);
});

test('sets in a file that other users than root can change are not read', async () => {
  const { first } = await asked({ files: { [KEPT]: listing(VERSION) }, untrusted: [KEPT] });
  assert.equal(first, '@sandbox');
});

test('sets are not kept by a user, offline, from facts or for a user manager', async () => {
  for (const context of [
    { superuser: false },
    { offline: true },
    { isRecorded: true },
    { placement: USERS },
  ]) {
    const { listed, kept } = await asked({}, context);
    assert.deepEqual([listed, kept], [2, '']);
  }
});
