/** `apply` and `revert`, ended or refused in each of their system calls that change something, on a real machine. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Box } from '../support/box.js';
import { inRepository } from '../support/repository.js';
import { servicesObstacle } from '../support/service.js';

const skip = servicesObstacle();
const UNIT = 'nginx.service';
const COMMAND = `node ${inRepository('dist/sandbox-unit.cjs')}`;
const POLICY = 'extends = ["no-exec"]\n[apply]\nsettle = "50ms"\n';
let box: Box;

before(async () => {
  if (skip) return;
  box = await Box.boot({ name: 'kill' });
  await box.writeFile('/etc/sandbox-unit/nginx.service.toml', POLICY);
  await box.succeed(['systemctl', 'start', UNIT]);
});
after(() => box?.stop());

/** The calls by which files change, and how the bus is spoken to. */
const CALLS = ['mkdir', 'fsync', 'fchmod', 'rename', 'unlink', 'rmdir', 'write'] as const;

/** The most that each is walked through: what follows is output. */
const MOST: Partial<Record<(typeof CALLS)[number], number>> = { write: 12 };

/**
 * Runs a verb with something done to its n-th call of a kind, for each n, and looks at what `status` makes of it. A line
 * for each: the call, its number, the verb's exit status, that of `status`, and the state of the machine:
 * how many files of ours there are, what else is left, the unit's state, whether it has a filter, whether a reload is due.
 */
const SCRIPT = `
  verb=$1 what=$2 most=$3; shift 3
  state() {
    files=$(ls /etc/systemd/system/${UNIT}.d /usr/local/libexec/sandbox-unit 2>/dev/null | grep -c '^zz-\\|^launcher')
    left=$(find /etc /run/systemd /usr/local /var/lib/sandbox-unit -xdev -name '.sandbox-unit-*' -o -name '*.u' 2>/dev/null | wc -l)
    pid=$(systemctl show --value -p MainPID ${UNIT})
    echo "$files $left $(systemctl is-active ${UNIT}) $(awk '/^Seccomp:/ { print $2 }' /proc/$pid/status)" \\
      "$(systemctl show --value -p NeedDaemonReload ${UNIT})"
  }
  prepare() {
    case $verb in
      apply) ${COMMAND} revert -q ${UNIT} >/dev/null ;;
      revert) ${COMMAND} apply -q ${UNIT} >/dev/null ;;
    esac
    systemctl reset-failed ${UNIT}
    systemctl start ${UNIT}
  }
  for call; do
    for n in $(seq $most); do
      prepare
      strace -o /run/trace -e trace=$call -e inject=$call:$what:when=$n ${COMMAND} $verb ${UNIT} >/run/said 2>&1
      rc=$?
      grep -q 'INJECTED\\|killed by SIGKILL' /run/trace || break
      ${COMMAND} status >/dev/null 2>&1
      status=$?
      # What it can't do it says; the next goes on from there.
      [ "$verb $rc" != 'revert 2' ] || ${COMMAND} revert -q ${UNIT} >/dev/null
      echo "$call $n $rc $status $(state)"
    done
  done`;

/** Without a filter, or with all that belongs to one. */
const UNCONFINED = '0 0 active 0 no';
const CONFINED = '3 0 active 2 no';
/** All is taken back; the launcher, which harms nobody, goes with the next unit that is. */
const LAUNCHER_LEFT = '1 0 active 0 no';

for (const verb of ['apply', 'revert'] as const) {
  describe(`${verb}, where`, { skip: skip ?? false }, () => {
    for (const [what, how] of [
      ['it is killed in', 'signal=KILL'],
      ['the disk fails', 'error=EIO'],
    ] as const) {
      for (const call of CALLS) {
        // What isn't written to the bus is a lost connection: see bus.test.ts.
        if (how.startsWith('error') && call === 'write') continue;
        test(`${what} ${call}, leaves the unit as it was or as it shall be`, async () => {
          const words = [verb, how, `${MOST[call] ?? 30}`, call];
          const printed = await box.succeed(['bash', '-c', SCRIPT, 'bash', ...words], { timeoutMs: 300_000 });
          for (const line of printed
            .trimEnd()
            .split('\n')
            .filter((text) => text !== '')) {
            const [, , exit, status, ...state] = line.split(' ');
            const isLeft = verb === 'revert' && state.join(' ') === LAUNCHER_LEFT;
            assert.ok(isLeft || [UNCONFINED, CONFINED].includes(state.join(' ')), line);
            if (exit !== '2') assert.equal(status, '0', line);
            if (exit === '0') assert.equal(state.join(' '), verb === 'apply' ? CONFINED : UNCONFINED, line);
          }
        });
      }
    }
  });
}
