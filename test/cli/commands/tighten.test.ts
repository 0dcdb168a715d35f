/** `tighten` as a command, on a machine in memory. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type TightenWords, tighten } from '../../../src/cli/commands/tighten.js';
import { UserError } from '../../../src/diagnostic.js';
import type { Context } from '../../../src/machine/context.js';
import { UNIT } from '../../support/demo-service.js';
import { fakeContext, OF_USER } from '../../support/fake-system.js';
import { assertOf, printed } from '../../support/printed-json.js';
import {
  EXEC,
  FILE,
  RECORD,
  runTighten,
  tightenable,
  tightenedStates,
} from '../../support/tightened-in-memory.js';

const refusedWith = (code: string) => (cause: unknown) =>
  cause instanceof UserError && cause.diagnostics[0]!.code === code;

test('tighten --check: only examines processes', async () => {
  const { system, given, asked } = tightenable();
  const result = await runTighten(system, { ...EXEC, check: true });
  assert.deepEqual([result.exit, tightenedStates(result)], [3, [`${UNIT} pending`]]);
  assert.match(result.text, /3 threads of 2 processes would be refused/);
  assertOf('tighten', printed(result));
  assert.deepEqual([given().length, asked[0]!.includes('--dry-run')], [0, true]);
  assert.equal(system.files.has(RECORD), false);
});

test('tighten: warns once about equivalent calls, with words that close them all', async () => {
  const open = async (deny: readonly string[]) =>
    (await runTighten(tightenable().system, { deny })).diagnostics.filter(({ code }) => code === 'open-door');
  const [told, ...others] = await open(['@critical']);
  assert.deepEqual(others, []);
  const [, words = assert.fail(told!.hint)] = /--deny ([\w:,]+)$/.exec(told!.hint!) ?? [];
  assert.ok(words.split(',').includes('setuid32') && words.includes('io_uring_setup:ENOSYS'), words);
  assert.deepEqual(await open(['@critical', words]), []);
  assert.match((await open(['execve']))[0]!.hint!, /^deny 'execveat' too$/);
});

const WHOLE = '/run/sandbox-unit/lock';

test("tighten: doesn't wait for changes of other units; two runs on one unit wait for each other", async () => {
  for (const check of [false, true]) {
    const { system, given } = tightenable();
    const letGo = await system.lock(WHOLE, 0);
    const { exit, diagnostics } = await runTighten(system, { ...EXEC, check });
    letGo!();
    assert.deepEqual([exit, given().length], check ? [3, 0] : [0, 1]);
    assert.ok(!diagnostics.some(({ code }) => code === 'busy'));
  }
  const { system, asked } = tightenable();
  await system.lock(`${FILE}.lock`, 0);
  const { exit, diagnostics } = await runTighten(system);
  assert.deepEqual([exit, asked], [2, []]);
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity === 'error').map(({ code, message }) => [code, message]),
    [['busy', `another sandbox-unit is loading a filter into ${UNIT}, and did not finish within 1 minute`]],
  );
});

test('tighten: says that a waiting change of the same unit may restart it', async () => {
  const { system } = tightenable();
  await system.replace(`/var/lib/sandbox-unit/${UNIT}.u`, new Uint8Array(), { mode: 0o600 });
  await system.lock(WHOLE, 0);
  const { exit, diagnostics } = await runTighten(system);
  const told = diagnostics.filter(({ code }) => code === 'busy');
  assert.deepEqual([exit, told.map(({ severity }) => severity)], [0, ['warning']]);
});

describe('tighten refuses', () => {
  const cases: readonly (readonly [string, TightenWords, string])[] = [
    ['an unknown call', { deny: ['exceve'] }, 'unknown-syscall'],
    ['an unknown action', { deny: ['execve'], action: 'EWRONG' }, 'policy-value'],
    ['an action that lets calls through', { deny: ['execve:log'] }, 'not-tightened'],
    ['a call without which no program ends', { deny: ['exit_group'] }, 'not-tightened'],
    ['a set with such a call', { deny: ['@default'] }, 'not-tightened'],
    ['no call at all', { deny: [''] }, 'usage'],
    ['no option at all', {}, 'usage'],
    ['an unknown word for what is understood', { ...EXEC, understood: 'all' }, 'usage'],
  ];
  for (const [what, words, code] of cases) {
    test(what, async () => {
      const { system, asked } = tightenable();
      await assert.rejects(runTighten(system, words), (cause) => {
        assert.ok(cause instanceof UserError);
        assert.equal(cause.diagnostics[0]!.code, code);
        return true;
      });
      assert.equal(asked.length, 0);
    });
  }

  test('a call with a diagnostic that names the option, not a line of a policy', async () => {
    await assert.rejects(runTighten(tightenable().system, { deny: ['exceve'] }), (cause) => {
      assert.ok(cause instanceof UserError);
      const [{ message, hint, at }] = cause.diagnostics as [(typeof cause.diagnostics)[0]];
      assert.deepEqual(
        [message, hint, at],
        ["--deny: unknown syscall 'exceve'", "did you mean 'execve'?", undefined],
      );
      return true;
    });
  });

  test('an unknown call without listing equivalents of the others', async () => {
    await assert.rejects(runTighten(tightenable().system, { deny: ['execve,exceve'] }), (cause) => {
      assert.ok(cause instanceof UserError);
      const codes = cause.diagnostics.map(({ code }) => code);
      assert.deepEqual(codes, ['unknown-syscall']);
      return true;
    });
    const { diagnostics } = await runTighten(tightenable().system, { deny: ['execve'] }, ['nothing.service']);
    const found = diagnostics.map(({ code }) => code);
    assert.deepEqual(found, ['no-unit']);
  });

  test("a user who isn't root, with an error that says so", async () => {
    const { system } = tightenable();
    await assert.rejects(tighten(fakeContext(system, { superuser: false }), [UNIT], EXEC), (cause) => {
      assert.ok(cause instanceof UserError);
      assert.equal(cause.diagnostics[0]!.hint, 'run it with sudo');
      return true;
    });
  });

  test("a machine or a manager that can't do it", async () => {
    const { system } = tightenable();
    const others: readonly Partial<Context>[] = [
      { machine: 'riscv64' },
      { offline: true },
      { placement: OF_USER },
    ];
    for (const more of others)
      await assert.rejects(tighten(fakeContext(system, more), [UNIT], EXEC), refusedWith('not-live'));
    await assert.rejects(
      tighten(fakeContext(system, { superuser: false }), [UNIT], { ...EXEC, check: true }),
      refusedWith('needs-root'),
    );
  });
});
