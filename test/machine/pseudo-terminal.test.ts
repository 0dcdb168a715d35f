/** A service with its caller's terminal, beside what `systemd-run --pty` does. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../src/diagnostic.js';
import { openPseudoTerminal } from '../../src/machine/pseudo-terminal.js';
import { Box, boxAvailable } from '../support/box.js';
import { compileProgram, launcherObstacle, MACHINE, sharedFolder } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { COMMAND, said } from '../support/run-in-box.js';
import { temporaryFolder } from '../support/temporary.js';
import { alternatives } from '../support/thorough.js';
import type { TreeName } from '../support/tree.js';

const RELAY = inRepository('native-helper/build', `${MACHINE}`, 'pty-relay');

describe('a pseudo-terminal', { skip: launcherObstacle() }, () => {
  test('has a path, and ends on request', async () => {
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
    ['is not there', undefined, /^can't create a terminal: spawn .* ENOENT$/],
    ['fails', 'exit 1', /^can't create a terminal: .*\/relay failed$/],
    ['says nothing', 'exit 0', /^can't create a terminal: .*\/relay failed$/],
  ];
  for (const [name, script, message] of PROGRAMS) {
    test(`is refused by a program that ${name}`, async (t) => {
      const path = join(temporaryFolder(t), 'relay');
      if (script) writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      await assert.rejects(openPseudoTerminal(path), (cause) => {
        assert.ok(cause instanceof UserError);
        assert.equal(cause.diagnostics[0]!.code, 'start-failed');
        assert.match(cause.diagnostics[0]!.message, message);
        return true;
      });
    });
  }
});

/** systemd 257, the oldest and the newest. */
const TREES = alternatives(['machine', 'bullseye', 'forky'] as const);
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

const OURS = [...COMMAND, '--pty', '--wait', '--quiet', '--collect', '--deny swapon'].join(' ');
const THEIRS = 'systemd-run --pty --wait --quiet --collect';

const DETACH = '\x1d\x1d\x1d\n';

/** What a service is asked on its terminal. */
const COMMANDS: Readonly<Record<string, { properties?: readonly string[]; script: string }>> = {
  'is a terminal for all three': { script: 'test -t 0 && test -t 1 && test -t 2 && echo yes' },
  'is the controlling terminal': { script: 'echo through >/dev/tty' },
  'has the size of the caller': { script: 'stty size' },
  'has the modes of a new one': { script: 'stty -a' },
  'takes input': { script: 'read line; echo "got $line"' },
  'has an exit status': { script: 'exit 7' },
  'belongs to its user': {
    properties: ['User=nobody'],
    script: 'stat -c %U $(tty); echo through >/dev/tty; echo again >$(tty)',
  },
  'belongs to a dynamic user': {
    properties: ['DynamicUser=yes'],
    script: 'test "$(stat -c %u $(tty))" = "$(id -u)" && echo through >/dev/tty',
  },
  'is there with private devices': {
    properties: ['PrivateDevices=yes', 'ProtectSystem=strict'],
    script: 'echo through >$(tty)',
  },
};

/** In a shell on a terminal of its own. */
async function onTerminal(tree: TreeName, command: string, input?: string) {
  const line = `${command}; echo "status $?"`;
  const options = { env: { TERM: 'dumb' }, ...(input && { input }) };
  return boxes.get(tree)!.exec([TERMINAL, '/bin/sh', '-c', line], options);
}

/** What a command with races of its own answers, when it has answered it twice in a row. */
async function twiceTheSame<T>(ask: () => Promise<T>): Promise<T> {
  let answer = await ask();
  for (let asked = 1; asked < 10; asked++) {
    const again = await ask();
    if (isDeepStrictEqual(answer, again)) break;
    answer = again;
  }
  return answer;
}

for (const tree of TREES) {
  const skip = boxAvailable(tree) ?? boxAvailable() ?? launcherObstacle();
  describe(`on ${tree}, the terminal of a service`, { skip }, () => {
    for (const [name, { properties = [], script }] of Object.entries(COMMANDS)) {
      test(`${name}, as with systemd-run 257`, async () => {
        const flags = properties.map((text) => `-p ${text}`);
        const input = script.includes('read') ? 'typed\n' : undefined;
        const run = (where: TreeName, what: string, ...words: string[]) =>
          onTerminal(where, [...words, '/bin/sh -c', `'${what}'`].join(' '), input);
        // It sets the size when the service may run already, and now and then loses what a short one prints.
        const theirs = () => twiceTheSame(() => run('machine', `sleep 0.3; ${script}`, THEIRS, ...flags));
        let expected = await theirs();
        assert.deepEqual([expected.status, expected.stderr], [0, 'exit 0\n']);
        assert.match(expected.stdout, /status \d\r\n$/);
        const ours = await run(tree, script, OURS, ...flags);
        if (!isDeepStrictEqual(ours, expected)) expected = await theirs();
        assert.deepEqual(ours, expected);
      });
    }

    test('is usable again after systemd has hung it up', async () => {
      // With a second hang-up, at the service's end, goes what nobody has read yet.
      await boxes
        .get(tree)!
        .writeFile(
          '/run/systemd/system/hung.service.d/tty.conf',
          '[Service]\nTTYVHangup=yes\nTTYReset=yes\n',
        );
      const command = `${OURS} --unit hung /bin/sh -c 'echo there; sleep 0.5'`;
      const { stdout, stderr } = await onTerminal(tree, command);
      assert.deepEqual([stdout, stderr], ['there\r\nstatus 0\r\n', 'exit 0\n']);
    });

    test('has the given type, or a plain one', async () => {
      const kind = async (words: string) => (await onTerminal(tree, words)).stdout;
      assert.equal(await kind(`env -u TERM ${OURS} printenv TERM`), 'dumb\r\nstatus 0\r\n');
      assert.equal(await kind(`${OURS} -E TERM=vt100 printenv TERM`), 'vt100\r\nstatus 0\r\n');
    });

    test('is detached by ^] three times', async () => {
      const words = OURS.replace(' --wait', '');
      const { stdout, stderr } = await onTerminal(tree, `${words} --unit away sleep 1000`, DETACH);
      // Nobody asked for how the command ends.
      assert.match(stdout, /status 0\r\n$/);
      assert.equal(stderr, 'exit 0\n');
      await assertEnded(tree, 'away.service');
    });

    test('stays with a unit that is waited for, and is returned before the end', async () => {
      const modes = `( until systemctl -q is-active stay.service; do sleep 0.05; done; sleep 0.7
        stty -a </dev/tty | grep -ow -- '-\\?icanon' ) &`;
      const run = `${OURS} --unit stay sh -c 'trap "exit 9" HUP; sleep 2; exit 7'`;
      const { stdout, stderr } = await onTerminal(tree, `${modes} ${run}`, DETACH);
      assert.match(stdout, /icanon\r\nstatus 7\r\n$/);
      assert.doesNotMatch(stdout, /-icanon/);
      assert.equal(stderr, 'exit 0\n');
    });

    test('is detached by a signal', async () => {
      const killed = `( until systemctl -q is-active term.service; do sleep 0.05; done; sleep 0.5; kill $(cat /tmp/pid) ) &`;
      const run = `sh -c 'echo $$ >/tmp/pid; exec ${OURS} --unit term sleep 1000'`;
      const { stdout, stderr } = await onTerminal(tree, `${killed} ${run}`);
      assert.deepEqual([stdout, stderr], ['status 143\r\n', 'exit 0\n']);
      await assertEnded(tree, 'term.service');
    });
  });
}

const assertEnded = (tree: TreeName, unit: string) =>
  boxes
    .get(tree)!
    .waitFor(
      `${unit} ends`,
      async () => !(await boxes.get(tree)!.sh(`systemctl is-active ${unit} || :`)).stdout.match(/^active/),
    );

/** What is said, names and times aside, and shown on the terminal. */
const LINES: readonly string[] = [
  '-t /bin/echo hi',
  '-t --wait /bin/echo hi',
  '-t --quiet /bin/echo hi',
  '-P /bin/echo hi',
  '-P --wait /bin/echo hi',
  '-P --collect /bin/false',
  '-t -P /bin/echo hi | cat',
  '-t -P /usr/bin/test -t 0',
  '-S <<<"echo in shell; exit 4"',
];

describe('run prints what systemd-run does:', { skip: boxAvailable() ?? launcherObstacle() }, () => {
  for (const line of LINES) {
    test(line, async () => {
      const shown = async (command: string) => {
        const script = `${command} ${line}`.replaceAll("'", "'\\''");
        const { stdout, stderr } = await onTerminal('machine', `SHELL=/bin/sh bash -c '${script}'`);
        const lines = [stdout, stderr].flatMap((text) => said({ stdout: '', status: 0, stderr: text }));
        // systemd-run leaves it out where the unit has already gone.
        return lines.map((one) => one.replace('; invocation ID: ID', ''));
      };
      assert.deepEqual(await shown([...COMMAND, '--deny swapon'].join(' ')), await shown('systemd-run'));
    });
  }

  test("run: --pipe and --pty can't be combined with --no-block, and --shell takes no command", async () => {
    const failing = async (words: string) =>
      (await onTerminal('machine', `${COMMAND.join(' ')} ${words}`)).stderr;
    assert.match(await failing('-t --no-block ls'), /can't be combined with --no-block/);
    assert.match(await failing('-S ls'), /--shell takes no command/);
  });
});
