import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planned } from '../../support/planned.js';

const CALLS = '[syscalls]\ndeny = ["swapon"]\n';
const SERVICE = '[service]\nProtectSystem = "strict"\nMemoryMax = "1G"\nUser = "daemon"\n';

/** What is said of prefixes in a plan, and who enforces each line of the policy. */
function found(policy: string, command: string, more = '') {
  const { lines, diagnostics } = planned(policy, `Type=oneshot\nExecStart=\nExecStart=${command}\n${more}`);
  const gaps = diagnostics.filter(({ code }) => code.startsWith('gap-'));
  const told = gaps.map(({ severity, code, at, message }) => {
    const what = /does not apply (.*) to it/.exec(message)?.[1] ?? '';
    return `${severity} ${code} ${at?.file}:${at?.line} ${what}`.trim();
  });
  return { told, by: Object.fromEntries(lines.map(({ subject, enforcedBy }) => [subject, enforcedBy])) };
}

const gap = (what: string) => [`error gap-exec demo.service:5 ${what}`];

test('the prefix + removes the sandbox from the main command, not the limits of its control group', () => {
  assert.deepEqual(found(`${CALLS}${SERVICE}`, '+/usr/sbin/demod'), {
    told: gap('[syscalls], ProtectSystem=, User='),
    by: { 'deny swapon:kill': 'nobody', ProtectSystem: 'nobody', MemoryMax: 'systemd', User: 'nobody' },
  });
});

test('the prefix ! removes only the user', () => {
  assert.deepEqual(found(`${CALLS}${SERVICE}`, '!/usr/sbin/demod'), {
    told: gap('User='),
    by: { 'deny swapon:kill': 'systemd', ProtectSystem: 'systemd', MemoryMax: 'systemd', User: 'nobody' },
  });
  const rest = '[service]\nCapabilityBoundingSet = []\nProtectHome = true\nUser = "root"\n';
  assert.deepEqual(found(`${CALLS}${rest}`, '!/usr/sbin/demod').told, []);
});

test('the prefix !! removes nothing, nor does + if nothing confines', () => {
  assert.deepEqual(found(`${CALLS}${SERVICE}`, '!!/usr/sbin/demod').told, []);
  const harmless =
    '[service]\nDeviceAllow = ["/dev/null"]\nProtectHome = false\nReadWritePaths = ["/srv"]\nNice = 3\n';
  assert.deepEqual(found(harmless, '+/usr/sbin/demod').told, []);
});

test('if one of several main commands has a prefix, the line still applies to the others', () => {
  const { told, by } = found(`${CALLS}${SERVICE}`, '+/bin/second', 'ExecStart=/usr/sbin/demod');
  assert.deepEqual(told, gap('[syscalls], ProtectSystem=, User='));
  assert.equal(by.ProtectSystem, 'systemd');
});

test('other commands may have a prefix, as in many packages', () => {
  const others = 'ExecStartPre=+/bin/prepare\nExecStartPost=!/bin/second\nExecReload=+/bin/third';
  assert.deepEqual(found(`${CALLS}${SERVICE}`, '/usr/sbin/demod', others).told, []);
});

test('a command that would need the launcher is reported once', () => {
  const { told } = found(`[syscalls]\ndeny = ["execve"]\n${SERVICE}`, '+/usr/sbin/demod');
  assert.deepEqual(told, ['error gap-exec-privileged demo.service:5']);
});
