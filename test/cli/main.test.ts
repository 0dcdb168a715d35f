/** Tests of cli/main.ts and cli/program.ts: command lines, what is printed for them, and exit statuses. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { VERSION } from '../../src/version.js';
import { CLI, cli, ENVIRONMENT, LIBRARY } from '../support/cli.js';
import { run as start } from '../support/run.js';
import { temporaryFolder, writeTree } from '../support/temporary.js';

const sh = (script: string) =>
  start(['sh', '-c', script], { env: { ...ENVIRONMENT, NODE: process.execPath, CLI } });

const NO_EXEC = '[syscalls]\ndeny = ["uname"]\n';

/** A system in a folder and some policies; the paths of both. */
function files(t: TestContext): { root: string; policy: (name: string) => string } {
  const folder = temporaryFolder(t);
  const policy = (name: string) => join(folder, name);
  writeTree(folder, {
    'good.toml': NO_EXEC,
    'bad.toml': '[syscalls]\ndeny = ["exceve"]\n',
    'syntax.toml': 'a = 1\na = 2\n',
    'warned.toml': '[syscalls]\ndeny = ["execve"]\n',
    'root/usr/lib/systemd/libsystemd-shared-257.so': LIBRARY,
    'root/usr/lib/x86_64-linux-gnu/libc.so.6': '',
    'root/usr/lib/x86_64-linux-gnu/libseccomp.so.2': '',
    'root/usr/sbin/demod': '',
    'root/usr/lib/systemd/system/demo.service': '[Service]\nExecStart=/usr/sbin/demod\n',
    'root/etc/sandbox-unit/demo.service.toml': NO_EXEC,
  });
  return { root: join(folder, 'root'), policy };
}

test('--version prints the version and nothing else', async () => {
  assert.deepEqual(await cli('--version'), { status: 0, stdout: `${VERSION}\n`, stderr: '' });
  assert.match(VERSION, /^\d+\.\d+\.\d+$/);
});

test('--help lists the commands on stdout', async () => {
  const { status, stdout, stderr } = await cli('--help');
  assert.deepEqual([status, stderr], [0, '']);
  for (const verb of ['check', 'plan', 'generate', 'apply', 'revert', 'template', 'schema']) {
    assert.match(stdout, new RegExp(`^ {2}${verb} `, 'm'));
  }
});

/** Words that are no command line: what is said, on stderr, and the way out. */
const USAGE: readonly [words: string[], says: string, hint: string][] = [
  [['aply', 'nginx'], "unknown command 'aply'", "did you mean 'apply'?"],
  [['reverse'], "unknown command 'reverse'", "did you mean 'revert'?"],
  [
    ['help', 'no-unti'],
    "'no-unti' is neither a command nor the code of a message",
    "did you mean 'no-unit'?",
  ],
  [['frobnicate'], "unknown command 'frobnicate'", "see 'sandbox-unit --help'"],
  [['\u001b[2J'], "unknown command '\\x1b[2J'", "see 'sandbox-unit --help'"],
  [
    ['--quiet', 'plan', 'x'],
    "unknown option '--quiet'",
    "options come after the command: see 'sandbox-unit plan --help'",
  ],
  [['--verison'], "unknown option '--verison'", "did you mean '--version'?"],
  [['apply', 'nginx', '--chek'], "unknown option '--chek'", "did you mean '--check'?"],
  [['apply', 'nginx', '--dry-run'], "unknown option '--dry-run'", "use '--check', which changes nothing"],
  [['revert', '-n', 'nginx'], "unknown option '-n'", "use '--check', which changes nothing"],
  [['status', '--dry-run'], "unknown option '--dry-run'", "see 'sandbox-unit status --help'"],
  [['apply'], "missing required argument 'unit'", "see 'sandbox-unit apply --help'"],
  [
    ['status', '--system', '--user'],
    "option '--system' cannot be used with option '--user'",
    "see 'sandbox-unit status --help'",
  ],
  [['plan'], "missing required argument 'unit'", "see 'sandbox-unit plan --help'"],
  [
    ['plan', 'a', 'b'],
    "too many arguments for 'plan'. Expected 1 argument but got 2.",
    "see 'sandbox-unit plan --help'",
  ],
  [['check'], "missing required argument 'file'", "see 'sandbox-unit check --help'"],
  [['plan', 'a', '--policy'], "option '--policy <file>' argument missing", "see 'sandbox-unit plan --help'"],
  [['check', 'x', '--runtime'], "unknown option '--runtime'", "see 'sandbox-unit check --help'"],
  [
    ['schema', 'plan', 'x'],
    "too many arguments for 'schema'. Expected 1 argument but got 2.",
    "see 'sandbox-unit schema --help'",
  ],
  [['template', 'lst'], "unknown command 'lst'", "did you mean 'list'?"],
  [
    ['template', 'no-exec'],
    "unknown command 'no-exec'",
    "'sandbox-unit template show no-exec' prints the template of that name",
  ],
  [['template', 'show'], "missing required argument 'name'", "see 'sandbox-unit template --help'"],
  [['plan', ''], 'an operand is empty', "see 'sandbox-unit plan --help'"],
  [['generate', 'a', '--output', ''], '--output is empty', "see 'sandbox-unit generate --help'"],
  [
    ['plan', 'a', '--policy', 'x', '--template', 'y'],
    "option '--policy <file>' cannot be used with option '--template <name>'",
    "see 'sandbox-unit plan --help'",
  ],
  [
    ['revert', 'a', '--root', '/', '--user'],
    "option '--root <dir>' cannot be used with option '--user'",
    "see 'sandbox-unit revert --help'",
  ],
];

for (const [words, says, hint] of USAGE) {
  test(`${JSON.stringify(words.join(' '))} is no valid command line`, async () => {
    const result = await cli(...words);
    assert.deepEqual(result, { status: 2, stdout: '', stderr: `error[usage]: ${says}\n  hint: ${hint}\n` });
  });
}

test('--help takes a command, or the code of a message', async () => {
  const { stdout: help } = await cli('apply', '--help');
  assert.deepEqual(await cli('help', 'apply'), { status: 0, stdout: help, stderr: '' });
  const { status, stdout, stderr } = await cli('help', 'no-unit');
  assert.deepEqual([status, stderr], [0, '']);
  assert.match(stdout, /^systemd has no unit of this name\./);
  assert.deepEqual(await cli('help', 'error[no-unit]:'), { status, stdout, stderr }, 'as it is printed');
  assert.deepEqual(await cli('help', 'help'), await cli('--help'));
});

test('without a command the error is the help', async () => {
  const { stdout: help } = await cli('--help');
  assert.deepEqual(await cli(), { status: 2, stdout: '', stderr: help });
  const json = await cli('template', '--json');
  assert.equal(json.stderr, '');
  assert.equal(JSON.parse(json.stdout).diagnostics[0].code, 'usage');
});

test('an argument that is not UTF-8 is refused', async () => {
  const { stdout } = await sh('"$NODE" "$CLI" check "$(printf \'\\377\')" 2>&1');
  assert.match(stdout, /^error\[usage\]: an operand is not UTF-8 text\n/);
});

test('exit statuses: 0 done, 1 findings, 2 could not run, 3 changes pending', async (t) => {
  const { root, policy } = files(t);
  const status = async (...words: string[]) => (await cli(...words)).status;
  assert.equal(await status('check', policy('good.toml')), 0);
  assert.equal(await status('check', policy('warned.toml')), 0);
  assert.equal(await status('check', policy('bad.toml')), 1);
  assert.equal(await status('check', policy('syntax.toml')), 1);
  assert.equal(await status('plan', 'demo', '--root', root), 0);
  assert.equal(await status('plan', 'demo', '--root', root, '--policy', policy('bad.toml')), 1);
  assert.equal(await status('plan', 'demo', '--root', root, '--policy', policy('syntax.toml')), 1);
  assert.equal(await status('plan', 'nothing', '--root', root), 2);
  assert.equal(await status('plan', 'demo', '--root', join(root, 'etc')), 2);
  assert.equal(await status('plan', 'demo'), 2);
  assert.equal(await status('apply', 'demo', '--root', root, '--check'), 3);
  assert.equal(await status('apply', 'demo', '--root', root), 0);
  assert.equal(await status('apply', 'demo', '--root', root, '--check'), 0);
  assert.equal(await status('revert', 'demo', '--root', root, '--check'), 3);
  assert.equal(await status('revert', 'demo', '--root', root), 0);
  assert.equal(await status('revert', 'demo', '--root', root), 0);
});

test('output goes to stdout, diagnostics to stderr', async (t) => {
  const { root, policy } = files(t);
  const good = await cli('check', policy('good.toml'));
  assert.deepEqual([good.stdout, good.stderr], [`${policy('good.toml')}: ok\n`, '']);
  const bad = await cli('check', policy('bad.toml'));
  assert.equal(bad.stdout, '');
  assert.equal(
    bad.stderr,
    `${policy('bad.toml')}:2:9: error[unknown-syscall]: unknown syscall 'exceve'\n` +
      `  2 | deny = ["exceve"]\n    |         ^^^^^^^^\n  hint: did you mean 'execve'?\n`,
  );
  const generated = await cli('generate', 'demo', '--root', root);
  assert.match(generated.stdout, /^# \/etc\/systemd\/system\/demo\.service\.d\/zz-sandbox-unit\.conf\n/);
  assert.equal(generated.stderr, '');
});

test('a policy that is not TOML is shown with its line by every command', async (t) => {
  const { root, policy } = files(t);
  const file = policy('syntax.toml');
  const wanted = `${file}:2:1: error[policy-syntax]: the key 'a' is already defined\n  2 | a = 2\n    | ^\n`;
  assert.equal((await cli('check', file)).stderr, wanted);
  assert.equal((await cli('plan', 'demo', '--root', root, '--policy', file)).stderr, wanted);
});

test('--quiet leaves only errors and warnings', async (t) => {
  const { root, policy } = files(t);
  const quiet = await cli('check', '--quiet', policy('good.toml'));
  assert.deepEqual([quiet.stdout, quiet.stderr], ['', '']);
  assert.match((await cli('check', '--quiet', policy('bad.toml'))).stderr, /unknown-syscall/);
  assert.equal((await cli('plan', 'demo', '--quiet', '--root', root)).stdout, '');
});

/** Command lines with --json: one object on stdout, nothing on stderr, also where something is wrong. */
const JSON_CASES: readonly (readonly [words: string[], ok: boolean, code?: string])[] = [
  [['check', 'GOOD'], true],
  [['check', 'BAD', 'GOOD'], false, 'unknown-syscall'],
  [['check', 'SYNTAX'], false, 'policy-syntax'],
  [['check', 'MISSING'], false, 'no-policy'],
  [['plan', 'demo', '--root', 'ROOT'], true],
  [['plan', 'nothing', '--root', 'ROOT'], false, 'no-unit'],
  [['plan', 'bad/name', '--root', 'ROOT'], false, 'invalid-unit-name'],
  [['plan', 'demo'], false, 'no-bus'],
  [['plan', 'demo', '--root', 'ROOT', '--user'], false, 'usage'],
  [['generate', 'demo', '--root', 'ROOT'], true],
  [['apply', 'demo', '--root', 'ROOT', '--check'], true],
  [['apply', 'demo', 'nothing', '--root', 'ROOT'], false, 'no-unit'],
  [['revert', 'demo', '--root', 'ROOT', '--check'], true],
  [['plan'], false, 'usage'],
  [['plan', 'demo', '--frobnicate'], false, 'usage'],
  [['frobnicate'], false, 'usage'],
  [['template', 'list'], true],
  [['plan', ''], false, 'usage'],
  [['template', 'show', 'no-such-one'], false, 'unknown-template'],
];

for (const [words, ok, code] of JSON_CASES) {
  test(`'${words.join(' ')} --json' prints one object`, async (t) => {
    const { root, policy } = files(t);
    const names: Record<string, string> = {
      ROOT: root,
      GOOD: policy('good.toml'),
      BAD: policy('bad.toml'),
      SYNTAX: policy('syntax.toml'),
      MISSING: policy('missing.toml'),
    };
    const { stdout, stderr, status } = await cli(...words.map((word) => names[word] ?? word), '--json');
    const nothingWrong = status === 0 || status === 3;
    const body = JSON.parse(stdout) as { ok: boolean; diagnostics: { code: string }[] };
    assert.equal(stderr, '');
    assert.deepEqual([body.ok, nothingWrong], [ok, ok]);
    const codes = body.diagnostics.map((d) => d.code);
    assert.deepEqual(codes, code === undefined ? [] : [code]);
  });
}

test('--json=short needs the =; a separate word is a unit', async (t) => {
  const { root } = files(t);
  const of = async (...words: string[]) => {
    const { status, stdout, stderr } = await cli(...words);
    assert.equal(stderr, '');
    return { status, body: JSON.parse(stdout) };
  };
  const apply = ['apply', '--root', root, '--check'];
  const { status, body } = await of(...apply, '--json=summary', 'demo');
  assert.equal(status, 3);
  assert.match(body.units[0].diff, /^\+SystemCallFilter=~uname/m);
  for (const flag of ['--json', '--json=full'])
    assert.equal((await of(...apply, flag, 'demo')).body.units[0].plan.unit, 'demo.service');
  // A failure has the form that was asked for, too.
  const failed = await of(...apply, 'demo', '--json=summary', '--frobnicate');
  assert.deepEqual([failed.status, failed.body.reasons[0].code], [2, 'usage']);
  const other = await of('plan', '--json=summary', 'demo');
  assert.equal(
    other.body.reasons[0].message,
    "option '--json=summary' works only with apply, confirm, revert, status",
  );
  const unknown = await of(...apply, '--json=short', 'demo');
  assert.equal(unknown.body.diagnostics[0].message, "unknown option '--json=short'");
  assert.match((await cli('apply', '--help')).stdout, /^ {2}--json\[=summary\] {2}/m);
  assert.match((await cli('plan', '--help')).stdout, /^ {2}--json {2}/m);
});

test('--policy=- reads standard input, but no folder and no large file', async () => {
  const of = async (script: string) => {
    const { status, stdout, stderr } = await sh(script);
    return [status, stdout, stderr.split('\n')[0]];
  };
  assert.deepEqual(await of(`echo '${NO_EXEC}' | "$NODE" "$CLI" check -`), [0, '-: ok\n', '']);
  const folder = await of('"$NODE" "$CLI" check - < /');
  assert.deepEqual(folder, [2, '', "error[unreadable]: can't read standard input: it is a folder"]);
  const [status, , said] = await of('yes | "$NODE" "$CLI" check -');
  assert.equal(status, 1);
  assert.match(String(said), /^standard input:1:1: error\[policy-syntax\]/);
});

test('a diagnostic in JSON has its place as flat keys', async (t) => {
  const { policy } = files(t);
  const { stdout } = await cli('check', '--json', policy('bad.toml'));
  assert.deepEqual(JSON.parse(stdout).diagnostics, [
    {
      severity: 'error',
      code: 'unknown-syscall',
      message: "unknown syscall 'exceve'",
      hint: "did you mean 'execve'?",
      file: policy('bad.toml'),
      line: 2,
      column: 9,
      length: 8,
    },
  ]);
});

const HOSTILE_NAMES = [
  'a b',
  '../x',
  '/etc/passwd',
  '$(id)',
  '%n',
  'x\ny',
  '\u001b[2J',
  'é',
  '@.service',
  'a'.repeat(300),
  'x.socket',
];

for (const name of HOSTILE_NAMES) {
  test(`the unit name ${JSON.stringify(name.slice(0, 20))} is refused, and can't control the terminal`, async (t) => {
    const { root } = files(t);
    for (const verb of ['plan', 'generate', 'apply', 'revert']) {
      const { status, stderr } = await cli(verb, name, '--root', root);
      assert.equal(status, 2, verb);
      assert.match(stderr, /^error\[(invalid-unit-name|invalid-unit-name|not-a-service|no-unit)\]: /);
      assert.ok(!stderr.includes('\u001b') && !stderr.includes('\n    at '), stderr);
    }
  });
}

test('invisible characters are escaped in JSON, and mean the same', async (t) => {
  const name = '\u009b31m\u202e\u200b\u{e0041}.toml';
  const folder = temporaryFolder(t);
  writeTree(folder, { [name]: NO_EXEC });
  const { stdout } = await cli('check', '--json', join(folder, name));
  assert.doesNotMatch(stdout, /[\u0080-\u009f\u202e\u200b]|\u{e0041}/u);
  assert.equal(JSON.parse(stdout).files[0].file, join(folder, name));
});

test('a name that begins with a dash is an option, or a unit behind --', async (t) => {
  const { root } = files(t);
  assert.match((await cli('plan', '-demo', '--root', root)).stderr, /unknown option/);
  assert.match((await cli('plan', '--root', root, '--', '-demo')).stderr, /there is no unit -demo\.service/);
});

test('a closed pipe causes no stack trace', async () => {
  const { stdout, stderr } = await sh('"$NODE" "$CLI" schema | head -n1');
  assert.deepEqual([stdout, stderr], ['{\n', '']);
  assert.equal((await sh('"$NODE" "$CLI" check /nonexistent 2>&1 | true')).stderr, '');
  assert.equal((await sh('"$NODE" "$CLI" check /nonexistent 2>&- >&-; true')).stderr, '');
});

test("a closed pipe doesn't change the exit status; a full disk does", async () => {
  const { stdout } = await sh('{ "$NODE" "$CLI" schema; echo $? >&2; } 2>&1 >/dev/full');
  assert.equal(stdout, "error[unwritable]: can't print: ENOSPC: no space left on device, write\n2\n");
  const { stdout: status } = await sh('{ { "$NODE" "$CLI" schema; echo $? >&3; } | true; } 3>&1');
  assert.equal(status, '0\n');
});

test('large output passes completely through a slow pipe', async () => {
  const { stdout } = await sh('"$NODE" "$CLI" schema | (sleep 0.2; cat) | wc -c');
  const { stdout: whole } = await cli('schema');
  assert.equal(Number(stdout), Buffer.byteLength(whole));
});

test("a bus address that dbus-next doesn't support is an error in one line", async () => {
  const env = { ...ENVIRONMENT, DBUS_SYSTEM_BUS_ADDRESS: 'unix:abstract=bus' };
  const { status, stderr } = await start([process.execPath, CLI, 'plan', 'demo'], { env });
  assert.equal(status, 2);
  assert.match(
    stderr,
    /^error\[no-bus\]: can't reach the bus at unix:abstract=bus: .* not supported\n {2}hint: .*\n$/,
  );
});

test('an exception that no code catches is an error without a stack trace', async () => {
  const thrown = `process.on('newListener', (name) => {
    if (name === 'uncaughtException') queueMicrotask(() => { throw new Error('thrown alone'); });
  });`;
  const env = { ...ENVIRONMENT, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(thrown)}` };
  const { status, stderr } = await start([process.execPath, CLI, 'schema'], { env });
  assert.equal(status, 2);
  assert.equal(
    stderr,
    'error[internal]: this is a bug in sandbox-unit: thrown alone\n  hint: set SANDBOX_UNIT_DEBUG=1 to see where\n',
  );
});
