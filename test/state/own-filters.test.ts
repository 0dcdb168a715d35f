import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownFilters } from '../../src/state/own-filters.js';
import { DROP_IN, FILTER, SERVICE } from '../support/demo-service.js';
import { type FakeSystem, fakeContext, machineWith } from '../support/fake-system.js';
import { applied } from '../support/status-in-memory.js';

const LAUNCHED = '[syscalls]\ndeny = ["@clock", "execve"]\nenforcer = "launcher"\n';

const STARTS = [['/x/launcher', `--filter=${FILTER}`, '--', '/usr/sbin/demod']];

const found = async (system: FakeSystem, starts = STARTS) =>
  (await ownFilters(fakeContext(system), DROP_IN, { starts, posts: [] })).filter;

async function codeFor(system: FakeSystem): Promise<string> {
  const result = await found(system);
  return result && 'code' in result ? result.code : assert.fail();
}

test("a filter that is root's alone is told", async () => {
  const filter = await found(await applied(LAUNCHED));
  assert.ok(filter && 'programs' in filter && filter.programs.has('x86-64'));
});

test('a filter that is missing, wrong, or that others can write to is an error', async () => {
  const system = await applied(LAUNCHED);
  const files = Object.fromEntries(system.files);
  for (const path of [FILTER, DROP_IN])
    assert.equal(
      await codeFor(machineWith(SERVICE, LAUNCHED, { files, untrusted: [path] })),
      'filter-unknown',
    );
  const short = machineWith(SERVICE, LAUNCHED, { files: { ...files, [FILTER]: new Uint8Array(8) } });
  assert.equal(await codeFor(short), 'filter-unknown');
  for (const path of [FILTER, DROP_IN]) {
    system.files.delete(path);
    assert.equal(await codeFor(system), 'filter-unknown');
  }
});

test('where the launcher starts only another command there is no filter for the service', async () => {
  const system = await applied(LAUNCHED);
  const lines = new TextDecoder()
    .decode(system.files.get(DROP_IN)!.bytes)
    .replaceAll('ExecStart=', 'ExecStop=');
  system.files.set(DROP_IN, { bytes: new TextEncoder().encode(lines), mode: 0o644 });
  assert.equal(await found(system), undefined);
});

test('where systemd enforces all there is none', async () => {
  assert.equal(await found(await applied('[syscalls]\ndeny = ["@clock"]\n')), undefined);
});

test('where other lines start the service there is none', async () => {
  const system = await applied(LAUNCHED);
  const others = [['/usr/sbin/demod']];
  assert.equal(await found(system, others), undefined);
  assert.equal(await found(system, []), undefined);
  assert.equal(await found(system, [...STARTS, ...others]), undefined);
});
