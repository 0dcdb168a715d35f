/** `explain --record`: one run of real services with all refused calls recorded, and the roll-back. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { installInjector } from '../support/injector.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { mainPid, PROGRAMS, policyPath, properties, sandboxUnit } from '../support/service.js';
import { alternatives } from '../support/thorough.js';

const NAME = 'run-once';
const UNIT = 'run-once.service';
const DROP_IN = `systemd/system.control/${UNIT}.d/zz-sandbox-unit.conf`;
const DENIED = ['getppid', 'getpgid', 'times', 'sysinfo', 'sched_yield', 'getrusage'];
const POLICY = `[syscalls]\ndeny = ${JSON.stringify(DENIED)}\naction = "EPERM"\n[apply]\nsettle = "100ms"\n`;

const { box, run, test } = machine('record', {
  programs: { [NAME]: ['test/booted/programs/refused-calls.c'] },
});

interface Answer {
  readonly exit: number | null;
  readonly calls: string[];
  readonly codes: string[];
  readonly stdout: string;
}

/** @param by a command that starts another */
async function record(...by: string[]): Promise<Answer> {
  const command = ['node', inRepository('dist/sandbox-unit.cjs'), 'explain', '--record', '--json', UNIT];
  const { status: exit, stdout } = await box.exec([...by, ...command]);
  const { refusals = [], diagnostics } = JSON.parse(stdout);
  return {
    ...{ exit, stdout },
    calls: refusals.map(({ call, got }: { call: string; got: string }) => `${call} ${got}`).sort(),
    codes: diagnostics.map(({ code }: { code: string }) => code),
  };
}

const RECORDED = DENIED.map((call) => `${call} recorded`).sort();

/** Everything of a unit that is to be as before: files and when they were written, what is loaded, whether it runs. */
async function stateOf(): Promise<unknown> {
  const files = await box.succeed([
    ...[
      'bash',
      '-c',
      'find /etc/systemd /run/systemd/system /run/systemd/system.control -type f -printf "%p %m %Ts\\n" -exec md5sum {} + 2>/dev/null || :',
    ],
  ]);
  const loaded = await properties(box, UNIT, 'ActiveState', 'DropInPaths', 'SystemCallFilter', 'ExecStartEx');
  return { files, ...loaded, ExecStartEx: loaded.ExecStartEx.replace(/start_time=.*/s, '') };
}

async function define(policy: string, lines = ''): Promise<void> {
  await changeFiles(box, {
    [`/etc/systemd/system/${UNIT}`]: `[Service]\nType=exec\nExecStart=${PROGRAMS}/${NAME}\n${lines}`,
    [policyPath(UNIT)]: policy,
  });
}

describe('explain --record: one run records all refused calls, and leaves the unit as before', () => {
  const CASES: readonly [what: string, applied: boolean, runs: boolean][] = [
    ['applied, and running', true, true],
    ['applied, and stopped', true, false],
    ['never applied, and running', false, true],
    ['never applied, and stopped', false, false],
  ];
  for (const [what, applied, runs] of CASES) {
    test(what, async () => {
      await define(POLICY);
      await sandboxUnit(box, applied ? 'apply' : 'revert', UNIT);
      await box.succeed(['systemctl', runs ? 'restart' : 'stop', UNIT]);
      const before = await stateOf();
      const answer = await record();
      assert.deepEqual([answer.exit, answer.calls, answer.codes], [1, RECORDED, []], answer.stdout);
      assert.deepEqual(await stateOf(), before);
      if (applied && runs) {
        await run(0, 'verify', UNIT);
      }
    });
  }
});

describe('explain --record: one run records what [ready] would refuse, once the service served', () => {
  const settings = 'reload = true\nsettle = "2s"\n[apply]\nsettle = "100ms"\n';
  const CASES: readonly [what: string, syscalls: readonly string[], ready: readonly string[]][] = [
    ['beside [syscalls]', DENIED.slice(0, 3), DENIED.slice(3)],
    ['alone', [], DENIED],
  ];
  for (const [what, syscalls, ready] of alternatives(CASES)) {
    test(what, async () => {
      await installInjector(box);
      const table = syscalls.length > 0 ? `[syscalls]\ndeny = ${JSON.stringify(syscalls)}\n` : '';
      const policy = `${table}[ready]\ndeny = ${JSON.stringify(ready)}\n${settings}`;
      const wait = `kill -HUP $MAINPID; until [ -e /run/reloaded ]; do sleep 0.02; done; rm /run/reloaded`;
      await define(policy, `ExecReload=/bin/sh -c '${wait}'\n`);
      await sandboxUnit(box, 'revert', UNIT);
      await box.succeed(['systemctl', 'restart', UNIT]);
      const before = await stateOf();
      const answer = await record();
      assert.deepEqual([answer.exit, answer.codes], [1, []], answer.stdout);
      const { refusals } = JSON.parse(answer.stdout) as { refusals: Refusal[] };
      const told = refusals.map(({ call, cause, phase }) => `${call}: ${cause.phase}, ${phase}`);
      // The program makes the first call when it starts, and the others in its reload, too.
      const [first, ...both] = syscalls;
      const expected = [
        ...(first === undefined ? [] : [`${first}: undefined, start`]),
        ...both.map((call) => `${call}: undefined, undefined`),
        ...ready.filter((call) => call !== DENIED[0]).map((call) => `${call}: ready, ready`),
      ];
      assert.deepEqual(told.sort(), expected.sort());
      assert.deepEqual(await stateOf(), before);
    });
  }
});

interface Refusal {
  readonly call: string;
  readonly phase?: string;
  readonly cause: { readonly phase?: string };
}

test('explain --record: a service that its policy kills runs once, and its first and last call are named', async () => {
  await define(POLICY.replace('action = "EPERM"\n', ''));
  await sandboxUnit(box, 'apply', '--no-restart', UNIT);
  await box.exec(['systemctl', 'restart', UNIT]);
  const answer = await record();
  assert.deepEqual([answer.exit, answer.calls], [1, RECORDED]);
  const { ActiveState } = await properties(box, UNIT, 'ActiveState');
  assert.notEqual(ActiveState, 'active');
});

test("explain --record: warns that calls may be missing if the service can't be watched, and restores the unit", async () => {
  await define(POLICY);
  await sandboxUnit(box, 'apply', UNIT);
  const before = await stateOf();
  const { exit, codes, stdout } = await record('setpriv', '--bounding-set=-bpf,-perfmon,-sys_admin');
  assert.ok(codes.includes('records-incomplete'), stdout);
  assert.notEqual(exit, 0);
  assert.deepEqual(await stateOf(), before);
});

for (const signal of ['SIGINT', 'SIGTERM']) {
  test(`explain --record: ${signal} ends the run, and restores the unit`, async () => {
    await define(POLICY.replace('100ms', '1h'));
    await sandboxUnit(box, 'revert', UNIT);
    await box.succeed(['systemctl', 'restart', UNIT]);
    const before = await stateOf();
    const first = await mainPid(box, UNIT);
    const running = record();
    await box.waitFor(
      'the run',
      async () =>
        (await box.exec(['test', '-e', `/run/${DROP_IN}`])).status === 0 &&
        (await mainPid(box, UNIT)) !== first &&
        (await properties(box, UNIT, 'ActiveState')).ActiveState === 'active',
    );
    await box.succeed(['pkill', `--signal=${signal}`, '--full', '^node .*explain --record']);
    const { exit, codes, stdout } = await running;
    assert.equal(exit, 2);
    assert.ok(codes.includes('interrupted'), stdout);
    assert.deepEqual(await stateOf(), before);
  });
}

test('explain --record: reports what the service itself fails at, and restores the unit', async () => {
  await define(POLICY, 'SystemCallFilter=~sysinfo\n');
  await sandboxUnit(box, 'revert', UNIT);
  await box.exec(['systemctl', 'restart', UNIT]);
  const before = await stateOf();
  const answer = await record();
  assert.equal(answer.exit, 1, answer.stdout);
  assert.ok(answer.codes.includes('service-failed'));
  assert.ok(answer.calls.includes('sysinfo killed'), answer.stdout);
  const now = (await stateOf()) as { files: string };
  assert.equal(now.files, (before as { files: string }).files);
});
