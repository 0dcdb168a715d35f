/** A service with its caller's standard input, output and error, beside what `systemd-run --pipe` does. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { machine } from '../support/machine.js';
import { COMMAND } from '../support/run-in-box.js';

const { box, skip, test } = machine('pipe', { launcher: false });

const OURS = [...COMMAND, '--pipe', '--wait', '--quiet', '--collect', '--deny swapon'].join(' ');
const THEIRS = 'systemd-run --pipe --wait --quiet --collect';

/** Shell scripts, in which `run` starts a service; what they print is compared. */
const SCRIPTS: Readonly<Record<string, string>> = {
  'a pipe': "printf 'a\\nb\\n' | run /bin/cat | /bin/cat",
  'a pipe that ends late': '{ echo a; sleep 0.2; echo b; } | run /bin/cat | tr ab xy',
  'a pipe that nobody writes to any more': 'true | run /bin/cat; echo "$?"',
  'a writer that is not read to its end': 'yes | run /usr/bin/head -n 2; echo "$PIPESTATUS"',
  'a reader that ends first': 'run /usr/bin/yes 2>/dev/null | head -n 2',
  'much through pipes': 'head -c 20000000 /dev/zero | run /bin/cat | sha256sum',
  'standard error is another': "run /bin/sh -c 'echo out; echo err >&2' 2>error; cat error",
  'standard error is the same': "run /bin/sh -c 'echo out; echo err >&2' 2>&1 | sort",
  'a file': "printf 'a\\nb\\n' >in; run /bin/cat <in >out; cat out",
  'a file is read where the caller stands, and left where the service stands':
    'seq 9 >in; { read -r one; run /usr/bin/head --bytes=2; cat; } <in',
  'a file is written where the caller stands': '{ echo 1; run /bin/echo 2; echo 3; } >out; cat out',
  'a file is appended to': 'echo 0 >out; { run /bin/echo 1; echo 2 >>out; run /bin/echo 3; } >>out; cat out',
  '/dev/null': 'run /usr/bin/wc --bytes </dev/null; run /bin/echo lost >/dev/null',
  'a socket': `node -e 'const {spawn} = require("child_process");
    const c = spawn("bash", ["-c", process.env.RUN + " /bin/cat"], {stdio: ["pipe", "pipe", "inherit"]});
    c.stdout.on("data", (d) => console.log("got", String(d))); c.stdin.end("over a socket")'`,
  'a terminal': `script -qec "$RUN /usr/bin/tty" /dev/null </dev/null | tr -d '\\r'`,
  'a file that the service may not open':
    '(umask 077; echo secret >in); run /usr/bin/setpriv --reuid=65534 --clear-groups /bin/cat <in',
  'exit status of run': 'run /bin/sh -c "exit 7"; echo $?',
};

async function outcome(command: string, script: string) {
  const prelude = `cd "$(mktemp -d)"; run() { ${command} "$@"; }; export RUN=${JSON.stringify(command)}`;
  return box.exec(['bash', '-c', `${prelude}\n${script}`], { env: { TERM: 'dumb' } });
}

describe('run --pipe as systemd-run:', { skip }, () => {
  for (const [name, script] of Object.entries(SCRIPTS)) {
    test(name, async () => {
      const theirs = await outcome(THEIRS, script);
      assert.deepEqual(await outcome(OURS, script), theirs);
    });
  }
});

/** systemd-run takes whatever it has opened since under these numbers. */
test('run --pipe: a stream that the caller closed is /dev/null', async () => {
  const script = 'run /bin/cat <&-; run /bin/echo lost >&-; run /bin/ls /nowhere 2>&-; echo "$?"';
  assert.deepEqual(await outcome(OURS, script), { status: 0, stdout: '2\n', stderr: '' });
});
