import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { HEAD_SIZE } from '../../../src/systemd/formats/elf.js';
import { neededBy } from '../../../src/systemd/formats/elf-needed.js';
import { elf } from '../../support/elf.js';

/** The libraries of a file with these bytes. */
const needed = (bytes: Uint8Array) =>
  neededBy(bytes.subarray(0, HEAD_SIZE), async (from, size) =>
    bytes.subarray(Math.min(from, bytes.length), from + size),
  );

test('the libraries of a program of this machine are read', async () => {
  assert.ok((await needed(readFileSync('/bin/sh'))).includes('libc.so.6'));
});

test('a file that is no program, or cut short, has no libraries', async () => {
  const shell = readFileSync('/bin/sh');
  for (const bytes of [new Uint8Array(), elf(), shell.subarray(0, 4096), readFileSync('/etc/passwd')]) {
    assert.deepEqual(await needed(bytes), []);
  }
});
