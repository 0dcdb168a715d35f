import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rotationReload } from '../../src/learn/log-rotation.js';
import { FakeSystem } from '../support/fake-system.js';

const FILE = '/etc/logrotate.d/apache2';
const RELOADS = 'postrotate\n invoke-rc.d apache2 reload\nendscript\n';

const found = (files: Readonly<Record<string, string>>, unreadable: readonly string[] = []) =>
  rotationReload(new FakeSystem({ files, unreadable: [...unreadable] }), 'apache2.service');

test('the file that reloads a service is found, whatever its name and those beside it', async () => {
  const wanted = { file: FILE, command: 'invoke-rc.d apache2 reload' };
  assert.deepEqual(await found({ '/etc/logrotate.d/a': 'weekly\n', [FILE]: RELOADS }), wanted);
  assert.deepEqual((await found({ '/etc/logrotate.d/other': RELOADS }))?.file, '/etc/logrotate.d/other');
});

test('no rotation file is found if there is none, or none can be read', async () => {
  assert.equal(await found({}), undefined);
  assert.equal(await found({ [FILE]: RELOADS.replace('apache2', 'nginx') }), undefined);
  assert.equal(await found({ [FILE]: RELOADS }, [FILE]), undefined);
  assert.equal(await found({ [FILE]: RELOADS }, ['/etc/logrotate.d']), undefined);
  assert.equal(await found({ [FILE]: `${'#'.repeat(1_100_000)}\n${RELOADS}` }), undefined);
});
