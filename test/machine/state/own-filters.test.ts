import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOwnFiles } from '../../../src/machine/state/own-files.js';
import { loadedFilters, ownFilters } from '../../../src/machine/state/own-filters.js';
import { dropInFacts } from '../../../src/plan/emit/drop-in-facts.js';
import { readyFilterBeside } from '../../../src/systemd/paths/own-files.js';
import { DROP_IN, FILTER, SERVICE, UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext, machineWith } from '../../support/fake-system.js';
import { applied } from '../../support/status-in-memory.js';

const LAUNCHED = '[syscalls]\ndeny = ["@clock", "execve"]\nenforcer = "launcher"\n';

const STARTS = [['/x/launcher', `--filter=${FILTER}`, '--', '/usr/sbin/demod']];

async function found(system: FakeSystem, starts = STARTS) {
  const filters = await loadedFilters(fakeContext(system), DROP_IN, { starts, posts: [] });
  return 'code' in filters ? filters : filters.filter;
}

async function codeFor(system: FakeSystem): Promise<string> {
  const result = await found(system);
  return result && 'code' in result ? result.code : assert.fail();
}

test('the installed filter is reported if only root can write it', async () => {
  const filter = await found(await applied(LAUNCHED));
  assert.ok(filter && 'programs' in filter && filter.programs.has('x86-64'));
});

test('a filter that is missing, wrong, or writable by others is an error', async () => {
  const system = await applied(LAUNCHED);
  const files = Object.fromEntries(system.files);
  for (const path of [FILTER, DROP_IN])
    assert.equal(await codeFor(machineWith(SERVICE, LAUNCHED, { files, untrusted: [path] })), 'bad-file');
  const short = machineWith(SERVICE, LAUNCHED, { files: { ...files, [FILTER]: new Uint8Array(8) } });
  assert.equal(await codeFor(short), 'bad-file');
  for (const path of [FILTER, DROP_IN]) {
    system.files.delete(path);
    assert.equal(await codeFor(system), 'bad-file');
  }
});

test('if the launcher starts only another command, the service has no filter', async () => {
  const system = await applied(LAUNCHED);
  const lines = new TextDecoder()
    .decode(system.files.get(DROP_IN)!.bytes)
    .replaceAll('ExecStart=', 'ExecStop=');
  system.files.set(DROP_IN, { bytes: new TextEncoder().encode(lines), mode: 0o644 });
  assert.equal(await found(system), undefined);
});

test('if systemd enforces everything, the service has no filter', async () => {
  assert.equal(await found(await applied('[syscalls]\ndeny = ["@clock"]\n')), undefined);
});

test('if other lines start the service, it has no filter', async () => {
  const system = await applied(LAUNCHED);
  const others = [['/usr/sbin/demod']];
  assert.equal(await found(system, others), undefined);
  assert.equal(await found(system, []), undefined);
  assert.equal(await found(system, [...STARTS, ...others]), undefined);
});

const BOTH = '[syscalls]\ndeny = ["swapon", "write"]\n[ready]\ndeny = ["execve", "execveat"]\n';

const PATHS = { start: FILTER, ready: readyFilterBeside(DROP_IN) };

/** In words what is in both filters. */
async function told(system: FakeSystem) {
  const files = await readOwnFiles(fakeContext(system), UNIT);
  const facts = dropInFacts(files.find(({ path }) => path === DROP_IN)!.content);
  const { start, ready } = ownFilters(DROP_IN, facts, files);
  return [start, ready].map((one) => {
    if (typeof one?.content !== 'object') return one?.content;
    return 'message' in one.content ? one.content.message : `filter of ${[...one.content.programs.keys()]}`;
  });
}

test('a filter is present if it is loaded as written, or if none is needed', async () => {
  assert.deepEqual(await told(await applied(BOTH)), ['filter of x86-64,arm64', 'filter of x86-64']);
  assert.deepEqual(await told(await applied('[syscalls]\ndeny = ["uname"]\n')), [undefined, undefined]);
});

for (const [which, at] of [
  ['start', 0],
  ['ready', 1],
] as const) {
  test(`the filter of ${which} may be missing, damaged, of the other phase, or not loaded`, async () => {
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
