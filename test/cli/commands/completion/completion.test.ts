/** Tests of all of cli/commands/completion/: completions, in the shells that they are for. */
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { completion, SHELLS, type ShellName } from '../../../../src/cli/commands/completion/completion.js';
import { OPTIONS } from '../../../../src/cli/commands/options.js';
import { VERBS } from '../../../../src/cli/commands/verbs.js';
import { UserError } from '../../../../src/diagnostic.js';
import { CLI } from '../../../support/cli.js';
import { runCommand } from '../../../support/command.js';
import { inLayer, layerAvailable } from '../../../support/layer.js';
import { inRepository } from '../../../support/repository.js';
import { type RunResult, run } from '../../../support/run.js';
import { temporaryFolder, writeTree } from '../../../support/temporary.js';

const HERE = 'test/cli/commands/completion';

const SYSTEMCTL = `#!/bin/sh
case "$*" in
--user*list-units*) echo 'mine.service loaded active running Mine' ;;
--user*) ;;
*list-unit-files*) printf '%s\\n' 'nginx.service enabled enabled' 'foo@.service static -' 'a\\x2db.service enabled -' ;;
*) printf '%s\\n' 'nginx.service loaded active running web' 'foo@1.service loaded active running foo' ;;
esac
`;

/** A folder with the completions, the programs that they ask, and files; the path of the programs comes first. */
function folderOf(t: TestContext): { readonly folder: string; readonly path: string } {
  const folder = temporaryFolder(t);
  writeTree(folder, {
    ...Object.fromEntries(SHELLS.map((shell) => [shell, completion([shell]).text])),
    'fpath/_sandbox-unit': completion(['zsh']).text,
    'bin/systemctl': SYSTEMCTL,
    'bin/sandbox-unit': `#!/bin/sh\nexec ${folder}/bin/node ${CLI} "$@"\n`,
    'files/own.toml': '',
    'files/own.txt': '',
    'files/other/x.toml': '',
  });
  copyFileSync(process.execPath, join(folder, 'bin/node'));
  for (const name of ['systemctl', 'sandbox-unit', 'node']) chmodSync(join(folder, 'bin', name), 0o755);
  return { folder, path: `${join(folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin` };
}

/** A line, words that complete the last one, and words that don't. */
type Line = readonly [line: string, offered: readonly string[], others?: readonly string[]];

const LINES: readonly Line[] = [
  ['', ['plan', 'apply', 'template', 'help', 'completion'], ['show']],
  ['pl', ['plan'], ['apply']],
  ['plan n', ['nginx.service'], ['foo@.service', 'mine.service']],
  ['plan foo@', ['foo@.service', 'foo@1.service']],
  ['apply --check nginx.service fo', ['foo@.service']],
  ['plan --user ', ['mine.service'], ['nginx.service']],
  ['plan --perm', ['--permissive'], ['--policy']],
  ['status --op', ['--openmetrics']],
  ['plan --no-p', ['--no-pager']],
  ['plan --template n', ['no-exec', 'network-service']],
  ['plan --template=h', ['hardened']],
  ['plan --color ', ['auto', 'always', 'never']],
  ['plan --policy o', ['own.toml'], ['own.txt']],
  ['template ', ['list', 'show']],
  ['template show ha', ['hardened']],
  ['check ow', ['own.toml'], ['own.txt']],
  ['generate --hosts ot', ['other'], ['own.toml']],
  ['help ap', ['apply']],
  ['help unknown-te', ['unknown-template']],
  ['completion ', ['bash', 'zsh', 'fish']],
  ['run --deny ptr', ['ptrace']],
  ['run --allow @sys', ['@system-service']],
  ['run --deny acct,userf', ['userfaultfd']],
  ['run --deny acct,bpf:EPE', ['EPERM']],
  ['run --allow=bpf,acc', ['accept', 'acct']],
  ['run --errno ENETD', ['ENETDOWN']],
  ['run -p ProtectSys', ['ProtectSystem']],
  ['run --stage ', ['exec', 'entry']],
  ['run --wait -- mkte', ['mktemp']],
  ['run -u name mkte', ['mktemp']],
  ['run --wait cat ow', ['own.toml', 'own.txt']],
  ['learn --action ki', ['kill']],
  ['learn --exercise mkte', ['mktemp']],
  ['learn --merge ow', ['own.toml', 'own.txt']],
  ['run --uid roo', ['root']],
];

/**
 * The words that a shell offers by line; what a reply has of the list in front of it, and behind it, doesn't count. A reply of
 * bash has nothing in front of @.
 */
function offers({ status, stdout, stderr }: RunResult): Map<string, string[]> {
  assert.deepEqual([status, stderr], [0, '']);
  const parts = stdout.split(/^== /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [typed = '', ...words] = part.trimEnd().split('\n');
      const bare = words.map((word) => word.split('\t')[0]!.replace(/\/$|=$/, ''));
      const last = (word: string) =>
        word
          .replace(/^--\w+=/, '')
          .replace(/^.*[,:](?=.)/, '')
          .replace(/^@(?=1?\.)/, 'foo@');
      return [typed.replace(/^sandbox-unit /, ''), bare.map(last)];
    }),
  );
}

function assertOffered(found: Map<string, string[]>, lines: readonly Line[]) {
  assert.deepEqual(
    [...found.keys()],
    lines.map(([typed]) => typed),
  );
  for (const [typed, offered, others = []] of lines) {
    const words = found.get(typed)!;
    for (const word of offered) assert.ok(words.includes(word), `${typed}: ${word} of ${words}`);
    for (const word of others) assert.ok(!words.includes(word), `${typed}: ${word} of ${words}`);
  }
}

/** Lines of commands about confined units. */
const OF_CONFINED: readonly Line[] = [
  ['revert ', ['nginx.service', 'foo@.service'], ['plain.service', 'foo@1.service', 'own.service']],
  ['revert foo@1', [], ['foo@1.service']],
  ['status n', ['nginx.service'], ['foo@.service']],
  ['confirm --undo ', ['nginx.service', 'foo@.service'], ['foo@1.service']],
  ['verify ', ['nginx.service', 'foo@.service'], ['foo@1.service']],
  ['explain foo@', ['foo@.service'], ['foo@1.service']],
  ['explain foo@1', ['foo@1.service']],
  ['revert --user ', ['own.service', 'late.service'], ['nginx.service', 'mine.service']],
  ['verify --user mi', ['mine.service']],
];

test('completion for bash: words with special characters are completed and quoted correctly', async (t) => {
  const { folder, path } = folderOf(t);
  const typed = [
    'plan --template=no-e',
    'run --deny acct,bpf:EPE',
    'run --deny acct,userf',
    'plan foo@1',
    'plan a',
    'none x',
  ];
  const lines = typed.map((one) => `sandbox-unit ${one}`);
  const words = ['bash', '--norc', inRepository(HERE, 'complete.bash'), join(folder, 'bash'), ...lines];
  const { stdout } = await run(words, { cwd: join(folder, 'files'), env: { PATH: path } });
  const replies = stdout.split(/^== .*\n/m).slice(1);
  const made = ['no-exec', 'EPERM', 'acct,userfaultfd', '@1.service', 'a\\\\x2db.service', ''];
  const found = replies.map((reply) => reply.trimEnd());
  assert.deepEqual(found, made);
});

/** Command lines that complete the lines behind them, by shell. */
const COMPLETING: Readonly<Record<ShellName, (folder: string) => string>> = {
  bash: (folder) => `bash --norc ${inRepository(HERE, 'complete.bash')} ${folder}/bash`,
  zsh: (folder) => `zsh -f ${inRepository(HERE, 'complete.zsh')} ${folder}/fpath`,
  fish: (folder) =>
    `fish --no-config --command 'source ${folder}/fish; for line in $argv; echo "== $line"; complete -C $line; end'`,
};

/** Makes drop-ins of the system: two of ours, and another's. */
const CONFINE = `while read -r file; do mkdir -p "\${file%/*}" && : >"$file"; done <<END
/etc/systemd/system/nginx.service.d/zz-sandbox-unit.conf
/run/systemd/system/foo@.service.d/zz-sandbox-unit.conf
/etc/systemd/system/plain.service.d/zz-other.conf
END`;

const skip = layerAvailable('shells');

for (const shell of SHELLS) {
  test(`completion for ${shell}: completes command lines, and offers confined units where they fit`, {
    skip,
  }, async (t) => {
    const { folder, path } = folderOf(t);
    const [home, runtime] = [join(folder, 'a home'), join(folder, 'a runtime folder')];
    writeTree(home, { '.config/systemd/user/own.service.d/zz-sandbox-unit.conf': '' });
    writeTree(runtime, { 'systemd/user/late.service.d/zz-sandbox-unit.conf': '' });
    const script = `${CONFINE}\ncd ${folder}/files && exec ${COMPLETING[shell](folder)} "$@"`;
    const lines = [...LINES, ...OF_CONFINED];
    const typed = lines.map(([line]) => `sandbox-unit ${line}`);
    const env = { PATH: path, HOME: home, XDG_RUNTIME_DIR: runtime };
    const options = { tree: 'shells', folders: [folder], env } as const;
    const found = await inLayer(['sh', '-c', script, 'sh', ...typed], options);
    assertOffered(offers(found), lines);
    for (const [typed, heading] of shell === 'zsh' ? HEADINGS : [])
      assert.match(found.stdout, new RegExp(`^== sandbox-unit ${typed}\\n# ${heading}$`, 'm'));
  });
}

/** Headings of what zsh offers. */
const HEADINGS: readonly (readonly [typed: string, heading: string])[] = [
  ['plan n', 'unit'],
  ['plan --template n', 'template'],
  ['help unknown-te', 'command or code'],
  ['run --deny ptr', 'refused call'],
  ['run -p ProtectSys', 'directive'],
  ['run --errno ENETD', 'errno'],
];

test('completion for bash: with bash-completion, other programs are completed behind run', {
  skip,
}, async (t) => {
  const { folder, path } = folderOf(t);
  const script = `cd ${folder}/files && source /usr/share/bash-completion/bash_completion && source ${inRepository(HERE, 'complete.bash')} "$@"`;
  const typed = ['sandbox-unit run --wait chown --fr', 'sandbox-unit run --wait cat ow'];
  const words = ['bash', '-c', script, 'bash', join(folder, 'bash'), ...typed];
  const { stdout } = await inLayer(words, { tree: 'shells', folders: [folder], env: { PATH: path } });
  assert.match(stdout, /^--from=?$/m);
  assert.match(stdout, /^own\.toml$/m);
});

test('completion for bash: shellcheck finds nothing', {
  skip: layerAvailable(),
}, async (t) => {
  const { folder } = folderOf(t);
  const words = ['shellcheck', '--shell=bash', '--severity=warning', join(folder, 'bash')];
  assert.deepEqual(await inLayer(words, { folders: [folder] }), { status: 0, stdout: '', stderr: '' });
});

test('completion: each option is offered, and something for each operand', async () => {
  const offered = async (...words: string[]) => (await runCommand(['__complete', ...words], {})).stdout;
  for (const verb of VERBS.flatMap((one) => ('verbs' in one ? one.verbs : [one]))) {
    const words = VERBS.includes(verb) ? [verb.name] : ['template', verb.name];
    const flags = (await offered(...words, '-')).split('\n').map((line) => line.split('\t')[0]);
    for (const name of verb.options) {
      const [written] = verb.own?.[name] ?? OPTIONS[name];
      for (const flag of written.match(/(?<![\w-])--?[a-zA-Z][\w-]*/g) ?? [])
        assert.ok(flags.includes(flag), `${words} ${flag}`);
    }
    assert.equal((await offered(...words, '')) !== '', verb.operands !== undefined, verb.name);
  }
});

test('completion: an unknown shell is an error that suggests a name', () => {
  const failure = (shell: string): UserError => {
    try {
      completion([shell]);
    } catch (cause) {
      if (cause instanceof UserError) return cause;
    }
    return assert.fail(`no error for ${shell}`);
  };
  const hints: readonly (readonly [string, string])[] = [
    ['fihs', "did you mean 'fish'?"],
    ['powershell', 'available: bash, zsh, fish'],
  ];
  for (const [shell, hint] of hints) {
    const { diagnostics, exit } = failure(shell);
    assert.deepEqual([diagnostics[0]!.code, diagnostics[0]!.hint, exit], ['usage', hint, 2]);
  }
  for (const shell of SHELLS satisfies readonly ShellName[])
    assert.equal(completion([shell]).json.shell, shell);
});
