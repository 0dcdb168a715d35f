/** `apply` and `revert`, killed or refused in their system calls that change something, on a real machine. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { machine } from './machine.js';
import { inRepository } from './repository.js';
import { servicesObstacle } from './service.js';
import { EVERY } from './thorough.js';

const UNIT = 'nginx.service';
const COMMAND = `node ${inRepository('dist/sandbox-unit.cjs')}`;
const POLICY = 'extends = ["no-exec"]\n[apply]\nsettle = "50ms"\n';

/** Calls by which files change. */
type Call = 'fsync' | 'rename' | 'unlink';

/**
 * Faults, and the calls that have them. Every file and folder is synced before it takes its place and after, so that a
 * kill in fsync(2) leaves all that one in mkdir(2), fchmod(2) or rename(2) does. A connection that is lost between two
 * messages has tests of its own: bus.test.ts.
 */
const DONE: readonly (readonly [what: string, how: string, calls: readonly Call[]])[] = [
  ['it is killed in', 'signal=KILL', ['fsync', 'unlink']],
  ['the disk fails', 'error=EIO', ['fsync', 'rename', 'unlink']],
];

/** More calls of a kind than a verb makes. */
const MOST = 30;

/** Without a filter, or with all that belongs to one. */
const UNCONFINED = '0 0 active 0 no';
const CONFINED = '3 0 active 2 no';
/** All is taken back; the launcher, which harms nobody, goes with the next unit that is. */
const LAUNCHER_LEFT = '1 0 active 0 no';

/**
 * Runs a verb with something done to its n-th call of a kind, for each n, and looks at what `status` makes of it. A line
 * for each: the call, its number, the verb's exit status, that of `status`, and the state of the machine:
 * how many files of ours there are, what else is left, the unit's state, whether it has a filter, whether a reload is due.
 */
const SCRIPT = `
  verb=$1 what=$2 step=$3 most=$4; shift 4
  state() {
    files=$(ls /etc/systemd/system/${UNIT}.d /usr/local/libexec/sandbox-unit 2>/dev/null | grep -c '^zz-\\|^launcher')
    left=$(find /etc /run/systemd /usr/local /var/lib/sandbox-unit -xdev -name '.sandbox-unit-*' -o -name '*.u' 2>/dev/null | wc -l)
    pid=$(systemctl show --value -p MainPID ${UNIT})
    echo "$files $left $(systemctl is-active ${UNIT}) $(awk '/^Seccomp:/ { print $2 }' /proc/$pid/status)" \\
      "$(systemctl show --value -p NeedDaemonReload ${UNIT})"
  }
  prepare() {
    systemctl reset-failed ${UNIT}
    systemctl start ${UNIT}
    case "$verb $(state)" in
      'apply ${UNCONFINED}' | 'revert ${CONFINED}') ;;
      apply*) ${COMMAND} revert -q ${UNIT} >/dev/null ;;
      revert*) ${COMMAND} apply -q ${UNIT} >/dev/null ;;
    esac
  }
  for call; do
    for n in $(seq 1 $step $most); do
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

/** Tests a verb in each of the calls, in a box of its own. */
export function endedCalls(verb: 'apply' | 'revert'): void {
  describe(`${verb}, where`, { skip: servicesObstacle() ?? false }, () => {
    const { box } = machine(`ended-${verb}`, { policies: { [UNIT]: POLICY }, start: [UNIT] });
    for (const [what, how, calls] of DONE) {
      for (const call of calls) {
        test(`${what} ${call}, leaves the unit as before or fully changed`, async () => {
          const words = [verb, how, `${EVERY}`, `${MOST}`, call];
          const printed = await box.succeed(['bash', '-c', SCRIPT, 'bash', ...words]);
          const lines = printed.split('\n').filter((line) => line !== '');
          assert.notDeepEqual(lines, [], 'the verb makes the call');
          for (const line of lines) assertWhole(verb, line);
        });
      }
    }
  });
}

/** @param line what SCRIPT prints of one call */
function assertWhole(verb: 'apply' | 'revert', line: string): void {
  const [, , exit, status, ...words] = line.split(' ');
  const state = words.join(' ');
  const isLeft = verb === 'revert' && state === LAUNCHER_LEFT;
  assert.ok(isLeft || [UNCONFINED, CONFINED].includes(state), line);
  if (exit !== '2') assert.equal(status, '0', line);
  if (exit === '0') assert.equal(state, verb === 'apply' ? CONFINED : UNCONFINED, line);
}
