/** One service in a box of its own, to be restarted or not. */
import assert from 'node:assert/strict';
import { beforeEach } from 'node:test';
import { changeFiles, type Files } from './loaded-units.js';
import { machine } from './machine.js';
import { inRepository } from './repository.js';
import { policyPath, processStatus, properties, sandboxUnit } from './service.js';
import type { TreeName } from './tree.js';

export const UNIT = 'main.service';
export const UNITS = '/etc/systemd/system';
export const SLEEP = '/bin/sleep infinity';
export const POLICY = '[syscalls]\ndeny = ["ptrace"]\n[apply]\nsettle = "100ms"\n';
export const COMMAND = `node ${inRepository('dist/sandbox-unit.cjs')}`;

/** The verbs that try a policy out, or would. */
export const TRIALS = ['apply', 'apply --check', 'plan', 'explain --record'];

/** Has a box for all tests of a suite, and the service defined anew for each. */
export function oneServiceIn(name: string, tree: TreeName = 'machine') {
  const { box, run: ran } = machine(name, { tree });
  beforeEach(async () => {
    await sandboxUnit(box, 'revert', UNIT);
    await box.sh(`systemctl kill -s KILL ${UNIT} || :; systemctl stop ${UNIT} || :
      systemctl reset-failed; rm -f ${UNITS}/${UNIT} /run/marker /run/there /run/once`);
  });

  /** Defines units, and the service's policy. */
  const units = async (files: Files) => {
    const paths = Object.entries(files).map(([unit, text]) => [`${UNITS}/${unit}`, text]);
    await changeFiles(box, { ...Object.fromEntries(paths), [policyPath(UNIT)]: POLICY });
  };
  /** Defines the service with lines of [Unit], and starts it. */
  const started = async (lines: string, more: Files = {}) => {
    await units({ ...more, [UNIT]: `[Unit]\n${lines}\n[Service]\nExecStart=${SLEEP}\n` });
    await box.succeed(['systemctl', 'start', UNIT]);
  };
  /** Runs the command, which has to end with a status; what it says. */
  const run = async (status: number, ...words: string[]) => (await ran(status, ...words)).stderr;
  const isThere = async (path: string) => (await box.exec(['test', '-e', path])).status === 0;
  const runOf = () => properties(box, UNIT, 'InvocationID', 'ActiveState');
  /** How the main process is confined, as the kernel says it: 2 with a filter. */
  const filters = async () => {
    const { MainPID } = await properties(box, UNIT, 'MainPID');
    return Number((await processStatus(box, Number(MainPID))).get('Seccomp'));
  };
  /** That nothing restarts the service, and all that would say why. */
  const isLeft = async (why: RegExp) => {
    const was = await runOf();
    const due = new RegExp(`note\\[restart-due\\].*\n  hint: .*${why.source}`);
    assert.match(await run(0, 'apply', UNIT), due);
    assert.match(await run(0, 'apply', '--check', UNIT), due);
    assert.match(await run(0, 'revert', UNIT), due);
    const refusal = new RegExp(`error\\[not-restarted\\].*\n  hint: .*${why.source}`);
    assert.match(await run(1, 'explain', '--record', UNIT), refusal);
    assert.deepEqual(await runOf(), was);
  };
  /** That these verbs refuse the service, having changed nothing. */
  const isRefused = async (why: RegExp, ...verbs: string[]) => {
    const was = await runOf();
    for (const verb of verbs) assert.match(await run(1, ...verb.split(' '), UNIT), why);
    assert.deepEqual(await runOf(), was);
    assert.equal(await isThere(`${UNITS}/${UNIT}.d`), false);
  };
  return { box, units, started, run, isThere, runOf, filters, isLeft, isRefused };
}
