import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Probing, runProbes } from '../../../src/apply/trial/probes.js';
import type { ProcessResult } from '../../../src/machine/system.js';
import { asUser } from '../../../src/prepare/probe/as-user.js';
import { type FakeOptions, FakeSystem } from '../../support/fake-system.js';
import { planned } from '../../support/planned.js';
import { policyFrom } from '../../support/policy.js';

const plan = planned('[service]\nProtectHome = true\n');

/** Runs the probes of `[apply] probe`. */
async function run(probe: string, options: FakeOptions = {}, more: Partial<Probing> = {}) {
  const system = new FakeSystem({ running: ['demo.service'], ...options });
  const probes = policyFrom(`[apply]\nprobe = ${probe}`).probe!;
  const found = await runProbes(system, { plan, probes, ...more });
  const asked = system.calls.filter((call) => /^(?:run|reach) (?!journalctl)/.test(call));
  return { said: found.map(({ code, message }) => `${code}: ${message}`), asked };
}

const ending = (status: number, more: Partial<ProcessResult> = {}) => ({
  programs: { '/bin/probe': () => ({ status, stdout: '', stderr: '', ...more }) },
});

test('probe: a command must succeed', async () => {
  const words = '["/bin/probe", "--url", "http://x/"]';
  const good = await run(words, ending(0));
  assert.deepEqual(good, { said: [], asked: ['run /bin/probe --url http://x/'] });
  assert.deepEqual((await run(words, ending(7))).said, [
    "service-failed: the probe '/bin/probe --url http://x/' ended with status 7",
  ]);
  const late = await run(words, ending(137, { late: true }), { timeout: 1500 });
  assert.deepEqual(late.said, [
    "service-failed: the probe '/bin/probe --url http://x/' did not end within 1.5 s",
  ]);
  assert.deepEqual((await run(words)).said, [
    "service-failed: the probe '/bin/probe' can't be run: no such file",
  ]);
});

test("probe: the last lines of a failed command are shown, and can't control the terminal", async () => {
  const stdout = 'one\ntwo\n\nthree\nfour\n';
  const { said } = await run('["/bin/probe"]', ending(1, { stdout, stderr: 'no\u001b[2J\n' }));
  assert.deepEqual(said, [
    "service-failed: the probe '/bin/probe' ended with status 1: two / three / four / no\\x1b[2J",
  ]);
});

test("probe: endpoints need no program, and each has a minute or the policy's time", async () => {
  const endpoints = '["tcp:[::1]:80", "https://x/", "dbus:org.x.Y"]';
  const { said, asked } = await run(endpoints);
  assert.deepEqual(said, []);
  const wanted = ['reach tcp ::1 80', 'reach http https://x/', 'reach dbus org.x.Y'];
  assert.deepEqual(
    asked,
    wanted.map((one) => `${one} 60000`),
  );
  assert.deepEqual((await run('"tcp:x:1"', {}, { timeout: 5 })).asked, ['reach tcp x 1 5']);
});

test('probe: the first that fails ends the list', async () => {
  const { said, asked } = await run('["tcp:x:1", ["/bin/probe"]]', {
    ...ending(0),
    unreachable: 'nothing listens there',
  });
  assert.deepEqual(said, ['service-failed: the probe tcp:x:1: nothing listens there']);
  assert.equal(asked.length, 1);
});

test('probe: a command runs as the user that the policy names', async () => {
  const programs = { 'systemd-run': () => ({ status: 0, stdout: '', stderr: '' }) };
  const how = { user: 'www-data', timeout: 1500 };
  const { said, asked } = await run('["/bin/probe", "-x"]', { programs }, how);
  assert.deepEqual(said, []);
  assert.deepEqual(asked, [`run ${asUser('www-data', ['/bin/probe', '-x'], 1500).join(' ')}`]);
});
