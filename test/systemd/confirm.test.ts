/**
 * `apply --confirm` on a real machine: a change that nobody confirms goes back by itself, whatever becomes of who made it, of
 * the manager, and of the machine.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Box } from '../support/box.js';
import { inRepository } from '../support/repository.js';
import { policyPath, servicesObstacle } from '../support/service.js';

const UNIT = 'nginx.service';
const KEEPER = 'sandbox-unit-undo.service';
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

describe('a change that is to be confirmed', { skip: servicesObstacle() ?? false }, () => {
  let box: Box;
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
      const keeper = await box.exec(['systemctl', 'is-active', '--quiet', KEEPER]);
      return keeper.status !== 0 && !(await isThere(UNDO));
    });
    assert.equal(await state(), was);
  };
  /** Applies the second policy, which then waits. */
  const waiting = async (time: string) => {
    const { stdout, stderr } = await run(3, `apply --confirm ${time} ${UNIT}`);
    assert.match(stdout, /^nginx\.service: unconfirmed\n/);
    assert.match(
      stderr,
      /note\[unconfirmed\]: .* goes back .*\n {2}hint: 'sandbox-unit confirm nginx\.service'/,
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

  before(async () => {
    box = await Box.boot({ name: 'confirm', kernelCommandLine: ['--unit=multi-user.target'] });
    await sh(`mkdir ${OWN}; cp /usr/local/bin/node ${OWN}; cd ${inRepository('.')}
      cp -r --parents dist templates native-helper/build ${OWN}; systemctl enable --now ${UNIT}`);
    await box.writeFile(policyPath(UNIT), FIRST);
    await run(0, `apply ${UNIT}`);
    was = await state();
    assert.match(was, /HTTP\/1\.1 200/);
  });
  after(() => box?.stop());
  beforeEach(() => box.writeFile(policyPath(UNIT), SECOND));

  test('goes back by itself, though the manager is executed anew and what undoes it is killed', async () => {
    await waiting('10s');
    await sh(`systemctl daemon-reexec; systemctl kill --signal=KILL ${KEEPER}`);
    const { stdout } = await run(3, 'status');
    assert.match(stdout, /nginx\.service +enforcing +unconfirmed/);
    await isBack();
    assert.match((await run(1, 'confirm')).stderr, /error\[not-waiting\]/);
  });

  test('goes back in time, though another run is at work, and another service comes to no end of its start', async (t) => {
    const unit = (start: string) =>
      `[Service]\nType=notify\nNotifyAccess=all\nTimeoutStartSec=infinity\nExecStart=bash -c '${start}'\n`;
    const wait = 'while [ -e /run/hang ]; do sleep 0.1; done; systemd-notify --ready; sleep infinity';
    const policy = '[service]\nProtectHome = true\n[apply]\nsettle = ';
    for (const [name, settle] of [
      ['hang', '100ms'],
      ['slow', '10min'],
    ]) {
      await box.writeFile(`/etc/systemd/system/${name}.service`, unit(wait));
      await box.writeFile(policyPath(`${name}.service`), `${policy}"${settle}"\n`);
    }
    await sh('systemctl daemon-reload; systemctl start hang slow');
    t.after(() =>
      sh(`rm -f /run/hang; ! systemctl is-active --quiet at-work || systemctl kill --signal=INT at-work
        while systemctl is-active --quiet at-work; do sleep 0.1; done; systemctl stop hang slow
        rm /etc/systemd/system/{hang,slow}.service; systemctl daemon-reload
        rm ${policyPath('hang.service')} ${policyPath('slow.service')}`),
    );
    // Until then the other run has to be at work.
    await run(3, `apply --confirm 20s hang.service ${UNIT}`);
    await sh(`touch /run/hang; systemd-run --unit=at-work ${COMMAND} apply slow.service`);
    const hang = '/var/lib/sandbox-unit/hang.service.u';
    const is = async (name: string) =>
      (await sh(`systemctl show --value -p ActiveState ${name}.service`)).trim();
    await box.waitFor('the way back of one, while the other starts', async () => {
      const { stdout } = await box.exec(['systemctl', 'show', '-p', 'ActiveState,ProtectHome', UNIT]);
      const isBackAgain = stdout.includes('ActiveState=active') && stdout.includes('ProtectHome=no');
      return isBackAgain && (await is('hang')) === 'activating';
    });
    assert.equal(await is('at-work'), 'active');
    await sh('rm /run/hang');
    await box.waitFor('the way back of the other', async () => !(await isThere(hang)));
    // The journal has a line some time after it is written.
    await box.waitFor('the other run tells of both', async () => {
      const said = await sh('journalctl --quiet --output=cat --unit=at-work');
      return [UNIT, 'hang.service'].every((name) =>
        said.includes(`${name} was not confirmed in time, and is rolled back`),
      );
    });
    assert.equal(await is('at-work'), 'active');
    await sh('systemctl kill --signal=INT at-work');
    await isBack();
  });

  test('is not begun where a drop-in for all services keeps what would undo it from writing', async () => {
    const path = '/etc/systemd/system/service.d/hard.conf';
    await box.writeFile(path, '[Service]\nProtectSystem=full\n');
    const { stderr } = await run(2, `apply --confirm 10s ${UNIT}`);
    assert.match(stderr, /^error\[not-armed\]: /m);
    await sh(`rm ${path}; systemctl daemon-reload`);
    assert.equal(await state(), was);
    assert.ok(!(await isThere(UNDO)));
  });

  test('goes back at once where the run is killed before the question', async () => {
    await box.writeFile(policyPath(UNIT), SLOW);
    await sh(`pid=$(systemctl show --value -p MainPID ${UNIT})
      ${COMMAND} apply --confirm 1h ${UNIT} >/dev/null 2>&1 & run=$!
      until [ "$(systemctl show --value -p MainPID ${UNIT})" != $pid ]; do sleep 0.1; done; sleep 0.5
      kill -KILL $run`);
    await isBack();
  });

  test('goes back where the terminal is closed, the one who asks is killed, and what undoes it, too', async () => {
    for (const end of ['kill -KILL $terminal', `pkill -KILL -f '^${OWN}/node .* apply --confirm'`]) {
      await asked(`${end}; systemctl kill --signal=TERM ${KEEPER}; sleep 1`);
      assert.ok(await isThere(UNDO), 'it waits for its time');
      await isBack();
    }
  });

  test('goes back at once by Ctrl-C, and after its time, which is a failure', async () => {
    assert.match(await asked(`printf '\\003' >&9; wait $terminal; echo "exit $?"; cat /run/asked`), /exit 1/);
    assert.equal(await state(), was);
    const late = await asked('wait $terminal; echo "exit $?"; cat /run/asked');
    assert.match(late, /exit 1.*error\[not-confirmed\]: nginx\.service was not confirmed in time/s);
    await isBack();
  });

  test('goes back after a boot, whatever its target', async () => {
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

  test('stays once it is confirmed, at the terminal or elsewhere', async () => {
    const said = await asked(`printf '\\r' >&9; wait $terminal; echo "exit $?"; cat /run/asked`);
    assert.match(said, /exit 0.*nginx\.service: applied/s);
    await box.writeFile(policyPath(UNIT), FIRST);
    const elsewhere = await asked(`${COMMAND} confirm ${UNIT}; wait $terminal; echo "exit $?"`);
    assert.match(elsewhere, /nginx\.service: confirmed\nexit 0/);
    await box.waitFor(
      'the end of what would undo it',
      async () => !(await isThere(`/etc/systemd/system/${KEEPER}`)),
    );
    assert.equal((await run(0, 'status')).stderr, '');
    const dropIns = /(DropInPaths=.*)/.exec(was)![1]!;
    assert.ok((await state()).includes(dropIns));
  });
});
