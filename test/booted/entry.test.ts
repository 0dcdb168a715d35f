/** Services under policies of stage `entry`, with other directives of systemd. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { machine } from '../support/machine.js';
import {
  apply,
  defineProgram,
  exited,
  mainPid,
  PROGRAMS,
  policyPath,
  processStatus,
  runToEnd,
} from '../support/service.js';

const MYOS = `${PROGRAMS}/myos`;
const DOWN = exited(1, 'uname failed: Network is down\n');
const POLICY = '[syscalls]\ndeny = ["uname:ENETDOWN", "execve", "execveat"]\nstage = "entry"\n';
const HARDENED = `ProtectProc=invisible
ProcSubset=pid
ProtectSystem=strict
RestrictAddressFamilies=none
${(
  'LockPersonality MemoryDenyWriteExecute NoNewPrivileges PrivateDevices PrivateMounts PrivateNetwork PrivateTmp ' +
    'ProtectClock ProtectControlGroups ProtectHome ProtectHostname ProtectKernelLogs ProtectKernelModules ' +
    'ProtectKernelTunables RestrictNamespaces RestrictRealtime RestrictSUIDSGID'
).replaceAll(/\w+ ?/g, (name) => `${name.trim()}=yes\n`)}`;

const { box, run, test } = machine('entry', {
  programs: {
    myos: ['test/booted/programs/myos.c'],
    early: ['test/native/programs/early.c', '-shared', '-fPIC'],
    hostile: ['test/native/programs/hostile.c', '-shared', '-fPIC'],
  },
});

describe('stage entry: the policy is in force at the entry point of a service', () => {
  const LINES: readonly [string, string][] = [
    ['of root', ''],
    ['of another user', 'User=nobody'],
    ['without any capability', 'User=nobody\nCapabilityBoundingSet=\nNoNewPrivileges=yes'],
    ['with a user of its own', 'DynamicUser=yes\nPrivateUsers=yes'],
    [
      'that systemd filters by an allow list',
      'SystemCallFilter=@system-service\nSystemCallErrorNumber=EPERM',
    ],
    [
      'that systemd filters by deny lists',
      'SystemCallFilter=~@debug @network-io @process\nSystemCallFilter=~@privileged',
    ],
    ['that is sandboxed as systemd can', HARDENED],
    ['that may start two processes more', 'TasksMax=3'],
  ];
  for (const [index, [what, lines]] of LINES.entries()) {
    test(what, async () => {
      const unit = `lines-${index}.service`;
      await defineProgram(box, unit, `Type=oneshot\nExecStart=${MYOS}\n${lines}`);
      assert.equal((await runToEnd(box, unit)).output, 'My OS is Linux!\n');
      await apply(box, POLICY, unit);
      assert.deepEqual(await runToEnd(box, unit), DOWN);
    });
  }
});

test('stage entry: only the program is left in the unit, and no process traces it', async () => {
  await defineProgram(box, 'left.service', 'Type=exec\nExecStart=/usr/bin/sleep infinity\nUser=nobody');
  await apply(box, POLICY, 'left.service');
  await box.succeed(['systemctl', 'start', 'left.service']);
  const pid = await mainPid(box, 'left.service');
  await box.waitFor('the tracer to end', async () => {
    const processes = await box.readFile('/sys/fs/cgroup/system.slice/left.service/cgroup.procs');
    return processes === `${pid}\n`;
  });
  const status = await processStatus(box, pid);
  assert.equal(status.get('TracerPid'), '0');
  assert.equal(status.get('Name'), 'sleep');
});

test('stage entry: a service that is stopped during its start stops as any other', async () => {
  await defineProgram(box, 'stopped.service', 'Type=exec\nExecStart=/usr/bin/sleep infinity');
  await apply(box, POLICY, 'stopped.service');
  for (let round = 0; round < 10; round++) {
    await box.succeed(['systemctl', 'restart', 'stopped.service']);
    await box.succeed(['systemctl', 'stop', 'stopped.service']);
    const shown = await box.succeed(['systemctl', 'show', '--property=Result', 'stopped.service']);
    assert.equal(shown, 'Result=success\n');
  }
});

describe("stage entry starts nothing if it can't work:", () => {
  test('a service with PrivatePIDs=yes is refused by the launcher', async () => {
    const unit = 'private.service';
    await defineProgram(box, unit, `Type=oneshot\nExecStart=${MYOS}`);
    await apply(box, POLICY, unit);
    await box.succeed(['mkdir', '-p', `/etc/systemd/system/${unit}.d`]);
    await box.writeFile(`/etc/systemd/system/${unit}.d/own.conf`, '[Service]\nPrivatePIDs=yes\n');
    await box.succeed(['systemctl', 'daemon-reload']);
    const { end, output } = await runToEnd(box, unit);
    assert.equal(end, 'exited with 228');
    assert.match(output, /stage 'entry' can't serve the init of a PID namespace or a subreaper/);
  });

  test('a library that starts a thread before the entry point', async () => {
    const unit = 'early.service';
    const environment = `Environment=LD_PRELOAD=${PROGRAMS}/early EARLY=thread`;
    await defineProgram(box, unit, `Type=oneshot\nExecStart=${MYOS}\n${environment}`);
    await box.writeFile(policyPath(unit), POLICY);
    await run(0, 'apply', '--no-restart', unit);
    const { end, output } = await runToEnd(box, unit);
    assert.equal(end, 'killed by signal 9');
    assert.match(output, /starts a thread or a process before the entry point; use stage 'exec'\n$/);
  });
});

describe('stage entry: hostile code before the entry point', () => {
  const ALLOWING =
    '[syscalls]\nallow = ["@basic-io", "exit_group", "brk", "fstat", "getrandom"]\nstage = "entry"\n';
  const attacked = async (unit: string, how: string) => {
    const environment = `Environment=LD_PRELOAD=${PROGRAMS}/hostile HOSTILE=${how} FILE=/run/${unit}.file`;
    await defineProgram(box, unit, `Type=oneshot\nExecStart=${MYOS}\n${environment}`);
    await box.writeFile(policyPath(unit), ALLOWING);
    await run(0, 'apply', '--no-restart', unit);
    return runToEnd(box, unit);
  };

  test('creates no file where the policy opens none', async () => {
    const { end } = await attacked('create.service', 'create');
    assert.equal(end, 'killed by signal 31');
    assert.notEqual((await box.exec(['test', '-e', '/run/create.service.file'])).status, 0);
  });

  test('starts no program', async () => {
    const { end } = await attacked('clone.service', 'clone');
    assert.equal(end, 'killed by signal 9');
  });

  test('loads no filter of its own', async () => {
    const { end, output } = await attacked('own.service', 'filter');
    assert.equal(end, 'killed by signal 9');
    assert.match(output, /a library of the program loads a filter before the entry point/);
  });
});
