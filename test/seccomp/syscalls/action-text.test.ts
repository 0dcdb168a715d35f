import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ALLOW, errnoAction, KILL, LOG } from '../../../src/seccomp/syscalls/action.js';
import { actionWords, formatAction, parseAction } from '../../../src/seccomp/syscalls/action-text.js';

for (const [text, action] of [
  ['kill', KILL],
  ['log', LOG],
  ['EPERM', errnoAction(1)],
  ['ENOTSUP', errnoAction(95)],
  ['ENETDOWN', errnoAction(100)],
  ['1', errnoAction(1)],
  ['200', errnoAction(200)],
  ['4094', errnoAction(4094)],
  [1, errnoAction(1)],
  [200n, errnoAction(200)],
  [4094, errnoAction(4094)],
] as const) {
  test(`${typeof text} '${text}' is an action`, () => {
    assert.equal(parseAction(text), action);
  });
}

for (const text of [
  ...['', 'allow', 'KILL', 'kill ', 'eperm', 'EPREM', 'constructor', '__proto__', 'EPERM\n'],
  ...['0', '-1', '+1', '01', '1.0', '1e3', '0x1', ' 1', '1 ', '4095', '4096', '99999', '١'],
  ...[0, -1, 1.5, 4095, 65537, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53],
  ...[0n, -1n, 4095n, 1n << 64n],
]) {
  test(`${typeof text} ${JSON.stringify(String(text))} is no action`, () => {
    assert.equal(parseAction(text), undefined);
  });
}

test('every action that a policy can name reads back', () => {
  const errnos = Array.from({ length: 4094 }, (_, i) => errnoAction(i + 1));
  for (const action of [KILL, LOG, ...errnos]) assert.equal(parseAction(formatAction(action)), action);
});

test('every suggested word is an action', () => {
  const words = actionWords();
  assert.deepEqual(words.slice(0, 3), ['kill', 'log', 'EPERM']);
  const found = words.filter((word) => parseAction(word) === undefined);
  assert.deepEqual(found, []);
});

for (const [action, text] of [
  [ALLOW, 'allow'],
  [LOG, 'log'],
  [KILL, 'kill'],
  [errnoAction(11), 'EAGAIN'],
  [errnoAction(200), '200'],
  [errnoAction(4095), '4095'],
  [errnoAction(0), '0'],
  [0, '0x00000000'],
  [0x00030000, '0x00030000'],
  [0x7ff00001, '0x7ff00001'],
] as const) {
  test(`action 0x${action.toString(16)} is shown as '${text}'`, () => {
    assert.equal(formatAction(action), text);
  });
}
