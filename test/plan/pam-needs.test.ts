import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned, targetOf } from '../support/planned.js';

/** What is said of a program that is linked with libpam. */
function ofPam(policy: string, lines = '', path = '/usr/sbin/demod') {
  const commands = new Map([[path, { files: [[path]], needed: ['libc.so.6', 'libpam.so.0'] }]]);
  const { diagnostics } = planned(policy, lines, targetOf(257, { commands }));
  return diagnostics
    .filter(({ code }) => ['pam-fails', 'locks-out'].includes(code))
    .map(({ severity, code, message }) => `${severity} ${code}: ${message}`);
}

test('PAM records, reads passwords, and asks unix_chkpwd for users other than root', () => {
  const rule =
    '[[syscalls.rules]]\nsyscall = "socket"\nwhen = [{ arg = 0, eq = "AF_NETLINK" }]\naction = "EPERM"\n';
  assert.deepEqual(ofPam(`[syscalls]\n${rule}`), [
    "warning pam-fails: /usr/sbin/demod asks PAM: nobody would be let in, as PAM refuses where it can't record; 'rule on socket' closes the kernel's audit log to the service",
  ]);
  assert.deepEqual(ofPam(`[syscalls]\n${rule.replace('EPERM', 'EAFNOSUPPORT')}`), []);
  assert.deepEqual(ofPam('[service]\nInaccessiblePaths = ["/etc/shadow"]'), [
    "warning pam-fails: /usr/sbin/demod asks PAM: nobody would be let in; 'InaccessiblePaths' hides what PAM reads",
  ]);
  const nnp = '[service]\nNoNewPrivileges = true';
  assert.deepEqual(ofPam(nnp), []);
  assert.match(ofPam(nnp, 'User=web')[0]!, /no password could be checked, as unix_chkpwd/);
});

test('of a unit by which people get in its own errors tell of PAM', () => {
  const found = ofPam(
    '[service]\nTemporaryFileSystem = ["/etc"]',
    'ExecStart=\nExecStart=/usr/sbin/cron',
    '/usr/sbin/cron',
  );
  assert.ok(found.length > 0 && found.every((one) => one.startsWith('error locks-out')), found.join());
});
