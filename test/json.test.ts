/** What `--json` prints offline, held against schemas/, and these schemas themselves. */
import assert from 'node:assert/strict';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { cli, LIBRARY } from './support/cli.js';
import type { Schema } from './support/json-schema.js';
import { launcherObstacle } from './support/native.js';
import { assertKeys, KINDS, schemaNames, schemaPart } from './support/printed-json.js';
import { temporaryFolder, writeTree } from './support/temporary.js';

const skip = launcherObstacle();

const POLICIES = {
  'etc/sandbox-unit/demo.service.toml':
    '[syscalls]\ndeny = ["execve", "execveat", "uname", "swapon", "swapoff"]\nenforcer = "launcher"\n[service]\nPrivateTmp = true\n[exec]\nwrap = ["ExecStart"]\nstart-pre = ["/bin/true"]\n',
  'etc/sandbox-unit/plain.service.toml': '[syscalls]\ndeny = ["uname"]\nlog = ["mount"]\n',
  'etc/sandbox-unit/serving.service.toml':
    '[ready]\ndeny = ["execve", "execveat", "io_uring_setup"]\n[[ready.rules]]\nsyscall = "socket"\nwhen = [{ arg = 0, eq = 1 }]\naction = "EPERM"\n\n# Not stated yet: later.\n# PrivateDevices = true\n',
  'etc/sandbox-unit/bad.service.toml': '[syscalls]\ndeny = ["exceve"]\n',
};

function system(t: TestContext): string {
  const root = temporaryFolder(t);
  const unit = '[Service]\nExecStart=/usr/sbin/demod\nExecReload=/bin/kill $MAINPID\n';
  writeTree(root, {
    ...POLICIES,
    'usr/lib/systemd/libsystemd-shared-257.so': LIBRARY,
    'usr/lib/x86_64-linux-gnu/libc.so.6': '',
    'usr/lib/x86_64-linux-gnu/libseccomp.so.2': '',
    'usr/sbin/demod': '',
    'usr/libexec/sandbox-unit/tighten': '',
    'usr/lib/systemd/system/demo.service': unit,
    'usr/lib/systemd/system/plain.service': unit,
    'usr/lib/systemd/system/serving.service': unit,
    'usr/lib/systemd/system/bad.service': unit,
  });
  return root;
}

/** By schema command lines that between them print every key; ROOT is a system's folder. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  check: ['check ROOT/etc/sandbox-unit/bad.service.toml ROOT/etc/sandbox-unit/plain.service.toml'],
  plan: [
    'plan --root ROOT demo',
    'plan --summary --root ROOT demo',
    'plan --summary --root ROOT serving',
    'plan --root ROOT plain',
    'plan --root ROOT serving',
    'plan --root ROOT bad',
  ],
  generate: ['generate --root ROOT demo', 'generate --root ROOT bad'],
  apply: ['apply --root ROOT --check --diff demo', 'apply --root ROOT demo bad nothing'],
  revert: ['revert --root ROOT demo x.socket'],
  status: ['status --root ROOT', 'status --root ROOT demo bad'],
  summary: ['apply --json=summary --root ROOT demo bad', 'status --json=summary --root ROOT demo bad'],
  score: ['score --root ROOT', 'score --root ROOT --max 1.0 demo serving nothing'],
  'template-list': ['template list'],
  'template-show': ['template show no-exec'],
  schema: ['schema', 'schema plan'],
  completion: ['completion bash'],
};

/** Keys that only a system that runs can print: the tests of the command have them. */
const ELSEWHERE: Readonly<Record<string, readonly string[]>> = {
  apply: ['confirmBy', 'tightened', 'verified', 'refusals'].map((key) => `units[].${key}`),
  status: [
    'refused.count',
    'refused.calls',
    'refused.others',
    'refused.unseen',
    'injected[].by',
    'injected[].at',
    'injected[].deny',
  ].map((key) => `units[].${key}`),
};

for (const [name, lines] of Object.entries(RUNS)) {
  test(`--json output matches schemas/${name}.json, and has all its keys`, { skip }, async (t) => {
    const root = system(t);
    if (['revert', 'status', 'score'].includes(name))
      await cli('apply', '--root', root, 'demo', 'plain', ...(name === 'score' ? ['serving'] : []));
    if (name === 'status') {
      rmSync(`${root}/etc/systemd/system/demo.service.d/zz-sandbox-unit.filter`);
      const plain = `${root}/etc/systemd/system/plain.service.d/zz-sandbox-unit.conf`;
      appendFileSync(plain, '# Gaps allowed: gap-directive\n');
      writeFileSync(
        `${root}/etc/sandbox-unit/plain.service.toml`,
        '[service]\nPrivateTmp = true\nUMask = "0077"\n',
      );
    }
    const printed: unknown[] = [];
    for (const line of lines) {
      const words = line.replaceAll('ROOT', root).split(' ');
      const json = words.some((word) => word.startsWith('--json')) ? [] : ['--json'];
      const { stdout, stderr } = await cli(...words, ...json);
      assert.equal(stderr, '');
      printed.push(JSON.parse(stdout));
    }
    assert.deepEqual(assertKeys(name, printed), ELSEWHERE[name] ?? []);
  });
}

test('each output has a schema, and each schema an output', () => {
  assert.deepEqual(schemaNames(), [...KINDS, 'common', 'recording'].sort());
});

/** Keys of a schema without a description. */
function undescribed({ items, properties = {} }: Schema, path = ''): string[] {
  if (items) return undescribed(items, `${path}[]`);
  return Object.entries(properties).flatMap(([key, inner]) => [
    ...(inner.description === undefined ? [`${path}.${key}`] : []),
    ...undescribed(inner, `${path}.${key}`),
  ]);
}

test('each key of an output has a description', () => {
  for (const name of schemaNames()) assert.deepEqual(undescribed(schemaPart(`${name}.json`)), [], name);
});

test("apply --json: the units' diagnostics are those of the whole", { skip }, async (t) => {
  const { stdout } = await cli('apply', '--json', '--check', '--root', system(t), 'demo', 'bad');
  const { units, diagnostics } = JSON.parse(stdout);
  assert.deepEqual(units[1].diagnostics, diagnostics);
});
