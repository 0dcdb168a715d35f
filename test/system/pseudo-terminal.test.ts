/** A service with its caller's terminal, beside what `systemd-run --pty` does. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import { openPseudoTerminal } from '../../src/system/pseudo-terminal.js';
import { Box, boxAvailable } from '../support/box.js';
import { compileProgram, launcherObstacle, MACHINE, sharedFolder } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { temporaryFolder } from '../support/temporary.js';
import type { TreeName } from '../support/tree.js';

const RELAY = inRepository('native-helper/build', `${MACHINE}`, 'pty-relay');

describe('a pseudo-terminal', { skip: launcherObstacle() }, () => {
  test('has a path, and ends as it is told', async () => {
    const finished = await openPseudoTerminal(RELAY);
    assert.match(finished.path, /^\/dev\/pts\/\d+$/);
    finished.begin();
    finished.finish();
    assert.deepEqual(await finished.ended, { how: 'delivered' });
    const hungUp = await openPseudoTerminal(RELAY);
    hungUp.hangUp();
    assert.deepEqual(await hungUp.ended, { how: 'interrupted', signal: 15 });
    // Nothing to do any more, and no error either.
    hungUp.begin();
    hungUp.finish();
    hungUp.hangUp();
  });

  const PROGRAMS: readonly [string, string | undefined, RegExp][] = [
    ['is not there', undefined, /^can't make a terminal: spawn .* ENOENT$/],
    ['fails', 'exit 1', /^can't make a terminal: .*\/relay failed$/],
    ['says nothing', 'exit 0', /^can't make a terminal: .*\/relay failed$/],
  ];
  for (const [name, script, message] of PROGRAMS) {
    test(`can't be had from a program that ${name}`, async (t) => {
      const path = join(temporaryFolder(t), 'relay');
      if (script) writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      await assert.rejects(openPseudoTerminal(path), (cause) => {
        assert.ok(cause instanceof UserError);
        assert.equal(cause.diagnostics[0]!.code, 'no-terminal');
        assert.match(cause.diagnostics[0]!.message, message);
        return true;
      });
    });
  }
});

/** systemd 257, the oldest and the newest. */
const TREES = ['machine', 'bullseye', 'forky'] as const;
const boxes = new Map<TreeName, Box>();
const TERMINAL = '/usr/local/bin/terminal';

before(async () => {
  if (launcherObstacle()) return;
  const terminal = readFileSync(await compileProgram('terminal', sharedFolder(), ['-static', '-lutil']));
  for (const tree of TREES.filter((name) => boxAvailable(name) === undefined)) {
    const box = await Box.boot({ name: `pty-${tree}`, tree });
    boxes.set(tree, box);
    await box.writeFile(TERMINAL, terminal, '0755');
  }
});
after(() => Promise.all([...boxes.values()].map((box) => box.stop())));

const OURS = ['node', inRepository('build/test/support/start-in-box.js'), 'pty', RELAY].join(' ');
const THEIRS = 'systemd-run --pty --wait --quiet --collect';

/** What a service is asked on its terminal. */
const COMMANDS: Readonly<Record<string, { properties?: Record<string, string>; script: string }>> = {
  'is a terminal for all three': { script: 'test -t 0 && test -t 1 && test -t 2 && echo yes' },
  'is the controlling terminal': { script: 'echo through >/dev/tty' },
  'has the size of the caller': { script: 'stty size' },
  'has the modes of a new one': { script: 'stty -a' },
  'takes input': { script: 'read line; echo "got $line"' },
  'has an exit status': { script: 'exit 7' },
  'belongs to its user': {
    properties: { 'User:s': 'nobody' },
    script: 'stat -c %U $(tty); echo through >/dev/tty; echo again >$(tty)',
  },
  'belongs to a dynamic user': {
    properties: { 'DynamicUser:b': 'yes' },
    script: 'test "$(stat -c %u $(tty))" = "$(id -u)" && echo through >/dev/tty',
  },
  'is there with private devices': {
    properties: { 'PrivateDevices:b': 'yes', 'ProtectSystem:s': 'strict' },
    script: 'echo through >$(tty)',
  },
};

/** In a shell on a terminal of its own. */
async function onTerminal(tree: TreeName, command: string, input?: string) {
  const line = `${command}; echo "status $?"`;
  const options = { env: { TERM: 'dumb' }, ...(input && { input }) };
  return boxes.get(tree)!.exec([TERMINAL, '/bin/sh', '-c', line], options);
}

for (const tree of TREES) {
  const skip = boxAvailable(tree) ?? boxAvailable() ?? launcherObstacle();
  describe(`on ${tree}, the terminal of a service`, { skip }, () => {
    for (const [name, { properties = {}, script }] of Object.entries(COMMANDS)) {
      test(`${name}, as with systemd-run 257`, async () => {
        const entries = Object.entries(properties);
        const theirs = entries.map(([key, value]) => `-p ${key.replace(/:.*/, '')}=${value}`);
        const ours = entries.map(([key, value]) => `${key}=${value}`);
        const input = script.includes('read') ? 'typed\n' : undefined;
        const run = (where: TreeName, ...words: string[]) =>
          onTerminal(where, [...words, '/bin/sh -c', `'${script}'`].join(' '), input);
        const expected = await run('machine', THEIRS, ...theirs);
        assert.deepEqual([expected.status, expected.stderr], [0, 'exit 0\n']);
        assert.match(expected.stdout, /status \d\r\n$/);
        assert.deepEqual(await run(tree, OURS, ...ours), expected);
      });
    }

    test('is there again after systemd has hung it up', async () => {
      // With a second hang-up, at the service's end, goes what nobody has read yet.
      const command = `${OURS} TTYVHangup:b=yes TTYReset:b=yes /bin/sh -c 'echo there; sleep 0.5'`;
      const { stdout, stderr } = await onTerminal(tree, command);
      assert.deepEqual([stdout, stderr], ['there\r\nstatus 0\r\n', 'exit 0\n']);
    });
  });
}
