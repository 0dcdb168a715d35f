import assert from 'node:assert/strict';
import { test } from 'node:test';
import { score } from '../../../src/cli/commands/score.js';
import { codeOf } from '../../../src/diagnostic.js';
import { OTHER, UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';
import { splitLines } from '../../support/run.js';
import { applied } from '../../support/status-in-memory.js';

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
  readonly places?: readonly string[];
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

test("score: a service behind the launcher is less exposed than with systemd's directives alone", async () => {
  const system = await applied(LAUNCHED);
  const { exit, text, units } = await scored(system, [UNIT]);
  const [{ exposure, bySystemd, byLauncher, doors, places } = assert.fail()] = units;
  assert.equal(exit, 0);
  assert.ok(exposure < bySystemd);
  assert.ok(byLauncher.includes('SystemCallFilter_clock'), byLauncher.join());
  const exec = doors.find(({ door }) => door === 'exec')!;
  assert.deepEqual([exec.access, exec.by], ['open', []]);
  assert.equal(places, undefined);
  assert.match(
    text,
    /^demo\.service: exposure \d\.\d [A-Z]+, \d\.\d counting only what systemd enforces\n\n {2}DOOR /,
  );
  assert.match(text, / {2}exec +start programs +open: execveat\n/);
  assert.match(text, /Places where it can write and execute: unknown/);
});

test('score: without names each loaded service has a line, the most exposed first', async () => {
  const system = await applied(LAUNCHED, {}, { files: OTHER, running: [UNIT, 'other.service'] });
  const { exit, text } = await scored(system);
  assert.equal(exit, 0);
  const lines = splitLines(text).map((line) => line.split(/ {2,}/)[0]);
  assert.deepEqual(lines, ['UNIT', 'other.service', 'demo.service']);
});

test('score --max: a service that is more exposed is a finding', async () => {
  const system = await applied(LAUNCHED);
  const [{ exposure } = assert.fail()] = (await scored(system, [UNIT])).units;
  const at = (max: number) => scored(system, [UNIT], { max: max.toFixed(1) });
  assert.deepEqual([(await at(exposure)).exit, (await at(exposure)).codes], [0, []]);
  const above = await at(exposure - 0.1);
  assert.deepEqual([above.exit, above.codes], [1, ['exposed']]);
  for (const max of ['11', '-1', '3.33', 'x', '1e1'])
    await assert.rejects(scored(system, [UNIT], { max }), (cause) => codeOf(cause) === 'usage', max);
});

test("score: an unknown unit doesn't keep others from being scored", async () => {
  const system = await applied(LAUNCHED);
  const { exit, codes, units } = await scored(system, ['nosuch', UNIT, 'demo@.service', 'x.socket']);
  assert.deepEqual([exit, units.length], [2, 1]);
  assert.ok(codes.includes('no-unit'));
  assert.ok(codes.includes('not-a-service'));
});
