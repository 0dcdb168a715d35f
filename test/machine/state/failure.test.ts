import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  endedWell,
  failed,
  howItEnded,
  isKilledByFilter,
  isSystemds,
} from '../../../src/machine/state/failure.js';
import type { ProcessResult } from '../../../src/machine/system.js';
import { machine, unitWith } from '../../support/apply-in-memory.js';
import { NO_EXEC, UNIT } from '../../support/demo-service.js';
import { planned } from '../../support/planned.js';

const [EXITED, KILLED, DUMPED] = [1, 2, 3];
const ended = (code: number, status: number, Result = 'x') =>
  unitWith({ ExecMainCode: code, ExecMainStatus: status, Result });

test('the end of a main process is told by how it ended', async () => {
  const cases: readonly [
    code: number,
    status: number,
    says: string,
    killed: boolean,
    systemds: boolean,
    well: boolean,
  ][] = [
    [EXITED, 0, 'x, exit status 0', false, false, true],
    [EXITED, 3, 'x, exit status 3', false, false, false],
    [EXITED, 226, 'x, exit status 226/NAMESPACE', false, true, false],
    [EXITED, 250, 'x, exit status 250', false, false, false],
    [KILLED, 15, 'x, killed by SIGTERM', false, false, true],
    [KILLED, 9, 'x, killed by SIGKILL', false, false, false],
    [KILLED, 31, 'x, killed by SIGSYS: a refused system call', true, false, false],
    [DUMPED, 31, 'x, killed by SIGSYS: a refused system call', true, false, false],
    [EXITED, 31, 'x, exit status 31', false, false, false],
  ];
  for (const [code, status, says, killed, systemds, well] of cases) {
    const unit = await ended(code, status);
    assert.deepEqual(
      [howItEnded(unit), isKilledByFilter(unit), isSystemds(unit), endedWell(unit)],
      [says, killed, systemds, well],
      `${code} ${status}`,
    );
  }
});

/** A command that has ended, as the bus tells of it. */
const command = (code: number, status: number, ...flags: string[]) => commandFrom(0, code, status, ...flags);

/** @param started microseconds since boot */
const commandFrom = (started: number, code: number, status: number, ...flags: string[]) => [
  '/bin/a',
  ['/bin/a'],
  flags,
  0,
  started,
  0,
  0,
  0,
  code,
  status,
];

test('a failed command after the previous main process reports its own end', async () => {
  const main = { ExecMainCode: EXITED, ExecMainStatus: 0, ExecMainStartTimestampMonotonic: 5 };
  const end = async (started: number, key = 'ExecStartEx') =>
    isSystemds(await unitWith({ ...main, [key]: [commandFrom(started, EXITED, 203)] }));
  assert.deepEqual([await end(6), await end(4), await end(6, 'ExecStartPostEx')], [true, false, true]);
});

describe('a start that a command of ExecStartPost= ends is explained by the command', () => {
  // The main process and the command: their ends, and when, in microseconds since 1970.
  const told = async (main: readonly number[], post: readonly [code: number, status: number, at: number]) => {
    const [ExecMainCode, ExecMainStatus, ExecMainExitTimestamp] = main;
    const [code, status, at] = post;
    const ExecStartPostEx = [['/l/tighten', [], [], 0, 6, at, 0, 0, code, status]];
    const properties = { ExecMainCode, ExecMainStatus, ExecMainExitTimestamp, ExecStartPostEx };
    return howItEnded(await unitWith({ ...properties, ExecMainStartTimestampMonotonic: 5, Result: 'x' }));
  };
  const cases: readonly (readonly [
    what: string,
    main: number[],
    post: [number, number, number],
    says: string,
  ])[] = [
    ['that is killed', [KILLED, 15, 30], [KILLED, 9, 20], 'ExecStartPost= (tighten): killed by SIGKILL'],
    ['that fails', [EXITED, 0, 10], [EXITED, 1, 20], 'ExecStartPost= (tighten): exit status 1'],
    ['behind a main process that failed before', [EXITED, 3, 10], [EXITED, 1, 20], 'exit status 3'],
    ['that does well', [EXITED, 3, 30], [EXITED, 0, 20], 'exit status 3'],
  ];
  for (const [what, main, post, says] of cases)
    test(what, async () => assert.equal(await told(main, post), `x, ${says}`));
});

test('before the main process the failed command is named, unless its failure is ignored', async () => {
  const before = (...commands: unknown[]) => unitWith({ ExecMainCode: 0, ExecStartPreEx: commands });
  assert.equal(isKilledByFilter(await before(command(EXITED, 0), command(KILLED, 31))), true);
  assert.equal(isKilledByFilter(await before(command(KILLED, 31, 'ignore-failure'))), false);
  assert.equal(isSystemds(await before(command(EXITED, 203))), true);
});

/** An entry of the journal: its message, and the run that logged it if journald knows that. */
type Said = readonly [message: string, invocation?: string];

const journal = (said: readonly Said[]) => ({
  journalctl: (): ProcessResult => {
    const entries = said.map(([MESSAGE, _SYSTEMD_INVOCATION_ID]) => ({ MESSAGE, _SYSTEMD_INVOCATION_ID }));
    return { status: 0, stdout: entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''), stderr: '' };
  },
});

async function told(said: readonly Said[], scope: 'system' | 'user' = 'system', plan = planned(NO_EXEC)) {
  const distort = (properties: Map<string, unknown>) => {
    properties.set('Result', 'signal').set('ExecMainCode', KILLED).set('ExecMainStatus', 31);
    properties.set('InvocationID', [0xab, 0xcd]);
  };
  const system = machine({ distort, programs: journal(said) });
  const found = await failed(system, { unit: UNIT, scope, plan }, 'it failed');
  return { ...found, calls: system.calls };
}

test('a failed service is reported with its end, its last lines, and a hint', async () => {
  const { severity, code, message, hint, calls } = await told([
    ['of the run before', '1234'],
    ['first\n', 'abcd'],
    ['last, which journald took late'],
  ]);
  assert.deepEqual(
    [severity, code, message],
    ['error', 'service-failed', 'it failed (signal, killed by SIGSYS: a refused system call)'],
  );
  assert.match(
    hint!,
    /^'sandbox-unit explain --record demo\.service' runs it once .*; it said: first \/ last, which journald took late$/,
  );
  const [sync, asked] = calls.filter((call) => call.startsWith('run journalctl '));
  assert.equal(sync, 'run journalctl --sync');
  assert.match(asked!, / --since=@\d+ _SYSTEMD_UNIT=demo\.service$/);
  assert.match((await told([], 'user')).hint!, /explain --user --record|--user/);
});
