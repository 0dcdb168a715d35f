import assert from 'node:assert/strict';
import {
  chownSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { plan } from '../../src/cli/commands/plan.js';
import { revert } from '../../src/cli/commands/revert.js';
import { status } from '../../src/cli/commands/status.js';
import { renderDiagnostic, UserError } from '../../src/diagnostic.js';
import type { Context } from '../../src/machine/context.js';
import { Offline } from '../../src/machine/offline.js';
import { open } from '../../src/machine/open.js';
import { NO_EXEC } from '../support/demo-service.js';
import { elf } from '../support/elf.js';
import { temporaryFolder, writeTree } from '../support/temporary.js';

const LIBRARY = elf();
LIBRARY[18] = 62; // EM_X86_64

const UNIT = '[Service]\nExecStart=/usr/sbin/demod\n';

/** A system in a folder, with a unit and its policy. */
const SYSTEM = {
  'usr/lib/systemd/libsystemd-shared-257.so': LIBRARY,
  'usr/lib/x86_64-linux-gnu/libc.so.6': '',
  'usr/lib/x86_64-linux-gnu/libseccomp.so.2': '',
  'usr/lib/systemd/system/demo.service': UNIT,
  'usr/sbin/demod': elf(),
  'etc/sandbox-unit/demo.service.toml': NO_EXEC,
};

interface Machine {
  readonly root: string;
  /** What is beside the folder, and must stay as it is. */
  readonly outside: string;
  readonly context: Context;
}

function machine(t: TestContext, tree: Readonly<Record<string, string | Uint8Array>> = {}): Machine {
  const folder = realpathSync(temporaryFolder(t));
  const [root, outside, home] = ['root', 'outside', 'home'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  writeTree(outside, { 'secret.toml': 'secret', 'etc/kept': 'kept' });
  writeTree(home, { 'native-helper/build/x86-64/launcher': 'launcher' });
  writeTree(root, {
    ...SYSTEM,
    ...Object.fromEntries(Object.entries(tree).map(([path, text]) => [path, inOutside(text, outside)])),
  });
  const { context, close } = open({
    root,
    home,
    environment: {},
    homeDirectory: '/nowhere',
    printError: () => undefined,
    columns: () => 0,
    self: [],
  });
  t.after(close);
  return { root, outside, context };
}

const inOutside = (content: string | Uint8Array, outside: string) =>
  typeof content === 'string' ? content.replace('OUTSIDE', outside) : content;

const shown = (diagnostics: readonly Parameters<typeof renderDiagnostic>[0][]) =>
  diagnostics.map((d) => renderDiagnostic(d)).join('\n');

/** Everything below a folder: contents of files, targets of links. */
const treeOf = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => !statSync(join(folder, path), { throwIfNoEntry: false })?.isDirectory())
    .sort()
    .map((path) => [
      path,
      lstatSync(join(folder, path)).isFile() ? readFileSync(join(folder, path), 'latin1') : 'link',
    ]);

const DROP_IN = 'etc/systemd/system/demo.service.d/zz-sandbox-unit.conf';

test('--root: a policy is applied to a system in a folder, and reverted', async (t) => {
  const { root, context } = machine(t);
  const before = treeOf(root);
  const result = await apply(context, ['demo'], {});
  assert.equal(result.exit, 0, shown(result.diagnostics));
  assert.match(
    readFileSync(join(root, DROP_IN), 'utf8'),
    /^ExecStart=\/usr\/local\/libexec\/sandbox-unit\/launcher --filter=\/etc\//m,
  );
  assert.equal(readFileSync(join(root, 'usr/local/libexec/sandbox-unit/launcher'), 'utf8'), 'launcher');
  assert.equal(statSync(join(root, 'usr/local/libexec/sandbox-unit/launcher')).mode & 0o777, 0o755);
  assert.equal((await apply(context, ['demo'], { check: true })).exit, 0);
  assert.equal((await revert(context, ['demo'], {})).exit, 0);
  assert.deepEqual(treeOf(root), before);
});

test('--root: in a folder without a system, no unit is reported as unconfined', async (t) => {
  const { root, context } = machine(t);
  assert.deepEqual(
    [(await status(context, [])).exit, (await status(context, [])).diagnostics.length],
    [0, 1],
  );
  rmSync(join(root, 'usr/lib/systemd'), { recursive: true });
  await assert.rejects(status(context, []), /there is no systemd in/);
});

test("--root: drop-ins of the folder count, those of this machine don't", async (t) => {
  const { context } = machine(t, {
    'etc/systemd/system/demo.service.d/a.conf': '[Service]\nRootDirectory=/srv\n',
  });
  const { text } = await plan(context, ['demo'], {});
  assert.match(text, /BindReadOnlyPaths=.*RootDirectory= would hide/);
});

test('--root: a drop-in that is a link to /dev/null is empty', async (t) => {
  const { root, context } = machine(t, {
    'usr/lib/systemd/system/demo.service.d/zzz.conf': '[Service]\nExecStart=\n',
  });
  assert.equal((await apply(context, ['demo'], {})).exit, 1);
  mkdirSync(join(root, 'etc/systemd/system/demo.service.d'), { recursive: true });
  symlinkSync('/dev/null', join(root, 'etc/systemd/system/demo.service.d/zzz.conf'));
  const result = await apply(context, ['demo'], {});
  assert.equal(result.exit, 0, shown(result.diagnostics));
});

test("--root: a template's instance is found", async (t) => {
  const { context } = machine(t, {
    'usr/lib/systemd/system/work@.service': UNIT,
    'etc/sandbox-unit/work@.service.toml': NO_EXEC,
  });
  assert.equal((await plan(context, ['work@1'], {})).exit, 0);
});

const LINES = '[Service]\nSystemCallFilter=~ptrace\n';

test('--root: an alias leads to its unit, and the drop-ins of all its names count', async (t) => {
  const { root, context } = machine(t, {
    'etc/systemd/system/other.service': '-> /usr/lib/systemd/system/demo.service',
    'etc/systemd/system/other.service.d/x.conf': LINES,
  });
  for (const unit of ['demo', 'other']) {
    const result = await apply(context, [unit], {});
    assert.equal(result.exit, 0, shown(result.diagnostics));
    assert.match(readFileSync(join(root, DROP_IN), 'utf8'), /^SystemCallFilter=~.*ptrace/m);
    assert.equal((await revert(context, [unit], {})).exit, 0);
    assert.ok(!existsSync(join(root, DROP_IN)));
  }
});

test("--root: an instance doesn't replace what its template has", async (t) => {
  const folder = 'etc/systemd/system/work@.service.d';
  const { root, context } = machine(t, {
    'usr/lib/systemd/system/work@.service': UNIT,
    [`${folder}/zz-sandbox-unit.conf`]: `${LINES}PrivateTmp=yes\n`,
    'etc/sandbox-unit/work@1.service.toml': '[syscalls]\ndeny = ["keyctl"]\n',
  });
  const refused = await apply(context, ['work@1'], {});
  assert.equal(refused.exit, 1);
  assert.match(shown(refused.diagnostics), /work@\.service\.d\/zz-sandbox-unit\.conf:3:1: error\[shadows\]/);
  writeTree(root, {
    'etc/sandbox-unit/work@2.service.toml': '[syscalls]\ndeny = ["keyctl"]\n[service]\nPrivateTmp = true\n',
  });
  for (const exit of [0, 0]) assert.equal((await apply(context, ['work@2'], {})).exit, exit);
  const own = readFileSync(join(root, folder.replace('@', '@2'), 'zz-sandbox-unit.conf'), 'utf8');
  assert.match(own, /^SystemCallFilter=~.*ptrace/m);
});

/** Links that lead out of the folder, seen from this machine. */
const LINKS: readonly [says: string, link: string, target: string][] = [
  ['an absolute link of the folder of drop-ins', 'etc/systemd/system/demo.service.d', '-> OUTSIDE'],
  [
    'a relative link of the folder of drop-ins',
    'etc/systemd/system/demo.service.d',
    '-> ../../../../../outside',
  ],
  ['a link of /etc/systemd', 'etc/systemd', '-> OUTSIDE/etc'],
  ['a link of /usr/local', 'usr/local', '-> ../../outside'],
];

for (const [says, link, target] of LINKS) {
  test(`--root: ${says} writes nothing outside`, async (t) => {
    const { root, outside, context } = machine(t, { [link]: target });
    const before = treeOf(outside);
    const result = await apply(context, ['demo'], {});
    assert.deepEqual(treeOf(outside), before);
    assert.equal(result.exit, 0, shown(result.diagnostics));
    assert.equal((await apply(context, ['demo'], { check: true })).exit, 0);
    await revert(context, ['demo'], {});
    assert.deepEqual(treeOf(outside), before);
    assert.ok(!existsSync(join(root, DROP_IN)));
  });
}

test('--root: a link that leads to a file outside is read inside', async (t) => {
  const { context } = machine(t, { 'etc/sandbox-unit/other.service.toml': '-> OUTSIDE/secret.toml' });
  await assert.rejects(plan(context, ['other'], {}), UserError);
  const { context: direct } = machine(t, {
    'usr/lib/systemd/system/other.service': UNIT,
    'etc/sandbox-unit/other.service.toml': '-> OUTSIDE/secret.toml',
  });
  await assert.rejects(plan(direct, ['other'], {}), (cause) => {
    assert.ok(cause instanceof UserError);
    const codes = cause.diagnostics.map(({ code }) => code);
    assert.deepEqual(codes, ['no-policy']);
    return true;
  });
});

test('--root: an absolute link is followed inside the folder', async (t) => {
  const { context } = machine(t, {
    'usr/share/other.service': UNIT,
    'usr/lib/systemd/system/other.service': '-> /usr/share/other.service',
    'etc/sandbox-unit/other.service.toml': '-> /etc/sandbox-unit/demo.service.toml',
  });
  const result = await plan(context, ['other'], {});
  assert.equal(result.exit, 0, shown(result.diagnostics));
});

test('--root: links in a circle are refused', async (t) => {
  const { context } = machine(t, { 'etc/systemd': '-> a', 'etc/a': '-> systemd' });
  await assert.rejects(
    apply(context, ['demo'], {}).then((result) => {
      if (result.exit !== 0) throw new UserError(result.diagnostics);
    }),
    UserError,
  );
});

test('--root: targets of links are not removed', async (t) => {
  const folder = 'etc/systemd/system/demo.service.d/zz-sandbox-unit.programs';
  const { root, outside, context } = machine(t, { [folder]: '-> /precious', 'precious/a': '' });
  await apply(context, ['demo'], {});
  assert.equal((await revert(context, ['demo'], {})).exit, 0);
  assert.ok(existsSync(join(root, 'precious/a')));
  assert.ok(existsSync(join(outside, 'secret.toml')));
});

test('--root: the name of a policy reaches the terminal escaped', async (t) => {
  const { root, context } = machine(t);
  const policy = join(root, '../p\x1b[31m\nx.toml');
  writeTree(root, { '../p\x1b[31m\nx.toml': NO_EXEC });
  const { text } = await plan(context, ['demo'], { policy });
  assert.match(text, /^demo\.service: .*\/p\\x1b\[31m\\x0ax\.toml$/m);
  assert.ok(!text.includes('\x1b'));
});

test('--root: a policy may be one of this machine', async (t) => {
  const { root, context } = machine(t);
  writeTree(root, { '../policy.toml': '[syscalls]\ndeny = ["uname"]\n' });
  const policy = join(root, '../policy.toml');
  const { text, exit } = await plan(context, ['demo'], { policy });
  assert.equal(exit, 0);
  assert.match(text, /deny uname/);
});

test('--root: reports what is missing', async (t) => {
  const { context } = machine(t);
  const code = async (unit: string) => {
    const { diagnostics, exit } = await apply(context, [unit], {});
    return [exit, diagnostics[0]?.code];
  };
  assert.deepEqual(await code('nothing'), [2, 'no-unit']);
  const empty = open({
    root: temporaryFolder(t),
    home: '/',
    environment: {},
    homeDirectory: '/',
    printError: () => undefined,
    columns: () => 0,
    self: [],
  });
  t.after(empty.close);
  const failure = await plan(empty.context, ['nothing'], {}).catch((cause) => cause);
  assert.ok(failure instanceof UserError);
  const [{ code: what, hint } = { code: '' }] = failure.diagnostics;
  assert.deepEqual([failure.exit, what], [2, 'systemd-version']);
  assert.match(hint!, /usr\/lib\/systemd/);
});

test('--root: asks no manager, and runs no program', async (t) => {
  const { context } = machine(t);
  const { system } = context;
  for (const ask of [
    system.unit('demo.service'),
    system.reload(),
    system.restart('demo.service'),
    system.stopUnit('demo.service'),
  ]) {
    await assert.rejects(ask, /needs the running machine/);
  }
  assert.equal((await system.run(['true'])).status, 127);
  assert.deepEqual(await system.manager(), {
    version: '257',
    architecture: 'x86-64',
    features: undefined,
    started: undefined,
    controlGroup: undefined,
    unitPath: undefined,
  });
});

const skip = process.getuid?.() === 0 ? undefined : 'needs root, to make files of other users';

describe("--root of another user's folder", { skip }, () => {
  /** Of user nobody, all that is in it too. */
  function theirs(t: TestContext): Machine {
    const made = machine(t);
    for (const path of ['', ...readdirSync(made.root, { recursive: true, encoding: 'utf8' })]) {
      lchownSync(join(made.root, path), 65534, 65534);
    }
    return made;
  }

  test('root applies the policy in it, and reverts it', async (t) => {
    const { root, context } = theirs(t);
    const before = treeOf(root);
    const result = await apply(context, ['demo'], {});
    assert.equal(result.exit, 0, shown(result.diagnostics));
    assert.ok(existsSync(join(root, DROP_IN)));
    assert.equal((await revert(context, ['demo'], {})).exit, 0);
    assert.deepEqual(treeOf(root), before);
  });

  test('a policy of this machine must still be writable by root alone', async (t) => {
    const { root, context } = theirs(t);
    const policy = join(root, '../policy.toml');
    writeTree(root, { '../policy.toml': NO_EXEC });
    assert.equal((await plan(context, ['demo'], { policy })).exit, 0);
    chownSync(policy, 65534, 65534);
    await assert.rejects(plan(context, ['demo'], { policy }), /belongs to user 65534/);
  });
});

test('in a chroot, the root folder is the system itself', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'policy.toml');
  writeTree(folder, { 'policy.toml': NO_EXEC });
  chownSync(path, 65534, 65534);
  const { context, close } = open({
    home: '/',
    environment: {},
    homeDirectory: '/',
    printError: () => undefined,
    columns: () => 0,
    self: [],
  });
  t.after(close);
  const offline = new Offline(context.system, '/');
  await assert.rejects(offline.read(path, { trusted: true }), /belongs to user 65534/);
});
