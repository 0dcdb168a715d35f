/** Behaviour of systemd that determines what the launcher needs in a unit. */
import assert from 'node:assert/strict';
import { changeFiles } from '../support/loaded-units.js';
import { machine } from '../support/machine.js';
import { splitLines } from '../support/run.js';
import { apply, defineProgram, exited, mainPid, properties, revert, runToEnd } from '../support/service.js';

const { box, test } = machine('needs', { prepare: () => box.writeFile('/etc/filter/file', 'seen\n') });

test('the journal names a program by its path, not by its argv[0], and by SyslogIdentifier= in every line', async () => {
  const lines = ['/usr/bin/echo one', '@/usr/bin/echo other two', '/usr/bin/env echo three'];
  const service = (identifier: string) =>
    `[Service]\nType=oneshot\n${identifier}${lines.map((line) => `ExecStart=${line}\n`).join('')}`;
  await changeFiles(box, {
    '/etc/systemd/system/named.service': service(''),
    '/etc/systemd/system/given.service': service('SyslogIdentifier=mine\n'),
  });
  for (const [unit, names] of [
    ['named.service', ['echo: one', 'echo: two', 'env: three']],
    ['given.service', ['mine: one', 'mine: two', 'mine: three']],
  ] as const) {
    await box.succeed(['systemctl', 'start', unit]);
    const shown = async () => {
      const text = await box.succeed(['journalctl', '--unit', unit, '--output=json']);
      const records = splitLines(text).map((line) => JSON.parse(line) as Record<string, string>);
      return records
        .filter((record) => record._TRANSPORT === 'stdout')
        .map((record) => `${record.SYSLOG_IDENTIFIER}: ${record.MESSAGE}`);
    };
    await box.waitFor(`three lines of ${unit}`, async () => (await shown()).length === 3);
    assert.deepEqual((await shown()).sort(), [...names].sort());
  }
});

const SEEN = exited(0, 'seen\n');

/** Lines of a unit that covers a file and mounts it back, and how a program that reads it ends. */
const MOUNTED: readonly [lines: string, status: number][] = [
  ['TemporaryFileSystem=/etc', 0],
  ['TemporaryFileSystem=/etc:mode=0700', 0],
  ['User=nobody\nTemporaryFileSystem=/etc', 0],
  ['User=nobody\nTemporaryFileSystem=/etc:mode=0711', 0],
  ['User=nobody\nTemporaryFileSystem=/etc:mode=0700', 1],
  ['RootDirectory=/', 0],
  ['RootDirectory=/\nTemporaryFileSystem=/etc', 226],
  ['RootDirectory=/\nBindPaths=/srv:/etc/filter', 226],
  ['BindPaths=/srv:/etc/filter', 0],
  ['BindReadOnlyPaths=/srv:/etc/filter', 0],
  ['BindPaths=/etc', 0],
  ['InaccessiblePaths=/etc', 1],
];

for (const [lines, status] of MOUNTED) {
  test(`a file that is mounted back is ${status === 0 ? 'there' : 'not there'} with '${lines.replaceAll('\n', ', ')}'`, async () => {
    await defineProgram(
      box,
      'mounted.service',
      `Type=oneshot\nExecStart=/usr/bin/cat /etc/filter/file\nBindReadOnlyPaths=/etc/filter/file\n${lines}`,
    );
    const ending = await runToEnd(box, 'mounted.service');
    if (status === 0) assert.deepEqual(ending, SEEN);
    else assert.equal(ending.end, `exited with ${status}`);
  });
}

const TAIL = 'ExecStart=/usr/bin/tail -f /dev/null';

/** Lines of units in which the launcher starts. */
const STARTS: readonly string[] = [
  `${TAIL}\nBindReadOnlyPaths=/usr`,
  `${TAIL}\nBindPaths=/srv:/usr/local`,
  `${TAIL}\nBindReadOnlyPaths=/srv:/usr/local /srv:/etc/systemd`,
  `${TAIL}\nTemporaryFileSystem=/\nBindReadOnlyPaths=/usr /etc -/bin -/lib -/lib64 /dev /proc`,
  `ExecStart=/usr/bin/%p -f /dev/null`,
];

test("the launcher starts if the plan adds it to ExecPaths=, and the service can't write to it", async () => {
  const lines = `${TAIL}\nProtectSystem=strict\nNoExecPaths=/\nExecPaths=/usr/bin /usr/lib`;
  await changeFiles(box, { '/etc/systemd/system/tail.service': `[Service]\n${lines}\n` });
  await box.succeed(['systemctl', 'restart', 'tail.service']);
  await apply(box, '[syscalls]\ndeny = ["execve", "execveat"]\n[apply]\nsettle = "100ms"\n', 'tail.service');
  const inside = ['nsenter', '--mount', `--target=${await mainPid(box, 'tail.service')}`];
  const { ExecStart } = await properties(box, 'tail.service', 'ExecStart');
  const launcher = /path=(\S*launcher)/.exec(ExecStart)![1]!;
  const { status, stderr } = await box.exec([...inside, 'touch', launcher]);
  assert.notEqual(status, 0);
  assert.match(stderr, /Read-only file system/);
  await revert(box, 'tail.service');
});

for (const lines of STARTS) {
  test(`the launcher starts with '${lines.replaceAll('\n', ', ')}'`, async () => {
    await changeFiles(box, { '/etc/systemd/system/tail.service': `[Service]\n${lines}\n` });
    await box.succeed(['systemctl', 'restart', 'tail.service']);
    await apply(
      box,
      '[syscalls]\ndeny = ["execve", "execveat"]\n[apply]\nsettle = "100ms"\n',
      'tail.service',
    );
    assert.equal((await properties(box, 'tail.service', 'ActiveState')).ActiveState, 'active');
    await revert(box, 'tail.service');
  });
}
