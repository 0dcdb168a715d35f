import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned, targetOf } from '../support/planned.js';

/** The diagnostics about a program whose file gives these capabilities. */
function ofFile(policy: string, lines: string, effective = true) {
  const gives = { names: ['CAP_NET_BIND_SERVICE'], effective };
  const path = '/usr/sbin/demod';
  const commands = new Map([[path, { files: [[path]], needed: [], gives }]]);
  const { diagnostics } = planned(policy, lines, targetOf(257, { commands }));
  return diagnostics
    .filter(({ code }) => ['unreachable-program', 'capabilities-lost'].includes(code))
    .map(({ severity, code, at, message }) => `${severity} ${code} ${at?.line}: ${message}`);
}

test('a program whose file gives it a capability that the bounding set lacks is not executed', () => {
  const taken = '[service]\nCapabilityBoundingSet = ["CAP_CHOWN"]';
  const refused =
    "unreachable-program 2: /usr/sbin/demod can't be executed: its file gives it CAP_NET_BIND_SERVICE, which CapabilityBoundingSet= takes";
  assert.deepEqual(ofFile(taken, ''), [`error ${refused}`]);
  assert.deepEqual(ofFile(taken, 'ExecStart=\nExecStart=-/usr/sbin/demod'), [`warning ${refused}`]);
  assert.deepEqual(ofFile(taken, '', false), []);
  assert.deepEqual(ofFile(taken, 'CapabilityBoundingSet=CAP_KILL'), []);
  assert.deepEqual(ofFile('[service]\nCapabilityBoundingSet = ["~CAP_SYS_ADMIN"]', ''), []);
});

test("a file's capabilities are lost where the service gets no new privileges, but for ambient ones", () => {
  const lost = (line: number, by: string) =>
    `warning capabilities-lost ${line}: /usr/sbin/demod gets no CAP_NET_BIND_SERVICE from its file: '${by}' makes that ineffective`;
  const user = 'User=web';
  const nnp = '[service]\nNoNewPrivileges = true';
  assert.deepEqual(ofFile(nnp, user), [lost(2, 'NoNewPrivileges')]);
  assert.deepEqual(ofFile('[syscalls]\ndeny = ["execve"]', user), [lost(1, '[syscalls]')]);
  assert.deepEqual(ofFile(`${nnp}\nAmbientCapabilities = ["CAP_NET_BIND_SERVICE"]`, user), []);
  assert.deepEqual(ofFile(nnp, ''), []);
  assert.deepEqual(ofFile(nnp, `${user}\nNoNewPrivileges=yes`), []);
  assert.deepEqual(ofFile('[service]\nNice = 1', user), []);
});
