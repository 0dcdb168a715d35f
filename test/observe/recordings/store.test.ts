import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatRecording } from '../../../src/observe/recording/format.js';
import {
  countsFor,
  forgetRecordings,
  keepRecording,
  readRecording,
  storedRecordings,
} from '../../../src/observe/recordings/store.js';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { failure } from '../../support/failure.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';
import { hostNamed, recording } from '../../support/recordings.js';

const unit = (name: string) => parseUnitName(name) as UnitName;
const DEMO = unit('demo.service');
const FOLDER = '/var/lib/sandbox-unit/recordings/demo.service';
const FIRST = `${FOLDER}/20261120T101000Z-one-6f6e6530.json`;

test('a recording is kept below the name of its unit, by its end and its host', async () => {
  const system = new FakeSystem();
  const context = fakeContext(system);
  assert.deepEqual(await keepRecording(context, recording()), { path: FIRST, isNew: true });
  assert.equal(system.files.get(FIRST)!.mode, 0o600);
  assert.deepEqual(system.files.get(FIRST)!.bytes, formatRecording(recording()));
  const { recordings, diagnostics } = await storedRecordings(context, DEMO);
  assert.deepEqual(diagnostics, []);
  const found = recordings.map(({ path, recording: { unit: of } }) => [path, of]);
  assert.deepEqual(found, [[FIRST, 'demo.service']]);
});

test('a recording is kept once, and beside another with its name', async () => {
  const system = new FakeSystem();
  const context = fakeContext(system);
  await keepRecording(context, recording());
  assert.deepEqual(await keepRecording(context, recording()), { path: FIRST, isNew: false });
  const other = await keepRecording(context, recording({ lives: 2 }));
  assert.deepEqual(other, { path: FIRST.replace('.json', '-2.json'), isNew: true });
  assert.equal((await storedRecordings(context, DEMO)).recordings.length, 2);
});

test('a host may have any name', async () => {
  const host = { ...hostNamed('one'), name: '../../é x' };
  const { path } = await keepRecording(fakeContext(new FakeSystem()), recording({ host }));
  assert.equal(path, `${FOLDER}/20261120T101000Z-..-..---x-6f6e6530.json`);
});

test('recordings are sorted by their ends, and other files are ignored', async () => {
  const system = new FakeSystem({
    files: { [`${FOLDER}/.sandbox-unit-1.tmp`]: '{', [`${FOLDER}/x.json`]: '' },
  });
  const context = fakeContext(system);
  const ends = ['2026-11-22T00:00:00Z', '2026-11-20T12:00:00.500Z', '2026-11-21T00:00:00Z'];
  for (const end of ends) await keepRecording(context, recording({ end }));
  const { recordings } = await storedRecordings(context, DEMO);
  const found = recordings.map(({ recording: { end } }) => end);
  assert.deepEqual(found, ends.toSorted());
});

test('a wrong file is an error of its own', async () => {
  const other = FIRST.replace('one', 'two');
  const moved = formatRecording(recording({ unit: 'other.service' }));
  const system = new FakeSystem({ files: { [FIRST]: '{}', [other]: moved } });
  const context = fakeContext(system);
  await keepRecording(context, recording({ end: '2026-11-20T10:10:02Z' }));
  const { recordings, diagnostics } = await storedRecordings(context, DEMO);
  assert.equal(recordings.length, 1);
  assert.deepEqual(
    diagnostics.map(({ message }) => message.replace(/^.*\.json/, '')),
    [': version must be one of 2', ' is in the folder of demo.service, but is a recording of other.service'],
  );
});

test("root doesn't read a recording that others could have written", async () => {
  const system = new FakeSystem({ untrusted: [FIRST] });
  await system.replace(FIRST, formatRecording(recording()), { mode: 0o600 });
  const { recordings, diagnostics } = await storedRecordings(fakeContext(system), DEMO);
  assert.deepEqual([recordings, diagnostics.map(({ code }) => code)], [[], ['untrusted-file']]);
});

test("an instance's recordings count for its template, and for no other unit", async () => {
  const context = fakeContext(new FakeSystem());
  for (const name of ['demo@a.service', 'demo@b.service', 'other@a.service', 'demo.service'])
    await keepRecording(context, recording({ unit: name }));
  const units = async (name: string) =>
    (await storedRecordings(context, unit(name))).recordings.map((one) => one.recording.unit);
  assert.deepEqual(await units('demo@.service'), ['demo@a.service', 'demo@b.service']);
  assert.deepEqual(await units('demo@b.service'), ['demo@b.service']);
  assert.deepEqual(await units('demo.service'), ['demo.service']);
  assert.ok(!countsFor('../x@a.service', unit('x@.service')) && !countsFor('demo', DEMO));
});

test('a file of --merge is read, or an error', async () => {
  const system = new FakeSystem({
    files: { '/tmp/a.json': formatRecording(recording()), '/tmp/b.json': '1' },
  });
  const context = fakeContext(system);
  assert.equal((await readRecording(context, '/tmp/a.json')).unit, 'demo.service');
  const said = async (path: string) => (await failure(readRecording(context, path)))[1]!;
  assert.match(await said('/tmp/b.json'), /^\/tmp\/b\.json: the content must be an object/);
  assert.equal(await said('/tmp/c.json'), "can't read /tmp/c.json: no such file");
});

test("--forget removes only the unit's recordings, whatever they contain", async () => {
  const system = new FakeSystem({ files: { [FIRST]: '{' } });
  const context = fakeContext(system);
  const { path } = await keepRecording(context, recording({ unit: 'other.service' }));
  assert.deepEqual(await forgetRecordings(context, DEMO), [FIRST]);
  assert.deepEqual([...system.files.keys()], [path]);
  assert.deepEqual(await forgetRecordings(context, DEMO), []);
});
