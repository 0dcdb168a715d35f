/** A policy that can't be given to what runs, or fails its trial then, on a machine in memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PACKAGED_INJECTOR } from '../../../src/systemd/paths/programs.js';
import { codesOf, run, sorted, statesOf } from '../../support/apply-in-memory.js';
import { DROP_IN, NO_EXEC, UNIT } from '../../support/demo-service.js';
import { DONE, FIT, RECORD, type Said, tightenable } from '../../support/tightened-in-memory.js';

const LIVE = { live: true } as const;
const RESTART = `restart ${UNIT}`;

describe('apply --live: a failure', () => {
  const waiting: Said = ['finding 9 waits 0 3221225534\nunchanged\n', 1];

  test('of the load restores the files, and restarts nothing', async () => {
    const { system, given } = tightenable(NO_EXEC, { says: () => waiting });
    const before = sorted(system.files);
    const result = await run(system, LIVE);
    assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} rolled-back`]]);
    assert.ok(codesOf(result).includes('error thread-stuck'));
    assert.ok(!codesOf(result).includes('warning keeps-filter'));
    assert.equal(given().length, 0);
    assert.ok(!system.calls.includes(RESTART));
    assert.equal(system.files.has(DROP_IN), false);
    assert.ok([...before.keys()].every((path) => system.files.has(path)));
  });

  test('of the trial restores the files, and reports that running processes keep the filter', async () => {
    const { system } = tightenable(`${NO_EXEC}[apply]\nprobe = "tcp:127.0.0.1:80"\nprobe-timeout = "1s"\n`, {
      unreachable: 'connection refused',
    });
    const result = await run(system, LIVE);
    assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} rolled-back`]]);
    const kept = result.diagnostics.find(
      ({ severity, code }) => severity === 'warning' && code === 'keeps-filter',
    );
    assert.equal(kept?.hint, `'systemctl restart ${UNIT}' removes it`);
    assert.equal(system.files.has(DROP_IN), false);
    assert.ok(!system.calls.includes(RESTART));
  });

  test('that killed the processes restarts the service without the policy', async () => {
    const { system } = tightenable(NO_EXEC, {
      says: (argv) => {
        if (argv.includes('--dry-run')) return FIT;
        void system.stopUnit(UNIT);
        return ['finding 9 missing\nkilled\n', 3];
      },
    });
    const result = await run(system, LIVE);
    assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} rolled-back`]]);
    assert.ok(codesOf(result).includes('error processes-killed'));
    assert.ok(system.calls.includes(RESTART));
    assert.equal((await system.unit(UNIT)).activeState, 'active');
    assert.equal(system.isConfined(UNIT), false);
  });

  test('of the second filter reports that the first stays', async () => {
    let loads = 0;
    const { system } = tightenable(
      '[syscalls]\ndeny = ["swapon"]\n[ready]\ndeny = ["execve", "execveat"]\n',
      {
        files: { [PACKAGED_INJECTOR]: '' },
        says: (argv) => (argv.includes('--dry-run') ? FIT : ++loads === 1 ? DONE : waiting),
      },
    );
    const result = await run(system, LIVE);
    assert.deepEqual(statesOf(result), [`${UNIT} rolled-back`]);
    assert.ok(codesOf(result).includes('warning keeps-filter'));
    assert.ok(system.files.has(RECORD));
  });
});
