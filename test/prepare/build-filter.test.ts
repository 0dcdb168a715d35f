import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { plan } from '../../src/cli/commands/plan.js';
import { DROP_IN, FILTER, LAUNCHER, NO_EXEC, SERVICE, UNIT } from '../support/demo-service.js';
import { type FakeSystem, fakeContext, machineWith } from '../support/fake-system.js';

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

test('the plan reports rules that are too many to be proven for all arguments', async () => {
  assert.deepEqual(await proven(2), [[0, 0], []]);
  assert.deepEqual(await proven(60), [[1, 1], [['warning', 1]]]);
});

const applied = async (untrusted: readonly string[] = []): Promise<FakeSystem> => {
  const system = machineWith(SERVICE, NO_EXEC, { untrusted });
  assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
  return system;
};

/** Whether the programs of a filter are proven. */
const isProven = async (system: FakeSystem): Promise<boolean> => {
  const { json, text } = await plan(fakeContext(system), [UNIT], {});
  const { programs } = json.filter as { programs: { calls?: number }[] };
  const [isTold] = new Set(programs.map(({ calls }) => calls !== undefined));
  assert.equal(/instructions, proven on \d+ calls$/m.test(text!), isTold);
  assert.equal(/instructions, proven before it was written$/m.test(text!), !isTold);
  return isTold!;
};

test('plan: a filter is proven unless all files are already there', async () => {
  assert.ok(await isProven(machineWith(SERVICE, NO_EXEC)));
  assert.ok(!(await isProven(await applied())));
});

for (const [what, path, change] of [
  ['another filter is there', FILTER, (was) => was.with(-1, 1)],
  ['another drop-in is there', DROP_IN, (was) => Uint8Array.of(...was, 10)],
  [
    'the drop-in is of another version',
    DROP_IN,
    (was) => replaced(was, /by sandbox-unit \S+/, 'by sandbox-unit 0'),
  ],
  [
    'the drop-in is of another policy',
    DROP_IN,
    (was) => replaced(was, /# Policy: \S+/, `# Policy: sha256:${'0'.repeat(64)}`),
  ],
  [
    'the drop-in is for another systemd',
    DROP_IN,
    (was) => replaced(was, /# For systemd .*/, '# For systemd 257'),
  ],
  ['another launcher is there', LAUNCHER, (was) => Uint8Array.of(...was, 10)],
] as readonly [string, string, (was: Uint8Array) => Uint8Array][])
  test(`plan: the filter is proven if ${what}`, async () => {
    const system = await applied();
    const file = system.files.get(path)!;
    system.files.set(path, { ...file, bytes: change(file.bytes) });
    assert.ok(await isProven(system));
  });

test('plan: the filter is proven if others can change the files', async () => {
  const open = await applied();
  open.files.set(FILTER, { ...open.files.get(FILTER)!, mode: 0o666 });
  assert.ok(await isProven(open));
  const untrusted: string[] = [];
  const system = await applied(untrusted);
  untrusted.push(FILTER);
  assert.ok(await isProven(system));
});

const replaced = (bytes: Uint8Array, was: RegExp, now: string): Uint8Array =>
  new TextEncoder().encode(new TextDecoder().decode(bytes).replace(was, now));
