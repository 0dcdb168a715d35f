/** Tests of plan/program-needs.ts and plan/code-makers.ts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { neededCodeMaker } from '../../src/plan/code-makers.js';
import { planned, targetOf } from '../support/planned.js';

/** What is said of a policy for a unit whose program needs these libraries. */
function said(policy: string, lines = '', needed: readonly string[] = []) {
  const paths = ['/usr/sbin/demod', '/usr/bin/node', '/opt/app'];
  const libraries = new Map(paths.map((path) => [path, needed]));
  const { diagnostics } = planned(policy, lines, targetOf(257, { libraries }));
  return diagnostics
    .filter(({ code }) => ['makes-code', 'no-new-privileges'].includes(code))
    .map(({ severity, code, message, at }) => `${severity} ${code} ${at?.line}: ${message}`);
}

test('an engine is known by the path of its file; one that works without code is no need', () => {
  assert.equal(neededCodeMaker('/usr/lib/x86_64-linux-gnu/libluajit-5.1.so.2.1.0')?.engine, 'LuaJIT');
  assert.equal(neededCodeMaker('/usr/lib/x86_64-linux-gnu/libpcre2-8.so.0'), undefined);
  assert.equal(neededCodeMaker('/usr/lib/x86_64-linux-gnu/libffi.so.8'), undefined);
});

const MDWE = '[service]\nMemoryDenyWriteExecute = true';
const has = (engine: string, severity = 'warning', path = '/usr/sbin/demod') =>
  `${severity} makes-code 2: ${path} uses ${engine}, which generates code at run time: MemoryDenyWriteExecute= forbids that`;

for (const [library, engine] of [
  ['libnode.so.115', 'V8'],
  ['libv8_libbase.so', 'V8'],
  ['libjli.so', 'the Java virtual machine'],
  ['libjvm.so', 'the Java virtual machine'],
  ['libluajit-5.1.so.2', 'LuaJIT'],
  ['libhostfxr.so', '.NET'],
  ['libmonosgen-2.0.so.1', 'Mono'],
  ['libLLVM.so.19.1', 'LLVM'],
  ['libLLVM-15.so.1', 'LLVM'],
  ['libguile-3.0.so.1', 'Guile'],
] as const) {
  test(`a program with ${library} generates code by ${engine}`, () => {
    assert.deepEqual(said(MDWE, '', ['libc.so.6', library]), [has(engine)]);
  });
}

test('a program is known by its name, too; PCRE2 is no need', () => {
  assert.deepEqual(said(MDWE, 'ExecStartPre=/usr/bin/node x'), [has('V8', 'warning', '/usr/bin/node')]);
  assert.deepEqual(said(MDWE, '', ['libpcre2-8.so.0']), [has('PCRE2', 'note')]);
  assert.deepEqual(said(MDWE, '', ['libc.so.6', 'libnode.a', 'libpcre.so.3']), []);
  assert.deepEqual(said('[service]\nMemoryDenyWriteExecute = false', '', ['libnode.so.115']), []);
});

test("a monitor's programs lose their set-ID bits if the service gets no new privileges", () => {
  const lost = (line: number, program: string, starts: string) =>
    `warning no-new-privileges ${line}: set-user-ID and set-group-ID programs that ${program} starts get no extra rights: ${starts}`;
  const monitor = 'ExecStart=\nExecStart=/usr/sbin/nrpe -f';
  assert.deepEqual(said('[service]\nNoNewPrivileges = true', monitor), [
    lost(2, '/usr/sbin/nrpe', 'sudo, ping, fping'),
  ]);
  assert.deepEqual(said('[service]\nNice = 1', monitor), []);
  const launched = '[syscalls]\ndeny = ["execve"]';
  assert.match(
    said(launched, 'ExecStart=\nExecStart=/usr/sbin/php-fpm8.4')[0]!,
    /^warning no-new-privileges 1: /,
  );
  assert.deepEqual(said('[service]\nNoNewPrivileges = true'), []);
  assert.match(
    said('[service]\nNoNewPrivileges = true', 'ExecStart=\nExecStart=/usr/sbin/php-fpm8.4')[0]!,
    /postdrop for mail\(\)$/,
  );
});

test("what the unit's own lines refuse its programs is not the policy's fault", () => {
  const monitor = 'ExecStart=\nExecStart=/usr/sbin/nrpe -f\n';
  for (const own of ['NoNewPrivileges=yes', 'DynamicUser=yes'])
    for (const policy of ['[service]\nNice = 1', '[syscalls]\ndeny = ["execve"]'])
      assert.deepEqual(said(policy, monitor + own), []);
});

test('programs of logins and jobs lose their set-ID bits by the policy, or by a launcher that must set no_new_privs', () => {
  const cron = 'ExecStart=\nExecStart=/usr/sbin/cron -f\n';
  assert.match(
    said('[service]\nNoNewPrivileges = true', cron)[0]!,
    /sudo, su, ping, postdrop for the mail of jobs$/,
  );
  const launched = '[syscalls]\ndeny = ["uname"]\nenforcer = "launcher"';
  assert.deepEqual(said(launched, cron), []);
  assert.match(
    said(launched, `${cron}CapabilityBoundingSet=~CAP_SYS_ADMIN`)[0]!,
    /^warning no-new-privileges 1: /,
  );
});
