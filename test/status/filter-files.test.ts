import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropInFacts } from '../../src/emit/drop-in-facts.js';
import { filterPath, readyFilterPath } from '../../src/paths/own-files.js';
import { readOwnFiles } from '../../src/state/own-files.js';
import { ownFilters } from '../../src/status/filter-files.js';
import { DROP_IN, UNIT } from '../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../support/fake-system.js';
import { applied } from '../support/status-in-memory.js';

const BOTH = '[syscalls]\ndeny = ["swapon", "write"]\n[ready]\ndeny = ["execve", "execveat"]\n';

const { placement } = fakeContext(await applied());
const PATHS = { start: filterPath(placement, UNIT), ready: readyFilterPath(placement, UNIT) };

/** In words what is in both filters. */
async function told(system: FakeSystem) {
  const files = await readOwnFiles(fakeContext(system), UNIT);
  const facts = dropInFacts(files.find(({ path }) => path === DROP_IN)!.content);
  const { start, ready } = ownFilters(placement, UNIT, { facts, files });
  return [start, ready].map((one) => {
    if (typeof one?.content !== 'object') return one?.content;
    return 'message' in one.content ? one.content.message : `filter of ${[...one.content.programs.keys()]}`;
  });
}

test('a filter is there as it is loaded, or there is no need of one', async () => {
  assert.deepEqual(await told(await applied(BOTH)), ['filter of x86-64,arm64', 'filter of x86-64']);
  assert.deepEqual(await told(await applied('[syscalls]\ndeny = ["uname"]\n')), [undefined, undefined]);
});

for (const [which, at] of [
  ['start', 0],
  ['ready', 1],
] as const) {
  test(`the filter of ${which} may be missing, damaged, that of the other phase, or not be loaded`, async () => {
    const system = await applied(BOTH);
    const own = system.files.get(PATHS[which])!;
    const other = system.files.get(PATHS[which === 'start' ? 'ready' : 'start'])!;
    const withBytes = async (bytes: Uint8Array) => {
      await system.replace(PATHS[which], bytes, { mode: 0o644 });
      return (await told(system))[at];
    };
    assert.equal(
      await withBytes(own.bytes.slice(0, -8)),
      'the filter file is not as long as its header says',
    );
    assert.match(`${await withBytes(other.bytes)}`, /^the filter file is (not )?of stage 'ready'$/);
    system.files.delete(PATHS[which]);
    assert.equal((await told(system))[at], 'missing');
    await system.replace(PATHS[which], own.bytes, { mode: 0o644 });
    const lines = system.text(DROP_IN).replace(/^(ExecStart|ExecStartPost)=/gm, '#$1=');
    await system.replace(DROP_IN, new TextEncoder().encode(lines), { mode: 0o644 });
    assert.equal((await told(system))[at], 'unused');
  });
}
