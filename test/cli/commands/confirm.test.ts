/** A change that waits is kept or undone: by the command, or at the terminal. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../../../src/cli/commands/apply.js';
import { confirm } from '../../../src/cli/commands/confirm.js';
import { revert } from '../../../src/cli/commands/revert.js';
import { status } from '../../../src/cli/commands/status.js';
import type { Caller, Interrupt } from '../../../src/machine/caller.js';
import { assertEnd, statesOf } from '../../support/apply-in-memory.js';
import {
  applyToConfirm,
  BOOT_FILES,
  codesOf,
  confined,
  elapse,
  filesOf,
  machine,
  UNDO,
} from '../../support/confirm-in-memory.js';
import { DROP_IN, FILTER, NO_EXEC, OTHER, UNIT } from '../../support/demo-service.js';
import { failure } from '../../support/failure.js';
import { type FakeOptions, type FakeSystem, fakeContext, OF_USER } from '../../support/fake-system.js';
import { assertKeys, assertOf, printed } from '../../support/printed-json.js';

const waiting = async (start: (options?: FakeOptions) => FakeSystem | Promise<FakeSystem> = machine) => {
  const system = await start();
  const before = filesOf(system);
  assert.equal((await applyToConfirm(system)).exit, 3);
  system.calls.length = 0;
  return { system, before };
};

const NOTHING_LEFT = [UNDO, ...BOOT_FILES];

/** Holds that nothing waits on a machine whose unit is as the change has made it. */
function assertKept(system: FakeSystem) {
  for (const path of NOTHING_LEFT) assert.ok(!system.files.has(path), path);
  assert.ok(system.files.has(DROP_IN) && system.isConfined(UNIT) && system.isUpToDate);
}

function assertUndone(system: FakeSystem, before: ReturnType<typeof filesOf>) {
  assert.deepEqual(filesOf(system), before);
  assert.equal(system.isConfined(UNIT), before.has(DROP_IN));
  assert.ok(system.isUpToDate);
}

for (const [name, start] of [
  ['a first policy', machine],
  ['another policy', confined],
] as const) {
  test(`confirm: ${name} is confirmed by name or with all others, and the service keeps running`, async () => {
    for (const units of [[], ['demo'], [UNIT]]) {
      const { system } = await waiting(start);
      const pid = system.pidOf(UNIT);
      const result = await confirm(fakeContext(system), units, {});
      assertEnd(result, [0, [`${UNIT} confirmed`], []]);
      assertKept(system);
      assert.equal(system.pidOf(UNIT), pid);
      await elapse(system);
      assertKept(system);
      const seen = await status(fakeContext(system), []);
      assert.deepEqual([seen.exit, codesOf(seen)], [0, []]);
      const again = await apply(fakeContext(system), [UNIT], {});
      assert.deepEqual(statesOf(again), [`${UNIT} unchanged`]);
    }
  });

  test(`confirm --undo: ${name} is undone at once`, async () => {
    const { system, before } = await waiting(start);
    const result = await confirm(fakeContext(system), [UNIT], { undo: true });
    assert.deepEqual([result.exit, statesOf(result)], [0, [`${UNIT} rolled-back`]]);
    assertUndone(system, before);
  });

  test(`revert: undoes ${name} that waits, and removes what was there before it`, async () => {
    const { system } = await waiting(start);
    const checked = filesOf(system);
    await revert(fakeContext(system), [UNIT], { check: true });
    assert.deepEqual(filesOf(system), checked);
    const result = await revert(fakeContext(system), [UNIT], {});
    const state = start === machine ? 'unchanged' : 'reverted';
    assert.deepEqual([result.exit, statesOf(result)], [0, [`${UNIT} ${state}`]]);
    assert.equal(codesOf(result)[0], 'note put-back');
    for (const path of [...NOTHING_LEFT, DROP_IN, FILTER]) assert.ok(!system.files.has(path), path);
    assert.equal(system.isConfined(UNIT), false);
  });
}

test('confirm: a confirmation that waits for another run past the deadline is too late', async () => {
  for (const undo of [false, true]) {
    const { system, before } = await waiting();
    const lock = system.lock.bind(system);
    Object.assign(system, {
      lock: async (path: string, wait: number) => {
        Object.assign(system, { lock });
        await system.wait(200_000);
        return lock(path, wait);
      },
    });
    const result = await confirm(fakeContext(system), [], { undo });
    assert.deepEqual([result.exit, statesOf(result)], [undo ? 0 : 1, [`${UNIT} rolled-back`]]);
    assert.deepEqual(codesOf(result), [`${undo ? 'warning' : 'error'} not-confirmed`], 'it is said once');
    assertUndone(system, before);
  }
});

describe('confirm refuses', () => {
  test('a unit whose service went down since, which keeps waiting', async () => {
    const { system, before } = await waiting();
    await system.stopUnit(UNIT);
    const result = await confirm(fakeContext(system), [UNIT], {});
    assertEnd(result, [1, [`${UNIT} refused`], ['error restarted-since']]);
    assert.ok(system.files.has(UNDO) && BOOT_FILES.every((path) => system.files.has(path)));
    await system.restart(UNIT);
    const later = await confirm(fakeContext(system), [UNIT], {});
    assert.deepEqual([later.exit, codesOf(later)], [0, ['warning restarted-since']]);
    assertKept(system);
    assert.notDeepEqual(filesOf(system), before);
  });

  test('a unit whose files were changed since', async () => {
    const { system } = await waiting();
    system.files.set(DROP_IN, { bytes: new Uint8Array(), mode: 0o644 });
    const result = await confirm(fakeContext(system), [UNIT], {});
    assert.deepEqual([result.exit, codesOf(result)], [1, ['error changed-since']]);
    assert.ok(system.files.has(UNDO));
  });

  test("a unit that doesn't wait, or no longer", async () => {
    const system = machine();
    for (const units of [[], [UNIT], ['absent']]) {
      const result = await confirm(fakeContext(system), units, {});
      assert.deepEqual([result.exit, codesOf(result)], [1, ['error not-waiting']]);
    }
    const { system: late, before } = await waiting();
    await late.wait(120_000);
    const result = await confirm(fakeContext(late), [UNIT], {});
    assert.deepEqual([result.exit, codesOf(result)], [1, ['warning not-confirmed', 'error not-waiting']]);
    assertUndone(late, before);
  });

  test('a unit that is being undone', async () => {
    const { system, before } = await waiting();
    const lock = system.lock.bind(system);
    Object.assign(system, {
      lock: async (path: string, wait: number) => {
        Object.assign(system, { lock });
        await elapse(system);
        return lock(path, wait);
      },
    });
    const result = await confirm(fakeContext(system), [], {});
    assert.deepEqual([result.exit, codesOf(result)], [1, ['error not-confirmed']]);
    assertUndone(system, before);
  });

  test('a change by another user than root or its own', async () => {
    const { system } = await waiting();
    const [code] = await failure(confirm(fakeContext(system, { superuser: false }), [], {}));
    assert.equal(code, 'needs-root');
    const own = await confirm(fakeContext(machine(), { superuser: false, placement: OF_USER }), [], {});
    assert.match(own.diagnostics[0]!.hint!, /journalctl --user/);
  });
});

interface Happening {
  /** A line that is typed, or the end of what can be. */
  readonly line?: string | 'end';
  readonly signal?: string;
  readonly elsewhere?: (system: FakeSystem) => Promise<unknown>;
  /** Whether standard output is the terminal, too. */
  readonly prints?: boolean;
}

/** Applies at a terminal, where something happens when it is asked. */
async function applyAtTerminal(
  system: FakeSystem,
  { line, signal, elsewhere, prints = false }: Happening,
  units = [UNIT],
) {
  const told: string[] = [];
  const never = new Promise<never>(() => undefined);
  let ask: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    ask = resolve;
  });
  let held = 0;
  const caller: Partial<Caller> = {
    tell: (text) => void told.push(text),
    terminals: async () => [true, prints, true],
    interrupts: () => {
      held++;
      // Signals are held for the change, then for the question.
      const coming = held === 2 && signal ? [asked.then((): Interrupt => ({ name: signal, number: 1 }))] : [];
      return { next: () => coming.shift() ?? never, release: () => undefined };
    },
    readLine: () => {
      ask();
      const wait = system.wait.bind(system);
      Object.assign(system, {
        wait: async (time: number) => {
          Object.assign(system, { wait });
          await elsewhere?.(system);
          return wait(time);
        },
      });
      return {
        line: line === undefined ? never : Promise.resolve(line === 'end' ? undefined : line),
        stop: () => undefined,
      };
    },
  };
  const context = fakeContext(system);
  const more = { caller: { ...context.caller, ...caller } };
  return { result: await applyToConfirm(system, more, units), told };
}

describe('at a terminal', () => {
  test('confirm at a terminal asks for the time left, and Enter confirms the change', async () => {
    const system = machine();
    const { result, told } = await applyAtTerminal(system, { line: '' });
    assert.equal(told.at(-1), `${UNIT}: Enter within 2min keeps the change; Ctrl-C undoes it.`);
    assertEnd(result, [0, [`${UNIT} confirmed`], []]);
    assert.match(result.text, /^demo\.service: unconfirmed\n(?:.|\n)*^demo\.service: confirmed\n$/m);
    assertKept(system);
  });

  test('apply prints the result before the question, and once', async () => {
    const { result, told } = await applyAtTerminal(machine(), { line: '', prints: true });
    assert.match(told.at(-2)!, /^demo\.service: unconfirmed\n/);
    assert.match(told.at(-1)!, /: Enter within 2min /);
    assert.equal(result.text, 'demo.service: confirmed\n');
  });

  test('apply prints all diagnostics before the question, and once', async () => {
    const files = { ...OTHER, '/etc/sandbox-unit/other.service.toml': '[syscalls]\ndeny = ["nothing"]\n' };
    const { result, told } = await applyAtTerminal(machine({ files }), { line: '' }, [UNIT, 'other.service']);
    assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} confirmed`]]);
    assert.match(told[0]!, /error\[unknown-syscall\](?:.|\n)*nothing/);
    assert.ok(!codesOf(result).includes('error unknown-syscall'));
    assert.match(result.text, /^other\.service: refused$/m);
  });

  test('Enter confirms one change, and the exit status is 3 while another waits since an earlier run', async () => {
    const policy = { '/etc/sandbox-unit/other.service.toml': NO_EXEC };
    const system = machine({ files: { ...OTHER, ...policy } });
    assert.equal((await applyToConfirm(system, {}, ['other.service'])).exit, 3);
    const { result } = await applyAtTerminal(system, { line: '' }, [UNIT, 'other.service']);
    assert.deepEqual([result.exit, statesOf(result)], [3, [`${UNIT} confirmed`]]);
  });

  test('Ctrl-C undoes the change at once', async () => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      const system = machine();
      const before = filesOf(system);
      const { result } = await applyAtTerminal(system, { signal });
      assertEnd(result, [1, [`${UNIT} rolled-back`], ['error not-confirmed']]);
      assertUndone(system, before);
    }
  });

  test('closing the terminal leaves the change waiting', async () => {
    for (const happening of [{ signal: 'SIGHUP' }, { line: 'end' }] as const) {
      const system = machine();
      const before = filesOf(system);
      const { result } = await applyAtTerminal(system, happening);
      assertEnd(result, [3, [`${UNIT} unconfirmed`], ['note unconfirmed']]);
      assert.ok(system.files.has(UNDO));
      await elapse(system);
      assertUndone(system, before);
    }
  });

  test('the change is undone at the deadline, whichever process undoes it first', async () => {
    const late: Happening['elsewhere'][] = [undefined, (system) => elapse(system)];
    for (const elsewhere of late) {
      const system = machine();
      const before = filesOf(system);
      const { result } = await applyAtTerminal(system, elsewhere ? { elsewhere } : {});
      assert.deepEqual([result.exit, statesOf(result)], [1, [`${UNIT} rolled-back`]]);
      assert.equal(codesOf(result).at(-1), 'error not-confirmed');
      assertUndone(system, before);
    }
  });

  test('a confirm or undo elsewhere ends the question', async () => {
    for (const undo of [false, true]) {
      const system = machine();
      const before = filesOf(system);
      const elsewhere = (there: FakeSystem) => confirm(fakeContext(there), [], { undo });
      const { result } = await applyAtTerminal(system, { elsewhere });
      const state = undo ? 'rolled-back' : 'confirmed';
      assert.deepEqual([result.exit, statesOf(result)], [undo ? 1 : 0, [`${UNIT} ${state}`]]);
      if (undo) assertUndone(system, before);
      else assertKept(system);
    }
  });

  test("a change that can't be confirmed keeps waiting, which is a finding", async () => {
    const system = machine();
    const elsewhere = (there: FakeSystem) => there.stopUnit(UNIT);
    const stop = system.lock.bind(system);
    let locks = 0;
    Object.assign(system, {
      lock: async (path: string, wait: number) => {
        locks++;
        if (locks === 2) await elsewhere(system);
        return stop(path, wait);
      },
    });
    const { result } = await applyAtTerminal(system, { line: '' });
    assertEnd(result, [1, [`${UNIT} refused`], ['error restarted-since']]);
    assert.ok(system.files.has(UNDO));
  });

  test('there is no question with --json, nor for a rolled-back unit', async () => {
    const system = machine();
    const { caller } = fakeContext(system);
    const more = { caller: { ...caller, terminals: async () => [true, true, true] } };
    const options = { confirm: '2min', json: true };
    const result = await apply(fakeContext(system, more), [UNIT], options);
    assert.deepEqual(statesOf(result), [`${UNIT} unconfirmed`]);
    const feeble = machine({
      behaviour: (unit, isConfined) => (unit === UNIT && isConfined ? 'dies' : 'works'),
    });
    const { result: failed, told } = await applyAtTerminal(feeble, {});
    const found = [statesOf(failed), told.filter((line) => line.includes('Enter'))];
    assert.deepEqual(found, [[`${UNIT} rolled-back`], []]);
  });
});

test('confirm: --json prints all keys of its schema', async () => {
  const system = machine();
  const applied = printed(await applyToConfirm(system));
  assert.ok('confirmBy' in applied.units[0]);
  assertOf('apply', applied);
  const confirmed = printed(await confirm(fakeContext(system), [UNIT, 'absent'], {}));
  assert.deepEqual(assertKeys('confirm', [confirmed]), []);
});
