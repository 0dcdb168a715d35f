import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CallGraph } from '../../../../src/learn/profile/reachable/code/call-graph.js';
import { reach, reachFrom } from '../../../../src/learn/profile/reachable/reach.js';
import { BARE_LIBRARY, compileImage, SYSTEM_CALL } from '../../../support/compiled-elf.js';
import { layerAvailable } from '../../../support/layer.js';
import { temporaryFolder } from '../../../support/temporary.js';

const PROGRAM = `${SYSTEM_CALL}
extern void used(void);
extern void absent(void) __attribute__((weak));
static apart void never_called(void) { system_call(201); }
void (*pointer)(void) = never_called;
void _start(void) { used(); if (absent) absent(); for (;;) system_call(202); }
`;

const LIBRARY = `${SYSTEM_CALL}
extern void of_second(void);
static __attribute__((constructor)) void begin(void) { system_call(211); }
static __attribute__((destructor)) void end(void) { system_call(212); }
void used(void) { system_call(213); of_second(); }
void unused(void) { system_call(214); }
`;

const SECOND = `${SYSTEM_CALL}
extern long syscall(long, ...);
long numbers[2];
void used(void) { system_call(221); }
void of_second(void) { system_call(222); }
void computed(int i) { system_call(numbers[i]); }
`;

/** The program, and its two libraries in the order in which they are searched. */
async function graphs(t: Parameters<typeof temporaryFolder>[0]): Promise<CallGraph[]> {
  const folder = temporaryFolder(t);
  const compile = async (name: string, source: string, options: readonly string[]) =>
    new CallGraph(await compileImage('x86-64', folder, name, source, options), 128);
  const second = await compile('libsecond.so', SECOND, BARE_LIBRARY);
  const first = await compile('libfirst.so', LIBRARY, BARE_LIBRARY);
  const linked = [
    '-nostdlib',
    '-ffreestanding',
    '-pie',
    `-L${folder}`,
    '-lfirst',
    '-Wl,--allow-shlib-undefined',
  ];
  return [await compile('program', PROGRAM, linked), first, second];
}

const sorted = (found: Iterable<number>) => [...found].sort((a, b) => a - b);

test('a program counts whole, a library by what is used and what runs by itself', {
  skip: layerAvailable(),
}, async (t) => {
  const [program, ...libraries] = await graphs(t);
  const found = reach({ program, libraries });
  assert.deepEqual(sorted(found.numbers), [201, 202, 211, 212, 213, 222]);
  assert.deepEqual([...found.undefinedNames], ['absent']);
  assert.equal(found.open.size, 0);
});

test('the first file that has a name defines it', { skip: layerAvailable() }, async (t) => {
  const [program, first, second] = await graphs(t);
  const found = reach({ program, libraries: [second!, first!] });
  assert.deepEqual(sorted(found.numbers), [201, 202, 211, 212, 221]);
});

test('names that no file defines are reported', { skip: layerAvailable() }, async (t) => {
  const [program] = await graphs(t);
  assert.deepEqual([...reach({ program, libraries: [] }).undefinedNames].sort(), ['absent', 'used']);
});

test('a library alone does what it does in any program', { skip: layerAvailable() }, async (t) => {
  const [, ...libraries] = await graphs(t);
  assert.deepEqual(sorted(reach({ libraries }).numbers), [211, 212]);
});

test('a plugin counts with all exports', { skip: layerAvailable() }, async (t) => {
  const [, first, second] = await graphs(t);
  const found = reach({ libraries: [second!], plugins: [first!] });
  assert.deepEqual(sorted(found.numbers), [211, 212, 213, 214, 222]);
});

test('a name alone is followed through all files', { skip: layerAvailable() }, async (t) => {
  const [, first, second] = await graphs(t);
  assert.deepEqual(sorted(reachFrom([first!, second!], 'used').numbers), [213, 221, 222]);
  assert.deepEqual(sorted(reachFrom([first!, second!], 'unused').numbers), [214]);
});

test('a file with a number that comes from elsewhere is reported, if the number is used', {
  skip: layerAvailable(),
}, async (t) => {
  const [, , second] = await graphs(t);
  assert.deepEqual([...reachFrom([second!], 'computed').open], [second]);
  assert.equal(reachFrom([second!], 'used').open.size, 0);
});
