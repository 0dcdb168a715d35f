/** What `--json` prints, held against sandbox-unit.json(5). */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { VERBS } from '../src/commands/verbs.js';
import { cli, LIBRARY } from './support/cli.js';
import { manualParts } from './support/manual.js';
import { launcherObstacle } from './support/native.js';
import { temporaryFolder, writeTree } from './support/temporary.js';

const skip = launcherObstacle();

/** Keys of a command by the manual, and which of them may be missing. */
function documented(heading: string): Map<string, { optional: boolean }> {
  const items = (manualParts('sandbox-unit.json.5', 'Ss').get(heading) ?? '').matchAll(
    /^\.It Ic (\S+)( \?)?$/gm,
  );
  return new Map([...items].map(([, key, mark]) => [key!, { optional: mark !== undefined }]));
}

/** Paths of all that a value holds: `a.b`, and `a[]` of what is in lists. */
function pathsOf(value: unknown, path = ''): string[] {
  if (OPAQUE.includes(path)) return [path];
  if (Array.isArray(value)) return value.flatMap((element) => pathsOf(element, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) =>
    pathsOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

/** The manual refers to others for what these hold. */
const OPAQUE = ['schema', 'units[].plan', 'units[].diagnostics[]'];

const POLICIES = {
  'etc/sandbox-unit/demo.service.toml':
    '[syscalls]\ndeny = ["execve", "execveat", "uname"]\n[service]\nPrivateTmp = true\n[exec]\nwrap = ["ExecStart"]\n',
  'etc/sandbox-unit/plain.service.toml': '[syscalls]\ndeny = ["uname"]\n',
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
    'usr/lib/systemd/system/demo.service': unit,
    'usr/lib/systemd/system/plain.service': unit,
    'usr/lib/systemd/system/bad.service': unit,
  });
  return root;
}

/** Command lines that between them print every key; ROOT is a system's folder. */
const RUNS: Readonly<Record<string, readonly string[]>> = {
  check: ['ROOT/etc/sandbox-unit/bad.service.toml ROOT/etc/sandbox-unit/plain.service.toml'],
  plan: ['--root ROOT demo', '--root ROOT plain', '--root ROOT bad'],
  generate: ['--root ROOT demo', '--root ROOT bad'],
  apply: ['--root ROOT --check --diff demo', '--root ROOT demo bad nothing'],
  revert: ['--root ROOT demo x.socket'],
  'template list': [''],
  'template show': ['no-exec'],
  schema: [''],
};

async function printed(words: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const { status, stdout, stderr } = await cli(...words.split(' ').filter((word) => word !== ''), '--json');
  assert.equal(stderr, '');
  return { status, body: JSON.parse(stdout) };
}

const NAMES = VERBS.flatMap((verb) =>
  'verbs' in verb ? verb.verbs.map(({ name }) => `${verb.name} ${name}`) : [verb.name],
);

test('the manual has a part for each command, and one for all', () => {
  assert.deepEqual([...manualParts('sandbox-unit.json.5', 'Ss').keys()], ['Every command', ...NAMES]);
  assert.deepEqual(Object.keys(RUNS), NAMES);
});

for (const name of NAMES) {
  test(`the keys that '${name} --json' prints are those of the manual`, { skip }, async (t) => {
    const root = system(t);
    if (name === 'revert') await cli('apply', '--root', root, 'demo');
    const keys = new Map([...documented('Every command'), ...documented(name)]);
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
    const common = [...documented('Every command').keys()].filter((key) => !seen.has(key));
    assert.deepEqual([...seen, ...common].sort(), [...keys.keys()].sort());
  });
}

/** Whether every object on the way to a key has the next part of it. */
function isThere(value: unknown, key: string): boolean {
  if (Array.isArray(value)) return value.every((element) => isThere(element, key));
  if (key === '' || value === null) return true;
  const [, name = '', rest = ''] = /^([^.[]*)(?:\[\])?\.?(.*)$/.exec(key) ?? [];
  if (typeof value !== 'object' || !Object.hasOwn(value, name)) return false;
  return isThere((value as Record<string, unknown>)[name], rest);
}

test("within apply's units there are a plan and diagnostics as elsewhere", { skip }, async (t) => {
  const { body } = await printed(`apply --check --root ${system(t)} demo bad`);
  const units = body.units as { plan: unknown; diagnostics: object[] }[];
  const plan = [...documented('plan')].filter(([, { optional }]) => !optional).map(([key]) => key);
  for (const key of plan) assert.ok(isThere(units[0]!.plan, key), key);
  assert.deepEqual(units[1]!.diagnostics, body.diagnostics);
});
