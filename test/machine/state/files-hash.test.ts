import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesHash, sha256 } from '../../../src/machine/state/files-hash.js';

const file = (path: string, text: string, mode = 0o644) => ({
  path,
  content: new TextEncoder().encode(text),
  mode,
});

const CONF = '/a/zz.conf';
const files = (conf: string, filter = 'x') => [file(CONF, conf), file('/a/zz.filter', filter)];

test('files have one hash whatever their order, comments and modes', async () => {
  const hash = filesHash(files('[Service]\nA=1\n'));
  assert.match(hash, /^[0-9a-f]{64}$/);
  assert.equal(filesHash(files('[Service]\nA=1\n').reverse()), hash);
  assert.equal(filesHash(files('# made\n\n[Service]\n# why\nA=1\n')), hash);
  assert.equal(filesHash(files('[Service]\nA=1\n').map((one) => ({ ...one, mode: 0o600 }))), hash);
  // The text of a policy that is kept beside them is no part of what runs.
  assert.equal(filesHash([...files('[Service]\nA=1\n'), file('/a/zz-sandbox-unit.toml', 'x')]), hash);
});

test('another directive, byte of the filter, path or file gives another hash', async () => {
  const others = [
    files('[Service]\nA=2\n'),
    files('[Service]\nA=1\n', 'y'),
    files('[Service]\nA=1\n', '# a filter has no comments\nx'),
    [...files('[Service]\nA=1\n'), file('/a/more', '')],
    [file('/b/zz.conf', '[Service]\nA=1\n'), file('/a/zz.filter', 'x')],
  ];
  const hashes = await Promise.all([files('[Service]\nA=1\n'), ...others].map(filesHash));
  assert.equal(new Set(hashes).size, hashes.length);
});

test('the hash is that of earlier versions: services must not restart for it', async () => {
  assert.equal(
    sha256(['a', 'bc']),
    // printf '1:a2:bc' | sha256sum
    '5310a58788781ab25d5ad7c3f85035824b4eb7bdfa394e0ac2186271472b5492',
  );
  assert.notEqual(sha256(['ab', 'c']), sha256(['a', 'bc']));
});
