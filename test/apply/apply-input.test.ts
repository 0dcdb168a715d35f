/** A policy that comes by standard input, and one that is only looked at: what apply keeps, and what other verbs make of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ApplyWords, apply } from '../../src/cli/commands/apply.js';
import { explain } from '../../src/cli/commands/explain.js';
import { generate } from '../../src/cli/commands/generate/generate.js';
import { plan } from '../../src/cli/commands/plan.js';
import { revert } from '../../src/cli/commands/revert.js';
import { status } from '../../src/cli/commands/status.js';
import { verify } from '../../src/cli/commands/verify.js';
import type { Context } from '../../src/machine/context.js';
import { dropInFacts } from '../../src/plan/emit/drop-in-facts.js';
import {
  codesOf,
  machine,
  restartedOf,
  run,
  setPolicy,
  statesOf,
  unitsOf,
} from '../support/apply-in-memory.js';
import { DROP_IN, FOLDER, NO_EXEC, OTHER, UNIT } from '../support/demo-service.js';
import { type FakeOptions, type FakeSystem, fakeContext, withInput } from '../support/fake-system.js';

const KEPT = `${FOLDER}/zz-sandbox-unit.toml`;
const OWN = '/etc/sandbox-unit/demo.service.toml';
const SCRATCH = '/tmp/scratch.toml';
const INPUT = { policy: '-' };
/** The same filter, by another text. */
const COMMENTED = `# why\n${NO_EXEC}`;

/** A machine whose unit has no policy where one is looked for. */
function bare(options: FakeOptions = {}): FakeSystem {
  const system = machine(options);
  system.files.delete(OWN);
  return system;
}

const applied = (system: FakeSystem, input: string, options: ApplyWords = {}, more: Partial<Context> = {}) =>
  apply(withInput(fakeContext(system, more), input), [UNIT], { ...INPUT, ...options });

const header = (system: FakeSystem, path = DROP_IN) => dropInFacts(system.files.get(path)!.bytes);

const changesOf = (result: Awaited<ReturnType<typeof apply>>) =>
  unitsOf(result)[0]!.changes.filter(({ kind }) => kind !== 'unchanged');

async function confirmed(): Promise<FakeSystem> {
  const system = bare();
  const result = await applied(system, COMMENTED);
  assert.deepEqual([result.exit, statesOf(result)], [0, ['demo.service applied']]);
  system.calls.length = 0;
  return system;
}

test('apply --policy=-: keeps the text beside the drop-in, which names it', async () => {
  const system = await confirmed();
  assert.equal(system.text(KEPT), COMMENTED);
  assert.equal(header(system).policy, KEPT);
  const again = await applied(system, COMMENTED);
  assert.deepEqual([again.exit, statesOf(again), system.changes], [0, ['demo.service unchanged'], []]);
});

test('status, verify and explain use the kept text of a policy from standard input', async () => {
  const system = await confirmed();
  const told = await status(fakeContext(system), []);
  const [unit] = told.json.units as { policy: string; drift: string[] }[];
  assert.deepEqual([told.exit, unit!.policy, unit!.drift], [0, KEPT, []]);
  const held = await verify(fakeContext(system), [UNIT], {});
  assert.equal(held.json.policy, KEPT);
  assert.ok(!codesOf(held).some((code) => /no-policy|not-applied/.test(code)));
  assert.equal((await explain(fakeContext(system), [UNIT], {})).json.policy, KEPT);
  // Somebody edits it, or takes it away.
  system.files.set(KEPT, { bytes: new TextEncoder().encode('[syscalls]\ndeny = ["acct"]\n'), mode: 0o644 });
  const edited = await status(fakeContext(system), [UNIT]);
  assert.deepEqual([edited.exit, codesOf(edited)], [1, ['error drift-policy']]);
  assert.equal(edited.diagnostics[0]!.hint, `sandbox-unit apply --policy ${KEPT} demo.service`);
  assert.deepEqual(statesOf(await run(system, { policy: KEPT })), ['demo.service applied']);
  assert.equal((await status(fakeContext(system), [UNIT])).exit, 0);
  assert.match(system.text(KEPT), /acct/);
  system.files.delete(KEPT);
  assert.deepEqual(codesOf(await status(fakeContext(system), [UNIT])), ['error drift-policy']);
});

test('apply --policy=-: a text that means the same is kept without a restart', async () => {
  const system = await confirmed();
  const result = await applied(system, NO_EXEC);
  assert.deepEqual(statesOf(result), ['demo.service applied']);
  assert.deepEqual(restartedOf(result), [false]);
  const found = changesOf(result).map(({ kind, path }) => `${kind} ${path}`);
  assert.deepEqual(found, [`replace ${KEPT}`, `replace ${DROP_IN}`]);
  assert.equal(system.text(KEPT), NO_EXEC);
});

test('the kept text is removed with the drop-in, by another policy, and by a roll-back', async () => {
  const reverted = await confirmed();
  assert.equal((await revert(fakeContext(reverted), [UNIT], {})).exit, 0);
  assert.ok(!reverted.files.has(KEPT) && !reverted.files.has(DROP_IN));
  const other = await confirmed();
  setPolicy(other, NO_EXEC);
  const result = await run(other);
  assert.deepEqual([statesOf(result), restartedOf(result)], [['demo.service applied'], [false]]);
  assert.deepEqual([other.files.has(KEPT), header(other).policy], [false, OWN]);
  const failing = bare({ behaviour: (_, isConfined) => (isConfined ? 'dies' : 'works') });
  assert.deepEqual(statesOf(await applied(failing, NO_EXEC)), ['demo.service rolled-back']);
  assert.ok(![...failing.files.keys()].some((path) => path.startsWith(`${FOLDER}/`)));
});

test("apply: without --policy a kept text isn't applied, and --all leaves its unit alone", async () => {
  const system = await confirmed();
  const named = await run(system);
  assert.deepEqual(codesOf(named), ['error no-policy']);
  assert.match(named.diagnostics[0]!.hint!, new RegExp(`--policy ${KEPT} again`));
  const all = await run(system, { all: true }, []);
  assert.deepEqual([all.exit, codesOf(all)], [0, ['note no-policy', 'note left-as-it-is']]);
});

test('apply --policy=-: one input is for all named units', async () => {
  const system = bare({ files: OTHER, running: [UNIT, 'other.service'] });
  const result = await apply(withInput(fakeContext(system), COMMENTED), [UNIT, 'other.service'], INPUT);
  assert.deepEqual(statesOf(result), ['demo.service applied', 'other.service applied']);
  for (const unit of [UNIT, 'other.service'])
    assert.equal(system.text(`/etc/systemd/system/${unit}.d/zz-sandbox-unit.toml`), COMMENTED);
});

test('apply --policy=-: errors name lines of the text, and nothing is written', async () => {
  const system = bare();
  const result = await applied(system, '[syscalls]\ndeny = ["exceve"]\n');
  assert.deepEqual(statesOf(result), ['demo.service refused']);
  assert.deepEqual(result.diagnostics[0]!.at?.file, 'standard input');
  assert.ok(result.sources.has('standard input'));
  assert.deepEqual(system.changes, []);
});

test('apply --policy=-: with --runtime or --root the text is kept in that folder', async () => {
  const runtime = bare();
  const placement = { scope: 'system', lifetime: 'runtime' } as const;
  await applied(runtime, NO_EXEC, {}, { placement });
  const there = KEPT.replace('/etc/', '/run/');
  assert.equal(runtime.text(there), NO_EXEC);
  assert.equal(header(runtime, DROP_IN.replace('/etc/', '/run/')).policy, there);
  assert.equal((await status(fakeContext(runtime), [UNIT])).exit, 0);
  // The machine that runs the program has no such file.
  const image = bare();
  const program = machine();
  assert.equal((await applied(image, NO_EXEC, {}, { offline: true, program })).exit, 0);
  assert.equal(image.text(KEPT), NO_EXEC);
  const told = await status(fakeContext(image, { offline: true, program }), [UNIT]);
  assert.deepEqual([told.exit, codesOf(told)], [0, []]);
});

test('plan and generate read a policy from standard input, and change nothing', async () => {
  const system = bare();
  const planned = await plan(withInput(fakeContext(system), NO_EXEC), [UNIT], INPUT);
  assert.deepEqual([planned.exit, planned.json.policy], [0, KEPT]);
  const made = await generate(withInput(fakeContext(system), NO_EXEC), [UNIT], INPUT);
  const paths = (made.json.files as { path: string }[]).map(({ path }) => path);
  assert.ok(paths.includes(KEPT) && paths.includes(DROP_IN));
  assert.deepEqual(system.changes, []);
  const verified = await verify(
    withInput(fakeContext(await confirmed()), '[syscalls]\ndeny = ["acct"]\n'),
    [UNIT],
    INPUT,
  );
  assert.ok(verified.diagnostics.some(({ hint }) => hint?.includes('apply --policy - demo.service')));
  await assert.rejects(
    explain(fakeContext(system), [UNIT], { ...INPUT, write: true }),
    /not on standard input/,
  );
});

/** Looks at a policy of these words without applying it. */
const checked = (system: FakeSystem, words: ApplyWords, input: string) =>
  apply(withInput(fakeContext(system), input), [UNIT], { check: true, diff: true, ...words });

test('plan --policy=-: reports no change if the text is the applied one', async () => {
  for (const origin of ['own', 'input'] as const) {
    const system = origin === 'own' ? machine({}, COMMENTED) : bare();
    await (origin === 'own' ? run(system) : applied(system, COMMENTED));
    system.calls.length = 0;
    for (const [text, state, exit] of [
      [COMMENTED, 'unchanged', 0],
      [NO_EXEC, 'pending', 3],
      ['[syscalls]\ndeny = ["ptrace"]\n', 'pending', 3],
    ] as const) {
      system.files.set(SCRATCH, { bytes: new TextEncoder().encode(text), mode: 0o644 });
      for (const policy of ['-', SCRATCH]) {
        const result = await checked(system, { policy }, text);
        assert.deepEqual(
          [statesOf(result), result.exit],
          [[`demo.service ${state}`], exit],
          `${origin} ${policy}`,
        );
        assert.equal(result.text.includes('@@'), exit === 3);
        assert.doesNotMatch(result.text, /^[-+]# Made by/m);
      }
    }
    assert.deepEqual(system.changes, []);
  }
});

test('apply: the header names another path of the same text, without a restart', async () => {
  const system = machine({ files: { [SCRATCH]: NO_EXEC } });
  await run(system);
  const result = await run(system, { policy: SCRATCH });
  assert.deepEqual([statesOf(result), restartedOf(result)], [['demo.service applied'], [false]]);
  assert.equal(header(system).policy, SCRATCH);
  // A policy that is found counts by its path: status would look for it elsewhere.
  assert.equal((await run(system, { check: true })).exit, 3);
});

test('apply --policy=-: reads the input before it takes the lock', async () => {
  const system = bare();
  const order: string[] = [];
  const context = withInput(fakeContext(system), NO_EXEC);
  const { readInput } = context.caller;
  const caller = {
    ...context.caller,
    readInput: (limit: number) => {
      order.push(system.calls.some((call) => call.startsWith('lock ')) ? 'locked' : 'free');
      return readInput(limit);
    },
  };
  await apply({ ...context, caller }, [UNIT], INPUT);
  assert.equal(order[0], 'free');
  assert.ok(system.calls.some((call) => call.startsWith('lock ')));
});
