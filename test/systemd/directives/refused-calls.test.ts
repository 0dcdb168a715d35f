import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whollyRefused } from '../../../src/systemd/directives/refused-calls.js';
import { directives } from '../../../src/systemd/directives/table.js';

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
