import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openedPaths } from '../../../src/verify/drift/opened-paths.js';
import { type FakeOptions, FakeSystem, fakeContext } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

const ROOT = '1 0 0:1 / / rw - ext4 x rw\n';
const MASK = '2 1 0:2 /systemd/inaccessible/reg /srv/file ro,nosuid - tmpfs x rw\n';

/** Codes and messages about a service whose process has these mounts. */
async function opened(mounts: string, more: FakeOptions = {}, text = 'InaccessiblePaths=/srv/file\n') {
  const links = { '/proc/7/root': '/', '/proc/7/ns/user': 'user:[1]', '/proc/1/ns/user': 'user:[1]' };
  const files = {
    ...{ '/proc/1/mountinfo': ROOT, '/proc/7/mountinfo': mounts, '/srv/file': '' },
    ...{ '/proc/7/status': 'Name:\tdemod\nState:\tS\n', '/proc/7/stat': `7 (demod) S ${'0 '.repeat(20)}` },
  };
  const system = new FakeSystem({ files, links, ...more });
  const state = unitState({ MainPID: 7, InaccessiblePaths: ['-/srv/file'] });
  const found = await openedPaths(fakeContext(system), [{ name: 'demo.service', state }], {
    text,
    systemd: '257.1',
  });
  return found.map(({ code, message }) => `${code}: ${message}`);
}

test('a path that a drop-in closes is looked up where the main process runs', async () => {
  assert.deepEqual(await opened(ROOT + MASK), []);
  const [found, ...more] = await opened(ROOT);
  assert.deepEqual(more, []);
  assert.match(
    found!,
    /^looser-directive: InaccessiblePaths= is not in force in .*: \/srv\/file can be reached$/,
  );
});

test('nothing is reported without such a line, or for an ended process; a user namespace hides nothing', async () => {
  assert.deepEqual(await opened(ROOT, {}, 'ProtectHome=yes\n'), []);
  assert.deepEqual(await opened(''), []);
  const links = { '/proc/7/root': '/', '/proc/7/ns/user': 'user:[2]', '/proc/1/ns/user': 'user:[1]' };
  assert.equal((await opened(ROOT, { links })).length, 1);
  assert.deepEqual(await opened(ROOT + MASK, { links }), []);
});
