import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plan } from '../../src/commands/plan.js';
import { SERVICE } from '../support/demo-service.js';
import { fakeContext, machineWith } from '../support/fake-system.js';

/** Rules on one call, each with four conditions on other arguments than the one before it. */
const rules = (count: number) => {
  const operators = ['lt', 'bits-any', 'gt'];
  const condition = (at: number) => `{ arg = ${at % 6}, ${operators[at % 3]} = ${7919 * (at + 1)} }`;
  const rule = (_: unknown, at: number) =>
    `{ syscall = "bpf", action = "E${['PERM', 'ACCES', 'INVAL'][at % 3]}", when = [${[0, 1, 2, 3].map((step) => condition(at + step)).join(', ')}] }`;
  return `[syscalls]\nrules = [${Array.from({ length: count }, rule).join(', ')}]\n`;
};

const proven = async (count: number) => {
  const { json, diagnostics } = await plan(fakeContext(machineWith(SERVICE, rules(count))), ['demo'], {});
  const { programs } = json.filter as { programs: { sampled: number }[] };
  return [
    programs.map(({ sampled }) => sampled),
    diagnostics
      .filter(({ code }) => code === 'filter-too-long')
      .map(({ severity, at }) => [severity, at?.line]),
  ];
};

test('it is said where rules are too many to be proven for all arguments', async () => {
  assert.deepEqual(await proven(2), [[0, 0], []]);
  assert.deepEqual(await proven(60), [[1, 1], [['warning', 1]]]);
});
