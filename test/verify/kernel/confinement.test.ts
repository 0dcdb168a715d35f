/** Tests of verify/kernel/confinement.ts: what a main process shows of the launcher. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../../src/plan/plan.js';
import { mainOf, notConfined } from '../../../src/verify/kernel/confinement.js';
import { FOLDER, NO_EXEC, UNIT } from '../../support/demo-service.js';
import { type Behaviour, FakeSystem } from '../../support/fake-system.js';
import { planned } from '../../support/planned.js';
import { unitState } from '../../support/unit-state.js';

const BEHIND = planned(NO_EXEC);
const BY_SYSTEMD = planned('[syscalls]\ndeny = ["uname"]\n');

/** A service as it runs. */
async function running(behaviour: Behaviour): Promise<FakeSystem> {
  const files = {
    [`/usr/lib/systemd/system/${UNIT}`]: '[Service]\nExecStart=/usr/sbin/demod\n',
    [`${FOLDER}/zz-sandbox-unit.conf`]: '[Service]\n',
  };
  const system = new FakeSystem({ files, behaviour: () => behaviour });
  await system.restart(UNIT);
  return system;
}

async function found(system: FakeSystem, plan: Plan): Promise<string[]> {
  const diagnostics = await notConfined(system, mainOf(plan), await system.unit(UNIT));
  return diagnostics.map(({ code, message }) => `${code}: ${message}`);
}

test('a main process with a filter is confined', async () => {
  assert.deepEqual(await found(await running('works'), BEHIND), []);
});

test('a main process without a filter is not confined', async () => {
  const says = /^looser: the main process of demo\.service \(\d+\) has no system call filter$/;
  const [one, ...others] = await found(await running('is-open'), BEHIND);
  assert.match(one!, says);
  assert.deepEqual(others, []);
});

test("a filter of systemd's alone has to be in the kernel, too", async () => {
  const open = await running('is-open');
  const [diagnostic, ...others] = await notConfined(open, mainOf(BY_SYSTEMD), await open.unit(UNIT));
  assert.match(diagnostic!.message, /has no system call filter$/);
  assert.match(diagnostic!.hint!, /SYSTEMD_SECCOMP=0.*enforcer = "launcher"/);
  assert.deepEqual(others, []);
  assert.deepEqual(await found(await running('works'), BY_SYSTEMD), []);
});

test("without refused calls, or without a main process, the kernel isn't asked", async () => {
  for (const policy of ['[service]\nPrivateTmp = true\n', '[syscalls]\n']) {
    const plan = planned(policy);
    const open = await running('is-open');
    assert.deepEqual(await found(open, plan), []);
    assert.ok(!open.calls.some((call) => call.includes('/proc/')));
  }
  const finished = await running('finishes');
  assert.deepEqual(await found(finished, BEHIND), []);
  assert.ok(!finished.calls.some((call) => call.includes('/proc/')));
});

test('a main process that has ended in between is not confined', async () => {
  const system = await running('works');
  const state = await system.unit(UNIT);
  await system.restart(UNIT);
  const [diagnostic] = await notConfined(system, mainOf(BEHIND), state);
  assert.match(diagnostic!.message, /has ended$/);
});

test('a main process that gains privileges is not confined as planned', async () => {
  const files = { '/proc/100/status': 'NoNewPrivs:\t0\nSeccomp:\t2\n' };
  const unit = unitState({ MainPID: 100 });
  const [diagnostic] = await notConfined(new FakeSystem({ files }), mainOf(BEHIND), unit);
  assert.match(diagnostic!.message, /may gain privileges: NoNewPrivs isn't set$/);
  const kept = planned(`${NO_EXEC}[service]\nNoNewPrivileges = false\n`);
  assert.deepEqual(await notConfined(new FakeSystem({ files }), mainOf(kept), unit), []);
});
