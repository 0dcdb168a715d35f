/**
 * Tests of apply/live/deny.ts, apply/live/inject.ts and apply/live/tighten-unit.ts: what runs of a unit
 * on a machine in memory is refused calls.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { injectionsOf } from '../../../src/machine/state/injections.js';
import { simulate } from '../../../src/seccomp/filter/simulate.js';
import { codesOf } from '../../support/apply-in-memory.js';
import { NO_EXEC, UNIT } from '../../support/demo-service.js';
import { fakeContext } from '../../support/fake-system.js';
import {
  DONE,
  EXEC,
  FILE,
  GROUP,
  RECORD,
  runTighten,
  type Said,
  TIGHTEN,
  type Tightenable,
  tightenable,
  tightenedStates,
} from '../../support/tightened-in-memory.js';

/** The answer of a program to a call of the native ABI without arguments. */
const answersOf =
  ({ given }: Tightenable) =>
  (nr: number): number =>
    simulate(given()[0]!, { arch: 0xc000003e, nr, args: [0n, 0n, 0n, 0n, 0n, 0n] }).action;

const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const [READ, EXECVE, EXECVEAT, MOUNT] = [0, 59, 322, 165];

describe('tighten of a running unit', () => {
  test('refuses the calls, and no others, by a file that only root can read', async () => {
    const one = tightenable();
    let mode: number | undefined;
    const { system, asked } = one;
    const replace = system.replace.bind(system);
    system.replace = async (path, bytes, options) => {
      if (path === FILE) mode = options.mode;
      return replace(path, bytes, options);
    };
    const result = await runTighten(system);
    assert.deepEqual([result.exit, codesOf(result)], [0, ['note keeps-filter']]);
    assert.deepEqual(tightenedStates(result), [`${UNIT} tightened`]);
    assert.match(
      result.text,
      /^demo\.service: tightened\n3 threads of 2 processes are refused execve \(EPERM\), execveat \(EPERM\); they were stopped for 1\.5 ms\.\n$/,
    );
    assert.deepEqual(asked, [[TIGHTEN, '--report', '--cgroup', `/sys/fs/cgroup${GROUP}`, '--filter', FILE]]);
    const answer = answersOf(one);
    assert.deepEqual([READ, MOUNT, EXECVE, EXECVEAT].map(answer), [ALLOW, ALLOW, EPERM, EPERM]);
    assert.equal(mode, 0o600);
    assert.equal(system.files.has(FILE), false);
  });

  test('refuses sets, with an action for each', async () => {
    const one = tightenable();
    const result = await runTighten(one.system, {
      deny: ['@mount', 'execve:kill', '@critical'],
      action: 'ENOSYS',
    });
    assert.equal(result.exit, 0);
    assert.deepEqual(result.json.deny, ['@mount:ENOSYS', 'execve:kill', '@critical:ENOSYS']);
    const answer = answersOf(one);
    assert.deepEqual([READ, MOUNT, EXECVE].map(answer), [ALLOW, 0x00050026, 0x80000000]);
  });

  test('adds a filter to an earlier one, and says so', async () => {
    const { system, asked } = tightenable();
    const codes = async (deny: readonly string[]) => codesOf(await runTighten(system, { deny }));
    assert.deepEqual(await codes(['@swap']), ['note keeps-filter']);
    assert.deepEqual(await codes(['swapon']), ['note tightened', 'note keeps-filter']);
    assert.deepEqual(await codes(['swapon:kill']), ['note keeps-filter']);
    assert.equal(asked.length, 3);
    await system.restart(UNIT);
    assert.deepEqual(await codes(['swapon']), ['note keeps-filter']);
  });

  const ENDS: readonly (readonly [string, Said, number, string, string])[] = [
    ['a thread waits', ['finding 9 waits 0 3221225534\nunchanged\n', 1], 1, 'refused', 'thread-stuck'],
    ['nothing is said why', ['', 1, 'tighten: the filter is gone\n'], 1, 'refused', 'not-tightened'],
    ['some had it already', ['finding 9 missing\nkilled\n', 3], 2, 'killed', 'processes-killed'],
    ['the program was killed', ['', 137], 2, 'unknown', 'not-tightened'],
    ['the program says something else', ['done\n', 0], 2, 'unknown', 'not-tightened'],
  ];
  for (const [when, said, exit, state, code] of ENDS) {
    test(`is reported if ${when}`, async () => {
      const { system } = tightenable(NO_EXEC, { says: () => said });
      const result = await runTighten(system);
      assert.deepEqual([result.exit, tightenedStates(result)], [exit, [`${UNIT} ${state}`]]);
      assert.equal(result.diagnostics[0]!.code, code);
      assert.equal(system.files.has(RECORD), false);
      assert.equal(system.files.has(FILE), false);
    });
  }

  test('is not reported as done if the unit restarted in between', async () => {
    const { system } = tightenable(NO_EXEC, {
      says: () => {
        void system.restart(UNIT);
        return DONE;
      },
    });
    const result = await runTighten(system);
    assert.deepEqual(codesOf(result), ['error restarted-since']);
    assert.deepEqual([result.exit, tightenedStates(result)], [2, [`${UNIT} unknown`]]);
    assert.equal(system.files.has(RECORD), false);
  });
});

describe('tighten refuses', () => {
  test('a unit without processes of its own, without harm to others', async () => {
    const { system, asked } = tightenable();
    const units = [
      'system.slice',
      'demo.socket',
      'init.scope',
      'demo@.service',
      'nothing.service',
      'de/mo',
      UNIT,
    ];
    const result = await runTighten(system, EXEC, units);
    const codes = result.diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
    assert.deepEqual(codes, [
      ...['not-tightened', 'not-tightened', 'not-tightened'],
      ...['unit-template', 'no-unit', 'invalid-unit-name'],
    ]);
    assert.equal(result.exit, 2);
    assert.deepEqual(tightenedStates(result).at(-1), `${UNIT} tightened`);
    assert.equal(asked.length, 1);
  });

  test("a unit that isn't running", async () => {
    const { system, asked } = tightenable(NO_EXEC, {
      running: [],
      distort: (properties) => properties.set('ControlGroup', ''),
    });
    const result = await runTighten(system);
    assert.deepEqual([result.exit, codesOf(result)], [1, ['error not-running']]);
    assert.equal(asked.length, 0);
  });

  test('the unit in which this program runs', async () => {
    const { system, asked } = tightenable(NO_EXEC, {
      files: { '/proc/self/cgroup': `0::${GROUP}/below\n` },
    });
    const result = await runTighten(system);
    assert.deepEqual([result.exit, codesOf(result)], [1, ['error own-service']]);
    assert.match(
      result.diagnostics[0]!.hint!,
      /systemd-run --wait --pipe sandbox-unit tighten --deny execve:EPERM/,
    );
    assert.equal(asked.length, 0);
  });

  test('execve of a unit whose work is to start programs, unless it is `understood`', async () => {
    const { system, asked } = tightenable(NO_EXEC, {
      files: {
        '/usr/lib/systemd/system/demo.service': '[Service]\nExecStart=/usr/sbin/sshd -D\n',
      },
    });
    const result = await runTighten(system);
    assert.deepEqual([result.exit, codesOf(result)], [1, ['error locks-out']]);
    assert.match(
      result.diagnostics[0]!.message,
      /^'deny execve' would break demo\.service, which can't work without starting programs/,
    );
    assert.equal(asked.length, 0);
    const meant = await runTighten(system, { ...EXEC, understood: 'locks-out' });
    assert.deepEqual([meant.exit, codesOf(meant)], [0, ['warning locks-out', 'note keeps-filter']]);
  });
});

test('a damaged record of tighten is ignored', async () => {
  const { system } = tightenable();
  await runTighten(system);
  const found = async () => injectionsOf(fakeContext(system), { name: UNIT, state: await system.unit(UNIT) });
  assert.equal((await found()).length, 1);
  const record = new TextDecoder().decode(system.files.get(RECORD)!.bytes);
  for (const text of [
    '',
    'x\n',
    record.replace(' tighten ', ' other '),
    record.replace('execve:', 'exe ve:'),
    record.replace(/^./, '!'),
  ]) {
    system.files.set(RECORD, { bytes: new TextEncoder().encode(text), mode: 0o644 });
    assert.deepEqual(await found(), [], text);
  }
});
