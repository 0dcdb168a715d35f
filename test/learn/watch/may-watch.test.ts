import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchedMachine } from '../../../src/learn/watch/may-watch.js';
import type { Context } from '../../../src/system/context.js';
import { UNIT } from '../../support/demo-service.js';
import { failure } from '../../support/failure.js';
import { FakeSystem, fakeContext, OF_USER } from '../../support/fake-system.js';

/** Somebody with these capabilities, as /proc/self/status has them. */
const somebody = (capabilities: string, more: Partial<Context> = {}) =>
  fakeContext(new FakeSystem({ files: { '/proc/self/status': `Name:\tnode\nCapEff:\t${capabilities}\n` } }), {
    superuser: false,
    ...more,
  });

const BOTH = '000000c000000000';
const user = { placement: OF_USER };

test('root may watch, and whoever has the capabilities the services of the own manager', async () => {
  assert.equal(await watchedMachine(somebody('0', { superuser: true }), UNIT), 'x86-64');
  assert.equal(await watchedMachine(somebody('0', { superuser: true, ...user }), UNIT), 'x86-64');
  assert.equal(await watchedMachine(somebody(BOTH, user), UNIT), 'x86-64');
});

test('nobody else may, and the way out is said', async () => {
  const refusals: readonly [Context, object, RegExp][] = [
    [somebody(BOTH), {}, /^run it with sudo$/],
    [
      somebody('0000008000000000', user),
      {},
      /^sudo systemd-run --pty --uid=\$USER .*='CAP_PERFMON CAP_BPF' sandbox-unit learn --user demo.service$/,
    ],
    [somebody('nonsense', user), {}, /systemd-run/],
    [somebody(BOTH, user), { background: true }, /systemd-run/],
    [somebody(BOTH, { ...user, offline: true }), {}, /systemd-run/],
  ];
  for (const [context, options, hint] of refusals) {
    const [code, , way] = await failure(watchedMachine(context, UNIT, options));
    assert.equal(code, 'needs-root');
    assert.match(way!, hint);
  }
  const unknown = somebody('0', { superuser: true, machine: undefined });
  assert.equal((await failure(watchedMachine(unknown, UNIT)))[0], 'unknown-machine');
});
