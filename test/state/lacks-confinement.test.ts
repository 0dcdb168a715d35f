/** What a main process shows of directives that it was started without. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DIRECTIVES } from '../../src/directives/table.js';
import { lacksConfinement } from '../../src/state/lacks-confinement.js';
import type { System } from '../../src/system/system.js';
import { unitState } from '../support/unit-state.js';

const STATUS = new TextEncoder().encode('Name:\tdemod\nNoNewPrivs:\t1\nSeccomp:\t2\n');

/** A machine whose service, process 7, shares the manager's namespaces but for those of these names. */
const machine = (own: readonly string[] = [], status = STATUS): System =>
  ({
    read: async () => ({ bytes: status }),
    links: async (path: string) =>
      new Map(
        ['ipc', 'mnt', 'net', 'user'].map((name) => [
          name,
          path === '/proc/7/ns' && own.includes(name) ? `${name}:[2]` : `${name}:[1]`,
        ]),
      ),
    wait: async () => undefined,
  }) as unknown as System;

const lacks = (name: string, own: readonly string[] = []) =>
  lacksConfinement(machine(own), unitState({ MainPID: 7, [name]: true }), new Set([name]));

test('a process in the mount namespace of the manager lacks each directive that makes one', async () => {
  const names = DIRECTIVES.filter((row) => row.mountNamespace).map((row) => row.name);
  assert.ok(names.includes('ProtectSystem') && names.includes('LogNamespace'));
  for (const name of names) {
    assert.equal(await lacks(name), true, name);
    assert.equal(await lacks(name, ['ipc', 'mnt', 'net', 'user']), false, name);
  }
});

test('a namespace of the kind that a directive is for is all that it takes', async () => {
  for (const [name, kind] of [
    ['PrivateNetwork', 'net'],
    ['PrivateIPC', 'ipc'],
    ['PrivateUsers', 'user'],
  ] as const) {
    assert.equal(await lacks(name, [kind]), false, name);
    assert.equal(await lacks(name, ['mnt']), true, name);
  }
});

test('what makes no namespace shows in none', async () => {
  assert.equal(await lacks('DevicePolicy'), false);
});

test('a process without any filter lacks what systemd has a filter for, if that is on', async () => {
  const unfiltered = new TextEncoder().encode('Name:\tdemod\nNoNewPrivs:\t1\nSeccomp:\t0\n');
  const EVERY = 2n ** 64n - 1n;
  for (const [name, value, is] of [
    ['LockPersonality', true, true],
    ['LockPersonality', false, false],
    ['RestrictNamespaces', 0n, true],
    ['RestrictNamespaces', EVERY, false],
    ['RestrictAddressFamilies', [true, ['AF_UNIX']], true],
    ['RestrictAddressFamilies', [true, []], true],
    ['RestrictAddressFamilies', [false, []], false],
    ['ProtectHostname', true, false],
    ['MemoryDenyWriteExecute', true, false],
  ] as const) {
    const unit = unitState({ MainPID: 7, [name]: value });
    assert.equal(await lacksConfinement(machine([], unfiltered), unit, new Set([name])), is, name);
    assert.equal(await lacksConfinement(machine([]), unit, new Set([name])), false, name);
  }
});
