import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readStatus, startOf } from '../../../src/machine/state/process-status.js';
import { FakeSystem } from '../../support/fake-system.js';

const withFile = (path: string, text: string) => new FakeSystem({ files: { [path]: text } });

test('the status of a process or thread is read by its names', async () => {
  const status = await readStatus(
    withFile('/proc/7/task/8/status', 'Name:\ta b\nPPid:\t1\nSeccomp:\t2\n'),
    '7/task/8',
  );
  const found = ['Name', 'PPid', 'Seccomp', 'Other'].map((name) => status!.get(name));
  assert.deepEqual(found, ['a b', '1', '2', undefined]);
});

test('a process that has ended has no status, even if its file is still open', async () => {
  assert.equal(await readStatus(new FakeSystem(), '7'), undefined);
  assert.equal(await readStatus(withFile('/proc/7/status', ''), '7'), undefined);
  assert.equal(await startOf(new FakeSystem(), 7), undefined);
});

const stat = (name: string, start: string) => `7 (${name}) S ${'0 '.repeat(18)}${start} 0 0\n`;

test('the start time is the 22nd field, whatever the process is called', async () => {
  for (const name of ['x', 'a) S 1 1 1', '((', ') ) )']) {
    assert.equal(await startOf(withFile('/proc/7/stat', stat(name, '123')), 7), 1_230_000, name);
  }
  for (const text of ['', '7 (x) S', stat('x', 'soon'), stat('x', '-1')]) {
    assert.equal(await startOf(withFile('/proc/7/stat', text), 7), undefined, text);
  }
});
