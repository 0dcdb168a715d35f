import assert from 'node:assert/strict';
import { test } from 'node:test';
import { error } from '../../../src/diagnostic.js';
import { ownFilters } from '../../../src/machine/state/own-filters.js';
import { dropInFacts } from '../../../src/plan/emit/drop-in-facts.js';
import { namedPrograms } from '../../../src/verify/drift/applied.js';
import { brokenFiles } from '../../../src/verify/drift/broken-files.js';
import { DROP_IN, FILTER, LAUNCHER, UNIT } from '../../support/demo-service.js';
import { fakeContext } from '../../support/fake-system.js';
import { applied } from '../../support/status-in-memory.js';

/** The files of a unit to which a policy was applied, as they are found, and what is broken of them. */
async function broken(change: (files: Map<string, { bytes: Uint8Array; mode: number }>) => void) {
  const system = await applied();
  change(system.files);
  const context = fakeContext(system);
  const files = [DROP_IN, FILTER].flatMap((path) => {
    const file = system.files.get(path);
    return file ? [{ path, content: file.bytes, mode: file.mode }] : [];
  });
  const facts = dropInFacts(files[0]!.content);
  const programs = namedPrograms(context.placement, files, facts);
  assert.deepEqual(programs, [{ name: 'launcher', path: LAUNCHER }]);
  const filters = ownFilters(DROP_IN, facts, files);
  const found = { unit: UNIT, facts, programs };
  const { missing, broken: whole } = await brokenFiles(context, { ...found, filters });
  const damaged = { path: FILTER, content: error('cannot-start', 'it is cut short') };
  const { broken: cut } = await brokenFiles(context, { ...found, filters: { ...filters, start: damaged } });
  assert.deepEqual(
    cut.map(({ message }) => message).filter((message) => message.includes('cut short')),
    [`demo.service won't start: ${FILTER}: it is cut short`],
  );
  assert.deepEqual(missing, system.files.has(FILTER) ? [] : [FILTER]);
  return whole.map(({ code, message, hint }) => [code, message, hint]);
}

const AGAIN = 'sandbox-unit apply demo.service';

test('complete files have no finding', async () => {
  assert.deepEqual(await broken(() => undefined), []);
});

test("a missing file, and a launcher that isn't executable, are named with a hint", async () => {
  assert.deepEqual(await broken((files) => files.delete(FILTER)), [
    ['cannot-start', `demo.service won't start: ${FILTER} is missing`, AGAIN],
  ]);
  assert.deepEqual(await broken((files) => files.set(LAUNCHER, { ...files.get(LAUNCHER)!, mode: 0o700 })), [
    ['cannot-start', `demo.service won't start: ${LAUNCHER} is not executable by all users`, AGAIN],
  ]);
});
