/** Effects of `apply` on a machine besides the confinement of a service. */
import assert from 'node:assert/strict';
import { policyHash } from '../../src/prepare/hashes.js';
import { FOLDER, UNIT } from '../support/demo-service.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { splitLines } from '../support/run.js';
import {
  apply,
  COMMAND,
  folderWithSystem,
  mainPid,
  policyPath,
  processStatus,
  properties,
  revert,
  sandboxUnit,
} from '../support/service.js';

/** The option by which a verb works on the box's files alone. */
let offline: string;
const { box, run, skip, test } = machine('apply', {
  prepare: async () => {
    offline = `--root=${await folderWithSystem(box)}`;
  },
});

const POLICY = '[syscalls]\ndeny = ["execve", "execveat"]\n[apply]\nsettle = "100ms"\n';

async function define(lines: string): Promise<void> {
  await changeFiles(box, { [`/etc/systemd/system/${UNIT}`]: `[Service]\n${lines}\n` });
  await box.succeed(['systemctl', 'restart', UNIT]);
}

test("apply: a strict umask of the caller doesn't keep the service from reading its files", async () => {
  await define('User=nobody\nExecStart=/usr/bin/tail -f /dev/null');
  await box.writeFile(policyPath(UNIT), POLICY);
  await box.sh(`umask 077; node ${inRepository('dist/sandbox-unit.cjs')} apply ${UNIT}`);
  const modes = await box.succeed([
    'find',
    ...[FOLDER, '/usr/local/libexec/sandbox-unit', '-printf', '%m %P\\n'],
  ]);
  assert.deepEqual(modes.trimEnd().split('\n').sort(), [
    '644 zz-sandbox-unit.conf',
    '644 zz-sandbox-unit.filter',
    '755 ',
    '755 ',
    '755 launcher',
  ]);
  assert.equal((await properties(box, UNIT, 'ActiveState')).ActiveState, 'active');
  await revert(box, UNIT);
});

test('apply: a drop-in of an earlier version for [exec] programs works, and the next apply removes it', async () => {
  await define("ExecStart=/bin/sh -c 'exec /usr/bin/tail -f /dev/null'");
  const [dropIn, filter] = [`${FOLDER}/zz-sandbox-unit.conf`, `${FOLDER}/zz-sandbox-unit.filter`];
  const programs = `${FOLDER}/zz-sandbox-unit.programs`;
  const launcher = '/usr/local/libexec/sandbox-unit/launcher';
  await box.writeFile(policyPath(UNIT), POLICY);
  await run(0, 'apply', '--no-restart', UNIT);
  // As version 0.1.0 wrote them: the launcher is mounted over the daemon, and starts it from another path.
  const mounts = `/usr/bin/tail:${programs}/tail ${programs}/tail.launch:/usr/bin/tail`;
  const early = `${POLICY}[exec]\nprograms = ["/usr/bin/tail"]\n`;
  const hash = policyHash(new Map([[policyPath(UNIT), early]]));
  const lines = (await box.readFile(dropIn))
    .replace(/^ExecStart=.*\n/gm, '')
    .replace(/^# Policy: sha256:.*/m, `# Policy: sha256:${hash}`);
  const script = `#!${launcher} --script\nfilter=${filter}\nprogram=${programs}/tail\n`;
  await box.succeed(['mkdir', programs]);
  await changeFiles(box, {
    [dropIn]: `${lines}BindReadOnlyPaths=${mounts}\n`,
    [`${programs}/tail`]: '',
    [policyPath(UNIT)]: early,
  });
  await box.writeFile(`${programs}/tail.launch`, script, '0755');
  await box.succeed(['systemctl', 'restart', UNIT]);
  const runs = async () => (await box.exec(['readlink', `/proc/${await mainPid(box, UNIT)}/exe`])).stdout;
  await box.waitFor('the daemon', async () => (await runs()) === `${programs}/tail\n`);
  assert.equal((await processStatus(box, await mainPid(box, UNIT))).get('Seccomp'), '2');
  for (const verb of ['status', 'apply']) {
    const { status, stdout, stderr } = await sandboxUnit(box, verb, UNIT);
    assert.ok(status !== 0, stdout + stderr);
    assert.match(stdout + stderr, /unknown key 'programs'/);
  }
  assert.equal(await runs(), `${programs}/tail\n`);
  await apply(box, POLICY.replace('syscalls', 'ready'), UNIT);
  assert.equal((await box.exec(['ls', programs])).status, 2);
  assert.equal(await runs(), '/usr/bin/tail\n');
  await revert(box, UNIT);
});

test('apply: a policy from standard input is in force, verified and recorded like one of a file', async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await box.succeed(['rm', '-f', policyPath(UNIT)]);
  const piped = (...words: string[]) =>
    box.exec([...COMMAND, ...words, '--policy', '-', UNIT], { input: POLICY });
  const filesOf = async () =>
    splitLines(await box.succeed(['find', '/etc/systemd', '/run/systemd', '-name', 'zz-sandbox-unit.*']))
      .filter((path) => path !== '')
      .sort();
  const recorded = JSON.parse((await piped('explain', '--record', '--json')).stdout);
  const errors = recorded.diagnostics.filter(({ severity }: { severity: string }) => severity === 'error');
  assert.ok(recorded.since, 'it ran');
  assert.deepEqual(errors, []);
  assert.deepEqual(await filesOf(), []);
  const first = await piped('apply');
  assert.equal(first.status, 0, first.stdout + first.stderr);
  const kept = `${FOLDER}/zz-sandbox-unit.toml`;
  assert.ok((await filesOf()).includes(kept));
  assert.equal(await box.readFile(kept), POLICY);
  const pid = await mainPid(box, UNIT);
  assert.match((await piped('apply')).stdout, /^demo\.service: unchanged$/m);
  for (const verb of ['status', 'verify']) {
    const { status, stdout, stderr } = await sandboxUnit(box, verb, UNIT);
    assert.deepEqual([status, stdout.includes(kept)], [0, true], stdout + stderr);
  }
  // A comment in the text costs no restart.
  const commented = await box.exec([...COMMAND, 'apply', '--policy', '-', UNIT], {
    input: `# why\n${POLICY}`,
  });
  assert.match(commented.stdout, /^demo\.service: applied$/m);
  assert.equal(await mainPid(box, UNIT), pid);
  await run(0, 'status', UNIT);
  await run(0, 'revert', UNIT);
  assert.deepEqual(await filesOf(), []);
});

test("apply --purge: frees units that aren't named, and the others keep running", async () => {
  const [second, own] = ['second.service', policyPath('second.service')];
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await changeFiles(box, {
    [`/etc/systemd/system/${second}`]: '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n',
  });
  await box.succeed(['systemctl', 'start', second]);
  await apply(box, POLICY, UNIT, second);
  const modeOf = async (unit: string) =>
    /^Seccomp:\s+(\d)$/m.exec(await box.readFile(`/proc/${await mainPid(box, unit)}/status`))![1];
  assert.deepEqual([await modeOf(UNIT), await modeOf(second)], ['2', '2']);
  const pid = await mainPid(box, UNIT);
  const looked = await sandboxUnit(box, 'apply', '--purge', '--check', '--json=summary', UNIT);
  const { units } = JSON.parse(looked.stdout) as { units: { unit: string; state: string; diff: string }[] };
  const found = [looked.status, units.map(({ unit, state }) => `${unit} ${state}`)];
  assert.deepEqual(found, [3, ['demo.service unchanged', 'second.service pending']]);
  assert.match(units[1]!.diff, /^\+\+\+ \/dev\/null$/m);
  await run(0, 'apply', '--purge', UNIT);
  assert.deepEqual([await modeOf(UNIT), await modeOf(second)], ['2', '0']);
  assert.equal(await mainPid(box, UNIT), pid);
  // Its policy is there: all that have one are applied, until it is gone.
  assert.match((await sandboxUnit(box, 'apply', '--all', '--purge')).stdout, /^second\.service: applied$/m);
  await box.succeed(['rm', own]);
  assert.match((await sandboxUnit(box, 'apply', '--all', '--purge')).stdout, /^second\.service: reverted$/m);
  assert.equal(await modeOf(second), '0');
  await revert(box, UNIT);
  await box.succeed(['systemctl', 'stop', second]);
});

test('--root: the root of the running system is refused', async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await box.writeFile(policyPath(UNIT), POLICY);
  for (const verb of ['plan', 'generate', 'apply', 'revert', 'status'])
    for (const root of ['/', '//', '/proc/1/root', '/usr/..']) {
      const { status, stdout, stderr } = await sandboxUnit(box, verb, '--root', root, UNIT);
      assert.deepEqual([verb, root, status, stdout], [verb, root, 2, '']);
      assert.match(stderr, /^error\[offline\]: .*\n {2}hint: leave --root out\n$/);
    }
});

test('apply: a read-only or full disk is an error, not a finding', async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await box.writeFile(policyPath(UNIT), POLICY);
  const mounts = [
    ['/etc/systemd/system', `--bind --options=ro /etc/systemd/system`, ': read-only file system\n'],
    ['/usr/local/libexec', '--types=tmpfs --options=ro,mode=755 tmpfs', ': read-only file system\n'],
    ['/usr/local/libexec', '--types=tmpfs --options=size=8k,mode=755 tmpfs', ': no space left on device\n'],
  ] as const;
  for (const [place, how, why] of mounts) {
    await box.succeed(['sh', '-c', `mkdir -p ${place} && mount ${how} ${place}`]);
    const { status, stdout, stderr } = await sandboxUnit(box, 'apply', UNIT);
    await box.succeed(['umount', place]);
    assert.deepEqual([status, stdout], [2, `${UNIT}: refused\n`], stderr);
    assert.ok(stderr.includes(`can't write ${place}/`) && stderr.includes(why), stderr);
  }
  await apply(box, POLICY, UNIT);
  await box.succeed(['mount', '--bind', '--options=ro', '/etc/systemd/system', '/etc/systemd/system']);
  const { status, stderr } = await sandboxUnit(box, 'revert', UNIT);
  await box.succeed(['umount', '/etc/systemd/system']);
  assert.equal(status, 2, stderr);
  assert.match(stderr, /: read-only file system$/m);
  await revert(box, UNIT);
});

test('apply: comments are written without a restart', async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await apply(box, POLICY, UNIT);
  const pid = await mainPid(box, UNIT);
  const hash = () => box.succeed(['grep', '^# Policy: ', `${FOLDER}/zz-sandbox-unit.conf`]);
  const before = await hash();
  await box.writeFile(policyPath(UNIT), `description = "the same"\n${POLICY}`);
  await run(3, 'apply', '--check', UNIT);
  const { status, stdout, stderr } = await sandboxUnit(box, 'apply', UNIT);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^demo\.service: applied\n/);
  assert.match(stderr, /^note\[no-restart\]: /m);
  assert.notEqual(await hash(), before);
  assert.equal(await mainPid(box, UNIT), pid);
  assert.equal((await properties(box, UNIT, 'NeedDaemonReload')).NeedDaemonReload, 'no');
  const again = await sandboxUnit(box, 'apply', UNIT);
  assert.deepEqual([again.status, again.stdout, again.stderr], [0, `${UNIT}: unchanged\n`, '']);
  await revert(box, UNIT);
});

test('apply: refuses a drop-in that would be read after its own, until that is renamed', async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  const later = `${FOLDER}/zzz.conf`;
  await changeFiles(box, {
    [later]: '[Service]\nExecStart=\nExecStart=/usr/bin/tail -f /dev/zero\nSystemCallFilter=\n',
  });
  await box.writeFile(policyPath(UNIT), POLICY);
  const pid = await mainPid(box, UNIT);
  for (const words of [['apply'], ['plan'], ['plan', offline], ['apply', offline]]) {
    const { status, stderr } = await sandboxUnit(box, ...words, UNIT);
    assert.deepEqual([words, status], [words, 1]);
    assert.match(stderr, /zzz\.conf:2:1: error\[overridden\]/);
  }
  assert.equal((await box.succeed(['ls', FOLDER])).trim(), 'zzz.conf');
  assert.equal(await mainPid(box, UNIT), pid);
  await box.succeed(['mv', later, `${FOLDER}/a.conf`]);
  await box.succeed(['systemctl', 'daemon-reload']);
  await apply(box, POLICY, UNIT);
  const words = await box.succeed(['cat', `/proc/${await mainPid(box, UNIT)}/cmdline`]);
  assert.match(words, /\/dev\/zero/);
  await revert(box, UNIT);
  await box.succeed(['rm', '-r', FOLDER]);
});

test('apply: a later drop-in of a package does no harm once it is masked', async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await changeFiles(box, { [`/run/systemd/system/${UNIT}.d/zzz.conf`]: '[Service]\nPrivateTmp=no\n' });
  await box.writeFile(policyPath(UNIT), '[service]\nPrivateTmp = true\n');
  assert.match((await sandboxUnit(box, 'apply', UNIT)).stderr, /error\[overridden\]/);
  await box.succeed(['mkdir', '-p', FOLDER]);
  await box.succeed(['ln', '-s', '/dev/null', `${FOLDER}/zzz.conf`]);
  await box.succeed(['systemctl', 'daemon-reload']);
  await apply(box, '[service]\nPrivateTmp = true\n', UNIT);
  await revert(box, UNIT);
  await box.succeed(['rm', '-r', FOLDER, `/run/systemd/system/${UNIT}.d`]);
});

/** What systemd has loaded of a unit's own limits. */
const limits = async (unit: string) => {
  await box.succeed(['systemctl', 'daemon-reload']);
  const { SystemCallFilter, ProtectSystem } = await properties(
    box,
    unit,
    'SystemCallFilter',
    'ProtectSystem',
  );
  const calls = SystemCallFilter.replace('~', '').split(' ');
  return [ProtectSystem, ...['ptrace', 'keyctl'].filter((call) => calls.includes(call))];
};

test("apply: an instance's policy replaces its template's", async () => {
  const [template, unit] = ['tpl@.service', 'tpl@a.service'];
  await changeFiles(box, {
    [`/etc/systemd/system/${template}`]: '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n',
    [policyPath(template)]: '[syscalls]\ndeny = ["ptrace"]\n[service]\nProtectSystem = "strict"\n',
  });
  await run(0, 'apply', offline, template);
  assert.deepEqual(await limits(unit), ['strict', 'ptrace']);
  for (const words of [['apply'], ['apply', offline]]) {
    await box.writeFile(policyPath(unit), '[syscalls]\ndeny = ["keyctl"]\n');
    await run(0, ...words, unit);
    assert.deepEqual(await limits(unit), ['no', 'keyctl']);
    await run(0, 'apply', '--check', unit);
    await revert(box, unit);
  }
  assert.deepEqual(await limits(unit), ['strict', 'ptrace']);
  await sandboxUnit(box, 'revert', offline, template);
});

test('--root: drop-ins of an alias count', async () => {
  await changeFiles(box, {
    '/etc/systemd/system/real.service': '[Service]\nExecStart=/usr/bin/tail -f /dev/null\n',
    '/etc/systemd/system/ali.service.d/x.conf': '[Service]\nSystemCallFilter=~ptrace\nProtectSystem=full\n',
    [policyPath('real.service')]: '[syscalls]\ndeny = ["keyctl"]\n',
  });
  await box.succeed(['ln', '-s', 'real.service', '/etc/systemd/system/ali.service']);
  assert.deepEqual(await limits('real.service'), ['full', 'ptrace']);
  await run(0, 'apply', offline, 'ali.service');
  assert.deepEqual(await limits('real.service'), ['full', 'ptrace', 'keyctl']);
  await run(0, 'apply', '--check', '--diff', 'ali.service');
  await revert(box, 'ali.service');
});

test("apply: reloads unread unit files first; --check doesn't", { skip }, async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await box.writeFile(policyPath(UNIT), POLICY);
  await box.writeFile(`${FOLDER}/pending.conf`, '[Service]\nNice=5\n');
  const stale = await run(2, 'apply', '--no-reload', UNIT);
  assert.match(stale.stderr, /^error\[unit-changed\]: .*\n {2}hint: run 'systemctl daemon-reload'/m);
  const checked = await sandboxUnit(box, 'apply', '--check', UNIT);
  assert.deepEqual(
    [checked.status, checked.stdout],
    [3, `${UNIT}: pending\nsystemd has not read its changed files yet.\n`],
  );
  assert.equal((await properties(box, UNIT, 'NeedDaemonReload')).NeedDaemonReload, 'yes');
  const { stderr } = await run(0, 'apply', UNIT);
  assert.match(stderr, /^note\[reload-due\]: .*demo\.service had changed/m);
  assert.deepEqual(await properties(box, UNIT, 'NeedDaemonReload', 'Nice'), {
    NeedDaemonReload: 'no',
    Nice: '5',
  });
  await revert(box, UNIT);
  await changeFiles(box, { [`${FOLDER}/pending.conf`]: undefined });
});

test('apply: systemd warns about nothing that is written', async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await box.succeed(['journalctl', '--sync']);
  await apply(
    box,
    '[syscalls]\nallow = ["@system-service"]\ndeny = ["@mount", "mknod"]\naction = "EPERM"\n',
    UNIT,
  );
  await box.succeed(['journalctl', '--sync']);
  const said = await box.succeed(['journalctl', '--quiet', '--output=cat', '_PID=1']);
  const found = said.split('\n').filter((line) => line.includes('zz-sandbox-unit'));
  assert.deepEqual(found, []);
  await revert(box, UNIT);
});

/** Tells every connection of the bus, again and again, that the unit's job is done. */
const FORGER = `
  for ((;;)); do
    job=$(systemctl list-jobs --no-legend | awk '$2 == "${UNIT}" { print $1 }')
    [[ $job ]] || continue
    for name in $(busctl list --unique --no-legend | awk '{ print $1 }'); do
      busctl emit --destination=$name /org/freedesktop/systemd1 org.freedesktop.systemd1.Manager JobRemoved \
        uoss $job /org/freedesktop/systemd1/job/$job ${UNIT} done 2>/dev/null && echo told >>/tmp/told
    done
  done`;

test("apply: systemd reports changed files for ever if it can't read a drop-in to its end; the line is named", async () => {
  await define('ExecStart=/usr/bin/tail -f /dev/null');
  await box.writeFile(policyPath(UNIT), POLICY);
  await changeFiles(box, { [`${FOLDER}/cut.conf`]: '[Service]\nExecStop=bin/true\nNoNewPrivileges=yes\n' });
  assert.equal((await properties(box, UNIT, 'NeedDaemonReload')).NeedDaemonReload, 'yes');
  const { stderr } = await run(2, 'apply', UNIT);
  assert.match(stderr, /cut\.conf:2:1: error\[unit-changed\].*\n(.*\n)*.*hint: .*at this line: correct it/);
  await changeFiles(box, { [`${FOLDER}/cut.conf`]: undefined });
  await apply(box, POLICY, UNIT);
  await revert(box, UNIT);
});

test('apply: believes only systemd that a job is done', async () => {
  // It gets ready by a program, and waits in any case.
  const command = `/bin/sh -c 'systemd-notify --ready; read x <>/opt/pipe'`;
  await box.succeed(['mkfifo', '/opt/pipe']);
  await define(`Type=notify\nNotifyAccess=all\nTimeoutStartSec=3\nExecStart=${command}`);
  await box.writeFile(policyPath(UNIT), POLICY.replace('"execve"', '"execve:EPERM"'));
  const words = ['setpriv', '--reuid=nobody', '--clear-groups', 'timeout', '60', 'bash', '-c', FORGER];
  await box.succeed(['systemd-run', '--quiet', '--unit=forger', '--property=PrivateTmp=no', ...words]);
  const { status, stderr } = await sandboxUnit(box, 'apply', UNIT);
  await box.succeed(['systemctl', 'stop', 'forger.service']);
  assert.match(await box.readFile('/tmp/told'), /^told$/m);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /^error\[service-failed\]: the restart of demo\.service ended with 'failed'/m);
});
