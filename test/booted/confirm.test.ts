/**
 * `apply --confirm` on a real machine: an unconfirmed change is rolled back by itself, whatever happens to the caller, the
 * manager and the machine.
 */
import assert from 'node:assert/strict';
import { beforeEach, describe, test } from 'node:test';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { policyPath, servicesObstacle } from '../support/service.js';

const UNIT = 'nginx.service';
const UNDO = `/var/lib/sandbox-unit/${UNIT}.u`;
/** On the box's own disk: a reboot unmounts the repository and Node. */
const OWN = '/opt/own';
const COMMAND = `${OWN}/node ${OWN}/dist/sandbox-unit.cjs`;
const FIRST = 'extends = ["no-exec"]\n[apply]\nsettle = "100ms"\n';
const SECOND = `${FIRST}[service]\nProtectHome = true\n`;
const SLOW = SECOND.replace('100ms', '60s');

/** Prints all that a change of the unit touches, and whether the service answers. */
const STATE = `
  cd /etc/systemd/system; find ${UNIT}.d basic.target.d sandbox-unit-* -type f 2>/dev/null | sort | xargs -r sha256sum
  ls /usr/local/libexec/sandbox-unit /var/lib/sandbox-unit 2>/dev/null
  systemctl show -p ActiveState,NeedDaemonReload,DropInPaths ${UNIT}
  grep -E '^(Seccomp|NoNewPrivs)' /proc/$(systemctl show --value -p MainPID ${UNIT})/status
  exec 3<>/dev/tcp/127.0.0.1/80; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; head -1 <&3`;

/** `script` gives the command a terminal of its own, and what it reads as what is typed. */
const ASKING = `script -qefc '${COMMAND} apply --confirm 10s ${UNIT}' /run/asked </run/typed >/dev/null 2>&1`;

describe('apply --confirm', { skip: servicesObstacle() ?? false }, () => {
  let was: string;
  const sh = (script: string) => box.succeed(['bash', '-c', script]);
  const state = () => sh(STATE);
  const run = async (status: number, words: string) => {
    const found = await box.exec(['bash', '-c', `${COMMAND} ${words}`]);
    assert.equal(found.status, status, `${words}\n${found.stdout}${found.stderr}`);
    return found;
  };
  const isThere = async (path: string) => (await box.exec(['test', '-e', path])).status === 0;
  /** Waits until nothing waits any more, and holds the machine against how it was. */
  const isBack = async () => {
    await box.waitFor('the way back', async () => {
      const units = await sh(`systemctl list-units --all --plain --no-legend 'sandbox-unit-undo*'`);
      return units === '' && !(await isThere(UNDO));
    });
    assert.equal(await state(), was);
  };
  /** Applies the second policy, which then waits. */
  const waiting = async (time: string) => {
    const { stdout, stderr } = await run(3, `apply --confirm ${time} ${UNIT}`);
    assert.match(stdout, /^nginx\.service: unconfirmed\n/);
    assert.match(
      stderr,
      /note\[unconfirmed\]: .* is rolled back at .*\n {2}hint: 'sandbox-unit confirm nginx\.service'/,
    );
    assert.ok(await isThere(UNDO));
    assert.notEqual(await state(), was);
  };
  /** Has the question asked at a terminal, where Enter was typed too early, and runs a script then. */
  const asked = (script: string) =>
    sh(`rm -f /run/typed /run/asked; mkfifo /run/typed; exec 9<>/run/typed; printf '\\r' >&9
      ${ASKING} & terminal=$!
      until grep -q 'Enter within' /run/asked; do sleep 0.1; done
      ${script}`);

  const { box } = machine('confirm', {
    kernelCommandLine: ['--unit=multi-user.target'],
    prepare: async () => {
      await sh(`mkdir ${OWN}; cp /usr/local/bin/node ${OWN}; cd ${inRepository('.')}
      cp -r --parents dist templates native-helper/build ${OWN}; systemctl enable --now ${UNIT}`);
      await box.writeFile(policyPath(UNIT), FIRST);
      await run(0, `apply ${UNIT}`);
      was = await state();
      assert.match(was, /HTTP\/1\.1 200/);
    },
  });
  beforeEach(() => box.writeFile(policyPath(UNIT), SECOND));

  test('rolls back by itself, though the manager is re-executed and another target isolated', async () => {
    await waiting('10s');
    await sh('systemctl daemon-reexec; systemctl isolate multi-user.target');
    const { stdout } = await run(3, 'status');
    assert.match(stdout, /nginx\.service +enforcing +unconfirmed/);
    await isBack();
    assert.match((await run(1, 'confirm')).stderr, /error\[not-waiting\]/);
  });

  test('rolls back after another run that has the lock at the deadline', async (t) => {
    await box.writeFile('/etc/systemd/system/slow.service', '[Service]\nExecStart=sleep infinity\n');
    await box.writeFile(
      policyPath('slow.service'),
      '[service]\nProtectHome = true\n[apply]\nsettle = "12s"\n',
    );
    await sh('systemctl daemon-reload; systemctl start slow');
    t.after(() =>
      sh(`${COMMAND} revert slow.service; systemctl stop slow; rm ${policyPath('slow.service')}
        rm /etc/systemd/system/slow.service; systemctl daemon-reload`),
    );
    await waiting('10s');
    await run(0, 'apply slow.service');
    await isBack();
  });

  test('rolls back though another run waits for a stop without end', async (t) => {
    const start = `/bin/bash -c 'trap "" TERM; touch /run/deaf; while :; do sleep 0.2; done'`;
    await box.writeFile(
      '/etc/systemd/system/deaf.service',
      `[Service]\nTimeoutStopSec=infinity\nExecStart=${start}\n`,
    );
    await box.writeFile(policyPath('deaf.service'), '[service]\nProtectHome = true\n');
    await sh('systemctl daemon-reload; systemctl start deaf; until [ -e /run/deaf ]; do sleep 0.1; done');
    t.after(() =>
      sh(`systemctl stop --no-block deaf; systemctl kill -s KILL deaf; rm ${policyPath('deaf.service')}
        rm /etc/systemd/system/deaf.service; systemctl daemon-reload`),
    );
    await waiting('10s');
    const { stdout, stderr } = await run(1, 'apply deaf.service');
    assert.equal(stdout, 'deaf.service: rolled-back\n');
    assert.match(stderr, /^error\[still-under-way\]: stopped waiting for deaf\.service/m);
    await isBack();
  });

  test('rolls back at the deadline if the run is killed during the trial', async () => {
    await box.writeFile(policyPath(UNIT), SLOW);
    await sh(`pid=$(systemctl show --value -p MainPID ${UNIT})
      ${COMMAND} apply --confirm 10s ${UNIT} >/dev/null 2>&1 & run=$!
      until [ "$(systemctl show --value -p MainPID ${UNIT})" != $pid ]; do sleep 0.1; done
      kill -KILL $run`);
    await isBack();
  });

  test('rolls back if the terminal is closed, or the asking process killed', async () => {
    for (const end of ['kill -KILL $terminal', `pkill -KILL -f '^${OWN}/node .* apply --confirm'`]) {
      await asked(end);
      assert.ok(await isThere(UNDO), 'it waits for its time');
      await isBack();
    }
  });

  test('rolls back at once by Ctrl-C, and at the deadline, and fails', async () => {
    assert.match(await asked(`printf '\\003' >&9; wait $terminal; echo "exit $?"; cat /run/asked`), /exit 1/);
    assert.equal(await state(), was);
    const late = await asked('wait $terminal; echo "exit $?"; cat /run/asked');
    assert.match(
      late,
      /nginx\.service: \S*unconfirmed.*Enter within/s,
      'the result stands before the question',
    );
    assert.match(late, /exit 1.*error\[not-confirmed\]:\S* nginx\.service was not confirmed in time/s);
    assert.equal(late.split('[not-confirmed]').length, 2, 'it is said once');
    await isBack();
  });

  test('rolls back after a boot, whatever its target', async () => {
    await waiting('1h');
    await sh(`printf '[Unit]\\nRequires=basic.target\\nAfter=basic.target\\nWants=${UNIT}\\nAllowIsolate=yes\\n' \
      >/etc/systemd/system/lean.target; systemctl set-default lean.target`);
    // A soft-reboot ends all but the kernel (systemd-soft-reboot.service(8)); the box has it masked.
    await sh(`rm /run/systemd/system/systemd-soft-reboot.service; systemctl daemon-reload
      systemctl soft-reboot`);
    await box.waitFor('the boot', async () => {
      const { stdout } = await box.exec(['journalctl', '--quiet', '--grep=Soft-reboot finished']);
      return stdout !== '';
    });
    await isBack();
    await sh(`systemctl is-active lean.target && ! systemctl is-active multi-user.target
      ! journalctl --quiet --grep='ordering cycle'`);
  });

  test('keeps the change once it is confirmed, at the terminal or elsewhere', async () => {
    const said = await asked(`printf '\\r' >&9; wait $terminal; echo "exit $?"; cat /run/asked`);
    assert.match(said, /exit 0.*nginx\.service: unconfirmed.*nginx\.service: confirmed/s);
    await box.writeFile(policyPath(UNIT), FIRST);
    const elsewhere = await asked(`${COMMAND} confirm ${UNIT}; wait $terminal; echo "exit $?"`);
    assert.match(elsewhere, /nginx\.service: confirmed\nexit 0/);
    assert.equal(await sh(`systemctl list-units --all --plain --no-legend 'sandbox-unit-undo*'`), '');
    assert.equal((await run(0, 'status')).stderr, '');
    const dropIns = /(DropInPaths=.*)/.exec(was)![1]!;
    assert.ok((await state()).includes(dropIns));
  });
});
