/**
 * Tests of all of apply/confirm/: changes that wait, and go back by themselves whatever ends in between. Whether they are
 * kept is asked in test/cli/commands/confirm.test.ts.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startTimer, writeBootUnit } from '../../src/apply/confirm/rollback-timer.js';
import { type ApplyWords, apply } from '../../src/cli/commands/apply.js';
import { confirm } from '../../src/cli/commands/confirm.js';
import { explain } from '../../src/cli/commands/explain.js';
import { revert } from '../../src/cli/commands/revert.js';
import { status } from '../../src/cli/commands/status.js';
import { error, UserError } from '../../src/diagnostic.js';
import type { Context } from '../../src/machine/context.js';
import { assertEnd, setPolicy, statesOf } from '../support/apply-in-memory.js';
import {
  applyToConfirm,
  BOOT_FILES,
  boot,
  codesOf,
  confined,
  elapse,
  filesOf,
  machine,
  softReboot,
  UNDO,
} from '../support/confirm-in-memory.js';
import { LAUNCHER, OTHER, UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import {
  type FakeOptions,
  type FakeSystem,
  fakeContext,
  machineWith,
  OF_USER,
} from '../support/fake-system.js';
import { FakeUnits } from '../support/fake-units.js';
import { EVERY } from '../support/thorough.js';

const FILTERED = '[syscalls]\ndeny = ["execve", "mount"]\n[service]\nPrivateTmp = true\n';
const WEAK = '[syscalls]\ndeny = ["mount"]\n';
/** Calls that leave the machine as it is. */
const READS = /^(?:instances|links|list|manager|moved|read|unit|walk)(?: |$)/;

type Start = (options?: FakeOptions) => Promise<FakeSystem>;
const SCENES: readonly (readonly [name: string, start: Start])[] = [
  ['a first policy', async (options) => machine(options)],
  ['another policy', confined],
];

/** Runs something that may be killed. */
const attempt = async (step: () => Promise<unknown>) => {
  try {
    await step();
  } catch (cause) {
    if (!(cause instanceof UserError) && (cause as Error).message !== 'killed') throw cause;
  }
};

const isConfined = (system: FakeSystem) =>
  [...system.files.keys()].some((path) => path.endsWith(`/${UNIT}.d/zz-sandbox-unit.conf`));

/** What must hold of a machine on which nothing waits. */
function assertInOrder(system: FakeSystem) {
  assert.ok(system.isUpToDate, 'systemd has read the files that are there');
  assert.equal(system.isConfined(UNIT), isConfined(system), 'the service runs as its files say');
  for (const path of [UNDO, ...BOOT_FILES]) assert.ok(!system.files.has(path), path);
}

/** As it was before the change. */
function assertBack(system: FakeSystem, before: ReturnType<typeof filesOf>) {
  assertInOrder(system);
  assert.deepEqual(filesOf(system), before);
}

for (const [name, start] of SCENES) {
  describe(`apply --confirm of ${name}`, async () => {
    const whole = await start();
    await applyToConfirm(whole);
    const calls = whole.calls.map((call, i) => [call, i] as const).filter(([call]) => !READS.test(call));
    const changes = calls.filter((_, i) => i % EVERY === 0);

    test('schedules a rollback timer after the record and before the first file', () => {
      const recorded = whole.calls.indexOf(`replace ${UNDO}`);
      const scheduled = whole.calls.findIndex((call) => call.startsWith('start-transient '));
      const isFile = (call: string) => call === `replace ${LAUNCHER}` || call.includes(`/${UNIT}.d/`);
      const written = whole.calls.findIndex((call) => /^re(?:place|move) /.test(call) && isFile(call));
      assert.ok(0 <= recorded && recorded < scheduled && scheduled < written, whole.calls.join('\n'));
    });

    for (const [call, i] of changes) {
      test(`killed before call ${i + 1} (${call}): the change is undone, in this boot or the next`, async () => {
        for (const after of [async () => undefined, boot]) {
          const system = await start({ killAt: i + 1 });
          const before = filesOf(system);
          await attempt(() => applyToConfirm(system));
          system.revive();
          await after(system);
          await elapse(system);
          // After a boot one that was written before all others stays: nobody uses it.
          if (after === boot && !before.has(LAUNCHER)) system.files.delete(LAUNCHER);
          assertBack(system, before);
        }
      });
    }

    for (const what of ['failAt', 'signalAt'] as const) {
      test(`waits or is undone in time, with ${what} in each call`, async () => {
        const outcomes = new Set<string>();
        for (const [call, i] of changes) {
          const system = await start({ [what]: i + 1 });
          const before = filesOf(system);
          await attempt(async () => {
            const result = await applyToConfirm(system);
            const [state = ''] = statesOf(result);
            outcomes.add(state);
            const waits = state.endsWith('unconfirmed');
            assert.equal(system.files.has(UNDO), waits, call);
            if (!waits) assert.notEqual(result.exit, 0, call);
          });
          await elapse(system);
          assertBack(system, before);
        }
        assert.ok(outcomes.size >= 2, [...outcomes].join());
      });
    }

    test('undoes the change when its time is over, and not before', async () => {
      const system = await start();
      const before = filesOf(system);
      const result = await applyToConfirm(system);
      assert.deepEqual([result.exit, statesOf(result)], [3, [`${UNIT} unconfirmed`]]);
      assert.deepEqual(codesOf(result).at(-1), 'note unconfirmed');
      for (const path of [UNDO, ...BOOT_FILES]) assert.ok(system.files.has(path), path);
      await system.wait(100_000);
      const waits = await status(fakeContext(system), []);
      assert.deepEqual([waits.exit, codesOf(waits)], [3, ['warning unconfirmed']]);
      const [first] = waits.json.units as { state: string; confirmBy: string }[];
      assert.equal(first!.state, 'unconfirmed');
      assert.match(first!.confirmBy, /^2023-11-14T22:1\d:\d\dZ$/);
      await system.wait(20_000);
      assert.ok(codesOf(await status(fakeContext(system), [])).includes('warning not-confirmed'));
      assertBack(system, before);
    });

    test('undoes the change if the undo is killed and runs again', async () => {
      const whole = await start();
      await applyToConfirm(whole);
      const from = whole.calls.length;
      await elapse(whole);
      for (const [i, call] of whole.calls.entries()) {
        if (i < from || i % EVERY !== 0 || READS.test(call)) continue;
        const system = await start({ killAt: i + 1 });
        const before = filesOf(system);
        await applyToConfirm(system);
        await attempt(() => elapse(system));
        system.revive();
        await elapse(system);
        assertBack(system, before);
      }
    });
  });
}

describe('a change that waits to be confirmed', () => {
  const waiting = async (options: FakeOptions = {}) => {
    const system = machine(options);
    await applyToConfirm(system);
    system.calls.length = 0;
    return system;
  };

  test('counts the time since the boot, whatever the clock does', async () => {
    const system = await waiting();
    const now = system.now.bind(system);
    Object.assign(system, { now: () => now() + 86_400_000 });
    assert.equal((await status(fakeContext(system), [])).exit, 3);
  });

  test('is undone by a boot', async () => {
    const system = await waiting();
    await boot(system);
    assert.ok(codesOf(await status(fakeContext(system), [])).includes('warning not-confirmed'));
    assertInOrder(system);
    assert.ok(!isConfined(system));
  });

  test('is undone after a soft-reboot, which keeps /run', async () => {
    const runtime = { placement: { scope: 'system', lifetime: 'runtime' } as const };
    for (const policies of [[], [FILTERED, WEAK]]) {
      const system = machine();
      for (const policy of policies) {
        setPolicy(system, policy);
        if (policy === FILTERED) await apply(fakeContext(system, runtime), [UNIT], { confirm: false });
      }
      const before = filesOf(system);
      assert.deepEqual(statesOf(await applyToConfirm(system, runtime)), [`${UNIT} unconfirmed`]);
      await softReboot(system);
      const said = codesOf(await status(fakeContext(system, runtime), []));
      assert.ok(said.includes('warning not-confirmed'), said.join());
      assertBack(system, before);
    }
  });

  test('is undone if its deadline is one that no run can have set', async () => {
    const system = await waiting();
    const record = JSON.parse(system.text(UNDO));
    record.confirmation.by += 86_400_000;
    system.files.set(UNDO, { bytes: new TextEncoder().encode(JSON.stringify(record)), mode: 0o600 });
    assert.ok(codesOf(await status(fakeContext(system), [])).includes('warning not-confirmed'));
    assertInOrder(system);
    assert.ok(!isConfined(system));
  });

  test('is confirmed even if another record is unreadable', async () => {
    for (const confirmation of [
      null,
      {},
      { by: '1', runs: [] },
      { by: 1, runs: [{ unit: 'x.service', invocation: '' }] },
    ]) {
      const system = await waiting();
      const record = { ...JSON.parse(system.text(UNDO)), confirmation };
      system.files.set(UNDO, { bytes: new TextEncoder().encode(JSON.stringify(record)), mode: 0o600 });
      const found = await confirm(fakeContext(system), [], {});
      assert.deepEqual([found.exit, codesOf(found)[0]], [1, 'error undo-file'], JSON.stringify(confirmation));
      assert.ok(system.files.has(UNDO));
    }
  });

  test("is undone or confirmed whatever happens to another unit's record", async () => {
    const both = [UNIT, 'other.service'];
    const start = async () => {
      const files = { ...OTHER, '/etc/sandbox-unit/other.service.toml': WEAK };
      const system = machine({ files, running: both });
      await applyToConfirm(system, {}, both);
      system.files.set('/var/lib/sandbox-unit/other.service.u', { bytes: new Uint8Array(), mode: 0o600 });
      return system;
    };
    const late = await start();
    assert.equal((await failure(elapse(late)))[0], 'not-confirmed');
    assert.deepEqual([isConfined(late), late.isConfined(UNIT), late.files.has(UNDO)], [false, false, false]);
    assert.equal((await failure(elapse(late)))[0], 'undo-file');
    const kept = await start();
    const result = await confirm(fakeContext(kept), [UNIT], {});
    assertEnd(result, [0, [`${UNIT} confirmed`], ['warning undo-file']]);
    assert.ok(isConfined(kept) && !kept.files.has(UNDO));
  });

  test("can't be changed by another apply; other units can", async () => {
    const files = { ...OTHER, '/etc/sandbox-unit/other.service.toml': WEAK };
    const system = await waiting({ files, running: [UNIT, 'other.service'] });
    assert.deepEqual(codesOf(await apply(fakeContext(system), [UNIT], {})), ['warning unconfirmed']);
    setPolicy(system, WEAK);
    const before = filesOf(system);
    for (const check of [true, false]) {
      const result = await apply(fakeContext(system), [UNIT], { check });
      assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} refused`]]);
      assert.equal(codesOf(result).at(-1), 'error unconfirmed');
    }
    const [code] = await failure(explain(fakeContext(system), [UNIT], { record: true }));
    assert.equal(code, 'unconfirmed');
    assert.deepEqual(filesOf(system), before);
    const both = await apply(fakeContext(system), [UNIT, 'other.service'], {});
    assert.deepEqual(statesOf(both), [`${UNIT} refused`, 'other.service applied']);
    assert.ok(system.files.has(UNDO));
  });
});

describe('waiting time of an access unit without --confirm', () => {
  const LOGIN = '[Service]\nExecStart=/usr/sbin/demod --foreground\n[Install]\nAlias=sshd.service\n';

  const words: readonly (readonly [what: string, options: ApplyWords, deadline: number | undefined])[] = [
    ['two minutes by default', {}, 120_000],
    ['as long as --confirm says', { confirm: '1h' }, 3_600_000],
    ['none with --no-confirm', { confirm: false }, undefined],
    ['none without a trial', { restart: false }, undefined],
  ];
  for (const [what, options, deadline] of words) {
    test(what, async () => {
      const files = { ...OTHER, '/etc/sandbox-unit/other.service.toml': WEAK };
      const system = machineWith(LOGIN, WEAK, { running: [UNIT, 'other.service'], files });
      const began = system.now();
      const result = await apply(fakeContext(system), [UNIT, 'other.service'], options);
      const isForAll = typeof options.confirm === 'string';
      assert.deepEqual(statesOf(result), [
        `${UNIT} ${deadline === undefined ? 'applied' : 'unconfirmed'}`,
        `other.service ${isForAll ? 'unconfirmed' : 'applied'}`,
      ]);
      assert.equal(system.files.has(UNDO), deadline !== undefined);
      if (deadline === undefined) return;
      const [first] = result.json.units as { confirmBy: string }[];
      const wait = Date.parse(first!.confirmBy) - began;
      assert.ok(deadline - 1000 <= wait && wait <= deadline + 60_000, `${wait} ms`);
    });
  }
});

describe('a change to be confirmed without a restart', () => {
  const untriedOf = async (system: FakeSystem) => {
    const { exit, diagnostics } = await applyToConfirm(system);
    return [exit, ...diagnostics.filter(({ code }) => code === 'untried').map(({ hint }) => hint!)];
  };
  const undo = "or 'sandbox-unit confirm --undo demo.service' undoes the change";

  test('is untried, and waits all the same', async () => {
    const carrier = machine({ distort: (properties) => properties.set('RefuseManualStop', true) });
    const hint = `keep another way in until its next start has shown that it works, ${undo}`;
    assert.deepEqual(await untriedOf(carrier), [3, hint]);
    assert.deepEqual([carrier.isConfined(UNIT), carrier.files.has(UNDO)], [false, true]);
    const down = machine({ running: [] });
    assert.deepEqual(await untriedOf(down), [3, `start it before you confirm, ${undo}`]);
  });

  test('is neither one with a trial nor one of comments', async () => {
    assert.deepEqual(await untriedOf(machine()), [3]);
    const system = machine();
    await apply(fakeContext(system), [UNIT], { confirm: false });
    setPolicy(system, '# another text\n[syscalls]\ndeny = ["execve", "execveat"]\n');
    assert.deepEqual(await untriedOf(system), [3]);
    assert.ok(system.files.has(UNDO));
  });
});

/** What becomes of a unit whose time to confirm passes during a call of a command, in the order of the calls, each once. */
const LATE = [
  { verb: 'apply', run: apply, outcomes: ['applied, waits no more', 'refused, waits'] },
  { verb: 'revert', run: revert, outcomes: ['reverted, waits no more'] },
  {
    verb: 'confirm',
    run: confirm,
    outcomes: ['refused, waits no more', 'rolled-back, waits no more', 'confirmed, waits no more'],
  },
] as const;

for (const { verb, run, outcomes } of LATE) {
  test(`${verb} of a unit whose deadline passes during a call: ${outcomes.join('; ')}`, async () => {
    const runWith = async (options: FakeOptions) => {
      const system = await confined(options);
      const before = filesOf(system);
      await applyToConfirm(system);
      const from = system.calls.length;
      setPolicy(system, WEAK);
      const result = await run(fakeContext(system), [UNIT], {});
      return { system, before, result, from };
    };
    const whole = await runWith({});
    const seen: string[] = [];
    // The time is looked at in the first calls.
    for (
      let call = whole.from + 1;
      call <= whole.system.calls.length;
      call += call < whole.from + 20 ? 1 : 10
    ) {
      const { system, before, result } = await runWith({ slowAt: call });
      const waits = system.files.has(UNDO);
      const [state = ''] = statesOf(result);
      const outcome = `${state.replace(`${UNIT} `, '')}, ${waits ? 'waits' : 'waits no more'}`;
      if (outcome !== seen.at(-1)) seen.push(outcome);
      if (!waits) continue;
      assert.ok(codesOf(result).includes('error unconfirmed'));
      await elapse(system);
      setPolicy(system, '[service]\nPrivateTmp = true\n');
      assert.deepEqual(filesOf(system), before);
    }
    assert.deepEqual(seen, outcomes);
  });
}

describe('rollback timers', () => {
  const failing = new FakeUnits({ job: 'failed' });
  const refused: Readonly<Record<string, readonly [FakeOptions, Partial<Context>]>> = {
    'untrusted-file': [{ untrusted: ['/opt'] }, {}],
    'not-scheduled': [{}, { units: failing }],
  };
  for (const [code, [options, more]] of Object.entries(refused)) {
    test(`without a timer nothing is written: ${code}`, async () => {
      const system = machine(options);
      const before = filesOf(system);
      const result = await applyToConfirm(system, more);
      assertEnd(result, [2, [`${UNIT} refused`], [`error ${code}`]]);
      assertBack(system, before);
      assert.ok(!system.calls.some((call) => call.startsWith(`replace ${LAUNCHER}`)));
    });
  }

  test('run this program after the deadline, and again if it fails; so does the next boot', async () => {
    const system = machine({ untrusted: ['/opt'] });
    const units = new FakeUnits();
    const self = ['/usr/bin/node', '/home/user/$HOME/sandbox-unit.cjs'];
    const context = fakeContext(system, { placement: OF_USER, self, units });
    assert.equal(await startTimer(context, 10_000), system.uptime() + 10_000);
    const [timer] = units.started;
    const [service] = units.made;
    assert.match(timer!.unit, /^sandbox-unit-undo-\d+\.timer$/);
    assert.equal(service!.unit, timer!.unit.replace('.timer', '.service'));
    assert.deepEqual(timer!.properties.get('TimersMonotonic'), [['OnActiveSec', 10_000_000n]]);
    const of = new Map(service!.properties.map(({ name, value }) => [name, value]));
    assert.equal(of.get('Restart'), 'on-failure');
    const words = [self[0], '/home/user/$$HOME/sandbox-unit.cjs', 'confirm', '--undo-late', '--user'];
    assert.deepEqual(of.get('ExecStart'), [[self[0], words, false]]);
    await writeBootUnit(context);
    const unit = system.text('/home/user/.config/systemd/user/sandbox-unit-undo.service');
    assert.match(unit, /^ExecStart=\/usr\/bin\/node \S+ confirm --undo-late --user$/m);
    assert.match(unit, /^Restart=on-failure$/m);
    assert.ok(system.files.has('/home/user/.config/systemd/user/basic.target.d/sandbox-unit-undo.conf'));
  });

  test('stay while another unit waits', async () => {
    const files = { ...OTHER, '/etc/sandbox-unit/other.service.toml': WEAK };
    const behaviour = (unit: string, isConfined: boolean) =>
      unit === 'other.service' && isConfined ? 'dies' : 'works';
    const system = machine({ files, running: [UNIT, 'other.service'], behaviour });
    const result = await applyToConfirm(system, {}, [UNIT, 'other.service']);
    assert.deepEqual(statesOf(result), [`${UNIT} unconfirmed`, 'other.service rolled-back']);
    assert.ok(BOOT_FILES.every((path) => system.files.has(path)));
    assert.ok(!system.calls.some((call) => call.startsWith('run systemctl stop')));
    await elapse(system);
    assertInOrder(system);
  });

  test('are cancelled when no unit waits', async () => {
    const system = machine({
      behaviour: (unit, isConfined) => (unit === UNIT && isConfined ? 'dies' : 'works'),
    });
    const before = filesOf(system);
    assert.deepEqual(statesOf(await applyToConfirm(system)), [`${UNIT} rolled-back`]);
    assertBack(system, before);
    assert.ok(system.calls.includes('run systemctl --quiet stop sandbox-unit-undo-*.timer'));
  });

  test('fail if the service stays down with its previous files', async () => {
    let isBroken = false;
    const system = machine({ behaviour: () => (isBroken ? 'dies' : 'works') });
    await applyToConfirm(system);
    isBroken = true;
    const result = await elapse(system);
    assert.deepEqual([result.exit, codesOf(result)], [1, ['warning half-done', 'error service-down']]);
  });

  test('report what they undo, and fail if they undo nothing', async () => {
    const system = machine();
    await applyToConfirm(system);
    const remove = system.remove.bind(system);
    Object.assign(system, {
      remove: async () => Promise.reject(new UserError(error('unwritable', 'full'), 2)),
    });
    assert.equal((await failure(elapse(system)))[0], 'half-done');
    Object.assign(system, { remove });
    assert.deepEqual(codesOf(await elapse(system)), ['warning not-confirmed']);
    assertInOrder(system);
  });
});

test('--confirm takes ten seconds to an hour, for a change of files with a trial', async () => {
  for (const time of ['9s', '61min', '0', 'soon', '']) {
    const system = machine();
    const [code, message] = await failure(apply(fakeContext(system), [UNIT], { confirm: time }));
    assert.deepEqual([code, message], ['usage', `--confirm ${time} is not a valid time`]);
  }
  for (const [options, more] of [
    [{ restart: false }, {}],
    [{}, { offline: true }],
  ] as const) {
    const system = machine();
    const [code] = await failure(apply(fakeContext(system, more), [UNIT], { ...options, confirm: '1min' }));
    assert.equal(code, 'usage');
    assert.deepEqual(system.changes, []);
  }
  for (const time of ['10s', '1h', false] as const) {
    const system = machine();
    const state = time === false ? 'applied' : 'unconfirmed';
    assert.deepEqual(statesOf(await apply(fakeContext(system), [UNIT], { confirm: time })), [
      `${UNIT} ${state}`,
    ]);
    if (time === false) await system.restart(UNIT);
    else {
      await system.wait(3_600_000);
      await elapse(system);
    }
    assert.equal(isConfined(system), time === false);
  }
});
