/** Tests of cli/terminal/streams.ts: streams, and the command on terminals of several kinds. */
import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { NO_TERMINAL, streamOf } from '../../../src/cli/terminal/streams.js';
import { cli, LIBRARY } from '../../support/cli.js';
import { launcherObstacle } from '../../support/native.js';
import { onTerminal, type TerminalOptions } from '../../support/on-terminal.js';
import { temporaryFolder, writeTree } from '../../support/temporary.js';

test('only a possible terminal is asked for its size', () => {
  const size = { columns: 80, rows: 24 };
  for (const path of ['/', '/dev/null']) {
    const other = openSync(path, 'r');
    assert.equal(
      streamOf(other, () => assert.fail('asked')),
      NO_TERMINAL,
    );
    closeSync(other);
  }
  const device = openSync('/dev/ptmx', 'r');
  assert.equal(
    streamOf(device, () => size),
    size,
  );
  closeSync(device);
  // A caller may have closed it.
  assert.equal(
    streamOf(1 << 20, () => assert.fail('asked')),
    NO_TERMINAL,
  );
});

const CALLS = ['acct', 'bpf', 'kexec_load', 'mount', 'reboot', 'swapon', 'swapoff', '@clock'];

/** A system whose service has a policy with a warning, a hostile name in it, and many lines. */
function system(t: TestContext): string {
  const root = temporaryFolder(t);
  writeTree(root, {
    'etc/sandbox-unit/demo.service.toml': `[syscalls]\ndeny = [${CALLS.map((name) => `"${name}"`).join(', ')}]\n[service]\nReadWritePaths = ["-/srv/\\u202ered"]\nCapabilityBoundingSet = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_NET_BIND_SERVICE", "CAP_SETGID"]\n`,
    'usr/lib/systemd/libsystemd-shared-257.so': LIBRARY,
    'usr/lib/x86_64-linux-gnu/libc.so.6': '',
    'usr/lib/x86_64-linux-gnu/libseccomp.so.2': '',
    'usr/sbin/demod': '',
    'usr/lib/systemd/system/demo.service': '[Service]\nExecStart=/usr/sbin/demod\n',
  });
  return root;
}

const plan = (root: string, ...more: string[]) => ['plan', '--root', root, 'demo', ...more];
const ESCAPE = '\u001b[';

test('a terminal gets colours, and otherwise the same text', async (t) => {
  const root = system(t);
  const plain = await cli(...plan(root));
  const wide = { columns: 400 };
  const coloured = await onTerminal(plan(root), wide);
  assert.ok(coloured.includes(`${ESCAPE}32msystemd${ESCAPE}39m`), coloured);
  assert.equal(stripVTControlCharacters(coloured), plain.stderr + plain.stdout);
  assert.ok(coloured.includes('-/srv/\\u202ered') && !coloured.includes('\u202e'));
  for (const [words, env] of [
    [plan(root), { NO_COLOR: '1' }],
    [plan(root), { TERM: 'dumb' }],
    [plan(root, '--color=never'), {}],
  ] as const)
    assert.equal(await onTerminal(words, { ...wide, env }), plain.stderr + plain.stdout);
  const always = await cli(...plan(root, '--color', 'always'));
  assert.ok(always.stdout.includes(ESCAPE));
  assert.equal(stripVTControlCharacters(always.stdout), plain.stdout);
});

test('errors of a command line and the help are coloured, too', async () => {
  assert.ok((await onTerminal(['plan'])).includes(`${ESCAPE}31merror[usage]:`));
  assert.ok(!(await onTerminal(['plan', '--color=never'])).includes(ESCAPE));
  assert.ok((await onTerminal(['plan', '--help'])).includes(`${ESCAPE}1mOutput:`));
  assert.ok(!(await onTerminal(['plan', '--help'], { env: { NO_COLOR: '1' } })).includes(ESCAPE));
});

const COMMANDS: readonly (readonly [words: string, head: RegExp])[] = [
  ['plan --root ROOT demo', /LINE +POLICY/],
  ['plan --verbose --root ROOT demo', /LINE +POLICY/],
  ['plan --summary --root ROOT demo', /DOOR +LETS IT/],
  ['score --root ROOT demo', /DOOR +LETS IT/],
  ['score --root ROOT', /UNIT +EXPOSURE/],
  ['template list', /no-exec/],
];

for (const columns of [80, 140]) {
  for (const [words, head] of COMMANDS) {
    test(`${words} on ${columns} columns: no row is wider`, async (t) => {
      const root = system(t);
      const said = await onTerminal(
        words.split(' ').map((word) => (word === 'ROOT' ? root : word)),
        { columns },
      );
      const rows = stripVTControlCharacters(said)
        .split('\n')
        .filter((line) => !/hint: |warning\[|^demo\.service: /.test(line));
      assert.match(rows.join('\n'), head);
      const found = rows.filter((line) => line.length > columns);
      assert.deepEqual(found, []);
    });
  }
}

/** A pager that keeps what it gets, and is gone. */
function pager(t: TestContext) {
  const folder = temporaryFolder(t);
  const kept = (name: string) => {
    try {
      return readFileSync(join(folder, name), 'utf8');
    } catch {
      return undefined;
    }
  };
  writeTree(folder, { own: `cat > ${folder}/text; env > ${folder}/env; echo shown` });
  return { PAGER: `sh ${folder}/own`, kept };
}

const SHORT: TerminalOptions = { rows: 10 };

test('output longer than the terminal goes through the pager', { skip: launcherObstacle() }, async (t) => {
  const root = system(t);
  const { PAGER, kept } = pager(t);
  const env = { PAGER, SYSTEMD_PAGERSECURE: '0', SYSTEMD_LESS: 'RS' };
  const said = await onTerminal(plan(root), { ...SHORT, env });
  assert.match(stripVTControlCharacters(kept('text')!), /^demo\.service: [\s\S]*Exposure: .*\n$/);
  assert.match(kept('env')!, /^LESS=RS$/m);
  assert.doesNotMatch(said, /Exposure:/);
  // What is wrong is told where it is seen when the reader has left.
  assert.match(stripVTControlCharacters(said), /^shown\n[\s\S]*warning\[/);
});

const PRINTED: readonly [says: string, options: TerminalOptions, more: readonly string[]][] = [
  ['with --no-pager', SHORT, ['--no-pager']],
  ['that fits', {}, []],
  ['on a dumb terminal', { ...SHORT, env: { TERM: 'dumb' } }, []],
  ['with cat as the pager', { ...SHORT, env: { SYSTEMD_PAGER: 'cat' } }, []],
  ['with a pager that is not there', { ...SHORT, env: { PAGER: '/nowhere', PATH: '/nowhere' } }, []],
];

for (const [says, options, more] of PRINTED) {
  test(`output ${says} is printed at once`, async (t) => {
    const { PAGER, kept } = pager(t);
    const env = { PAGER, SYSTEMD_PAGERSECURE: '0', ...options.env };
    const said = await onTerminal(plan(system(t), ...more), { ...options, env });
    assert.match(said, /Exposure: /);
    assert.equal(kept('text'), undefined);
  });
}

test('a pager from the environment is never started under sudo', async (t) => {
  const { PAGER, kept } = pager(t);
  const env = { PAGER, SYSTEMD_PAGER: PAGER, SUDO_UID: '1000', LESSOPEN: `|${PAGER}` };
  const said = await onTerminal(plan(system(t)), { ...SHORT, env, typed: 'q' });
  assert.match(said, /demo\.service/);
  assert.equal(kept('text'), undefined);
});

test('no pager is started for a command that changes the system', async (t) => {
  const { PAGER, kept } = pager(t);
  const env = { PAGER, SYSTEMD_PAGERSECURE: '0' };
  const words = ['apply', '--check', '--diff', '--root', system(t), 'demo'];
  assert.match(await onTerminal(words, { ...SHORT, env }), /demo\.service: /);
  assert.equal(kept('text'), undefined);
});
