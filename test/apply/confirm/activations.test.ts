/** Changes of the script `activate` that aren't done: `status` shows them, and the script alone ends them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activationNotices } from '../../../src/apply/confirm/activation-notices.js';
import { confirm } from '../../../src/cli/commands/confirm.js';
import { status } from '../../../src/cli/commands/status.js';
import { activationsFolder } from '../../../src/systemd/paths/records.js';
import { statesOf } from '../../support/apply-in-memory.js';
import { applyToConfirm, codesOf, machine } from '../../support/confirm-in-memory.js';
import { OTHER, UNIT } from '../../support/demo-service.js';
import { type Contents, FakeSystem, fakeContext, OF_USER } from '../../support/fake-system.js';
import { applied } from '../../support/status-in-memory.js';

const SCRIPT = `${activationsFolder}/activate`;
const WAY_OUT = `'sh ${SCRIPT} --undo -- ${UNIT}' rolls it back, --keep keeps it`;

/** The record of a change. @param waits whether it waits to be confirmed */
const record = (unit = UNIT, waits = true): Contents => ({
  [SCRIPT]: '#!/bin/sh\n',
  [`${activationsFolder}/${unit}/boot`]: 'one 42\n',
  ...(waits ? { [`${activationsFolder}/${unit}/waits`]: '100000900\n' } : {}),
});

const add = (system: FakeSystem, files: Contents): FakeSystem => {
  for (const [path, text] of Object.entries(files))
    system.files.set(path, { bytes: new TextEncoder().encode(text as string), mode: 0o600 });
  return system;
};

test('`status` shows a change of `activate` that waits, and how to confirm it', async () => {
  const system = add(await applied(), record());
  for (const units of [[], [UNIT]]) {
    const { exit, diagnostics } = await status(fakeContext(system), units);
    const [found] = diagnostics;
    assert.deepEqual(
      [exit, found!.code, found!.severity, found!.hint],
      [3, 'unconfirmed', 'warning', WAY_OUT],
    );
  }
});

test('`status` fails if `activate` has left a unit half changed', async () => {
  const system = add(await applied(), record(UNIT, false));
  const { exit, diagnostics } = await status(fakeContext(system), []);
  assert.deepEqual([exit, diagnostics[0]!.code, diagnostics[0]!.hint], [2, 'half-done', WAY_OUT]);
});

test('`confirm` leaves a change of `activate` to its script, and confirms those of the command', async () => {
  const system = machine({ files: OTHER });
  assert.equal((await applyToConfirm(system)).exit, 3);
  add(system, record('other.service'));
  const both = await confirm(fakeContext(system), [], {});
  assert.deepEqual(
    [both.exit, statesOf(both).sort(), codesOf(both)],
    [1, ['demo.service confirmed', 'other.service refused'], ['error half-done']],
  );
  assert.equal(both.diagnostics[0]!.hint, WAY_OUT.replace(UNIT, 'other.service'));
});

test('`status` has a note for a unit that `activate` is changing right now', async () => {
  const busy = new FakeSystem({ files: record(UNIT, false), locked: 'for-ever' });
  const { exit, diagnostics } = await activationNotices(fakeContext(busy));
  assert.deepEqual([exit, diagnostics[0]!.code, diagnostics[0]!.severity], [0, 'busy', 'note']);
});

test('`status` has a note that `activate` has records, for a user who may not read them', async () => {
  const system = new FakeSystem({ files: record(), unreadable: [activationsFolder] });
  const { exit, diagnostics } = await activationNotices(fakeContext(system, { superuser: false }));
  const found = [exit, diagnostics.map(({ severity, hint }) => [severity, hint])];
  assert.deepEqual(found, [0, [['note', "run 'sandbox-unit status' as root to see which"]]]);
});

test('users, folders of other systems, and incomplete records have no changes of `activate`', async () => {
  const system = new FakeSystem({ files: record() });
  for (const more of [{ placement: OF_USER }, { offline: true }])
    assert.deepEqual((await activationNotices(fakeContext(system, more))).diagnostics, []);
  const begun = new FakeSystem({ files: { [`${activationsFolder}/${UNIT}.new/boot`]: 'one 42\n' } });
  assert.deepEqual((await activationNotices(fakeContext(begun))).diagnostics, []);
});
