/**
 * Tests of commands/score.ts, prepare/score-unit.ts, state/launcher-filter.ts and report/score.ts: services on a machine
 * in memory.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { score } from '../../src/commands/score.js';
import { codeOf } from '../../src/diagnostic.js';
import { DROP_IN, FILTER, OTHER, SERVICE, UNIT } from '../support/demo-service.js';
import { type FakeSystem, fakeContext, machineWith } from '../support/fake-system.js';
import { applied } from '../support/status-in-memory.js';

const LAUNCHED = '[syscalls]\ndeny = ["@clock", "execve"]\naction = "EPERM"\nenforcer = "launcher"\n';

interface Json {
  readonly unit: string;
  readonly exposure: number;
  readonly bySystemd: number;
  readonly byLauncher: readonly string[];
  readonly doors: readonly {
    readonly door: string;
    readonly access: string;
    readonly by: readonly string[];
  }[];
  readonly flaws: readonly { readonly cve: string; readonly access: string }[];
  readonly places: readonly string[] | null;
}

async function scored(
  system: FakeSystem,
  units: readonly string[] = [],
  more: { max?: string; offline?: boolean } = {},
) {
  const { offline = false, ...options } = more;
  const { exit, text, json, diagnostics } = await score(fakeContext(system, { offline }), units, options);
  return { exit, text, codes: diagnostics.map(({ code }) => code), units: json.units as Json[] };
}

test('a service behind the launcher is less exposed than systemd alone would have it', async () => {
  const system = await applied(LAUNCHED);
  const { exit, text, units } = await scored(system, [UNIT]);
  const [{ exposure, bySystemd, byLauncher, doors, flaws, places } = assert.fail()] = units;
  assert.equal(exit, 0);
  assert.ok(exposure < bySystemd);
  assert.ok(byLauncher.includes('SystemCallFilter_clock'), byLauncher.join());
  const exec = doors.find(({ door }) => door === 'exec')!;
  assert.deepEqual([exec.access, exec.by], ['open', []]);
  assert.equal(flaws.find(({ cve }) => cve === 'CVE-2017-5123')!.access, 'open');
  assert.equal(places, null);
  assert.match(
    text,
    /^demo\.service: exposure \d\.\d [A-Z]+, \d\.\d by what systemd enforces alone\n\n {2}DOOR /,
  );
  assert.match(text, / {2}exec +start programs +open: execveat\n/);
  assert.match(text, /Places to write and execute: can't be told/);
});

test('the mounts of the main process tell the places', async () => {
  const system = await applied(LAUNCHED);
  const { mainPid } = await system.unit(UNIT);
  const mounts = '22 1 0:21 / / ro - ext4 /dev/sda1 rw\n23 22 0:22 / /srv rw - ext4 /dev/sdb1 rw\n';
  system.files.set(`/proc/${mainPid}/mountinfo`, { bytes: new TextEncoder().encode(mounts), mode: 0o444 });
  const { units, text } = await scored(system, [UNIT]);
  assert.deepEqual(units[0]!.places, ['/srv']);
  assert.match(text, /Places to write and execute: \/srv\n/);
});

test('without names there is a line for each loaded service, the most exposed first', async () => {
  const system = await applied(LAUNCHED, {}, { files: OTHER, running: [UNIT, 'other.service'] });
  const { exit, text } = await scored(system);
  assert.equal(exit, 0);
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split(/ {2,}/)[0]);
  assert.deepEqual(lines, ['UNIT', 'other.service', 'demo.service']);
});

test('a service that is more exposed than it may be is a finding', async () => {
  const system = await applied(LAUNCHED);
  const [{ exposure } = assert.fail()] = (await scored(system, [UNIT])).units;
  const at = (max: number) => scored(system, [UNIT], { max: max.toFixed(1) });
  assert.deepEqual([(await at(exposure)).exit, (await at(exposure)).codes], [0, []]);
  const above = await at(exposure - 0.1);
  assert.deepEqual([above.exit, above.codes], [1, ['exposed']]);
  for (const max of ['11', '-1', '3.33', 'x', '1e1'])
    await assert.rejects(scored(system, [UNIT], { max }), (cause) => codeOf(cause) === 'bad-max', max);
});

test('a service whose filter cannot be told has no score', async () => {
  const untold = async (system: FakeSystem) => {
    const { exit, codes, units, text } = await scored(system, [UNIT]);
    assert.deepEqual([exit, codes, units, text], [2, ['filter-unknown'], [], '']);
  };
  const system = await applied(LAUNCHED);
  const files = Object.fromEntries(system.files);
  for (const path of [FILTER, DROP_IN])
    await untold(machineWith(SERVICE, LAUNCHED, { files, untrusted: [path] }));
  await untold(machineWith(SERVICE, LAUNCHED, { files: { ...files, [FILTER]: new Uint8Array(8) } }));
  system.files.delete(FILTER);
  await untold(system);
});

test('a filter of which the launcher starts only another command counts for nothing', async () => {
  const system = await applied(`${LAUNCHED}[exec]\nwrap = ["ExecStart"]\n`);
  const text = new TextDecoder().decode(system.files.get(DROP_IN)!.bytes);
  const lines = text.replaceAll('ExecStart=', 'ExecStop=');
  system.files.set(DROP_IN, { bytes: new TextEncoder().encode(lines), mode: 0o644 });
  assert.deepEqual((await scored(system, [UNIT])).units[0]!.byLauncher, []);
});

test('a unit that is not there keeps no other one from being looked at', async () => {
  const system = await applied(LAUNCHED);
  const { exit, codes, units } = await scored(system, ['nosuch', UNIT, 'demo@.service', 'x.socket']);
  assert.deepEqual([exit, units.length], [2, 1]);
  assert.ok(codes.includes('no-unit'));
  assert.ok(codes.includes('not-a-service'));
});

test('offline a unit is scored by its files', async () => {
  const system = await applied(LAUNCHED);
  const { exit, units } = await scored(system, [UNIT], { offline: true });
  const [{ exposure, bySystemd, byLauncher, places } = assert.fail()] = units;
  assert.deepEqual([exit, bySystemd, exposure], [0, 9.2, 9]);
  assert.deepEqual(byLauncher, ['SystemCallFilter_clock']);
  assert.deepEqual(places, ['/']);
  assert.deepEqual(
    (await scored(system, [], { offline: true })).units.map(({ unit }) => unit),
    [UNIT],
  );
});
