import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import type { Context } from '../../src/machine/context.js';
import { holdSignals } from '../../src/machine/held-signals.js';

/** Held signals that come when the test sends them. */
function held() {
  const waiting: ((signal: { name: string; number: number }) => void)[] = [];
  const told: string[] = [];
  let released = false;
  const interrupts = () => ({
    next: () => new Promise((came) => void waiting.push(came)),
    release: () => {
      released = true;
    },
  });
  const signals = holdSignals({ caller: { interrupts } } as unknown as Context, (name) => told.push(name));
  const send = async (name: string) => {
    waiting.shift()!({ name, number: 2 });
    await new Promise(setImmediate);
  };
  return { signals, send, told, isReleased: () => released };
}

const isInterruptedBy = (name: string) => (thrown: unknown) =>
  thrown instanceof UserError &&
  thrown.diagnostics.some(
    ({ code, message }) => code === 'interrupted' && message === `interrupted by ${name}`,
  );

test('held signals: without one a step runs to its end', async () => {
  const { signals, isReleased } = held();
  assert.equal(await signals.unlessCame(async () => 1), 1);
  signals.assertNone();
  assert.equal(signals.came(), undefined);
  signals.release();
  assert.ok(isReleased());
});

test('held signals: the first one ends a step that changes nothing, and no other step begins', async () => {
  const { signals, send, told } = held();
  const step = signals.unlessCame(() => new Promise(() => undefined));
  step.catch(() => undefined);
  await send('SIGINT');
  await assert.rejects(step, isInterruptedBy('SIGINT'));
  await assert.rejects(
    signals.unlessCame(async () => assert.fail('a step has begun')),
    isInterruptedBy('SIGINT'),
  );
  assert.throws(() => signals.assertNone(), isInterruptedBy('SIGINT'));
  assert.deepEqual([signals.came(), told], ['SIGINT', ['SIGINT']]);
});

test('held signals: only a second one ends the wait for a step that must not be left half done', async () => {
  const { signals, send, told } = held();
  let isOver = false;
  const step = signals
    .unlessAgain(() => new Promise(() => undefined))
    .finally(() => {
      isOver = true;
    });
  step.catch(() => undefined);
  await send('SIGINT');
  assert.ok(!isOver);
  await send('SIGTERM');
  await assert.rejects(step, isInterruptedBy('SIGTERM'));
  assert.deepEqual(told, ['SIGINT']);
});
