import assert from 'node:assert/strict';
import { before, describe } from 'node:test';
import { errnoAction, KILL } from '../../src/seccomp/syscalls/action.js';
import { type Outcomes, outcomesUnder, parseOutcomes } from '../support/escape-outcomes.js';
import { filterRefusing, STAGES } from '../support/native.js';
import type { Tried } from './tried.js';

/** Techniques that no kernel offers without a filter, and one that the older kernels don't. */
const IMPOSSIBLE = ['read-filter', 'x32-execve-native-number'];
const IMPOSSIBLE_THEN = 'number-high-bits';

/** No technique of escape.c starts a program once execve is refused. */
export function escapeTests({ name, machine, kernel, launch, test }: Tried): void {
  const RUNS = [
    { stage: STAGES[0], how: 'EPERM', action: errnoAction(1), outcome: 'refused (EPERM)', asNobody: false },
    { stage: STAGES[0], how: 'kill', action: KILL, outcome: 'killed (SIGSYS)', asNobody: true },
    {
      stage: STAGES[1],
      how: 'ENETDOWN',
      action: errnoAction(100),
      outcome: 'refused (ENETDOWN)',
      asNobody: true,
    },
  ];
  const LISTS = [
    { way: 'sandboxify', argv: ['/sandboxify', '/escape'], env: {} },
    { way: 'libsandbox.so', argv: ['/escape-dynamic'], env: { LD_PRELOAD: '/libsandbox.so' } },
  ];

  describe('escape', () => {
    let unconfined: Outcomes;
    before(async () => {
      unconfined = parseOutcomes((await kernel().run(['/escape'])).stdout);
    });

    test('every technique works without a filter', () => {
      const failed = Object.keys(unconfined).filter((technique) => unconfined[technique] !== 'SUCCEEDED');
      const none = name === 'linux-5.10-x86-64' ? [...IMPOSSIBLE, IMPOSSIBLE_THEN] : IMPOSSIBLE;
      const impossible = none.filter((technique) => Object.hasOwn(unconfined, technique));
      assert.deepEqual(failed, impossible);
      assert.ok(Object.keys(unconfined).length >= 23);
    });

    test('a key that a launcher leaves in memory is found and used', async () => {
      const { stdout } = await kernel().run(['/leak', '/escape', 'execve', 'key-memory']);
      assert.deepEqual(parseOutcomes(stdout), { execve: 'refused (EPERM)', 'key-memory': 'SUCCEEDED' });
    });

    for (const { stage, how, action, outcome, asNobody } of RUNS) {
      test(`no technique works with ${how}, at stage ${stage.stage}`, async () => {
        const refusals = { execve: action, execveat: action };
        const filter = filterRefusing(refusals, stage.startOf(refusals, machine), machine);
        const { status, stdout } = await launch(filter, ['/escape'], { asNobody });
        assert.deepEqual(parseOutcomes(stdout), outcomesUnder(unconfined, outcome));
        assert.equal(status, 0);
      });
    }

    for (const { way, argv, env } of LISTS) {
      test(`no technique works by a list of ${way}`, async () => {
        const { status, stdout } = await kernel().run(argv, {
          asNobody: true,
          env: { SECCOMP_SYSCALL_DENY: 'execve:execveat', ...env },
        });
        assert.deepEqual(parseOutcomes(stdout), outcomesUnder(unconfined, 'killed (SIGSYS)'));
        assert.equal(status, 0);
      });
    }

    test("a 32-bit program can't start a program either", async () => {
      const argv = ['/program32', '/escape', '--reached'];
      assert.equal((await kernel().run(argv)).status, 77);
      const refusals = { execve: errnoAction(100), execveat: errnoAction(100) };
      assert.equal((await launch(filterRefusing(refusals, {}, machine), argv)).status, 100);
    });
  });
}
