/** `apply --live` and `tighten` on a real machine: running processes lose calls, and continue. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { askAlways } from '../support/asking.js';
import { installInjector } from '../support/injector.js';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { FILES, mainPid, PROGRAMS, policyPath, properties, revert } from '../support/service.js';
import { LONG } from '../support/thorough.js';

/** Why no filter can be loaded into a running service here. */

const EXEC = ['--deny', 'execve,execveat'];
const NO_EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\naction = "EPERM"\n[apply]\nsettle = "100ms"\n';

/** Says again and again whether it can start a program. */
const TRYING = `${PROGRAMS}/trying`;
const SAYS = `#!/bin/bash
fifo=${FILES}/$1.fifo
[ -p "$fifo" ] || mkfifo "$fifo"
exec 3<>"$fifo"
while :; do
  if /bin/true 2>/dev/null; then echo can; else echo cannot; fi >${FILES}/$1.out
  read -t 0.05 -u 3
done
`;

const { box, run, skip, test } = machine('live', { prepare: () => box.writeFile(TRYING, SAYS, '0755') });

/** Runs the command, which must end with a status. @returns all that it prints */
async function output(status: number, ...words: string[]): Promise<string> {
  const { stdout, stderr } = await run(status, ...words);
  return stdout + stderr;
}

/** Defines a service that says whether it can start a program, and starts it. */
async function start(unit: string, lines = ''): Promise<void> {
  const file = unit.replace(/@.*\./, '@.');
  await changeFiles(box, { [`/etc/systemd/system/${file}`]: `[Service]\nExecStart=${TRYING} %n\n${lines}` });
  await box.succeed(['systemctl', 'start', unit]);
}

/** What a unit says from now on. */
async function says(unit: string): Promise<string> {
  const script = `rm -f "$1"; for _ in $(seq 1500); do said=$(cat "$1" 2>&-); [ -n "$said" ] && break; sleep 0.02; done; echo "$said"`;
  return (await box.succeed(['bash', '-c', script, 'bash', `${FILES}/${unit}.out`])).trim();
}

describe('a service under load', { skip }, () => {
  const unit = 'nginx.service';

  test('gets a policy without a restart, unnoticed by its clients', async () => {
    await box.succeed(['systemctl', 'start', unit]);
    const asking = await askAlways(box, ['http://127.0.0.1/']);
    await asking.more();
    const pid = await mainPid(box, unit);
    // A reload of nginx closes connections that stay, with or without a policy.
    await box.writeFile(policyPath(unit), `${NO_EXEC}reload = false\n`);
    assert.match(await output(3, 'apply', '--live', '--check', unit), /note\[keeps-filter\]/);
    assert.match(
      await output(0, 'apply', '--live', unit),
      /^Loaded into the running processes, and verified\.$/m,
    );
    assert.match(await output(0, 'apply', '--live', unit), /^nginx\.service: unchanged$/m);
    await asking.more();
    assert.deepEqual((await asking.end()).failures, []);
    await box.succeed(['systemctl', 'reload', unit]);
    assert.equal(await mainPid(box, unit), pid);
    await output(0, 'verify', unit);
    assert.match(await output(0, 'status', unit), /^nginx\.service +enforcing +live, injected /m);
  });

  test('loses more calls, and gets none back before its restart', async () => {
    await box.writeFile(policyPath(unit), NO_EXEC.replace('"execveat"', '"execveat", "swapon"'));
    await output(0, 'apply', '--live', unit);
    await box.writeFile(policyPath(unit), NO_EXEC);
    assert.match(
      await output(0, 'apply', '--live', unit),
      /note\[keeps-filter\]: .* even after a roll-back$/m,
    );
    await output(0, 'verify', unit);
  });

  test('has the same policy after its restart', async () => {
    await box.succeed(['systemctl', 'restart', unit]);
    await output(0, 'verify', unit);
    const shown = await output(0, 'status', unit);
    assert.match(shown, /^nginx\.service +enforcing +live +/m);
    assert.doesNotMatch(shown, /injected/);
    await revert(box, unit);
  });
});

describe('apply --live', { skip }, () => {
  const APPLY = '[apply]\nsettle = "100ms"\n';

  test('is as good as a restart, for each enforcer in turn', { skip: LONG }, async () => {
    const unit = 'enforcers.service';
    await installInjector(box);
    await start(unit, 'NoNewPrivileges=yes\nUser=nobody\n');
    await box.sh(`chmod 777 ${FILES}; rm -f ${FILES}/${unit}.*; systemctl restart ${unit}`);
    const allowed = '[syscalls]\nallow = ["@system-service"]\naction = "EPERM"\n';
    const deny = (names: string) => `deny = [${names}]\n`;
    const ready = `[ready]\n${deny('"execve", "execveat"')}settle = "1s"\n`;
    const steps: readonly (readonly [policy: string, says: string, restarted?: true])[] = [
      [allowed, 'can'],
      [`${allowed}${deny('"uname"')}`, 'can', true],
      [`${allowed}${deny('"uname", "getrandom:ENOSYS"')}${ready}`, 'cannot'],
    ];
    for (const [policy, said, restarted] of steps) {
      // The service asks all the time, also for what [ready] refuses.
      await box.writeFile(policyPath(unit), `${policy}${APPLY}refused = "warn"\n`);
      const pid = await mainPid(box, unit);
      await output(0, 'apply', '--live', unit);
      assert.equal(await mainPid(box, unit), pid);
      assert.equal(await says(unit), said, policy);
      await output(0, 'verify', unit);
      // The filters of a start may answer otherwise than ours do: systemd's doesn't know all calls.
      if (restarted) await box.succeed(['systemctl', 'restart', unit]);
    }
    await box.succeed(['systemctl', 'restart', unit]);
    assert.equal(await says(unit), 'cannot');
    await output(0, 'verify', unit);
    await revert(box, unit);
    assert.equal(await says(unit), 'can');
  });

  test('of a template changes all its instances', async () => {
    const units = ['many@1.service', 'many@2.service', 'many@3.service'];
    for (const unit of units) await start(unit);
    await box.writeFile(policyPath('many@.service'), NO_EXEC);
    await output(0, 'apply', '--live', 'many@.service');
    for (const unit of units) {
      assert.equal(await says(unit), 'cannot');
      await output(0, 'verify', unit);
    }
    assert.match(await output(0, 'status', 'many@.service'), /^many@\.service +enforcing +live, injected /m);
    await revert(box, 'many@.service');
  });

  test('is refused if the processes may load no filter', async () => {
    const unit = 'unprivileged.service';
    await start(unit, 'User=nobody\n');
    await box.sh(`chmod 777 ${FILES}; rm -f ${FILES}/${unit}.*; systemctl restart ${unit}`);
    await box.writeFile(policyPath(unit), `[syscalls]\ndeny = ["swapon"]\n${APPLY}`);
    assert.match(await output(1, 'apply', '--live', unit), /error\[thread-stuck\]/);
    assert.equal((await properties(box, unit, 'DropInPaths')).DropInPaths, '');
    assert.match(await output(1, 'tighten', '--deny', 'swapon', unit), /error\[thread-stuck\]/);
    await output(0, 'tighten', '--deny', 'swapon', '--no-new-privileges', unit);
    await output(0, 'tighten', ...EXEC, unit);
    assert.equal(await says(unit), 'cannot');
  });

  test('that fails its trial restores the files, and the filter stays until a restart', async () => {
    const unit = 'failing.service';
    await start(unit);
    await box.writeFile(policyPath(unit), `${NO_EXEC}probe = ["/bin/false"]\nprobe-timeout = "1s"\n`);
    const said = await output(1, 'apply', '--live', unit);
    assert.match(said, /^failing\.service: rolled-back$/m);
    assert.match(said, /warning\[keeps-filter\]: .*\n {2}hint: 'systemctl restart failing\.service'/);
    assert.equal(await says(unit), 'cannot');
    assert.equal((await properties(box, unit, 'DropInPaths')).DropInPaths, '');
    await box.succeed(['systemctl', 'restart', unit]);
    assert.equal(await says(unit), 'can');
  });

  test('changes nothing if a thread waits in the call, and the thread keeps waiting', async () => {
    const unit = 'waiting.service';
    const fifo = `${FILES}/waiting.fifo`;
    // A shell reads a descriptor with a timeout by select.
    const waits = `/bin/bash -c 'exec 3<>${fifo}; read -t 1000 -u 3; exec ${TRYING} %n'`;
    await box.succeed(['mkfifo', fifo]);
    await start(unit, `ExecStart=\nExecStart=${waits}`);
    const pid = await mainPid(box, unit);
    await box.sh(
      `until [ -e /proc/${pid}/fd/3 ] && grep -q '^State:.S' /proc/${pid}/status; do sleep 0.02; done`,
    );
    const said = await output(1, 'tighten', '--deny', 'pselect6,select,poll,ppoll,read,epoll_wait', unit);
    assert.match(said, /error\[thread-stuck\]: waiting\.service: thread \d+ \(bash\) waits in /);
    await box.writeFile(
      policyPath(unit),
      `[syscalls]\ndeny = ["pselect6", "select", "poll", "ppoll"]\n${APPLY}`,
    );
    for (const words of [['--check'], []])
      assert.match(await output(1, 'apply', '--live', ...words, unit), /error\[thread-stuck\]/);
    assert.equal((await properties(box, unit, 'DropInPaths')).DropInPaths, '');
    await box.sh(`echo >${fifo}`);
    assert.equal(await says(unit), 'can');
    assert.equal(await mainPid(box, unit), pid);
  });
});

describe('tighten refuses calls until the next start', { skip }, () => {
  for (const unit of ['plain.service', 'template@one.service']) {
    test(`from ${unit}`, async () => {
      await start(unit);
      assert.equal(await says(unit), 'can');
      await output(3, 'tighten', '--check', ...EXEC, unit);
      assert.equal(await says(unit), 'can');
      assert.match(
        await output(0, 'tighten', ...EXEC, unit),
        /: tightened\n\d+ threads? of .* refused execve \(EPERM\), execveat \(EPERM\); /,
      );
      assert.equal(await says(unit), 'cannot');
      assert.match(
        await output(0, 'status'),
        new RegExp(`^${unit} +- +injected .*sandbox-unit tighten$`, 'm'),
      );
      await box.succeed(['systemctl', 'restart', unit]);
      assert.equal(await says(unit), 'can');
      assert.doesNotMatch(await output(0, 'status'), new RegExp(`^${unit} `, 'm'));
    });
  }

  test('from a session, and not from the slice above it', { skip: LONG }, async () => {
    const unit = 'one.scope';
    const run_ = ['systemd-run', '--scope', '--unit=one', '--slice=user.slice', TRYING, unit];
    await box.sh(
      `${run_.join(' ')} >/dev/null 2>&1 & until [ -s ${FILES}/${unit}.out ]; do sleep 0.02; done`,
    );
    assert.match(await output(2, 'tighten', ...EXEC, 'user.slice'), /error\[not-tightened\]/);
    assert.match(await output(2, 'tighten', ...EXEC, 'init.scope'), /error\[not-tightened\]/);
    assert.equal(await says(unit), 'can');
    await output(0, 'tighten', ...EXEC, unit);
    assert.equal(await says(unit), 'cannot');
    assert.match(await output(0, 'status', unit), /^one\.scope +- +injected /m);
    await box.succeed(['systemctl', 'stop', unit]);
  });

  test('from a confined unit, which is then more restricted than its policy', async () => {
    const unit = 'confined.service';
    await start(unit, 'User=nobody\n');
    await box.sh(`chmod 777 ${FILES}; rm -f ${FILES}/${unit}.*; systemctl restart ${unit}`);
    await box.writeFile(policyPath(unit), '[syscalls]\ndeny = ["swapon"]\n[apply]\nsettle = "100ms"\n');
    await output(0, 'apply', unit);
    assert.match(await output(0, 'tighten', ...EXEC, '--action', 'ENOSYS', unit), /execve \(ENOSYS\)/);
    assert.equal(await says(unit), 'cannot');
    assert.match(
      await output(0, 'verify', unit),
      /note\[tightened\]: .*execve \(ENOSYS\), execveat \(ENOSYS\)/,
    );
    await revert(box, unit);
    assert.equal(await says(unit), 'can');
  });

  test('tighten takes execve from no sshd, unless it is `understood`', async () => {
    const unit = 'sshd.service';
    await start(unit);
    assert.match(
      await output(1, 'tighten', ...EXEC, unit),
      /error\[locks-out\]: .*would break sshd\.service, which can't work without/,
    );
    assert.equal(await says(unit), 'can');
    await output(0, 'tighten', ...EXEC, '--understood', 'locks-out', unit);
    assert.equal(await says(unit), 'cannot');
    await box.succeed(['systemctl', 'stop', unit]);
  });
});
