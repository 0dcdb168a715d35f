import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { test } from 'node:test';
import { errnoName, errnoNames, errnoNumber } from '../../../src/seccomp/syscalls/errno.js';

test("every errno that Node knows has Node's number", () => {
  const node = Object.entries(constants.errno);
  assert.ok(node.length > 70);
  const found = node.map(([name]) => [name, errnoNumber(name)]);
  assert.deepEqual(found, node);
});

test('Linux has names for 1 to 133 with two gaps', () => {
  const nameless = Array.from({ length: 133 }, (_, i) => i + 1).filter((n) => errnoName(n) === undefined);
  assert.deepEqual(nameless, [41, 58]);
  for (const n of [-1, 0, 0.5, 134, 4095]) assert.equal(errnoName(n), undefined);
});

test('a number is named by its first name, and each second name has the number of the first', () => {
  const second = [...errnoNames()].filter((name) => errnoName(errnoNumber(name)!) !== name);
  assert.deepEqual(
    second.map((name) => [name, errnoName(errnoNumber(name)!)]),
    [
      ['EWOULDBLOCK', 'EAGAIN'],
      ['EDEADLOCK', 'EDEADLK'],
      ['ENOTSUP', 'EOPNOTSUPP'],
    ],
  );
});

for (const name of ['constructor', '__proto__', 'eperm', 'EPERM ', '1', '']) {
  test(`'${name}' is no errno`, () => {
    assert.equal(errnoNumber(name), undefined);
  });
}
