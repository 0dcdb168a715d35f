import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { madeCall, recorded } from '../support/recorded-in-memory.js';

const SOCKET = numbersOf('x86-64').get('socket')!;
const POLICY = '[syscalls]\ndeny = ["mount", "uname"]\naction = "EPERM"\n';

test('a watched run in which no call would be refused is reported, with a note if some may be missing', async () => {
  const fine = await recorded(POLICY, { calls: [madeCall('read', 3)] });
  assert.deepEqual([fine.exit, fine.codes], [0, ['no-record']]);
  for (const seen of [{ lost: { calls: 1 } }, { lost: { refused: 1 } }, { blind: ['refused'] }]) {
    const { exit, codes } = await recorded(POLICY, seen);
    assert.deepEqual([exit, codes], [2, ['records-incomplete', 'records-incomplete']]);
  }
  assert.deepEqual((await recorded(POLICY, { blind: ['paths'], lost: { peers: 2 } })).codes, ['no-record']);
});

describe('rules on arguments are compared with the values that were seen', () => {
  const rules = (when: string) => `[syscalls]\ndeny = ["socket"]\n[[syscalls.rules]]
syscall = "socket"\nwhen = [${when}]\naction = "allow"\n`;
  const socket = (values: readonly (readonly string[])[]) => ({
    calls: [madeCall('socket', 2)],
    arguments: [{ watch: 0, phases: 1, values, lost: 0 }],
  });

  test('of one argument', async () => {
    const { refusals, observer } = await recorded(
      rules('{ arg = 0, eq = "AF_UNIX" }'),
      socket([['1'], ['16']]),
    );
    assert.ok(observer.heard.includes(`watch native ${SOCKET} 0 - 0 0 0`));
    const found = refusals.map(({ call, args }) => [call, args?.[0]]);
    assert.deepEqual(found, [['socket', '0x10']]);
  });

  test('of two arguments', async () => {
    const both = rules('{ arg = 0, eq = "AF_UNIX" }, { arg = 1, eq = 1 }');
    const { refusals, observer } = await recorded(
      both,
      socket([
        ['1', '1'],
        ['1', '2'],
      ]),
    );
    assert.ok(observer.heard.includes(`watch native ${SOCKET} 0 1 0 0 0`));
    const found = refusals.map(({ args }) => args);
    assert.deepEqual(found, [['0x1', '0x2', '0x0', '0x0', '0x0', '0x0']]);
  });

  test('of three arguments: unknown whether a call would be refused, if it was made', async () => {
    const three = rules('{ arg = 0, eq = 1 }, { arg = 1, eq = 1 }, { arg = 2, eq = 0 }');
    const { refusals, observer, exit, codes } = await recorded(three, { calls: [madeCall('socket', 2)] });
    assert.deepEqual([refusals, exit, codes], [[], 2, ['records-incomplete', 'records-incomplete']]);
    assert.ok(!observer.heard.some((line) => line.startsWith('watch ')));
    assert.deepEqual((await recorded(three, { calls: [madeCall('read', 2)] })).codes, ['no-record']);
  });

  test('and a note says that some values had no room', async () => {
    const seen = socket([['1']]);
    const cut = { ...seen, arguments: seen.arguments.map((one) => ({ ...one, lost: 1 })) };
    const { codes } = await recorded(rules('{ arg = 0, eq = "AF_UNIX" }'), cut);
    assert.deepEqual(codes, ['records-incomplete', 'records-incomplete']);
  });
});
