import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sha256OfBytes } from '../../src/machine/digest.js';

test('a digest is SHA-256, in hex', () => {
  // FIPS 180-2, appendix B.1.
  const hash = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  assert.equal(sha256OfBytes(new TextEncoder().encode('abc')), hash);
});
