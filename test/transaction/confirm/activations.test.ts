/** Changes of the script `activate` that wait: `status` shows them, `confirm` has the script keep them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { confirm } from '../../../src/commands/confirm.js';
import { status } from '../../../src/commands/status.js';
import { activationsFolder, lockPath } from '../../../src/paths/records.js';
import { tellActivations, waitingActivations } from '../../../src/transaction/confirm/activations.js';
import { statesOf } from '../../support/apply-in-memory.js';
import { applyToConfirm, codesOf, machine } from '../../support/confirm-in-memory.js';
import { OTHER, UNIT } from '../../support/demo-service.js';
import { type Contents, FakeSystem, fakeContext, OF_USER } from '../../support/fake-system.js';
import { applied } from '../../support/status-in-memory.js';

const SCRIPT = `${activationsFolder}/activate`;
const BOOT = '/proc/sys/kernel/random/boot_id';
const LATER = 100_000_900;

/** The record of a change that waits until so many seconds after the boot. */
const record = (unit = UNIT, by = `${LATER}\n`, boot = 'one 42\n'): Contents => ({
  [BOOT]: 'one\n',
  [SCRIPT]: '#!/bin/sh\n',
  [`${activationsFolder}/${unit}/boot`]: boot,
  [`${activationsFolder}/${unit}/waits`]: by,
});

/** Programs of such a machine. @param said words of the script on standard error, if it fails */
function programs(words: string[], said?: string) {
  const sh = (argv: readonly string[]) => {
    words.push(argv.join(' '));
    return { status: said === undefined ? 0 : 1, stdout: '', stderr: said ?? '' };
  };
  return { systemctl: () => ({ status: 0, stdout: '42\n', stderr: '' }), sh };
}

const add = (system: FakeSystem, files: Contents) => {
  for (const [path, text] of Object.entries(files))
    system.files.set(path, { bytes: new TextEncoder().encode(text as string), mode: 0o600 });
};

async function waiting(words: string[] = [], said?: string): Promise<FakeSystem> {
  const system = await applied(undefined, {}, { programs: programs(words, said) });
  add(system, record());
  return system;
}

test('`status` shows until when it waits', async () => {
  const system = await waiting();
  for (const units of [[], [UNIT]]) {
    const { exit, json, diagnostics } = await status(fakeContext(system), units);
    const [unit] = json.units as { state: string; confirmBy: string }[];
    const by = new Date(system.now() - system.uptime() + LATER * 1000).toISOString().replace(/\.\d+/, '');
    assert.deepEqual([exit, unit!.state, unit!.confirmBy], [3, 'unconfirmed', by]);
    const [found] = diagnostics.filter(({ severity }) => severity === 'warning');
    assert.deepEqual([found!.code, found!.hint], ['unconfirmed', `'sandbox-unit confirm ${UNIT}' keeps it`]);
  }
});

test('`confirm` has the script keep it, or put it back, and takes no lock that the script needs', async () => {
  for (const [undo, verb, state] of [
    [false, '--keep', 'confirmed'],
    [true, '--undo', 'rolled-back'],
  ] as const) {
    for (const units of [[], ['demo'], [UNIT]]) {
      const words: string[] = [];
      const system = await waiting(words);
      const result = await confirm(fakeContext(system), units, { undo });
      assert.deepEqual([result.exit, statesOf(result)], [0, [`${UNIT} ${state}`]]);
      assert.deepEqual(words, [`sh ${SCRIPT} ${verb} -- ${UNIT}`]);
      assert.ok(!system.calls.includes(`lock ${lockPath({ scope: 'system', lifetime: 'always' })} 0`));
    }
  }
});

test('where the script can not, that is an error in its words, and the command line is named', async () => {
  const system = await waiting([], 'activate: \x1bdemo.service: it can not be kept\n');
  const result = await confirm(fakeContext(system), [UNIT], {});
  assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} refused`]]);
  const [found] = result.diagnostics;
  assert.deepEqual(
    [found!.code, found!.message, found!.hint],
    [
      'half-done',
      'what activate has done to demo.service could not be kept: activate: \\x1bdemo.service: it can not be kept',
      `'sh ${SCRIPT} --keep -- ${UNIT}' tries it again`,
    ],
  );
});

test('a script that others can change is not run', async () => {
  const words: string[] = [];
  const system = await applied(undefined, {}, { programs: programs(words), untrusted: [SCRIPT] });
  add(system, record());
  const result = await confirm(fakeContext(system), [UNIT], {});
  assert.deepEqual([result.exit, codesOf(result), words], [1, ['error half-done'], []]);
});

test('changes of the script and of the command are kept together', async () => {
  const words: string[] = [];
  const system = machine({ files: OTHER, programs: programs(words) });
  assert.equal((await applyToConfirm(system)).exit, 3);
  add(system, record('other.service'));
  const both = await confirm(fakeContext(system), [], {});
  assert.deepEqual(
    [both.exit, statesOf(both).sort(), words],
    [0, ['demo.service confirmed', 'other.service confirmed'], [`sh ${SCRIPT} --keep -- other.service`]],
  );
});

test('a record of another boot, or without a time that can be, is of a unit that is left half changed', async () => {
  for (const files of [
    record(UNIT, `${LATER}\n`, 'two 42\n'),
    record(UNIT, `${LATER}\n`, 'one 43\n'),
    record(UNIT, ''),
    record(UNIT, '9'.repeat(12)),
    record(UNIT, `${'9'.repeat(10)}\n`),
    record(UNIT, '-1\n'),
  ]) {
    const system = await applied(undefined, {}, { programs: programs([]) });
    add(system, files);
    const context = fakeContext(system);
    assert.deepEqual([...(await waitingActivations(context))], []);
    const { exit, diagnostics } = await status(context, []);
    const [found] = diagnostics;
    assert.deepEqual(
      [exit, found!.code, found!.message, found!.hint],
      [2, 'half-done', `activate has left ${UNIT} half changed`, `'sh ${SCRIPT} --recover' puts it back`],
    );
    assert.deepEqual(codesOf(await confirm(context, [UNIT], {})), ['error not-waiting']);
  }
});

test('a unit that is being changed is told as that', async () => {
  const files = { ...record(), [`${activationsFolder}/${UNIT}/waits`]: '' };
  const busy = new FakeSystem({ files, programs: programs([]), locked: 'for-ever' });
  const { exit, diagnostics } = await tellActivations(fakeContext(busy));
  assert.deepEqual([exit, diagnostics[0]!.code, diagnostics[0]!.severity], [0, 'busy', 'note']);
});

test('who may not read the records is told that there are some', async () => {
  const system = new FakeSystem({ files: record(), unreadable: [activationsFolder] });
  const { exit, diagnostics } = await tellActivations(fakeContext(system, { superuser: false }));
  assert.deepEqual(
    [exit, diagnostics.map(({ severity, hint }) => [severity, hint])],
    [0, [['note', "as root 'sandbox-unit status' tells of which"]]],
  );
});

test('a user of its own manager, and a folder of another system, have none', async () => {
  const system = new FakeSystem({ files: record(), programs: programs([]) });
  for (const more of [{ placement: OF_USER }, { offline: true }])
    assert.deepEqual((await tellActivations(fakeContext(system, more))).diagnostics, []);
  const complete = { [`${activationsFolder}/${UNIT}.new/boot`]: 'one 42\n' };
  const begun = new FakeSystem({ files: complete });
  assert.deepEqual((await tellActivations(fakeContext(begun))).diagnostics, []);
});
