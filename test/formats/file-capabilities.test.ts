import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseFileCapabilities } from '../../src/formats/file-capabilities.js';

const of = (text: string, ...files: string[]) => Object.fromEntries(parseFileCapabilities(text, files));

test('lines of getcap are read, of libcap old and new', () => {
  const ping = { names: ['CAP_NET_RAW'], effective: true };
  assert.deepEqual(of('/usr/bin/ping cap_net_raw=ep\n', '/usr/bin/ping'), { '/usr/bin/ping': ping });
  assert.deepEqual(of('/usr/bin/ping = cap_net_raw+ep\n', '/usr/bin/ping'), { '/usr/bin/ping': ping });
  assert.deepEqual(of('/a b cap_setuid,cap_kill=p cap_chown+i\n/x cap_bpf=p\n', '/a b'), {
    '/a b': { names: ['CAP_SETUID', 'CAP_KILL'], effective: false },
  });
});

test('whatever is no such line gives nothing', () => {
  for (const text of [
    '',
    '/a',
    '/a ',
    '/a cap_kill',
    '/a cap_kill=',
    '/a =ep',
    '/a cap_Kill=ep',
    '/b cap_kill=ep',
    '/aa cap_kill=ep',
  ])
    assert.deepEqual(of(text, '/a'), {}, text);
});
