import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { PACKAGED_INJECTOR } from '../../src/systemd/paths/programs.js';
import { madeCall, recorded } from '../support/recorded-in-memory.js';

const refused = (name: string, errno: number): ObservedUnit['refused'][number] => ({
  ...{ abi: 'native', nr: numbersOf('x86-64').get(name)!, errno, count: 1, programs: 0b10 },
});

const POLICY = '[syscalls]\ndeny = ["mount", "uname"]\naction = "EPERM"\n';

test('names the calls that the policy would refuse, and no others', async () => {
  const { exit, told, codes, observer } = await recorded(POLICY, {
    calls: [madeCall('read', 3), madeCall('mount', 1), madeCall('uname', 0, 2)],
  });
  assert.deepEqual(told, [
    ['uname', 'recorded', 'denied', true],
    ['mount', 'recorded', 'denied', true],
  ]);
  assert.deepEqual([exit, codes, observer.isEnded], [1, [], true]);
  assert.ok(observer.heard.indexOf('start') < observer.heard.indexOf('phase 0 reload'));
});

test('names calls that the unit itself refuses as such, and none that the previous run was refused', async () => {
  const distort = (properties: Map<string, unknown>) => {
    properties.set('RestrictRealtime', true);
  };
  const { told } = await recorded(
    POLICY,
    {
      refused: [refused('mount', 1), refused('sched_setscheduler', 1)],
      calls: [madeCall('sched_setscheduler', 1)],
    },
    { distort },
  );
  assert.deepEqual(told, [['sched_setscheduler', 'failed', 'directive', true]]);
});

test('with [ready] names calls after readiness, with [syscalls] at any time', async () => {
  const { refusals } = await recorded(
    '[syscalls]\ndeny = ["mount", "uname", "acct"]\n[ready]\ndeny = ["execve", "bind"]\n',
    {
      calls: [
        ...[madeCall('mount', 1), madeCall('uname', 1, 1), madeCall('execve', 1), madeCall('bind', 1, 1)],
        // By a command of a reload, which [ready] doesn't hold.
        ...[madeCall('acct', 0, 1), madeCall('socket', 0, 1)].map((call) => ({ ...call, onceReady: 0 })),
      ],
    },
    { files: { [PACKAGED_INJECTOR]: '' } },
  );
  assert.deepEqual(refusals.map(({ call, phase, cause }) => [call, phase, cause.phase]).sort(), [
    ['acct', undefined, undefined],
    ['bind', 'ready', 'ready'],
    ['mount', 'start', undefined],
    ['uname', undefined, undefined],
  ]);
});
