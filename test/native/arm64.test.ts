import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { inLayer, layerAvailable } from '../support/layer.js';
import { launcherObstacle, NATIVE } from '../support/native.js';
import { run } from '../support/run.js';
import { temporaryFolder } from '../support/temporary.js';

const folder = temporaryFolder({ after });

/** e_machine of ELF headers (elf.h). */
const EM_AARCH64 = 183;
const EM_BPF = 247;

test('the native helper compiles for arm64 without a warning', { skip: layerAvailable() }, async () => {
  const make = [
    'make',
    '--silent',
    '-C',
    'native-helper',
    'ARCH=arm64',
    'CC=aarch64-linux-gnu-gcc',
    'OBSERVE=no',
  ];
  const result = await inLayer([...make, `BUILD=${folder}`], { folders: [folder] });
  assert.deepEqual(result, { status: 0, stdout: '', stderr: '' });
  for (const name of ['launcher', 'sandboxify', 'libsandbox.so'])
    assert.equal(readFileSync(join(folder, name)).readUInt16LE(18), EM_AARCH64);
});

test('the programs of the observer compile for arm64 without a warning', {
  skip: launcherObstacle(),
}, async () => {
  // Neither a C library nor libbpf has a hand in it: any compiler that names the machine will do.
  const machine = ['ARCH=arm64', 'CC=echo aarch64-linux-gnu ;:', 'WERROR=-Werror'];
  const object = join(folder, 'observe.bpf.o');
  const make = ['make', '--silent', '-C', NATIVE, ...machine, `BUILD=${folder}`, object];
  assert.deepEqual(await run(make), { status: 0, stdout: '', stderr: '' });
  assert.equal(readFileSync(object).readUInt16LE(18), EM_BPF);
});
