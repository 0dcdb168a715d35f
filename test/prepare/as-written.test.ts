/** Tests of prepare/as-written.ts and prepare/gather.ts: when files are known to be as their policy makes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { confinedUnit } from '../../src/prepare/confined.js';
import { FOLDER, NO_EXEC, UNIT } from '../support/demo-service.js';
import { type FakeSystem, fakeContext, machineWith } from '../support/fake-system.js';

const POLICY = `/etc/sandbox-unit/${UNIT}.toml`;
const DROP_IN = `${FOLDER}/zz-sandbox-unit.conf`;
const FRAGMENT = `/usr/lib/systemd/system/${UNIT}`;
const LINES = '[Service]\nExecStart=/usr/sbin/demod\n';

async function confined(policy = NO_EXEC): Promise<FakeSystem> {
  const system = machineWith(LINES, policy, { running: [UNIT] });
  assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
  return system;
}

/** Whether no plan had to be made. */
const isKnown = async (system: FakeSystem, options = {}): Promise<boolean> =>
  (await confinedUnit(fakeContext(system), UNIT, options)).facts !== undefined;

function edit(system: FakeSystem, path: string, change: (text: string) => string): void {
  const file = system.files.get(path)!;
  const text = change(new TextDecoder().decode(file.bytes));
  system.files.set(path, { ...file, bytes: new TextEncoder().encode(text) });
}

test('unchanged files and policy: the files are current, and the plan agrees', async () => {
  const system = await confined();
  const found = await confinedUnit(fakeContext(system), UNIT, {});
  assert.notEqual(found.facts, undefined);
  assert.deepEqual([found.changes, found.diagnostics], [[], []]);
  const plan = await found.plan();
  assert.deepEqual([plan.unit, plan.policyFile, plan.mode], [found.name, found.policyFile, found.mode]);
});

for (const [what, path, change] of [
  ['the policy', POLICY, (text: string) => `# more\n${text}`],
  ["the unit's file", FRAGMENT, (text: string) => `${text}User=demo\n`],
  ['the drop-in', DROP_IN, (text: string) => `${text}NoNewPrivileges=no\n`],
  ['a comment of the drop-in', DROP_IN, (text: string) => `# more\n${text}`],
  [
    'the version of systemd',
    DROP_IN,
    (text: string) => text.replace(/^# For systemd .*/m, '# For systemd 1'),
  ],
  ['the version that made it', DROP_IN, (text: string) => text.replace(/(?<=by sandbox-unit )\S+/, '0')],
] as const)
  test(`a plan is made if ${what} has changed`, async () => {
    const system = await confined();
    edit(system, path, change);
    assert.ok(!(await isKnown(system)));
  });

test('a plan is made for another mode or another policy', async () => {
  const system = await confined();
  const other = '/root/other.toml';
  system.files.set(other, { bytes: new TextEncoder().encode(NO_EXEC), mode: 0o644 });
  assert.ok(!(await isKnown(system, { permissive: true })));
  assert.ok(!(await isKnown(system, { policy: other })));
});

test('a plan is made if others can change a file, or the launcher differs', async () => {
  const open = await confined();
  open.files.set(DROP_IN, { ...open.files.get(DROP_IN)!, mode: 0o666 });
  assert.ok(!(await isKnown(open)));
  const replaced = await confined();
  const [launcher] = [...replaced.files.keys()].filter(
    (path) => path.startsWith('/usr/local/') && path.endsWith('/launcher'),
  );
  edit(replaced, launcher!, (text) => `${text}more`);
  assert.ok(!(await isKnown(replaced)));
});
