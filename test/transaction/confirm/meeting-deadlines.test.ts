import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as others } from 'node:timers/promises';
import { apply } from '../../../src/commands/apply.js';
import { confirm } from '../../../src/commands/confirm.js';
import { revert } from '../../../src/commands/revert.js';
import { confirmingPath } from '../../../src/paths/records.js';
import { setPolicy, statesOf } from '../../support/apply-in-memory.js';
import {
  applyToConfirm,
  codesOf,
  confined,
  filesOf,
  keep,
  machine,
  UNDO,
} from '../../support/confirm-in-memory.js';
import { LAUNCHER, OTHER, UNIT } from '../../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';

const SECOND = 'other.service';
const WEAK = '[syscalls]\ndeny = ["execve"]\n';
/** A trial that outlasts the time to confirm. */
const LONG = `${WEAK}[apply]\nsettle = "5min"\n`;

const both = (policy: string) =>
  machine({
    files: { ...OTHER, [`/etc/sandbox-unit/${SECOND}.toml`]: policy },
    running: [UNIT, SECOND],
    programs: { '/bin/probe': () => ({ status: 1, stdout: '', stderr: '' }) },
  });

/** The time that passes before others go on, in milliseconds. */
const STEP = 100;

/** Runs a command, and tells the times since the boot at which units were restarted and it ended. */
async function timed(system: FakeSystem, run: () => Promise<unknown>, hanging: readonly string[] = []) {
  const times = new Map<string, number>();
  const [restart, wait] = [system.restart.bind(system), system.wait.bind(system)];
  const hang = async (unit: string) => {
    times.set(unit, system.uptime());
    const result = await restart(unit);
    return hanging.includes(unit) ? new Promise<string>(() => undefined) : result;
  };
  const inSteps = async (milliseconds: number) => {
    for (let left = milliseconds; left > 0; left -= STEP) {
      await wait(Math.min(left, STEP));
      await others();
    }
  };
  Object.assign(system, { restart: hang, wait: inSteps });
  let isOver = false;
  const running = run().finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await others();
    await wait(STEP);
  }
  await running;
  Object.assign(system, { restart, wait });
  return { times, end: system.uptime() };
}

const told: string[] = [];
const telling = { tell: (text: string) => told.push(text) };
const contextOf = (system: FakeSystem) => {
  told.length = 0;
  const context = fakeContext(system);
  return { ...context, caller: { ...context.caller, ...telling } };
};

describe('a deadline that passes while another run has the lock', () => {
  test('is met by that run, which goes on', async () => {
    const system = both(LONG);
    const before = filesOf(system);
    await applyToConfirm(system);
    const by = system.uptime() + 120_000;
    const { times, end } = await timed(system, async () => {
      const result = await apply(contextOf(system), [SECOND], {});
      assert.deepEqual(statesOf(result), [`${SECOND} applied`]);
    });
    assert.match(told.join('\n'), /^warning\[not-confirmed\]: demo\.service was not confirmed in time/m);
    const back = times.get(UNIT)!;
    // Time goes on by itself here: on a busy machine more of it passes in a step.
    assert.ok(by - 5000 < back && back < by + 60_000 && end > back + 60_000, `${by} ${back} ${end}`);
    assert.ok(!system.files.has(UNDO));
    assert.ok(system.files.has(LAUNCHER), 'the other unit needs the launcher');
    await revert(fakeContext(system), [SECOND], {});
    await keep(system);
    assert.deepEqual(filesOf(system), before);
  });

  test('takes the launcher away that nobody needs in the end', async () => {
    const system = both(`${LONG}probe = ["/bin/probe"]\n`);
    await applyToConfirm(system);
    assert.ok(system.files.has(LAUNCHER));
    await timed(system, async () => {
      const result = await apply(contextOf(system), [SECOND], {});
      assert.deepEqual(statesOf(result), [`${SECOND} rolled-back`]);
    });
    assert.ok(!system.files.has(UNDO) && !system.files.has(LAUNCHER));
  });

  test('leaves alone what somebody is about to confirm', async () => {
    const system = both(LONG);
    await applyToConfirm(system);
    const letGo = await system.lock(confirmingPath(fakeContext(system).placement, UNIT), 0);
    const { times } = await timed(system, () => apply(contextOf(system), [SECOND], {}));
    assert.ok(system.files.has(UNDO) && !times.has(UNIT));
    letGo!();
    assert.deepEqual(statesOf(await confirm(fakeContext(system), [UNIT], {})), [`${UNIT} refused`]);
  });
});

test('a service that does not come to the end of its start holds up no other deadline', async () => {
  const system = both(WEAK);
  const before = filesOf(system);
  const began = system.uptime();
  await applyToConfirm(system);
  await system.wait(30_000);
  await applyToConfirm(system, {}, [SECOND]);
  const { times, end } = await timed(system, () => confirm(contextOf(system), [], { undoLate: true }), [
    UNIT,
  ]);
  const [first, second] = [UNIT, SECOND].map((unit) => times.get(unit)! - began);
  assert.ok(120_000 <= first! && first! < 135_000, `${first}`);
  assert.ok(150_000 <= second! && second! < 165_000, `${second}`);
  assert.ok(end - began < 300_000, 'it is waited for, but not for ever');
  assert.match(told.join('\n'), /warning\[still-under-way\]: the start of demo\.service as it was has not/);
  assert.deepEqual(filesOf(system), before);
});

test('a unit whose time passes while another run has the lock is undone before it is changed, or not changed', async () => {
  const outcomes = new Set<string>();
  for (const verb of ['apply', 'revert'] as const) {
    for (let left = 1; left < 60; left += 2) {
      const system = await confined();
      const before = filesOf(system);
      await applyToConfirm(system);
      setPolicy(system, WEAK);
      const by = JSON.parse(new TextDecoder().decode(system.files.get(UNDO)!.bytes)).confirmation.by;
      await system.wait(by - system.uptime() - left);
      const context = fakeContext(system);
      const result = await (verb === 'apply' ? apply(context, [UNIT], {}) : revert(context, [UNIT], {}));
      const [state] = statesOf(result);
      const waits = system.files.has(UNDO);
      outcomes.add(`${state} ${waits}`);
      if (state === `${UNIT} refused`) {
        assert.ok(codesOf(result).includes('error unconfirmed'));
        await keep(system);
        setPolicy(system, '[service]\nPrivateTmp = true\n');
        assert.deepEqual(filesOf(system), before);
      } else assert.ok(!waits, `${verb} ${left} ms before`);
    }
  }
  assert.ok(
    outcomes.has(`${UNIT} refused true`) && outcomes.has(`${UNIT} applied false`),
    [...outcomes].join(),
  );
});
