/** Standard streams of `sandbox-unit run`, compared with systemd-run. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { machine } from '../support/machine.js';
import { COMMAND } from '../support/run-in-box.js';
import { PROGRAMS } from '../support/service.js';

const { box, test, skip } = machine('run-streams', {
  programs: { myos: ['test/booted/programs/myos.c'] },
  script: `useradd --create-home tester && loginctl enable-linger tester || :
    systemctl start user@0.service user@$(id -u tester).service`,
  prepare: () => box.writeFile('/root/policy.toml', POLICY),
});

/** The launcher gets the streams from systemd, and hands them on. */
const POLICY = '[syscalls]\ndeny = ["ioperm"]\nenforcer = "launcher"\n';
const OURS = `${COMMAND.join(' ')} --policy /root/policy.toml`;
const THEIRS = 'systemd-run';

async function outcome(command: string, script: string, user?: string) {
  const prelude = `cd "$(mktemp -d)"; run() { ${command} "$@"; }; export RUN=${JSON.stringify(command)}`;
  const as = user
    ? { user, env: { TERM: 'dumb' } }
    : { env: { TERM: 'dumb', XDG_RUNTIME_DIR: '/run/user/0' } };
  const { status, stdout, stderr } = await box.exec(['bash', '-c', `${prelude}\n${script}`], as);
  const plain = (text: string) =>
    text
      // What script(1) says at the end of its own input, if it is heard.
      .replace(/\^@|\0/g, '')
      // systemd-run ends the line anew where it gets the last one's end late.
      .replace(/\n\n(?=Finished with result)/, '\n')
      .replace(/tmp\.\w+/, 'TMP')
      .replace(/run-[rpu][0-9a-fi-]+\.service(; invocation ID: [0-9a-f]{32})?/g, 'NAME')
      .replace(/(runtime|consumed): .*?(?=\r?\n)/g, '$1: N');
  return { status, stdout: plain(stdout), stderr: plain(stderr) };
}

/** `run` in a terminal that `script` makes, which is 33 by 77. */
const onTerminal = (words: string) =>
  `script -qec "stty rows 33 cols 77; $RUN ${words}" /dev/null </dev/null | tr -d '\\r'; echo "$PIPESTATUS"`;

const SCRIPTS: Readonly<Record<string, string>> = {
  'pipes, and the exit status': `printf 'a\\nb\\n' | run -P -q -G sh -c 'cat; echo err >&2; exit 7'; echo "$?"`,
  'a file that is appended to': 'echo 0 >out; run -P -q -G echo 1 >>out; cat out',
  'pipes, and what is said of it': 'run --pipe --wait -G true',
  'both, where there is no terminal': 'echo x | run -tP -q -G cat',
  'a terminal': onTerminal(`-t -q -G sh -c 'test -t 0 && test -t 1 && test -t 2 && stty size; exit 5'`),
  'a terminal, and what is said of it': onTerminal('--pty --wait -G echo hello'),
  'both, where there is a terminal': onTerminal('-tP -q -G tty -s'),
  'a shell without a terminal': `printf 'echo $0 $PWD\\nexit 4\\n' | SHELL=/bin/sh run -S -q; echo "$?"`,
  'a unit that fails to start': onTerminal('-t -q -G -p User=nosuch true'),
};

describe('run handles standard streams like systemd-run:', { skip }, () => {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    test(name, async () => {
      assert.deepEqual(await outcome(OURS, script), await outcome(THEIRS, script));
    });
  }
});

describe('run --user handles standard streams like systemd-run:', { skip }, () => {
  // Root's folder of policies is closed to others.
  const ours = `${COMMAND.join(' ')} --user --deny execve,execveat,ioperm`;
  const scripts: Readonly<Record<string, string>> = {
    pipes: `printf 'a\nb\n' | run -P -q -G cat; echo "$?"`,
    'a file that is appended to': 'echo 0 >out; run -P -q -G echo 1 >>out; cat out',
    'a terminal': onTerminal('-t -q -G tty -s'),
    'the size of a terminal': onTerminal('-t -q -G stty size'),
  };
  for (const [name, script] of Object.entries(scripts)) {
    test(name, async () => {
      const theirs = await outcome(`${THEIRS} --user`, script, 'tester');
      assert.equal(theirs.status, 0);
      assert.deepEqual(await outcome(ours, script, 'tester'), theirs);
    });
  }
});

/** The commands of the talk, and what they print. */
const TALK: readonly (readonly [words: string, says: string, result: string])[] = [
  ['--deny execve,execveat', 'My OS is Linux!\n', 'success'],
  ['--property=SystemCallFilter=~uname', '', 'signal'],
  [
    '--property=SystemCallFilter=~uname --property=SystemCallErrorNumber=ENETDOWN',
    'uname failed: Network is down\n',
    'exit-code',
  ],
];

for (const [words, says, result] of TALK) {
  test(`the terminal example of the talk works under ${words}`, async () => {
    const flags = '--user --pty --same-dir --wait --collect --service-type=exec -p LimitCORE=0';
    const command = `cd ${PROGRAMS}; ${onTerminal(`${flags} ${words} ./myos`)}`;
    const { stdout } = await outcome(COMMAND.join(' '), command);
    const start = 'Running as unit: NAME\nPress ^] three times within 1s to disconnect TTY.\n';
    assert.equal(stdout.slice(0, stdout.indexOf('Main')), `${start}${says}Finished with result: ${result}\n`);
  });
}

test('a terminal is in the same state as with systemd-run when its client is ended', async () => {
  const { status } = await outcome(
    OURS,
    `script -qec "$RUN -t -q -G -u hung sleep 600" /dev/null </dev/null >/dev/null & pid=$!
     until pgrep -x sleep; do sleep 0.01; done
     pkill -TERM -x node; wait $pid; test $? = 143
     until ! systemctl -q is-active hung.service; do sleep 0.05; done`,
  );
  assert.equal(status, 0);
});
