/** Tests of verify/drift/service-state.ts, verify/drift/unit-mode.ts and verify/drift/drift-programs.ts: what is said of a confined unit. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../../../src/cli/commands/apply.js';
import { revert } from '../../../src/cli/commands/revert.js';
import { status } from '../../../src/cli/commands/status.js';
import { DROP_IN, FILTER, LAUNCHER, NO_EXEC, SERVICE, UNIT } from '../../support/demo-service.js';
import {
  type FakeOptions,
  type FakeSystem,
  fakeContext,
  machineWith,
  OF_USER,
} from '../../support/fake-system.js';
import { applied, type Shown, shown } from '../../support/status-in-memory.js';

test('a service that failed under its policy has a warning and a hint with explain', async () => {
  for (const [policy, hint] of [
    [NO_EXEC, /^'sandbox-unit explain demo\.service' shows whether/],
    [
      '[service]\nPrivateTmp = true\n',
      /^'systemctl status demo\.service' shows more; 'systemctl start demo\.service' starts it again$/,
    ],
  ] as const) {
    const system = await applied(policy, {}, { running: [], behaviour: () => 'job-fails' });
    await system.restart(UNIT);
    const { exit, json, diagnostics } = await status(fakeContext(system), []);
    assert.equal((json.units as [Shown])[0].state, 'failed');
    const found = [exit, diagnostics.map(({ severity, code }) => `${severity} ${code}`)];
    assert.deepEqual(found, [0, ['warning failed']]);
    assert.match(diagnostics[0]!.hint ?? '', hint);
  }
});

test('names in a drop-in are shown without control characters', async () => {
  const system = await applied('[syscalls]\ndeny = ["acct"]\n');
  const dropIn =
    '# Made by sandbox-unit 1 from /p\n[Service]\nSystemCallFilter=~acct\nSystemCallLog=\u001b[2J\n';
  await system.replace(DROP_IN, new TextEncoder().encode(dropIn), { mode: 0o644 });
  assert.match((await shown(system)).text, /enforcing, records \\x1b\[2J {2}/);
});

const MODES: readonly (readonly [
  what: string,
  policy: string,
  options: object,
  mode: string,
  recorded: string[],
])[] = [
  ['a policy of the launcher', NO_EXEC, {}, 'enforcing', []],
  ['a policy of systemd', '[syscalls]\ndeny = ["uname"]\n', {}, 'enforcing', []],
  ['a policy without [syscalls]', '[service]\nPrivateTmp = true\n', {}, 'enforcing', []],
  ['a policy of stage entry', `${NO_EXEC}stage = "entry"\n`, {}, 'enforcing', []],
  ['a permissive one', NO_EXEC, { permissive: true }, 'permissive', []],
  ['a permissive one of stage entry', `${NO_EXEC}stage = "entry"\n`, { permissive: true }, 'permissive', []],
  ['a policy that only logs', `${NO_EXEC}action = "log"\n`, {}, 'permissive', []],
  ['a policy that systemd only logs', '[syscalls]\ndeny = ["uname:log"]\n', {}, 'permissive', []],
  [
    'one that logs some',
    `${NO_EXEC}log = ["uname", "@swap"]\n`,
    {},
    'enforcing',
    ['swapoff', 'swapon', 'uname'],
  ],
  [
    'one of systemd that logs some',
    '[syscalls]\ndeny = ["mount"]\nlog = ["uname"]\n',
    {},
    'enforcing',
    ['uname'],
  ],
  [
    'one that refuses some arguments only',
    '[[syscalls.rules]]\nsyscall = "socket"\nwhen = [{ arg = 0, eq = 16 }]\naction = "EPERM"\n',
    {},
    'enforcing',
    [],
  ],
];

for (const [what, policy, options, mode, recorded] of MODES) {
  test(`${what} is ${mode}`, async () => {
    const found = await shown(await applied(policy, options));
    assert.deepEqual([found.exit, found.mode, found.recorded], [0, mode, recorded]);
  });
}

const START = '[syscalls]\ndeny = ["swapon", "write"]\n';
const READY = '[ready]\ndeny = ["execve", "execveat"]\n';
const LOGS = 'action = "log"\n';

const PHASES: readonly (readonly [
  what: string,
  policy: string,
  options: object,
  mode: string,
  until: string | null,
  text: string,
])[] = [
  ['both tables refuse', `${START}${READY}`, {}, 'enforcing', 'enforcing', 'enforcing'],
  [
    'the launcher only records, and [ready] refuses',
    `${START}${LOGS}${READY}`,
    {},
    'enforcing',
    'permissive',
    'enforcing, permissive until it serves, records swapon, write',
  ],
  [
    'systemd only records, and [ready] refuses',
    `[syscalls]\ndeny = ["uname"]\n${LOGS}${READY}`,
    {},
    'enforcing',
    'permissive',
    'enforcing, permissive until it serves, records uname',
  ],
  [
    '[syscalls] refuses, and [ready] only records',
    `${START}${READY}${LOGS}`,
    {},
    'enforcing',
    'enforcing',
    'enforcing, records execve, execveat',
  ],
  ['both only record', `${START}${LOGS}${READY}${LOGS}`, {}, 'permissive', 'permissive', 'permissive'],
  ['both are permissive', `${START}${READY}`, { permissive: true }, 'permissive', 'permissive', 'permissive'],
  ['there is [ready] alone', READY, {}, 'enforcing', null, 'enforcing'],
  ['there is [ready] alone, which only records', `${READY}${LOGS}`, {}, 'permissive', null, 'permissive'],
];

for (const [what, policy, options, mode, until, text] of PHASES) {
  test(`if ${what}, the mode is ${mode}, and ${until ?? 'none'} until then`, async () => {
    const found = await shown(await applied(policy, options));
    assert.deepEqual([found.exit, found.mode, found.modeUntilReady], [0, mode, until]);
    assert.ok(found.text.includes(`\n${UNIT}  ${text}  `), found.text);
  });
}

test("a filter of [ready] that an edited drop-in doesn't load doesn't count", async () => {
  const system = await applied(READY);
  const edited = system.text(DROP_IN).replace(/^ExecStartPost=/gm, '#ExecStartPost=');
  await system.replace(DROP_IN, new TextEncoder().encode(edited), { mode: 0o644 });
  assert.equal((await shown(system)).mode, 'permissive');
});

test('a permissive unit that refuses calls itself is permissive', async () => {
  const system = machineWith(`${SERVICE}SystemCallFilter=~mount\n`, NO_EXEC, { running: [UNIT] });
  assert.equal((await apply(fakeContext(system), [UNIT], { permissive: true })).exit, 0);
  assert.equal((await shown(system)).mode, 'permissive');
});

test("an edited file doesn't count as enforcing", async () => {
  const permissive = await applied(NO_EXEC, { permissive: true });
  const text = permissive.text(DROP_IN).replace(/^# Permissive.*\n/m, '');
  await permissive.replace(DROP_IN, new TextEncoder().encode(text), { mode: 0o644 });
  assert.equal((await shown(permissive)).mode, 'permissive');

  const swapped = await applied();
  const other = (await applied(NO_EXEC, { permissive: true })).files.get(FILTER)!;
  await swapped.replace(FILTER, other.bytes, { mode: 0o644 });
  assert.equal((await shown(swapped)).mode, 'permissive');

  const bare = await applied();
  const without = bare.text(DROP_IN).replace(/^ExecStart=/gm, '#ExecStart=');
  await bare.replace(DROP_IN, new TextEncoder().encode(without), { mode: 0o644 });
  assert.equal((await shown(bare)).mode, 'permissive');
});

test('a unit that needs a restart or a reload says so', async () => {
  const waiting = await applied(NO_EXEC, { restart: false });
  assert.equal((await shown(waiting)).state, 'restart-due');
  const unread = await applied();
  const header = new TextEncoder().encode('# Made by sandbox-unit 1 from /p\n');
  await unread.replace(`/run/systemd/system/other.service.d/zz-sandbox-unit.conf`, header, { mode: 0o644 });
  const { all, exit } = await shown(unread);
  const found = all.map(({ unit, state }) => `${unit} ${state}`);
  assert.deepEqual(found, ['demo.service live', 'other.service no-unit']);
  assert.equal(exit, 0);
});

test('a filter without its drop-in confines nothing, which is a finding until apply or revert', async () => {
  for (const [verb, after] of [
    [apply, 0],
    [revert, 1],
  ] as const) {
    const system = await applied();
    await system.remove(DROP_IN);
    for (const units of [[], [UNIT]]) {
      const { exit, codes, mode, all, text } = await shown(system, units);
      assert.deepEqual([exit, codes, mode, all.length], [1, ['drift-files'], null, 1]);
      assert.match(text, /^demo\.service {2}- +- +files +- +-$/m);
    }
    await system.reload();
    assert.equal((await verb(fakeContext(system), [UNIT], {})).exit, 0);
    assert.equal((await shown(system, [UNIT])).exit, after);
    assert.equal((await shown(system)).exit, 0);
  }
});

test('a run without a filter is not live, whatever the times of its files', async () => {
  let starts = 0;
  const behaviour = () => (starts++ === 0 ? 'works' : 'is-open');
  const system = await applied(NO_EXEC, {}, { behaviour });
  assert.equal((await shown(system)).state, 'live');
  await system.restart(UNIT);
  assert.equal((await shown(system)).state, 'restart-due');
});

for (const path of [LAUNCHER, FILTER]) {
  test(`without ${path} the service won't start, which is a finding`, async () => {
    const system = await applied();
    await system.remove(path);
    const { exit, missing, codes } = await shown(system);
    assert.deepEqual([exit, missing, codes], [1, [path], ['cannot-start']]);
  });
}

test('a filter that the launcher would refuse is a finding', async () => {
  const system = await applied();
  await system.replace(FILTER, new TextEncoder().encode('nonsense'), { mode: 0o644 });
  const { exit, mode, codes } = await shown(system);
  assert.deepEqual([exit, mode, codes], [1, null, ['cannot-start']]);
});

describe('a path to the launcher that other users than root can change', () => {
  /** The machine of before, on which a folder belongs to somebody else. */
  async function handedOver(options: FakeOptions = {}): Promise<FakeSystem> {
    const { files } = await applied();
    return machineWith(SERVICE, NO_EXEC, { running: [UNIT], ...options, files: Object.fromEntries(files) });
  }

  test('leaves nothing proven', async () => {
    const { exit, state, codes } = await shown(await handedOver({ untrusted: ['/usr/local/libexec'] }));
    assert.deepEqual([exit, state, codes], [1, 'not-proven', ['untrusted-path']]);
  });

  test('is remembered for the present run, even if it is repaired', async () => {
    const seen = await handedOver({ untrusted: ['/usr/local/libexec'] });
    await shown(seen);
    const mended = machineWith(SERVICE, NO_EXEC, { running: [UNIT], files: Object.fromEntries(seen.files) });
    assert.equal((await shown(mended)).state, 'restart-due');
    assert.equal((await apply(fakeContext(mended), [UNIT], {})).exit, 0);
    assert.deepEqual(
      [mended.changes.includes(`restart ${UNIT}`), (await shown(mended)).state],
      [true, 'live'],
    );
  });

  test("doesn't matter for a user's own services", async () => {
    const files = {
      [`/home/user/.config/sandbox-unit/${UNIT}.toml`]: NO_EXEC,
      [`/usr/lib/systemd/user/${UNIT}`]: SERVICE,
    };
    const system = machineWith(SERVICE, '', { files, untrusted: ['/home/user'] });
    const context = fakeContext(system, { placement: OF_USER, superuser: false });
    assert.equal((await apply(context, [UNIT], {})).exit, 0);
    assert.deepEqual((await status(context, [UNIT])).diagnostics, []);
  });
});
