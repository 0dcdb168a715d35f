import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readyNotes } from '../../../../src/cli/commands/learn/ready-notes.js';
import type { LearnedReady, NoReady } from '../../../../src/learn/profile/policy/ready.js';
import type { ProvedPolicy } from '../../../../src/learn/write-policy.js';
import { FakeSystem, fakeContext } from '../../../support/fake-system.js';

const READY: LearnedReady = {
  deny: ['bind', 'clone', 'clone3'],
  ...{ left: [], leftToReload: [], reload: undefined, isReloadUnseen: false, startsNone: true },
};

/** Diagnostics of these codes, each with its hint. */
function told(ready: LearnedReady | NoReady, more: Partial<ProvedPolicy> = {}): string[] {
  const proved = {
    ...{ unit: 'demo.service', profile: { watches: [] }, policy: { ready }, processes: 1 },
    ...more,
  } as unknown as ProvedPolicy;
  return readyNotes(fakeContext(new FakeSystem({})), proved)
    .filter(({ code }) => code !== 'ready')
    .map(({ severity, code, message, hint }) => `${severity} ${code}: ${message} (${hint})`);
}

test('learn --ready: for a policy without [ready], notes say what is missing and what --no-reload does', () => {
  const of = (more: Partial<NoReady>) => told({ why: 'so', withoutReload: [], isUnseen: false, ...more })[0]!;
  assert.match(
    of({ isUnseen: true }),
    /^warning ready-unknown: .*: so \('.* --ready .*' watches it again\)$/,
  );
  assert.match(
    of({ isUnseen: true, withoutReload: ['bind', 'socket'] }),
    /\(with --no-reload, \[ready\] refuses 2 calls: bind, socket; the service is then restarted instead of reloaded\)$/,
  );
  assert.match(of({}), /\(watching the same work again will not help: learn without --ready\)$/);
});

test('learn --ready: warns about a service of several processes if it can start no more', () => {
  const [warned] = told(READY, { processes: 5 });
  assert.match(
    warned!,
    /^warning indispensable: \[ready\] lets demo\.service start no process: if one of its 5 processes dies, .*\(remove fork, vfork, clone3, /,
  );
  assert.match(told({ ...READY, reload: false }, { processes: 5 })[0]!, /\(without --no-reload /);
  assert.match(
    told(READY, { processes: 0 })[0]!,
    /^note indispensable: \[ready\] lets demo\.service start no process: /,
  );
  assert.deepEqual(told(READY), []);
  assert.deepEqual(told({ ...READY, startsNone: false }, { processes: 5 }), []);
});

test('learn --ready: warns about a rotation of logs that reloads the service', () => {
  const rotation = { file: '/etc/logrotate.d/d\u001b', command: 'invoke-rc.d demo reload' };
  assert.deepEqual(told({ ...READY, reload: false }, { rotation }), [
    "warning ready-reload: /etc/logrotate.d/d\\x1b reloads the service with 'invoke-rc.d demo reload', but [ready] refuses calls of a reload (use 'systemctl try-restart demo.service' there instead)",
  ]);
});
