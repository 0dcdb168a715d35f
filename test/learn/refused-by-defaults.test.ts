import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refusedByDefaults } from '../../src/learn/refused-by-defaults.js';
import { FakeSystem, fakeContext, targetSets } from '../support/fake-system.js';

const PATH = '/etc/sandbox-unit/defaults.toml';
const SEEN = ['read', 'mount', 'umount2', 'bpf'];
const LEARNED = '[syscalls]\nallow = ["read", "mount", "umount2", "bpf"]\n';

/** What is said of a learned policy on a host with these defaults. */
async function told(defaults: string | undefined, text = LEARNED) {
  const system = new FakeSystem({ files: defaults === undefined ? {} : { [PATH]: defaults } });
  const found = await refusedByDefaults(fakeContext(system), text, SEEN, targetSets());
  return found.map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
}

test('calls that the defaults refuse are named, also by their sets', async () => {
  assert.deepEqual(await told('[syscalls]\ndeny = ["@mount", "acct"]\n'), [
    `warning contradiction: the service makes calls that ${PATH} refuses: mount, umount2`,
  ]);
});

test("nothing is reported if the defaults refuse none of the calls, don't exist, or don't apply", async () => {
  const refusing = '[syscalls]\ndeny = ["@mount"]\n';
  assert.deepEqual(await told(undefined), []);
  assert.deepEqual(await told('[syscalls]\ndeny = ["acct"]\n'), []);
  assert.deepEqual(await told(refusing, `defaults = false\n${LEARNED}`), []);
  const rule = (call: string) =>
    `[[syscalls.rules]]\nsyscall = "${call}"\nwhen = [{ arg = 0, ge = 0 }]\naction = "allow"\n`;
  assert.deepEqual(await told(refusing, LEARNED + rule('mount') + rule('umount2')), []);
});

test('wrong defaults are left for apply to report', async () => {
  assert.deepEqual(await told('[syscalls]\ndeny = ["@mount"]\nallow = ["read"]\n'), []);
  assert.deepEqual(await told('[syscalls'), []);
});
