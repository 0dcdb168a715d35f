/** What `--json` prints, held against sandbox-unit.json(5). */
import assert from 'node:assert/strict';
import { appendFileSync, rmSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { VERBS } from '../src/commands/verbs.js';
import { cli, LIBRARY } from './support/cli.js';
import { documentedKeys, isThere, pathsOf } from './support/json-keys.js';
import { manualParts } from './support/manual.js';
import { launcherObstacle } from './support/native.js';
import { temporaryFolder, writeTree } from './support/temporary.js';

const skip = launcherObstacle();

const POLICIES = {
  'etc/sandbox-unit/demo.service.toml':
    '[syscalls]\ndeny = ["execve", "execveat", "uname", "swapon", "swapoff"]\nenforcer = "launcher"\n[service]\nPrivateTmp = true\n[exec]\nwrap = ["ExecStart"]\n',
  'etc/sandbox-unit/plain.service.toml': '[syscalls]\ndeny = ["uname"]\nlog = ["mount"]\n',
  'etc/sandbox-unit/serving.service.toml':
    '[ready]\ndeny = ["execve", "execveat", "io_uring_setup"]\n[[ready.rules]]\nsyscall = "socket"\nwhen = [{ arg = 0, eq = 1 }]\naction = "EPERM"\n',
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

/** Command lines that between them print every key; ROOT is a system's folder. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  check: ['ROOT/etc/sandbox-unit/bad.service.toml ROOT/etc/sandbox-unit/plain.service.toml'],
  plan: [
    '--root ROOT demo',
    '--summary --root ROOT demo',
    '--summary --root ROOT serving',
    '--root ROOT plain',
    '--root ROOT serving',
    '--root ROOT bad',
  ],
  generate: ['--root ROOT demo', '--root ROOT bad'],
  apply: ['--root ROOT --check --diff demo', '--root ROOT demo bad nothing'],
  revert: ['--root ROOT demo x.socket'],
  status: ['--root ROOT', '--root ROOT demo bad'],
  score: ['--root ROOT', '--root ROOT --max 1.0 demo serving nothing'],
  'template list': [''],
  'template show': ['no-exec'],
  schema: [''],
  completion: ['bash'],
};

/** What only a system that runs can print: test/systemd/verify.test.ts, test/commands/explain.test.ts, test/commands/learn.test.ts, test/systemd/run.test.ts, test/commands/confirm.test.ts, test/commands/generate/for-hosts.test.ts, test/systemd/live.test.ts. */
const ELSEWHERE = ['confirm', 'explain', 'verify', 'learn', 'run', 'tighten'];
const KEYS_ELSEWHERE = [
  ...['units[].tightened', 'units[].injected[].by', 'units[].injected[].at', 'units[].injected[].deny[]'],
  ...['units[].verified', 'units[].refusals[]', 'units[].confirmBy'],
  ...['classes[].class', 'classes[].hosts[]', 'classes[].files[]', 'gone[]'],
];
/** Of `status`, with a service that was started: test/commands/status.test.ts. */
const OF_A_RUN = 'units[].refused.';

async function printed(
  words: string,
  flag = '--json',
): Promise<{ status: number; body: Record<string, unknown> }> {
  const { status, stdout, stderr } = await cli(...words.split(' ').filter((word) => word !== ''), flag);
  assert.equal(stderr, '');
  return { status, body: JSON.parse(stdout) };
}

/** Of `facts` each line is JSON, in a form of its own: sandbox-unit-facts(1). */
const NAMES = VERBS.flatMap((verb) =>
  'verbs' in verb ? verb.verbs.map(({ name }) => `${verb.name} ${name}`) : [verb.name],
).filter((name) => name !== 'facts');

test('the manual has a part for each command, and one for all', () => {
  assert.deepEqual(
    [...manualParts('sandbox-unit.json.5', 'Ss').keys()],
    ['Every command', 'Short form', ...NAMES],
  );
  assert.deepEqual([...Object.keys(RUNS), ...ELSEWHERE].sort(), [...NAMES].sort());
});

for (const name of Object.keys(RUNS)) {
  test(`the keys that '${name} --json' prints are those of the manual`, { skip }, async (t) => {
    const root = system(t);
    const more = name === 'score' ? ['serving'] : [];
    if (['revert', 'status', 'score'].includes(name))
      await cli('apply', '--root', root, 'demo', 'plain', ...more);
    if (name === 'status') {
      rmSync(`${root}/etc/systemd/system/demo.service.d/zz-sandbox-unit.filter`);
      const plain = `${root}/etc/systemd/system/plain.service.d/zz-sandbox-unit.conf`;
      appendFileSync(plain, '# Gaps allowed: gap-directive\n');
      writeFileSync(
        `${root}/etc/sandbox-unit/plain.service.toml`,
        '[service]\nPrivateTmp = true\nUMask = "0077"\n',
      );
    }
    const keys = new Map([...documentedKeys('Every command'), ...documentedKeys(name)]);
    const seen = new Set<string>();
    for (const words of RUNS[name]!) {
      const { status, body } = await printed(`${name} ${words.replaceAll('ROOT', root)}`);
      const paths = new Set(pathsOf(body));
      for (const path of paths) seen.add(path);
      const missing = [...keys].filter(([key, { optional }]) => !optional && !isThere(body, key));
      if (status !== 2)
        assert.deepEqual(
          missing.map(([key]) => key),
          [],
        );
    }
    const elsewhere = [...keys.keys()].filter(
      (key) => KEYS_ELSEWHERE.includes(key) || key.startsWith(OF_A_RUN),
    );
    const common = [...documentedKeys('Every command').keys(), ...elsewhere].filter((key) => !seen.has(key));
    assert.deepEqual([...seen, ...common].sort(), [...keys.keys()].sort());
  });
}

test('the short form has the keys of the manual', { skip }, async (t) => {
  const root = system(t);
  const keys = documentedKeys('Short form');
  const seen = new Set<string>();
  for (const words of [`apply --root ${root} demo bad`, `status --root ${root} demo bad`]) {
    const { body } = await printed(words, '--json=summary');
    for (const path of pathsOf(body)) seen.add(path);
    for (const [key, { optional }] of keys) assert.ok(optional || isThere(body, key), `${words}: ${key}`);
  }
  assert.deepEqual([...seen].sort(), [...keys.keys()].sort());
});

test("within apply's units there are a plan and diagnostics as elsewhere", { skip }, async (t) => {
  const { body } = await printed(`apply --check --root ${system(t)} demo bad`);
  const units = body.units as { plan: unknown; diagnostics: object[] }[];
  const plan = [...documentedKeys('plan')].filter(([, { optional }]) => !optional).map(([key]) => key);
  for (const key of plan) assert.ok(isThere(units[0]!.plan, key), key);
  assert.deepEqual(units[1]!.diagnostics, body.diagnostics);
});
