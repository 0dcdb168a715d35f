/** One service in a box of its own, which others stop, start and edit while it is changed. */
import assert from 'node:assert/strict';
import { beforeEach } from 'node:test';
import { changeFiles, type Files } from './loaded-units.js';
import { machine } from './machine.js';
import { COMMAND, POLICY, SLEEP, UNIT, UNITS } from './one-service.js';
import { policyPath, processStatus, properties, sandboxUnit } from './service.js';

export { COMMAND, POLICY, SLEEP, UNIT } from './one-service.js';
export const UNDO = `/var/lib/sandbox-unit/${UNIT}.u`;
/** sleep(1) dies of it at once. */
export const DEADLY =
  '[syscalls]\ndeny = ["pause:kill", "clock_nanosleep:kill"]\n[apply]\nsettle = "100ms"\n';
/** The service stands it, and is tried for long. */
export const SLOW = POLICY.replace('100ms', '60s').replace('ptrace', 'keyctl');

/** A unit that depends on the service, with these lines of [Service]. */
export const dependent = (lines: string): string =>
  `[Unit]\nRequires=${UNIT}\nAfter=${UNIT}\n[Service]\n${lines}\n`;

/** Has a box for all tests of a suite, and the service running anew for each, beside units `main*` and `side*`. */
export function changedServiceIn(name: string) {
  const { box, run } = machine(name);
  beforeEach(async () => {
    await sandboxUnit(box, 'revert', UNIT);
    await box.sh(`systemctl stop "main*" "side*" || :; rm -f ${UNITS}/*main* ${UNITS}/*side*
      systemctl reset-failed`);
    await units({ [UNIT]: `[Service]\nExecStart=${SLEEP}\n` }, UNIT);
    await box.writeFile(policyPath(UNIT), POLICY);
  });

  const isActive = async (unit: string) => (await properties(box, unit, 'ActiveState')).ActiveState;
  const invocation = async (unit: string) => (await properties(box, unit, 'InvocationID')).InvocationID;
  /** How the main process is confined, as the kernel says it: 2 with a filter. */
  const filters = async (unit: string) => {
    const { MainPID } = await properties(box, unit, 'MainPID');
    return Number((await processStatus(box, Number(MainPID))).get('Seccomp'));
  };
  /** Defines units, and starts some. */
  const units = async (files: Files, ...start: string[]) => {
    const paths = Object.entries(files).map(([unit, text]) => [`${UNITS}/${unit}`, text]);
    await changeFiles(box, Object.fromEntries(paths));
    if (start.length > 0) await box.succeed(['systemctl', 'start', ...start]);
  };
  /** Runs the command beside a script; how it ended, and what it said. */
  const beside = (words: string, script: string) =>
    box.succeed([
      ...['bash', '-c'],
      `${COMMAND} ${words} >/run/said 2>&1 & pid=$!
       ${script}
       wait $pid; echo "exit $?"; cat /run/said`,
    ]);
  /** Runs the command until something is so, then has it end by signals. */
  const interrupted = (words: string, signals: string, when: string) =>
    beside(
      words,
      `for i in $(seq 600); do ${when} && break; sleep 0.05; done
       for signal in ${signals}; do kill -$signal $pid; sleep 0.5; done`,
    );
  /** Kills `apply` in the trial of a policy that the service stands. */
  const killedInTrial = async () => {
    await box.writeFile(policyPath(UNIT), SLOW);
    const was = await invocation(UNIT);
    const when = `[ "$(systemctl show --value -p InvocationID ${UNIT})" != ${was} ]`;
    assert.match(await interrupted(`apply ${UNIT}`, 'KILL', when), /^exit 137/);
    await box.succeed(['test', '-e', UNDO]);
  };
  /** Runs a script while the service is tried for three seconds. */
  const inTrial = async (script: string, policy = POLICY) => {
    await box.writeFile(policyPath(UNIT), policy.replace('100ms', '3s'));
    const was = await invocation(UNIT);
    return beside(
      `apply ${UNIT}`,
      `until [ "$(systemctl show --value -p InvocationID ${UNIT})" != ${was} ]; do sleep 0.05; done; sleep 0.5
       ${script}`,
    );
  };
  return {
    ...{ box, isActive, invocation, filters, units, run },
    ...{ beside, interrupted, killedInTrial, inTrial },
  };
}
