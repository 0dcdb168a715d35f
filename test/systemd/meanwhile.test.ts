/** What others do while a unit is changed, and what a change takes along: all that isn't the unit stays, or comes back. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { Box } from '../support/box.js';
import { changeFiles } from '../support/loaded-units.js';
import { inRepository } from '../support/repository.js';
import {
  bootWithPrograms,
  policyPath,
  processStatus,
  properties,
  revertIfDone,
  sandboxUnit,
  servicesObstacle,
} from '../support/service.js';
import { until } from '../support/until.js';

const skip = servicesObstacle();
const COMMAND = inRepository('dist/sandbox-unit.cjs');
const UNIT = 'main.service';
const UNDO = `/var/lib/sandbox-unit/${UNIT}.u`;
const SLEEP = '/usr/bin/sleep infinity';
const FINE = '[syscalls]\ndeny = ["ptrace"]\n[apply]\nsettle = "100ms"\n';
/** sleep(1) dies of it at once. */
const DEADLY = '[syscalls]\ndeny = ["pause:kill", "clock_nanosleep:kill"]\n[apply]\nsettle = "100ms"\n';
const SLOW = FINE.replace('100ms', '60s').replace('ptrace', 'keyctl');

describe('while a unit is changed', { skip: skip ?? false }, () => {
  let box: Box;
  const isActive = async (unit: string) => (await properties(box, unit, 'ActiveState')).ActiveState;
  const invocation = async (unit: string) => (await properties(box, unit, 'InvocationID')).InvocationID;
  const filters = async (unit: string) => {
    const { MainPID } = await properties(box, unit, 'MainPID');
    return Number((await processStatus(box, Number(MainPID))).get('Seccomp'));
  };
  const units = async (files: Readonly<Record<string, string>>, ...start: string[]) => {
    const paths = Object.entries(files).map(([name, text]) => [`/etc/systemd/system/${name}`, text]);
    await changeFiles(box, Object.fromEntries(paths));
    if (start.length > 0) await box.succeed(['systemctl', 'start', ...start]);
  };
  const run = async (status: number, ...words: string[]) => {
    const found = await sandboxUnit(box, ...words);
    assert.equal(found.status, status, `${words.join(' ')}\n${found.stdout}${found.stderr}`);
    return found;
  };
  /** Runs a command beside others, until something is so, then has it end by a signal; what it said. */
  const interrupted = async (words: string, signals: string, when: string) =>
    box.succeed([
      ...['bash', '-c'],
      `node ${COMMAND} ${words} >/run/said 2>&1 & pid=$!
       for i in $(seq 600); do ${when} && break; sleep 0.05; done
       for signal in ${signals}; do kill -$signal $pid; sleep 0.5; done
       wait $pid; echo "exit $?"; cat /run/said`,
    ]);
  /** Killed in the trial of a policy that the service stands. */
  const killedInTrial = async () => {
    await box.writeFile(policyPath(UNIT), SLOW);
    const was = await invocation(UNIT);
    const when = `[ "$(systemctl show --value -p InvocationID ${UNIT})" != ${was} ]`;
    assert.match(await interrupted(`apply ${UNIT}`, 'KILL', when), /^exit 137/);
    await box.succeed(['test', '-e', UNDO]);
  };

  before(async () => {
    box = await bootWithPrograms('meanwhile');
  });
  after(() => box?.stop());
  beforeEach(async () => {
    await box.sh(`${revertIfDone(UNIT)}
      systemctl stop "main*" "side*" || :; rm -f /etc/systemd/system/*main* /etc/systemd/system/*side*
      systemctl reset-failed`);
    await units({ [UNIT]: `[Service]\nExecStart=${SLEEP}\n` }, UNIT);
    await box.writeFile(policyPath(UNIT), FINE);
  });

  test('units that depend on it are up again when it is put back', async () => {
    const side = (line: string) => `[Unit]\n${line}\nAfter=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    const sides = {
      'side-requires.service': side(`Requires=${UNIT}`),
      'side-binds.service': side(`BindsTo=${UNIT}`),
      'side-requisite.service': side(`Requisite=${UNIT}`),
      'side-part.service': side(`PartOf=${UNIT}`),
      'side-far.service': side('Requires=side-requires.service').replace(
        `After=${UNIT}`,
        'After=side-requires.service',
      ),
    };
    await units(sides, ...Object.keys(sides));
    // A start that fails takes them along, and so does a service that dies later.
    for (const type of ['simple', 'exec']) {
      await units({
        [UNIT]: `[Service]\nType=${type}\nExecStart=${SLEEP}\nExecStartPost=/usr/bin/sleep 0.2\n`,
      });
      await box.writeFile(policyPath(UNIT), DEADLY);
      assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
      for (const unit of [UNIT, ...Object.keys(sides)]) assert.equal(await isActive(unit), 'active', unit);
    }
  });

  test('a service that fails is put back at once, however long it is to be tried', async () => {
    await box.writeFile(policyPath(UNIT), DEADLY.replace('100ms', '1h'));
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.equal(await isActive(UNIT), 'active');
  });

  test('so it is while others are tried that are to be tried for long', async () => {
    await units({ 'side-long.service': `[Service]\nExecStart=${SLEEP}\n` }, 'side-long.service');
    await box.writeFile(policyPath('side-long.service'), FINE.replace('100ms', '1h'));
    await box.writeFile(policyPath(UNIT), DEADLY);
    const was = await invocation(UNIT);
    const isBack = `[ ! -e ${UNDO} ] && [ "$(systemctl show --value -p InvocationID ${UNIT})" != ${was} ]`;
    const said = await interrupted(`apply side-long.service ${UNIT}`, 'INT', isBack);
    assert.match(
      said,
      /^exit 1\n(?:.|\n)*side-long\.service: rolled-back\n(?:.|\n)*main\.service: rolled-back\n/,
    );
    assert.match(said, /error\[interrupted\]/);
    for (const unit of [UNIT, 'side-long.service']) {
      assert.deepEqual([await isActive(unit), await filters(unit)], ['active', 0], unit);
    }
    await box.sh(`rm ${policyPath('side-long.service')}`);
  });

  test('what systemd itself could not do before the program is told as that', async () => {
    const lines = 'Type=forking\nExecStartPre=-/usr/bin/false\nExecStartPre=/usr/bin/true';
    await units({ [UNIT]: `[Service]\n${lines}\nExecStart=/bin/sh -c '${SLEEP} &'\n` });
    await box.succeed(['systemctl', 'restart', UNIT]);
    await box.writeFile(policyPath(UNIT), `${FINE}[service]\nReadWritePaths = ["/nowhere"]\n`);
    const { stderr } = await run(1, 'apply', UNIT);
    assert.match(stderr, /error\[service-failed\]: .*\(exit-code, exit status 226\/NAMESPACE\)/);
    assert.doesNotMatch(stderr, /explain --record/);
    assert.equal(await isActive(UNIT), 'active');
  });

  test('how a run has ended is told, though another has followed', async () => {
    await box.sh('rm -f /run/fifo; mkfifo /run/fifo');
    const main = 'read -t 0.5 <>/run/fifo; exec sleep infinity';
    await units({ [UNIT]: `[Service]\nExecStart=bash -c '${main}'\nRestart=always\nRestartSec=10ms\n` });
    await box.succeed(['systemctl', 'restart', UNIT]);
    await box.writeFile(policyPath(UNIT), DEADLY.replace('100ms', '3s'));
    assert.match(
      (await run(1, 'apply', UNIT)).stderr,
      /error\[service-failed\]: main\.service did not stay up \((?:signal, )?killed by SIGSYS: a refused system call\)/,
    );
  });

  test('a socket that clients wait for comes back, though its service was started too often', async () => {
    const serve = 'open S, "+<&=3" or die; while (accept C, S) { close C } exit 1';
    const call = `use Socket; for (1..1500) { socket C, AF_UNIX, SOCK_STREAM, 0;
      connect C, sockaddr_un("/run/main.socket"); sysread C, $x, 1; close C; select undef, undef, undef, 0.002 }`;
    await box.writeFile('/run/serve.pl', serve);
    await box.writeFile('/run/call.pl', call);
    await box.succeed(['systemctl', 'stop', UNIT]);
    await units(
      {
        'main.socket': '[Socket]\nListenStream=/run/main.socket\n',
        [UNIT]: '[Service]\nExecStart=/usr/bin/perl /run/serve.pl\n',
      },
      'main.socket',
    );
    await box.writeFile(policyPath(UNIT), FINE.replace('"ptrace"', '"accept", "accept4"'));
    for (let i = 0; i < 4; i++) {
      await box.succeed(['systemctl', 'restart', UNIT]);
      const said = await box.sh(
        `perl /run/call.pl & sleep 0.2; node ${COMMAND} apply ${UNIT} || echo "exit $?"; kill $!; wait $! || :`,
      );
      assert.match(said.stdout, /main\.service: rolled-back\nexit 1/, said.stderr);
      assert.deepEqual([await isActive('main.socket'), await isActive(UNIT)], ['active', 'active']);
    }
    await box.sh('systemctl stop main.socket; rm -f /run/serve.pl /run/call.pl');
  });

  test('a socket that starts it listens again when it is put back', async () => {
    await units({
      'main.socket': '[Socket]\nListenStream=/run/main.socket\n',
      [UNIT]: `[Service]\nExecStart=${SLEEP}\nRestart=on-failure\nRestartSec=10ms\n`,
    });
    await box.succeed(['systemctl', 'stop', UNIT]);
    await box.succeed(['systemctl', 'start', 'main.socket']);
    await box.succeed(['systemctl', 'start', UNIT]);
    await box.writeFile(policyPath(UNIT), DEADLY.replace('100ms', '3s'));
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.equal(await isActive('main.socket'), 'active');
    assert.equal(await isActive(UNIT), 'active');
    const { MainPID } = await properties(box, UNIT, 'MainPID');
    assert.match(await box.succeed(['ls', '-l', `/proc/${MainPID}/fd`]), / 3 -> socket:/);
  });

  test('somebody else restarts it: what comes up is tried, too', async () => {
    await units({ [UNIT]: `[Service]\nExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 1.5\n` });
    await box.writeFile(policyPath(UNIT), DEADLY);
    await box.succeed(['systemctl', 'restart', '--no-block', UNIT]);
    await until(`${UNIT} is stopped`, async () => (await isActive(UNIT)) === 'deactivating');
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.equal(await isActive(UNIT), 'active');
    assert.equal(await filters(UNIT), 0);
  });

  test('and the run is killed, a service that somebody has stopped since before its restart stays so', async () => {
    await box.writeFile(policyPath(UNIT), FINE);
    const said = await interrupted(`apply ${UNIT}`, 'KILL', `[ -e ${UNDO} ]`);
    assert.match(said, /^exit (?:0|137)/);
    if (said.startsWith('exit 0')) return;
    const text = await box.succeed(['cat', UNDO]);
    if (JSON.parse(text).restarted) return;
    await box.succeed(['systemctl', 'stop', UNIT]);
    assert.match((await run(0, 'status')).stderr, /warning\[put-back\]/);
    assert.equal(await isActive(UNIT), 'inactive');
  });

  test('and the run is killed, it is put back, and what asks in between says so', async () => {
    await killedInTrial();
    const checked = await run(3, 'apply', '--check', UNIT);
    assert.match(checked.stderr, /warning\[half-done\]: main\.service/);
    const { stdout } = await run(3, 'apply', '--check', '--json', UNIT);
    assert.equal(JSON.parse(stdout).changed, true);
    assert.match((await run(1, 'verify', UNIT)).stderr, /error\[half-done\]: main\.service/);
    const { stderr } = await run(2, 'explain', '--record', 'absent.service');
    assert.match(stderr, /warning\[put-back\]: .*main\.service(?:.|\n)*error\[no-unit\]/);
    assert.equal(await filters(UNIT), 0);
    assert.equal(await isActive(UNIT), 'active');
  });

  test('and the run is killed, what the administrator has done since is left as it is', async () => {
    await run(0, 'apply', UNIT);
    await killedInTrial();
    await box.succeed(['rm', '-r', `/etc/systemd/system/${UNIT}.d`]);
    await box.succeed(['systemctl', 'daemon-reload']);
    await box.succeed(['systemctl', 'restart', UNIT]);
    const was = await invocation(UNIT);
    assert.match((await run(1, 'status')).stderr, /warning\[changed-since\]/);
    assert.deepEqual([await invocation(UNIT), await filters(UNIT)], [was, 0]);
    const { stderr } = await run(1, 'status');
    assert.doesNotMatch(stderr, /changed-since/);
    assert.match(stderr, /error\[drift-files\]: main\.service was confined, and its drop-in is gone/);
  });

  test('and somebody changes the drop-in, that is said', async () => {
    const drop = `/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`;
    await box.writeFile(policyPath(UNIT), FINE.replace('100ms', '3s'));
    const said = await box.sh(
      `node ${COMMAND} apply --json ${UNIT} >/run/said & pid=$!
       until [ -e ${drop} ] && [ "$(systemctl show --value -p DropInPaths ${UNIT})" = ${drop} ]; do sleep 0.05; done
       printf '[Service]\\nNice=1\\n' >>${drop}; wait $pid && cat /run/said`,
    );
    const [unit] = JSON.parse(said.stdout).units;
    assert.deepEqual([unit.state, unit.verified], ['applied', false]);
    assert.match(said.stdout, /changed-since/);
    assert.match((await run(1, 'status')).stderr, /error\[drift-files\]/);
  });

  test('and power is cut, what was started by the boot is as it was before', async () => {
    await box.succeed(['systemctl', 'stop', UNIT]);
    const when = '[ -e /etc/systemd/system/main.service.d/zz-sandbox-unit.conf ]';
    await box.writeFile(policyPath(UNIT), FINE);
    await box.exec([
      'bash',
      '-c',
      `strace -f -o /run/trace -e trace=rename -e inject=rename:signal=KILL:when=2 node ${COMMAND} apply ${UNIT}; ${when}`,
    ]);
    await box.succeed(['sed', '-i', 's/"boot": "[^"]*"/"boot": "another"/', UNDO]);
    await box.succeed(['systemctl', 'daemon-reload']);
    await box.succeed(['systemctl', 'start', UNIT]);
    await run(0, 'status');
    assert.equal(await filters(UNIT), 0);
    assert.equal(await isActive(UNIT), 'active');
  });

  test("together with a hundred, and the run is killed: nothing is restarted that wasn't", async () => {
    const names = Array.from({ length: 100 }, (_, i) => `side${i}.service`);
    await units(Object.fromEntries(names.map((name) => [name, `[Service]\nExecStart=${SLEEP}\n`])), ...names);
    const runs = async () =>
      (await box.succeed(['systemctl', 'show', '--value', '-p', 'InvocationID', ...names]))
        .split('\n')
        .filter((line) => line !== '');
    const were = await runs();
    await box.writeFile('/run/policy.toml', FINE);
    const when = '[ $(ls /var/lib/sandbox-unit | wc -l) -ge 90 ]';
    await interrupted(`apply --policy /run/policy.toml ${names.join(' ')}`, 'KILL', when);
    await run(0, 'status');
    assert.deepEqual(await runs(), were);
    assert.equal(await box.succeed(['ls', '/var/lib/sandbox-unit']).catch(() => ''), '');
  });

  test('and a signal comes in revert, what is yet to be done is left to the next', async () => {
    const names = ['side0.service', 'side1.service', 'side2.service'];
    const slow = `[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/usr/bin/sleep 0.1\nExecStop=/usr/bin/sleep 2\n`;
    await units(Object.fromEntries(names.map((name) => [name, slow])), ...names);
    await box.writeFile('/run/policy.toml', FINE);
    await run(0, 'apply', '--policy', '/run/policy.toml', ...names);
    const when = `[ $(systemctl is-active side0.service) = deactivating ]`;
    const said = await interrupted(`revert ${names.join(' ')}`, 'TERM', when);
    assert.match(said, /^exit 1\n/);
    await until('it runs', async () => (await isActive(names[0]!)) === 'active');
    const { stdout } = await sandboxUnit(box, 'status');
    for (const name of names) assert.match(stdout, new RegExp(`^${name} +enforcing +live`, 'm'));
    await run(0, 'revert', ...names);
    assert.match((await run(0, 'status')).stdout, /^No unit/);
  });

  test('and a signal comes in apply, no unit counts as applied whose turn was yet to come', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `side${i}.service`);
    await units(
      Object.fromEntries(names.map((name) => [name, `[Service]\nExecStart=${SLEEP}\n`])),
      names[0]!,
    );
    await box.writeFile('/run/policy.toml', SLOW);
    const was = await invocation(names[0]!);
    const when = `[ "$(systemctl show --value -p InvocationID ${names[0]})" != ${was} ]`;
    const said = await interrupted(`apply --policy /run/policy.toml ${names.join(' ')}`, 'TERM', when);
    assert.match(said, /^exit 1\n/);
    // Those of its batch that had nothing to try were done with.
    assert.match(said, /side0\.service: rolled-back/);
    for (const name of names.slice(8)) assert.match(said, new RegExp(`^${name}: rolled-back`, 'm'));
    await sandboxUnit(box, 'revert', ...names);
  });

  test('and it never gets ready: a second signal ends the waiting', async () => {
    await units({ [UNIT]: `[Service]\nType=notify\nTimeoutStartSec=infinity\nExecStart=${SLEEP}\n` });
    await box.succeed(['systemctl', 'restart', '--no-block', UNIT]);
    const was = await invocation(UNIT);
    const when = `[ "$(systemctl show --value -p InvocationID ${UNIT})" != "${was}" ] && [ -e ${UNDO} ]`;
    const said = await interrupted(`apply ${UNIT}`, 'TERM TERM', when);
    assert.match(said, /^exit 1\n/);
    assert.match((await run(0, 'status')).stdout, /^No unit/);
    assert.equal(await isActive(UNIT), 'activating');
  });

  /** Something that somebody does while the unit is tried for three seconds; what `apply` says. */
  const inTrial = async (script: string, policy = FINE) => {
    await box.writeFile(policyPath(UNIT), policy.replace('100ms', '3s'));
    const was = await invocation(UNIT);
    return box.succeed([
      ...['bash', '-c'],
      `node ${COMMAND} apply ${UNIT} >/run/said 2>&1 & pid=$!
       until [ "$(systemctl show --value -p InvocationID ${UNIT})" != ${was} ]; do sleep 0.05; done; sleep 0.5
       ${script}
       wait $pid; echo "exit $?"; cat /run/said`,
    ]);
  };

  test('somebody stops it in its trial: it stays so, without the policy', async () => {
    const side = `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    await units({ 'side-requires.service': side }, 'side-requires.service');
    const said = await inTrial(`systemctl stop ${UNIT}`);
    assert.match(said, /^exit 1\n(?:.|\n)*error\[stopped-meanwhile\](?:.|\n)*main\.service: rolled-back/);
    for (const unit of [UNIT, 'side-requires.service']) assert.equal(await isActive(unit), 'inactive');
    assert.match((await run(0, 'status')).stdout, /^No unit/);
  });

  test('and the run is killed, one that somebody has stopped since stays so', async () => {
    await killedInTrial();
    await box.succeed(['systemctl', 'stop', UNIT]);
    assert.match((await run(0, 'status')).stderr, /note\[stays-stopped\]/);
    assert.equal(await isActive(UNIT), 'inactive');
  });

  test('it ends with success by itself in its trial: it is started as it was', async () => {
    await units({ [UNIT]: '[Service]\nExecStart=/bin/sh -c "trap : SYS; sleep infinity; exit 0"\n' }, UNIT);
    const said = await inTrial(
      ':',
      '[syscalls]\ndeny = ["vfork", "clone", "clone3"]\naction = "EPERM"\n[apply]\nsettle = "100ms"\n',
    );
    assert.match(said, /^exit 1\n(?:.|\n)*error\[service-failed\]/);
    assert.equal(await isActive(UNIT), 'active');
    assert.equal(await filters(UNIT), 0);
  });

  test('somebody restarts it in its trial: it is tried anew', async () => {
    const said = await inTrial(`systemctl restart ${UNIT}`);
    assert.match(said, /^exit 0\nmain\.service: applied/);
    assert.equal(await filters(UNIT), 2);
  });

  test('somebody edits its drop-in in its trial: what is there is left', async () => {
    const dropIn = `/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.conf`;
    const said = await inTrial(`echo 'Nice=5' >>${dropIn}; systemctl kill -s SEGV ${UNIT}`);
    assert.match(said, /^exit 1\n(?:.|\n)*error\[changed-since\](?:.|\n)*main\.service: failed/);
    assert.match(await box.succeed(['cat', dropIn]), /^Nice=5$/m);
    await run(0, 'status', UNIT).catch(() => undefined);
    assert.equal((await box.exec(['test', '-e', UNDO])).status, 1);
  });

  test('somebody stops it in its trial, and nothing of that is logged: it stays so', async () => {
    await units({ [UNIT]: `[Service]\nLogLevelMax=warning\nExecStart=${SLEEP}\n` }, UNIT);
    const said = await inTrial(`systemctl stop ${UNIT}`);
    assert.match(said, /^exit 1\n(?:.|\n)*error\[stopped-meanwhile\](?:.|\n)*main\.service: rolled-back/);
    assert.equal(await isActive(UNIT), 'inactive');
  });

  test('somebody stops it in its trial, and it ends with an error for that: it stays so', async () => {
    await units(
      { [UNIT]: '[Service]\nExecStart=/bin/sh -c "trap \'exit 3\' TERM; sleep infinity & wait"\n' },
      UNIT,
    );
    const said = await inTrial(`systemctl stop ${UNIT}`);
    assert.match(said, /^exit 1\n(?:.|\n)*error\[stopped-meanwhile\]/);
    assert.equal(await isActive(UNIT), 'failed');
  });

  test('what it is bound to fails for it in its trial: both are up again as they were', async () => {
    await units(
      {
        [UNIT]: `[Unit]\nBindsTo=side-bound.service\nAfter=side-bound.service\n[Service]\nExecStartPre=/bin/touch /run/began\nExecStart=${SLEEP}\n`,
        'side-bound.service': `[Service]\nExecStart=/bin/sh -c "while sleep 0.1; do [ ! -e /run/began ] || grep -q 'Seccomp:.0' /proc/$$(systemctl show --value -p MainPID ${UNIT})/status || exit 1; done"\n`,
      },
      UNIT,
    );
    await box.writeFile(policyPath(UNIT), FINE.replace('100ms', '2s'));
    const { stderr } = await run(1, 'apply', UNIT);
    // Where it is quick it fails before the start is done.
    assert.match(
      stderr,
      /error\[service-failed\]: .*main\.service (?:did not stay up|ended with '(?:canceled|dependency)')/,
    );
    assert.doesNotMatch(stderr, /stopped by somebody/);
    for (const unit of [UNIT, 'side-bound.service']) assert.equal(await isActive(unit), 'active', unit);
  });

  test('it is stopped while another one is waited for: it stays so', async () => {
    await units(
      {
        [UNIT]: `[Service]\nExecStart=${SLEEP}\n`,
        'side-slow.service': `[Service]\nExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 3\n`,
      },
      'side-slow.service',
    );
    await box.writeFile('/run/policy.toml', FINE);
    await box.succeed(['systemctl', 'stop', '--no-block', 'side-slow.service']);
    await until('it stops', async () => (await isActive('side-slow.service')) === 'deactivating');
    await box.succeed([
      ...['bash', '-c'],
      `node ${COMMAND} apply --policy /run/policy.toml ${UNIT} side-slow.service >/run/said 2>&1 & pid=$!
       until [ -e ${UNDO} ]; do sleep 0.05; done; sleep 0.3
       systemctl stop ${UNIT}; wait $pid; cat /run/said`,
    ]);
    assert.equal(await isActive(UNIT), 'inactive');
    await sandboxUnit(box, 'revert', UNIT, 'side-slow.service');
  });

  test('it dies of its policy, and is started at once by others: it is put back', async () => {
    await units(
      {
        [UNIT]:
          '[Service]\nExecStart=/bin/sh -c "if [ -e /run/once ] && rm /run/once; then uname; fi; sleep infinity"\n',
        'side-upholds.service': `[Unit]\nUpholds=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`,
      },
      'side-upholds.service',
      UNIT,
    );
    await box.succeed(['touch', '/run/once']);
    await box.writeFile(
      policyPath(UNIT),
      '[syscalls]\ndeny = ["vfork:kill", "clone:kill", "clone3:kill"]\n[apply]\nsettle = "1s"\n',
    );
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    assert.equal(await filters(UNIT), 0);
  });

  test('a restart that is refused leaves one alone that has restarted itself before', async () => {
    await units({ [UNIT]: `[Service]\nRestart=always\nRestartSec=10ms\nExecStart=${SLEEP}\n` }, UNIT);
    const was = await invocation(UNIT);
    await box.succeed(['systemctl', 'kill', '-s', 'KILL', UNIT]);
    await until(
      'it is up again',
      async () => (await invocation(UNIT)) !== was && (await isActive(UNIT)) === 'active',
    );
    await box.sh(`printf '[Unit]\\nRequires=side-masked.service\\n' >/etc/systemd/system/main-more.conf
      mkdir -p /etc/systemd/system/${UNIT}.d; mv /etc/systemd/system/main-more.conf /etc/systemd/system/${UNIT}.d/
      ln -s /dev/null /etc/systemd/system/side-masked.service; systemctl daemon-reload`);
    const before = await invocation(UNIT);
    assert.match(
      (await run(0, 'apply', UNIT)).stderr,
      /note\[restart-due\](?:.|\n)*side-masked\.service is masked/,
    );
    assert.equal(await invocation(UNIT), before);
    await box.sh(`rm -r /etc/systemd/system/${UNIT}.d; systemctl daemon-reload`);
  });

  const dependent = (more: string) => `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n[Service]\n${more}\n`;

  for (const [when, needs] of [
    [
      'at its start',
      'ExecStartPre=/bin/sleep 0.2\nExecStartPre=/usr/bin/test -d /run/made\nExecStart=/usr/bin/sleep infinity',
    ],
    ['later', 'ExecStart=/bin/sh -c "sleep 0.2; [ -d /run/made ] && exec sleep infinity; exit 3"'],
  ] as const)
    test(`a unit that depends on it fails for its policy ${when}: both are up again as they were`, async () => {
      await units(
        {
          [UNIT]: `[Service]\nExecStartPre=-/bin/rmdir /run/made\nExecStart=/bin/sh -c "mkdir /run/made; exec ${SLEEP}"\n`,
          'side-needs.service': dependent(needs),
        },
        UNIT,
      );
      await box.succeed(['systemctl', 'restart', UNIT]);
      await box.succeed(['systemctl', 'start', 'side-needs.service']);
      await box.writeFile(
        policyPath(UNIT),
        '[syscalls]\ndeny = ["mkdir:EPERM", "mkdirat:EPERM"]\n[apply]\nsettle = "500ms"\n',
      );
      const { stdout, stderr } = await run(1, 'apply', UNIT);
      assert.match(stdout, /rolled-back/);
      assert.match(stderr, /error\[dependent-failed\]: side-needs\.service .*main\.service/);
      for (const unit of [UNIT, 'side-needs.service']) assert.equal(await isActive(unit), 'active', unit);
    });

  test('somebody stops a unit that depends on it, in its trial: it stays so', async () => {
    await units({ 'side-needs.service': dependent(`ExecStart=${SLEEP}`) }, 'side-needs.service');
    const said = await inTrial('systemctl stop side-needs.service');
    assert.match(said, /^exit 0\n(?:.|\n)*^main\.service: applied/m);
    assert.match(said, /note\[takes-along\].*side-needs\.service/);
    assert.doesNotMatch(said, /started-again/);
    assert.equal(await isActive('side-needs.service'), 'inactive');
  });

  const asked = 'until systemctl show -p Job side-needs.service | grep -q =[1-9]; do sleep 0.05; done';
  const slow = `ExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 2`;
  for (const verb of ['apply', 'revert'])
    test(`somebody stops a unit that depends on it in the restart of ${verb}: it stays so`, async () => {
      await units(
        {
          'side-needs.service': dependent(slow),
          'side-other.service': dependent(`ExecStart=${SLEEP}`),
        },
        'side-needs.service',
        'side-other.service',
      );
      if (verb === 'revert') await run(0, 'apply', UNIT);
      const said = await box.succeed([
        ...['bash', '-c'],
        `node ${COMMAND} ${verb} ${UNIT} >/run/said 2>&1 & pid=$!
         ${asked}; systemctl stop side-needs.service; wait $pid; echo "exit $?"; cat /run/said`,
      ]);
      assert.match(said, /^exit 0\n/);
      assert.doesNotMatch(said, /started-again/);
      assert.match(said, /note\[stays-stopped\]: side-needs\.service/);
      assert.equal(await isActive('side-needs.service'), 'inactive');
      assert.equal(await isActive('side-other.service'), 'active');
      assert.equal(await isActive(UNIT), 'active');
    });

  test('what waits for something that it makes, and is skipped where it comes too early, is up again', async () => {
    const made = 'ExecStart=/bin/sh -c "sleep 0.4; touch /run/mainrt/ready; exec sleep infinity"';
    await units({ [UNIT]: `[Service]\nRuntimeDirectory=mainrt\n${made}\n` });
    await box.succeed(['systemctl', 'restart', UNIT]);
    await until(
      'it is ready',
      async () => (await box.exec(['test', '-e', '/run/mainrt/ready'])).status === 0,
    );
    const side = dependent(`ExecStart=${SLEEP}`).replace(
      '[Unit]',
      '[Unit]\nConditionPathExists=/run/mainrt/ready',
    );
    await units({ 'side-skipped.service': side }, 'side-skipped.service');
    await box.writeFile(policyPath(UNIT), FINE.replace('100ms', '600ms'));
    const { stderr } = await run(0, 'apply', UNIT);
    assert.doesNotMatch(stderr, /stays-stopped/);
    assert.equal(await isActive('side-skipped.service'), 'active', stderr);
  });

  test('a unit that depends on it fails late in its start: both are up again as they were', async () => {
    const pre =
      '/bin/sh -c "sleep 1; grep -q Seccomp:.0 /proc/$(systemctl show --value -p MainPID main.service)/status"';
    await units(
      { 'side-late.service': dependent(`Type=exec\nExecStartPre=${pre}\nExecStart=${SLEEP}`) },
      'side-late.service',
    );
    const { stdout, stderr } = await run(1, 'apply', UNIT);
    assert.match(`${stdout}${stderr}`, /error\[dependent-failed\]: side-late\.service/);
    for (const unit of [UNIT, 'side-late.service']) assert.equal(await isActive(unit), 'active', unit);
  });

  test('somebody stops what is bound to it, in its restart and in a trial that fails: it stays so', async () => {
    await units({ [UNIT]: `[Service]\nExecStart=${SLEEP}\nExecStop=/usr/bin/sleep 1.5\n` });
    const bound = dependent(`ExecStart=${SLEEP}`).replace('Requires=', 'BindsTo=');
    await units(
      { 'side-needs.service': bound, 'side-bound.service': bound },
      'side-needs.service',
      'side-bound.service',
    );
    const said = await box.succeed([
      ...['bash', '-c'],
      `node ${COMMAND} apply ${UNIT} >/run/said 2>&1 & pid=$!
       until systemctl show -p ActiveState ${UNIT} | grep -q deactivating; do sleep 0.05; done
       systemctl stop side-needs.service; wait $pid; echo "exit $?"; cat /run/said`,
    ]);
    assert.match(said, /^exit 0\n(?:.|\n)*note\[stays-stopped\]: side-needs\.service/);
    assert.equal(await isActive('side-needs.service'), 'inactive');
    const policy = `${SLOW.replace('60s', '3s')}probe = ["/bin/false"]\n`;
    const later = await inTrial('systemctl stop side-bound.service', policy);
    assert.match(later, /^exit 1\n(?:.|\n)*main\.service: rolled-back/);
    assert.equal(await isActive('side-bound.service'), 'inactive');
    assert.equal(await isActive(UNIT), 'active');
  });

  /** Two that depend on the unit, of which one is stopped in its trial; that it stays so, and the other is up. */
  const onlyOneStays = async (trial: () => Promise<unknown>) => {
    const needs = { 'side-needs.service': '', 'side-other.service': '', 'side-bound.service': '' };
    const texts = Object.keys(needs).map((name) => [name, dependent(`ExecStart=${SLEEP}`)]);
    const bound = dependent(`ExecStart=${SLEEP}`).replace('Requires=', 'BindsTo=');
    await units({ ...Object.fromEntries(texts), 'side-bound.service': bound }, ...Object.keys(needs));
    await trial();
    const states = await Promise.all(Object.keys(needs).map(isActive));
    assert.deepEqual(states, ['inactive', 'active', 'active']);
    assert.equal(await isActive(UNIT), 'active');
    assert.equal(await filters(UNIT), 0);
  };

  test('somebody stops a unit that depends on it in a trial that fails: it stays so', () =>
    onlyOneStays(async () => {
      const said = await inTrial(`systemctl stop side-needs.service; systemctl kill -s KILL ${UNIT}`, FINE);
      assert.match(said, /^exit 1\n(?:.|\n)*main\.service: rolled-back/);
    }));

  test('and the run is killed, a unit that depends on it and that somebody has stopped stays so', () =>
    onlyOneStays(async () => {
      await killedInTrial();
      await box.succeed(['systemctl', 'stop', 'side-needs.service']);
      assert.match((await run(0, 'status')).stderr, /warning\[put-back\]/);
    }));

  test('it goes down in its trial: what is bound to it, and what depends on that, is up again', async () => {
    const sides = {
      'side-bound.service': dependent(`ExecStart=${SLEEP}`).replace('Requires=', 'BindsTo='),
      'side-far.service': dependent(`ExecStart=${SLEEP}`).replaceAll(UNIT, 'side-bound.service'),
      'side-group.target': `[Unit]\nBindsTo=${UNIT}\nAfter=${UNIT}\n`,
      'side-part.service': `[Unit]\nPartOf=side-group.target\n[Service]\nExecStart=${SLEEP}\n`,
    };
    await units(sides, ...Object.keys(sides));
    await box.writeFile(policyPath(UNIT), DEADLY);
    assert.match((await run(1, 'apply', UNIT)).stdout, /rolled-back/);
    for (const unit of [UNIT, ...Object.keys(sides)]) assert.equal(await isActive(unit), 'active', unit);
  });

  test('its restart stops a unit that others depend on: all are up again', async () => {
    const sides = {
      'side-stopped.service': `[Unit]\nStopPropagatedFrom=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`,
      'side-far.service': dependent(`ExecStart=${SLEEP}`).replaceAll(UNIT, 'side-stopped.service'),
    };
    await units(sides, ...Object.keys(sides));
    for (const verb of ['apply', 'revert']) {
      await run(0, verb, UNIT);
      for (const unit of [UNIT, ...Object.keys(sides)]) assert.equal(await isActive(unit), 'active', unit);
    }
  });

  for (const [what, script] of [
    ['never gets ready', 'true'],
    [
      'is waited for by a unit that something else keeps waiting',
      'systemctl start --no-block side-long.service',
    ],
  ] as const)
    test(`it ${what}: an interrupt puts it back, and a second one ends the waiting`, async () => {
      const isLong = script !== 'true';
      const type = isLong ? '' : 'Type=notify\nTimeoutStartSec=infinity\n';
      const start = isLong
        ? SLEEP
        : '/bin/sh -c "[ -e /run/mute ] || systemd-notify --ready; exec sleep infinity"';
      await units({ [UNIT]: `[Service]\n${type}NotifyAccess=all\nExecStart=${start}\n` });
      await box.succeed(['systemctl', 'restart', UNIT]);
      await units(
        {
          'side-needs.service': dependent(`ExecStart=${SLEEP}`).replace('After=', 'After=side-long.service '),
          'side-long.service':
            '[Service]\nType=oneshot\nTimeoutStartSec=infinity\nExecStart=/usr/bin/sleep infinity\n',
        },
        'side-needs.service',
      );
      await box.sh(`touch /run/mute; ${script}`);
      await box.writeFile(policyPath(UNIT), SLOW);
      const when = `[ "$(systemctl show --value -p ActiveState side-needs.service)" = inactive ]`;
      const said = await interrupted(`apply ${UNIT}`, 'INT INT', when);
      // The second may come when all is done.
      assert.match(said, /^exit 1\n|^exit 130\n(?:.|\n)*main\.service: rolled-back\n$/);
      await box.sh('rm -f /run/mute; systemctl stop side-long.service; systemctl cancel');
    });

  test('what it requires goes down in a trial that fails: it is left running', async () => {
    await units({
      [UNIT]: `[Unit]\nRequires=side-db.service\nAfter=side-db.service\n[Service]\nExecStart=${SLEEP}\n`,
      'side-db.service': `[Service]\nExecStart=${SLEEP}\n`,
    });
    await box.sh(`systemctl stop ${UNIT}; systemctl start ${UNIT}`);
    await box.writeFile(
      '/run/fails',
      '#!/bin/sh\nsystemctl kill -s KILL side-db.service; sleep 0.2; exit 1\n',
      '0755',
    );
    await box.writeFile(policyPath(UNIT), `${FINE}probe = ["/run/fails"]\n`);
    const { stderr } = await run(1, 'apply', UNIT);
    assert.match(
      stderr,
      /note\[restart-due\](?:.|\n)*Requires=side-db\.service has failed: start that first/,
    );
    assert.equal(await isActive(UNIT), 'active');
  });

  test('and the run is killed, what somebody has stopped of other types stays so', async () => {
    const sides = {
      'side-a.target': `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n`,
      'side-b.socket': `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n[Socket]\nListenStream=/run/side-b\n`,
      'side-c.target': `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n`,
    };
    await units({ ...sides, 'side-b.service': `[Service]\nExecStart=${SLEEP}\n` }, ...Object.keys(sides));
    await killedInTrial();
    await box.succeed(['systemctl', 'stop', 'side-a.target', 'side-b.socket']);
    assert.match((await run(0, 'status')).stderr, /warning\[put-back\]/);
    const states = await Promise.all(Object.keys(sides).map(isActive));
    assert.deepEqual(states, ['inactive', 'inactive', 'active']);
  });

  test('and the run is killed when its restart has failed: what depends on it is up again', async () => {
    await units(
      {
        [UNIT]: `[Service]\nType=exec\nExecStart=${SLEEP}\nExecStartPost=/usr/bin/sleep 0.5\nTimeoutStopSec=20\n`,
        'side-needs.service': dependent(`ExecStart=${SLEEP}`),
      },
      UNIT,
      'side-needs.service',
    );
    await box.writeFile(policyPath(UNIT), DEADLY);
    const when = `systemctl is-failed --quiet ${UNIT}`;
    assert.match(await interrupted(`apply ${UNIT}`, 'KILL', when), /^exit 137/);
    assert.equal(await isActive('side-needs.service'), 'inactive');
    assert.match((await run(0, 'status')).stderr, /warning\[put-back\]/);
    for (const unit of [UNIT, 'side-needs.service']) assert.equal(await isActive(unit), 'active', unit);
  });

  test('what its restart stops and nobody may start is named, and no failure of its own', async () => {
    const side = `[Unit]\nRefuseManualStart=yes\nStopPropagatedFrom=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    await units(
      {
        'side-refuses.service': side,
        'side-pulls.service': `[Unit]\nWants=side-refuses.service\n[Service]\nExecStart=${SLEEP}\n`,
      },
      'side-pulls.service',
    );
    assert.equal(await isActive('side-refuses.service'), 'active');
    await box.writeFile(policyPath(UNIT), FINE);
    assert.match((await run(0, 'apply', UNIT)).stderr, /warning\[went-down\]: side-refuses\.service/);
  });

  test('what its restart stops is started again', async () => {
    const side = `[Unit]\nStopPropagatedFrom=${UNIT}\n[Service]\nExecStart=${SLEEP}\n`;
    await units({ 'side-stopped.service': side }, 'side-stopped.service');
    await box.writeFile(policyPath(UNIT), FINE);
    for (const verb of ['apply', 'revert']) {
      assert.match((await run(0, verb, UNIT)).stderr, /note\[started-again\]: side-stopped\.service/);
      assert.equal(await isActive('side-stopped.service'), 'active');
    }
  });

  const ENDS: readonly (readonly [lines: string, status: number, said: RegExp])[] = [
    ['FailureAction=exit', 1, /error\[failure-action\]/],
    ['OnFailure=calm.target\nOnFailureJobMode=isolate', 1, /error\[failure-action\]/],
    ['OnFailure=side-calls.service', 0, /note\[on-failure\]/],
    ['SuccessAction=exit', 0, /note\[restart-due\](?:.|\n)*SuccessAction=exit/],
  ];
  for (const [lines, status, said] of ENDS) {
    test(`and its end would do more: ${lines.replace('\n', ', ')}`, async () => {
      await units({ [UNIT]: `[Unit]\n${lines}\n[Service]\nExecStart=${SLEEP}\n` });
      const was = await invocation(UNIT);
      await box.writeFile(policyPath(UNIT), FINE);
      assert.match((await run(status, 'apply', UNIT)).stderr, said);
      assert.equal((await invocation(UNIT)) === was, !lines.includes('side-calls'));
      if (lines.startsWith('SuccessAction')) {
        assert.match((await run(0, 'revert', UNIT)).stderr, /note\[restart-due\]/);
      }
      await units({ [UNIT]: `[Service]\nExecStart=${SLEEP}\n` });
    });
  }
});
