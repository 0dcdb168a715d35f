import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inLayer, layerAvailable } from '../support/layer.js';

const folder = mkdtempSync(join(tmpdir(), 'sandbox-unit-arm64-'));
after(() => rmSync(folder, { recursive: true }));

/** e_machine of ELF headers for arm64 (elf.h). */
const EM_AARCH64 = 183;

test('the native helper compiles for arm64 without a warning', { skip: layerAvailable() }, async () => {
  const make = ['make', '--silent', '-C', 'native-helper', 'ARCH=arm64', 'CC=aarch64-linux-gnu-gcc'];
  const result = await inLayer([...make, `BUILD=${folder}`], { folders: [folder] });
  assert.deepEqual(result, { status: 0, stdout: '', stderr: '' });
  for (const name of ['launcher', 'sandboxify', 'libsandbox.so'])
    assert.equal(readFileSync(join(folder, name)).readUInt16LE(18), EM_AARCH64);
});
