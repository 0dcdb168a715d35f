import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeClasses } from '../../../../src/cli/commands/generate/class-folders.js';
import { FakeSystem, fakeContext } from '../../../support/fake-system.js';

const A = 'a'.repeat(16);
const B = 'b'.repeat(16);
const UNIT = 'demo.service';
const RECORD = `/out/.sandbox-unit/${UNIT}`;

/** Files of classes: a text each, at the same path. */
const classesOf = (texts: Readonly<Record<string, string>>) =>
  new Map(
    Object.entries(texts).map(([name, text]) => [
      name,
      [{ path: '/etc/made', content: new TextEncoder().encode(text), mode: 0o644 }],
    ]),
  );

async function write(
  system: FakeSystem,
  texts: Readonly<Record<string, string>>,
  more: { readonly hosts?: string; readonly unit?: string; readonly isWhole?: boolean } = {},
) {
  const { gone, diagnostics } = await writeClasses(fakeContext(system, { program: system }), {
    ...{ unit: UNIT, hosts: 'hosts', output: '/out', isWhole: true, ...more },
    classes: classesOf(texts),
  });
  return { gone, codes: diagnostics.map(({ code }) => code) };
}

/** What is there, records aside. */
const there = ({ files }: FakeSystem) =>
  [...files.keys()].filter((path) => !path.includes('/.sandbox-unit/')).sort();

test('generate --hosts: removes files of a class that is gone, and leaves others', async () => {
  const system = new FakeSystem({ files: { [`/out/${A}/etc/other`]: 'x', '/out/README': 'x' } });
  await write(system, { [A]: 'x', [B]: 'y' });
  const done = await write(system, { [B]: 'y' }, { hosts: './hosts/' });
  assert.deepEqual(done, { gone: [`/out/${A}/etc/made`], codes: ['purged'] });
  assert.deepEqual(there(system), ['/out/README', `/out/${A}/etc/other`, `/out/${B}/etc/made`]);
  assert.deepEqual(await write(system, { [B]: 'z' }), { gone: [], codes: [] });
  assert.equal(system.text(`/out/${B}/etc/made`), 'z');
});

test('generate --hosts: leaves a file that was edited, or that no run has written', async () => {
  const system = new FakeSystem({ files: { [`/out/${B}/etc/made`]: 'y' } });
  await write(system, { [A]: 'x' });
  await system.replace(`/out/${A}/etc/made`, new TextEncoder().encode('changed'), { mode: 0o644 });
  assert.deepEqual(await write(system, {}), { gone: [], codes: ['left-as-it-is'] });
  assert.deepEqual(there(system), [`/out/${A}/etc/made`, `/out/${B}/etc/made`]);
});

test('generate --hosts: leaves files of other units, and of machines in other folders', async () => {
  const system = new FakeSystem();
  await write(system, { [A]: 'x', [B]: 'y' });
  await write(system, { [A]: 'x' }, { hosts: 'others' });
  await write(system, {}, { unit: 'other.service' });
  assert.deepEqual(there(system), [`/out/${A}/etc/made`, `/out/${B}/etc/made`]);
  assert.deepEqual((await write(system, {})).gone, [`/out/${B}/etc/made`]);
  assert.deepEqual((await write(system, {}, { hosts: 'others' })).gone, [`/out/${A}/etc/made`]);
});

test('generate --hosts: removes nothing while a machine has an error', async () => {
  const system = new FakeSystem();
  await write(system, { [A]: 'x', [B]: 'y' });
  const kept = await write(system, { [B]: 'y' }, { isWhole: false });
  assert.deepEqual(kept, { gone: [], codes: ['purged'] });
  assert.deepEqual((await write(system, { [A]: 'x', [B]: 'y' }, { isWhole: false })).codes, []);
  assert.deepEqual((await write(system, { [B]: 'y' })).gone, [`/out/${A}/etc/made`]);
});

test('generate --hosts: a forged record leads to no file outside the class folders', async () => {
  const system = new FakeSystem({ files: { '/etc/made': 'x', '/out/README': 'x' } });
  await write(system, { [A]: 'x' });
  const record = system.text(RECORD);
  for (const place of [`${A}/../../etc/made`, 'README', `${A}/../README`, `../etc/made`]) {
    const forged = record.replace(`${A}/etc/made`, place);
    assert.notEqual(forged, record);
    await system.replace(RECORD, new TextEncoder().encode(forged), { mode: 0o644 });
    assert.deepEqual(await write(system, {}), { gone: [], codes: [] });
  }
  assert.deepEqual(there(system), ['/etc/made', '/out/README', `/out/${A}/etc/made`]);
});
