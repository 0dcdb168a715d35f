/** Tests of learn/reachable/find-code-maker.ts: a file tree with programs and libraries as compilers make them. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { amongNames, findCodeMaker } from '../../../src/learn/reachable/find-code-maker.js';
import { BARE_LIBRARY } from '../../support/compiled-elf.js';
import { layerAvailable } from '../../support/layer.js';
import { programTree } from '../../support/program-tree.js';
import { writeTree } from '../../support/temporary.js';

const LOADS = (name: string) =>
  `#include <dlfcn.h>\nint main(void) { return dlopen("${name}", RTLD_NOW) == 0; }`;
const NOTHING = 'void nothing(void) {}';
const LIBRARIES = '/usr/lib/x86_64-linux-gnu';

/** Compiles a program that loads a name, and what else there is; then looks for an engine in its reach. */
async function found(
  t: TestContext,
  name: string,
  others: readonly (readonly [path: string, ...needs: string[]])[],
) {
  const { files, compile } = await programTree(t);
  for (const [path, ...needs] of others)
    await compile(path.slice(1), NOTHING, [
      ...BARE_LIBRARY,
      `-Wl,-soname,${path.split('/').at(-1)},--no-as-needed`,
      ...needs,
    ]);
  await compile('usr/bin/program', LOADS(name), []);
  return findCodeMaker(files, { programs: ['/usr/bin/program'], mapped: [] });
}

const skip = layerAvailable();

test('an engine that was loaded is found', () => {
  const path = `${LIBRARIES}/libluajit-5.1.so.2.1.0`;
  assert.deepEqual(amongNames(['/usr/bin/program', path]), { path, engine: 'LuaJIT' });
  assert.equal(amongNames([`${LIBRARIES}/libpcre2-8.so.0`, `${LIBRARIES}/libffi.so.8`]), undefined);
});

test('an engine behind a plugin is found, in a folder that the program names', { skip }, async (t) => {
  const llvm = [`${LIBRARIES}/libLLVM.so.19.1`] as const;
  const plugin = ['/usr/lib/server/lib/jit.so', '@libLLVM.so.19.1'] as const;
  assert.deepEqual(await found(t, '/usr/lib/server/lib', [llvm, plugin]), {
    path: plugin[0],
    engine: 'LLVM',
  });
});

test('an engine is found by a name that the program may load', { skip }, async (t) => {
  const path = `${LIBRARIES}/libluajit-5.1.so.2`;
  assert.deepEqual(await found(t, 'libluajit-5.1.so.2', [[path]]), { path, engine: 'LuaJIT' });
});

test('an engine is unreachable without one of its names, or in a shared folder only', {
  skip,
}, async (t) => {
  assert.equal(await found(t, 'libluajit-5.1.so.2', []), undefined);
});

test("the linker's own folders are no folders of plugins", { skip }, async (t) => {
  assert.equal(await found(t, LIBRARIES, [[`${LIBRARIES}/libluajit-5.1.so`]]), undefined);
});

test("a program linked with an engine has it; a file that isn't ELF has none", {
  skip,
}, async (t) => {
  const { files, root, compile } = await programTree(t);
  const path = `${LIBRARIES}/libluajit-5.1.so.2`;
  await compile(path.slice(1), NOTHING, [...BARE_LIBRARY, '-Wl,-soname,libluajit-5.1.so.2']);
  await compile('usr/bin/program', 'void nothing(void); int main(void) { nothing(); return 0; }', [
    '@libluajit-5.1.so.2',
  ]);
  writeTree(root, { 'usr/bin/script': '#!/bin/sh\n' });
  const find = (program: string) => findCodeMaker(files, { programs: [program], mapped: [] });
  assert.deepEqual(await find('/usr/bin/program'), { path, engine: 'LuaJIT' });
  assert.equal(await find('/usr/bin/script'), undefined);
});
