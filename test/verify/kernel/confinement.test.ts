/** Tests of verify/kernel/confinement.ts: what a main process shows of the launcher. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProgramFacts } from '../../../src/formats/elf.js';
import type { Plan } from '../../../src/plan/plan.js';
import { awaitPrograms, notConfined } from '../../../src/verify/kernel/confinement.js';
import { FOLDER, NO_EXEC, UNIT } from '../../support/demo-service.js';
import { type Behaviour, FakeSystem, program } from '../../support/fake-system.js';
import { planned, targetOf } from '../../support/planned.js';
import { unitState } from '../../support/unit-state.js';

const BEHIND = planned(NO_EXEC);
const PROGRAMS = planned(`${NO_EXEC}[exec]\nprograms = ["/usr/sbin/demod"]\n`);
const ELSEWHERE = planned(`${NO_EXEC}[exec]\nprograms = ["/usr/sbin/demod"]\nwrap = ["ExecStart"]\n`);
const BY_SYSTEMD = planned('[syscalls]\ndeny = ["uname"]\n');

/** A service as it runs under a plan. */
async function running(behaviour: Behaviour, plan: Plan): Promise<FakeSystem> {
  const files = {
    [`/usr/lib/systemd/system/${UNIT}`]: '[Service]\nExecStart=/usr/sbin/demod\n',
    [`${FOLDER}/zz-sandbox-unit.conf`]: '[Service]\n',
    ...Object.fromEntries(plan.programs.map(({ script }) => [script, program('#!')])),
  };
  const system = new FakeSystem({ files, behaviour: () => behaviour });
  await system.restart(UNIT);
  return system;
}

async function found(system: FakeSystem, plan: Plan): Promise<string[]> {
  const diagnostics = await notConfined(system, plan, await system.unit(UNIT));
  return diagnostics.map(({ code, message }) => `${code}: ${message}`);
}

test('a main process with a filter is confined', async () => {
  for (const plan of [BEHIND, PROGRAMS, ELSEWHERE]) {
    assert.deepEqual(await found(await running('works', plan), plan), []);
  }
});

test('a main process without a filter is not', async () => {
  const says = /^not-confined: the main process of demo\.service \(\d+\) has no system call filter$/;
  for (const plan of [BEHIND, PROGRAMS]) {
    const [one, ...others] = await found(await running('is-open', plan), plan);
    assert.match(one!, says);
    assert.deepEqual(others, []);
  }
});

test("a filter of systemd's alone has to be in the kernel, too", async () => {
  const open = await running('is-open', BY_SYSTEMD);
  const [diagnostic, ...others] = await notConfined(open, BY_SYSTEMD, await open.unit(UNIT));
  assert.match(diagnostic!.message, /has no system call filter$/);
  assert.match(diagnostic!.hint!, /SYSTEMD_SECCOMP=0.*enforcer = "launcher"/);
  assert.deepEqual(others, []);
  assert.deepEqual(await found(await running('works', BY_SYSTEMD), BY_SYSTEMD), []);
});

test('where no call is refused, or there is no main process, nothing is asked', async () => {
  for (const policy of ['[service]\nPrivateTmp = true\n', '[syscalls]\n']) {
    const plan = planned(policy);
    const open = await running('is-open', plan);
    assert.deepEqual(await found(open, plan), []);
    assert.ok(!open.calls.some((call) => call.includes('/proc/')));
  }
  const finished = await running('finishes', BEHIND);
  assert.deepEqual(await found(finished, BEHIND), []);
  assert.ok(!finished.calls.some((call) => call.includes('/proc/')));
});

test('a main process that has ended meanwhile is not confined', async () => {
  const system = await running('works', BEHIND);
  const state = await system.unit(UNIT);
  await system.restart(UNIT);
  const [diagnostic] = await notConfined(system, BEHIND, state);
  assert.match(diagnostic!.message, /has ended$/);
});

test('a main process that gains privileges is not confined as planned', async () => {
  const files = { '/proc/100/status': 'NoNewPrivs:\t0\nSeccomp:\t2\n' };
  const unit = unitState({ MainPID: 100 });
  const [diagnostic] = await notConfined(new FakeSystem({ files }), BEHIND, unit);
  assert.match(diagnostic!.message, /may gain privileges: NoNewPrivs isn't set$/);
  const kept = planned(`${NO_EXEC}[service]\nNoNewPrivileges = false\n`);
  assert.deepEqual(await notConfined(new FakeSystem({ files }), kept, unit), []);
});

test('a main process that is none of the programs came by another way, whatever filters it has', async () => {
  const system = await running('goes-around', PROGRAMS);
  assert.deepEqual(await found(system, PROGRAMS), [
    'not-confined: the main process of demo.service is /usr/bin/dash, which no launcher started',
  ]);
  assert.deepEqual(await found(await running('goes-around', ELSEWHERE), ELSEWHERE), []);
});

test('a main process whose file the kernel does not name is told by no name', async () => {
  const unit = unitState({ MainPID: 100 });
  const said = async (state: string) => {
    const files = { '/proc/100/status': `State:\t${state}\nNoNewPrivs:\t1\nSeccomp:\t2\n` };
    const [diagnostic, ...others] = await notConfined(new FakeSystem({ files }), PROGRAMS, unit);
    assert.deepEqual(others, []);
    return `${diagnostic!.code}: ${diagnostic!.message}`;
  };
  const unknown = 'processes-unreadable: nobody knows what the main process of demo.service (100) runs';
  assert.equal(await said('S (sleeping)'), unknown);
  const ended = 'not-confined: the main process of demo.service (100) has ended';
  assert.equal(await said('Z (zombie)'), ended);
});

test('a script among the programs, and nothing else, is known by its path among the arguments', async () => {
  const { place } = PROGRAMS.programs[0]!;
  const unit = unitState({ MainPID: 100 });
  const openBy = async (kind: ProgramFacts['kind'], cmdline: string) => {
    const status = 'NoNewPrivs:\t1\nSeccomp:\t2\n';
    const files = { '/proc/100/status': status, '/proc/100/cmdline': cmdline };
    const file = { kind, interpreter: '/bin/sh' } as ProgramFacts;
    const programs = new Map([['/usr/sbin/demod', { file, setuid: false, executable: true }]]);
    const plan = { ...PROGRAMS, target: targetOf(257, { programs }) };
    return (await notConfined(new FakeSystem({ files }), plan, unit)).length;
  };
  assert.equal(await openBy('script', `/bin/sh\0${place}\0-x\0`), 0);
  assert.equal(await openBy('other', `/usr/bin/qemu\0${place}\0-x\0`), 0);
  assert.equal(await openBy('script', `${place}\0-x\0`), 1);
  assert.equal(await openBy('dynamic', `/bin/sh\0${place}\0-x\0`), 1);
});

test('a start script is waited for, but not for ever', async () => {
  const slow = await running('is-slow', PROGRAMS);
  await awaitPrograms(slow, PROGRAMS);
  assert.equal(slow.calls.filter((call) => call.startsWith('wait ')).length, 1);
  assert.deepEqual(await found(slow, PROGRAMS), []);
  const never = await running('goes-around', PROGRAMS);
  await awaitPrograms(never, PROGRAMS);
  const waits = never.calls.filter((call) => call.startsWith('wait ')).map((call) => Number(call.slice(5)));
  assert.equal(
    waits.reduce((sum, wait) => sum + wait, 0),
    10_000,
  );
  const ended = await running('finishes', PROGRAMS);
  await awaitPrograms(ended, PROGRAMS);
  assert.ok(!ended.calls.some((call) => call.startsWith('wait ')));
});
