/** Changes of filters, told call by call. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PACKAGED_INJECTOR } from '../../../src/systemd/paths/programs.js';
import { machine, run, setPolicy } from '../../support/apply-in-memory.js';
import { FILTER } from '../../support/demo-service.js';

const POLICY = '[syscalls]\ndeny = ["execve", "mount:EPERM"]\naction = "EACCES"\n';

/** The part of a diff that is about the filter, where one policy takes another's place. */
async function diffOf(before: string, after: string): Promise<string[]> {
  const system = machine({}, before);
  assert.equal((await run(system)).exit, 0);
  setPolicy(system, after);
  const { text, exit } = await run(system, { check: true, diff: true });
  assert.equal(exit, 3);
  const [, told = ''] = text.split(`--- ${FILTER}\n+++ ${FILTER}\n`);
  return told.slice(0, told.indexOf('---')).trimEnd().split('\n');
}

test('each call has its old and new answer; calls with the same answers share a line', async () => {
  const after = '[syscalls]\ndeny = ["execve", "mount:EPERM", "umount2", "acct"]\naction = "EACCES"\n';
  assert.deepEqual(await diffOf(POLICY, after), [
    '-allow (x86-64): acct, umount2',
    '+EACCES (x86-64): acct, umount2',
  ]);
});

test('JSON has the same text, also in the short form', async () => {
  const system = machine({}, POLICY);
  await run(system);
  setPolicy(system, POLICY.replace('mount:EPERM', 'mount:ENOSYS'));
  const { json, text } = await run(system, { check: true, diff: true });
  const { summary, ...quiet } = await run(system, { check: true });
  const diff = `--- ${FILTER}\n+++ ${FILTER}\n-EPERM (x86-64): mount\n+ENOSYS (x86-64): mount\n`;
  for (const { units } of [json, summary!(quiet.json)] as { units: { diff: string }[] }[]) {
    assert.ok(units[0]!.diff.includes(diff));
    assert.ok(text.includes(units[0]!.diff));
  }
});

test('a note says that some arguments get another answer', async () => {
  const rule = '[[syscalls.rules]]\nsyscall = "socket"\nwhen = [{ arg = 0, eq = 16 }]\naction = "EPERM"\n';
  assert.deepEqual(await diffOf(POLICY, POLICY + rule), [
    '-allow (x86-64, some arguments): socket',
    '+EPERM (x86-64, some arguments): socket',
  ]);
});

test('a filter that is new or unreadable is only named', async () => {
  const first = await run(machine({}, POLICY), { check: true, diff: true });
  assert.match(first.text, new RegExp(`^Binary file ${FILTER}: create$`, 'm'));
  const system = machine({}, POLICY);
  await run(system);
  system.files.set(FILTER, { bytes: new TextEncoder().encode('damaged'), mode: 0o644 });
  const { text } = await run(system, { check: true, diff: true });
  assert.match(text, new RegExp(`^Binary file ${FILTER}: replace$`, 'm'));
});

test('the filter of [ready] is compared like that of the start', async () => {
  const ready = (calls: string) => `${POLICY}[ready]\ndeny = [${calls}]\n`;
  const system = machine({ files: { [PACKAGED_INJECTOR]: '' } }, ready('"bind"'));
  assert.equal((await run(system)).exit, 0);
  setPolicy(system, ready('"bind", "listen"'));
  const { text } = await run(system, { check: true, diff: true });
  const path = FILTER.replace(/filter$/, 'ready-filter');
  assert.ok(text.includes(`--- ${path}\n+++ ${path}\n`), text);
  assert.ok(
    text.includes('-allow (x86-64, once it serves): listen\n+EPERM (x86-64, once it serves): listen\n'),
    text,
  );
});
