import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awaitPrograms, notConfined } from '../../src/apply/confinement.js';
import type { Plan } from '../../src/plan/plan.js';
import { type Behaviour, FakeSystem, program } from '../support/fake-system.js';
import { planned } from '../support/planned.js';

const UNIT = 'demo.service';
const FOLDER = `/etc/systemd/system/${UNIT}.d`;
const NO_EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\n';
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
  await system.job('restart', UNIT);
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

test('where nothing is left to the launcher, or there is no main process, nothing is asked', async () => {
  const open = await running('is-open', BY_SYSTEMD);
  assert.deepEqual(await found(open, BY_SYSTEMD), []);
  const finished = await running('finishes', BEHIND);
  assert.deepEqual(await found(finished, BEHIND), []);
  assert.ok(![...open.calls, ...finished.calls].some((call) => call.includes('/proc/')));
});

test('a main process that has ended meanwhile is not confined', async () => {
  const system = await running('works', BEHIND);
  const properties = await system.unit(UNIT);
  await system.job('restart', UNIT);
  const [diagnostic] = await notConfined(system, BEHIND, properties);
  assert.match(diagnostic!.message, /has ended$/);
});

test('a main process that gains privileges is not confined as planned', async () => {
  const files = { '/proc/100/status': 'NoNewPrivs:\t0\nSeccomp:\t2\n' };
  const unit = new Map<string, unknown>([['MainPID', 100]]);
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

test('a script among the programs is known by its path among the arguments', async () => {
  const { place } = PROGRAMS.programs[0]!;
  const unit = new Map<string, unknown>([['MainPID', 100]]);
  const confinedBy = (cmdline: string) =>
    new FakeSystem({
      files: { '/proc/100/status': 'NoNewPrivs:\t1\nSeccomp:\t2\n', '/proc/100/cmdline': cmdline },
    });
  assert.deepEqual(await notConfined(confinedBy(`/bin/sh\0${place}\0-x\0`), PROGRAMS, unit), []);
  assert.equal((await notConfined(confinedBy(`${place}\0-x\0`), PROGRAMS, unit)).length, 1);
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
