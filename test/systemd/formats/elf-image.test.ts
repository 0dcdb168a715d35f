/** Tests of systemd/formats/elf-image.ts and systemd/formats/elf-tables.ts: files as compilers make them, and damaged ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readImage } from '../../../src/systemd/formats/elf-image.js';
import { BARE_LIBRARY, COMPILED_MACHINES, compileElf, compileImage } from '../../support/compiled-elf.js';
import { elf } from '../../support/elf.js';
import { layerAvailable } from '../../support/layer.js';
import { temporaryFolder } from '../../support/temporary.js';

const LIBRARY = `
extern int imported(void);
extern int optional(void) __attribute__((weak));
extern int imported_data;
static int hidden(void) { return 7; }
int (*table[])(void) = { hidden, imported };
int exported(void) { return imported() + imported_data + (optional ? optional() : 0); }
static __attribute__((constructor)) void begin(void) { table[0] = imported; }
int dispatch(int i) { return table[i](); }
`;

for (const machine of COMPILED_MACHINES) {
  test(`a library of ${machine} has its links`, { skip: layerAvailable() }, async (t) => {
    const folder = temporaryFolder(t);
    const needed = await compileElf(
      machine,
      folder,
      'libother.so',
      'int imported_data; int imported(void) { return 1; }',
      [...BARE_LIBRARY, '-Wl,-soname,libother.so.1'],
    );
    assert.equal(readImage(needed)?.name, 'libother.so.1');
    const image = await compileImage(machine, folder, 'library.so', LIBRARY, [
      ...BARE_LIBRARY,
      `-L${folder}`,
      '-lother',
      '-Wl,-rpath,/opt/one:$ORIGIN/two,--enable-new-dtags,-soname,library.so.3',
    ]);
    assert.equal(image.machine, machine);
    assert.equal(image.interpreter, undefined);
    assert.equal(image.name, 'library.so.3');
    assert.deepEqual(image.needed, ['libother.so.1']);
    assert.deepEqual([image.searched, image.isInherited], [['/opt/one', '$ORIGIN/two'], false]);
    for (const name of ['imported', 'imported_data', 'optional']) assert.ok(image.imports.has(name), name);
    assert.deepEqual([...image.optional], ['optional']);
    for (const name of ['exported', 'dispatch', 'table']) assert.ok(image.exports.has(name), name);
    const contents = [...image.slots.values()];
    for (const name of ['imported', 'imported_data']) assert.ok(contents.includes(name), name);
    const [start] = image.exports.get('table')!;
    assert.deepEqual(image.data.slice(-2), [start, start! + 8]);
    assert.equal(image.slots.get(start! + 8), 'imported');
    const hidden = image.slots.get(start!);
    assert.ok(typeof hidden === 'number' && image.starts.includes(hidden));
    assert.ok(image.initializers.some((at) => image.starts.includes(at)));
    assert.deepEqual(
      image.starts,
      [...image.starts].sort((a, b) => a - b),
    );
  });

  test(`a library of ${machine} with packed relocations has the pointers`, {
    skip: layerAvailable(),
  }, async (t) => {
    const source = `static int f(void) { return 1; } static int g(void) { return 2; }
      int (*far[200])(void) = { [0] = f, [1] = g, [70] = f, [199] = g };`;
    const options = [...BARE_LIBRARY, '-Wl,-z,pack-relative-relocs'];
    const image = await compileImage(machine, temporaryFolder(t), 'packed.so', source, options);
    const [start] = image.exports.get('far')!;
    const places = [0, 1, 70, 199].map((i) => start! + 8 * i);
    const found = image.data.filter((at) => at >= start! && at < start! + 1600);
    assert.deepEqual(found, places);
  });
}

test('a program names its linker, a static one none', { skip: layerAvailable() }, async (t) => {
  const folder = temporaryFolder(t);
  const source = 'int main(void) { return 0; }';
  const dynamic = await compileImage('x86-64', folder, 'dynamic', source, []);
  assert.equal(dynamic.interpreter, '/lib64/ld-linux-x86-64.so.2');
  assert.deepEqual(dynamic.needed, ['libc.so.6']);
  assert.ok(dynamic.code.some(({ address, bytes }) => dynamic.entry - address < bytes.length));
  const fixed = await compileImage('x86-64', folder, 'static', source, ['-static']);
  assert.deepEqual([fixed.interpreter, fixed.needed.length], [undefined, 0]);
});

test("a file that isn't whole, or for an unknown machine, has no image", () => {
  for (const bytes of [new Uint8Array(), elf({ bits: 32 }), elf({ bigEndian: true }), elf()])
    assert.equal(readImage(bytes), undefined);
});

test('a damaged file has an image or none, and causes no exception', {
  skip: layerAvailable(),
}, async (t) => {
  const whole = await compileElf('x86-64', temporaryFolder(t), 'library.so', LIBRARY, [
    ...BARE_LIBRARY,
    '-fno-plt',
  ]);
  for (let length = 0; length < 1024; length++) readImage(whole.subarray(0, length));
  for (let length = 1024; length < whole.length; length += 97) readImage(whole.subarray(0, length));
  const change = fc.record({ at: fc.nat(whole.length - 1), value: fc.integer({ min: 0, max: 255 }) });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), (changes) => {
      const bytes = Uint8Array.from(whole);
      for (const { at, value } of changes) bytes[at] = value;
      const image = readImage(bytes);
      assert.ok(image === undefined || image.code.every(({ bytes: code }) => code.length <= whole.length));
    }),
    { numRuns: 3000 },
  );
});
