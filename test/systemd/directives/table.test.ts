import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Location } from '../../../src/diagnostic.js';
import { refusals } from '../../../src/systemd/directives/rows/refused.js';
import {
  directives,
  findDirective,
  unknownDirective,
  whollyRefused,
} from '../../../src/systemd/directives/table.js';

const AT: Location = { file: 'policy.toml', line: 3, column: 1, length: 5 };

test('a directive is found by its exact name', () => {
  assert.equal(findDirective('ProtectSystem')?.since, 214);
  for (const name of ['protectsystem', 'ProtectSystem ', '', '__proto__', 'constructor', 'ExecStart']) {
    assert.equal(findDirective(name), undefined, name);
  }
});

test('no setting is both a directive and refused', () => {
  const found = [...refusals().keys()].filter((name) => findDirective(name));
  assert.deepEqual(found, []);
});

test('a refused setting has a reason and an alternative, an unknown one a suggestion', () => {
  const cases = [
    [
      'SystemCallFilter',
      'refused-directive',
      "'SystemCallFilter' is generated from the policy",
      "write 'allow' and 'deny' in [syscalls]",
    ],
    [
      'ReadWriteDirectories',
      'refused-directive',
      "'ReadWriteDirectories' is an old name",
      "write 'ReadWritePaths'",
    ],
    [
      'Environment',
      'refused-directive',
      "'Environment' sets the service's environment, which doesn't confine it",
      'put it in a drop-in of your own',
    ],
    [
      'protectSystem',
      'unknown-directive',
      "unknown directive 'protectSystem'",
      "did you mean 'ProtectSystem'?",
    ],
    ['ExecStrat', 'unknown-directive', "unknown directive 'ExecStrat'", "did you mean 'ExecStart'?"],
    ['__proto__', 'unknown-directive', "unknown directive '__proto__'", undefined],
    ['a\nb', 'unknown-directive', "unknown directive 'a\\x0ab'", undefined],
  ] as const;
  for (const [name, code, message, hint] of cases) {
    const expected = { severity: 'error', code, message, ...(hint ? { hint } : {}), at: AT };
    assert.deepEqual(unknownDirective(name, AT), expected);
  }
});

test('directives that refuse calls whatever their arguments are known with exactly these calls', () => {
  assert.deepEqual(
    whollyRefused(),
    new Map([
      ['PrivateDevices', ['@raw-io']],
      ['ProtectClock', ['@clock']],
      ['ProtectHostname', ['sethostname', 'setdomainname']],
      ['ProtectKernelLogs', ['syslog']],
      ['ProtectKernelModules', ['@module']],
    ]),
  );
  // These look at arguments, or refuse a call that kernels have no more.
  const others = directives().filter(({ name, refuses }) => refuses && !whollyRefused().has(name));
  assert.deepEqual(others.map(({ name }) => name).sort(), [
    ...['LockPersonality', 'MemoryDenyWriteExecute', 'ProtectKernelTunables', 'RestrictAddressFamilies'],
    ...['RestrictNamespaces', 'RestrictRealtime', 'RestrictSUIDSGID'],
  ]);
});
