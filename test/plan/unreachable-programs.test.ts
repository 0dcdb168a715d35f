import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CommandFiles } from '../../src/target/target.js';
import { planned, targetOf } from '../support/planned.js';

const LINKER = ['/lib64/ld.so', '/usr/lib/x86_64-linux-gnu/ld.so'];

const commands = new Map<string, CommandFiles>(
  ['/usr/sbin/demod', '/bin/kill', '/opt/demo/stop', '/home/demo/run', 'kill'].map((path) => {
    const own = path === '/bin/kill' || path === 'kill' ? ['/bin/kill', '/usr/bin/kill'] : [path];
    return [path, { files: [own, LINKER], needed: [] }];
  }),
);

/** What is said of a policy for a unit with these lines. */
function said(service: string, lines = 'ExecReload=/bin/kill -HUP $MAINPID') {
  const { diagnostics } = planned(`[service]\n${service}`, lines, targetOf(257, { commands }));
  return diagnostics
    .filter(({ code }) => code === 'unreachable-program')
    .map(({ severity, message, at }) => `${severity} ${at?.file}:${at?.line}: ${message}`);
}

const of = (line: string, file: string, how: string, severity = 'error') =>
  `${severity} p.toml:2: ${line} needs ${file}, which ${how}`;

test('a program that can not be executed, or whose interpreter can not, is an error at the line that does it', () => {
  const noexec = "can't be executed by NoExecPaths=";
  assert.deepEqual(said('NoExecPaths = ["/"]\nExecPaths = ["/usr/sbin", "/usr/lib"]'), [
    of('ExecReload=/bin/kill (demo.service:3)', 'it', noexec),
  ]);
  assert.deepEqual(said('NoExecPaths = ["/"]\nExecPaths = ["/usr/sbin", "/usr/bin/kill"]'), [
    of('ExecStart=/usr/sbin/demod (demo.service:2)', '/lib64/ld.so', noexec),
    of('ExecReload=/bin/kill (demo.service:3)', '/lib64/ld.so', noexec),
  ]);
  for (const linker of ['/lib', '/lib64/ld.so', '/usr/lib/x86_64-linux-gnu']) {
    assert.deepEqual(said(`NoExecPaths = ["/"]\nExecPaths = ["/usr/sbin", "/bin", "${linker}"]`), []);
  }
  assert.deepEqual(said('NoExecPaths = ["/usr/sbin"]\nExecPaths = ["/"]').length, 1);
  assert.deepEqual(said('NoExecPaths = ["/usr/sbin"]\nExecPaths = ["/usr/sbin"]').length, 1);
  assert.deepEqual(said('NoExecPaths = ["/usr/sbin"]\nBindPaths = ["/usr/sbin/demod"]'), []);
  assert.deepEqual(said('NoExecPaths = ["/"]\nReadOnlyPaths = ["/usr"]'), []);
  assert.deepEqual(said('NoExecPaths = ["/usr"]\nExecPaths = ["/usr/%i"]'), []);
});

test('ExecPaths opens nothing where systemd drops its mount, as one of ReadOnlyPaths that adds nothing', () => {
  const open = 'NoExecPaths = ["/"]\nExecPaths = ["/usr"]\n';
  const lines = 'ExecReload=/usr/sbin/demod';
  const both = `${open}ReadOnlyPaths = ["/usr"]\n`;
  assert.deepEqual(said(both, lines), []);
  assert.equal(said(`${both}ProtectSystem = "strict"`, lines).length, 2);
  assert.equal(said(`${open}ReadOnlyPaths = ["/", "/usr"]`, lines).length, 2);
  assert.deepEqual(said(`${open}ProtectSystem = "strict"\nBindReadOnlyPaths = ["/usr"]`, lines), []);
  const between = `${open}ProtectSystem = "strict"\nReadOnlyPaths = ["/usr/sbin"]`;
  assert.deepEqual(said(between, lines), []);
});

test('a program that is hidden is an error', () => {
  const stop = 'ExecStop=/opt/demo/stop';
  assert.deepEqual(said('InaccessiblePaths = ["/bin"]'), [
    of('ExecReload=/bin/kill (demo.service:3)', 'it', 'is hidden by InaccessiblePaths='),
  ]);
  assert.deepEqual(said('InaccessiblePaths = ["/opt"]\nBindReadOnlyPaths = ["/opt/demo"]', stop), [
    of('ExecStop=/opt/demo/stop (demo.service:3)', 'it', 'is hidden by InaccessiblePaths='),
  ]);
  assert.deepEqual(said('TemporaryFileSystem = ["/opt:ro"]', stop).length, 1);
  assert.deepEqual(said('TemporaryFileSystem = ["/opt:ro"]\nBindReadOnlyPaths = ["/opt/demo"]', stop), []);
  assert.deepEqual(said('TemporaryFileSystem = ["/opt:ro"]\nBindPaths = ["/x:/opt/demo"]', stop), []);
  const run = 'ExecStopPost=/home/demo/run';
  assert.deepEqual(said('ProtectHome = true\nBindPaths = ["/home/demo"]', run).length, 1);
  assert.deepEqual(said('ProtectHome = "tmpfs"', run).length, 1);
  assert.deepEqual(said('ProtectHome = "tmpfs"\nBindPaths = ["/home/demo"]', run), []);
  assert.deepEqual(said('ProtectHome = "read-only"', run), []);
  assert.deepEqual(said('PrivateTmp = true', 'ExecStop=/tmp/stop').length, 1);
});

test('a plain name is its file, a command that may fail is a warning, and some are left out', () => {
  const closed = 'InaccessiblePaths = ["/bin"]';
  assert.equal(said(closed, 'ExecReload=kill -HUP $MAINPID').length, 1);
  assert.match(said(closed, 'ExecReload=-/bin/kill')[0]!, /^warning /);
  for (const path of ['+/bin/kill', '/bin/%i', 'absent'])
    assert.deepEqual(said(closed, `ExecReload=${path}`), []);
});

test("what the unit takes from itself is the unit's, and images can not be looked into", () => {
  const closed = 'InaccessiblePaths = ["/usr/bin"]';
  assert.deepEqual(said(closed, 'ExecReload=/bin/kill\nTemporaryFileSystem=/usr/bin'), []);
  assert.equal(said(closed, 'ExecReload=/bin/kill\nTemporaryFileSystem=/opt').length, 1);
  assert.deepEqual(said(closed, 'ExecReload=/bin/kill\nRootImage=/x.raw'), []);
  assert.deepEqual(said('Nice = 1', 'ExecReload=/bin/kill'), []);
});
