import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../../src/commands/apply.js';
import { revert } from '../../src/commands/revert.js';
import { status } from '../../src/commands/status.js';
import {
  type Contents,
  type FakeOptions,
  FakeSystem,
  fakeContext,
  LAUNCHER,
  machineWith,
  OF_USER,
} from '../support/fake-system.js';

const UNIT = 'demo.service';
const SERVICE = '[Service]\nExecStart=/usr/sbin/demod\n';
const NO_EXEC = '[syscalls]\ndeny = ["execve", "execveat"]\n';
const POLICY = '/etc/sandbox-unit/demo.service.toml';
const FOLDER = `/etc/systemd/system/${UNIT}.d`;
const DROP_IN = `${FOLDER}/zz-sandbox-unit.conf`;
const FILTER = `${FOLDER}/zz-sandbox-unit.filter`;
const OTHER = {
  '/usr/lib/systemd/system/other.service': '[Service]\nExecStart=/usr/sbin/otherd\n',
  '/usr/sbin/otherd': '',
  '/etc/sandbox-unit/other.service.toml': '[service]\nPrivateTmp = true\n',
};

/** A machine on which policies have been applied. */
async function applied(
  policy = NO_EXEC,
  options: Parameters<typeof apply>[2] = {},
  { units = [UNIT], ...more }: FakeOptions & { units?: readonly string[] } = {},
): Promise<FakeSystem> {
  const system = machineWith(SERVICE, policy, { running: [UNIT], ...more });
  assert.equal((await apply(fakeContext(system), units, options)).exit, 0);
  system.calls.length = 0;
  return system;
}

interface Shown {
  readonly unit: string;
  readonly mode: string | null;
  readonly state: string | null;
  readonly recorded: readonly string[];
  readonly missing: readonly string[];
}

async function shown(system: FakeSystem, units: readonly string[] = [], offline = false) {
  const { exit, json, text, diagnostics } = await status(fakeContext(system, { offline }), units);
  const [first] = json.units as [Shown];
  return { exit, text, codes: diagnostics.map(({ code }) => code), all: json.units as Shown[], ...first };
}

test('without operands all units that are confined have a line each', async () => {
  const system = await applied(NO_EXEC, {}, { units: [UNIT, 'other.service'], files: OTHER });
  const { exit, text } = await shown(system);
  assert.equal(exit, 0);
  assert.equal(
    text,
    'UNIT           MODE       STATE        DRIFT  POLICY\n' +
      'demo.service   enforcing  live         -      /etc/sandbox-unit/demo.service.toml\n' +
      'other.service  enforcing  not running  -      /etc/sandbox-unit/other.service.toml\n',
  );
  assert.deepEqual(system.changes, []);
});

test('one that has failed under its policy is a warning that leads to what explains it', async () => {
  for (const [policy, hint] of [
    [NO_EXEC, /^'sandbox-unit explain demo\.service' says whether/],
    ['[service]\nPrivateTmp = true\n', /^'systemctl status demo\.service' says more$/],
  ] as const) {
    const system = await applied(policy, {}, { running: [], behaviour: () => 'job-fails' });
    await system.restart(UNIT);
    const { exit, json, diagnostics } = await status(fakeContext(system), []);
    assert.equal((json.units as [Shown])[0].state, 'failed');
    assert.deepEqual(
      [exit, diagnostics.map(({ severity, code }) => `${severity} ${code}`)],
      [0, ['warning failed']],
    );
    assert.match(diagnostics[0]!.hint ?? '', hint);
  }
});

test('what a drop-in names is fit for a terminal', async () => {
  const system = await applied('[syscalls]\ndeny = ["acct"]\n');
  const dropIn =
    '# Made by sandbox-unit 1 from /p\n[Service]\nSystemCallFilter=~acct\nSystemCallLog=\u001b[2J\n';
  await system.replace(DROP_IN, new TextEncoder().encode(dropIn), { mode: 0o644 });
  assert.match((await shown(system)).text, /enforcing, records \\x1b\[2J {2}/);
});

test('where no unit is confined that is said, and the manager is not asked', async () => {
  const system = new FakeSystem({ files: { [`/usr/lib/systemd/system/${UNIT}`]: SERVICE } });
  const { exit, text } = await shown(system);
  assert.deepEqual([exit, text], [0, 'No unit is confined by sandbox-unit.\n']);
  assert.ok(system.calls.every((call) => call.startsWith('list ')));
});

describe('a policy that is not applied is told of, and no finding', () => {
  const waiting = async (files: Contents, more: Parameters<typeof shown>[2] = false) => {
    const system = machineWith(SERVICE, NO_EXEC, { files, aliases: { 'alias.service': UNIT } });
    const { exit, json, diagnostics } = await status(fakeContext(system, { offline: more }), []);
    assert.equal(exit, 0);
    const { notApplied } = json as { notApplied: string[] };
    return { notApplied, diagnostics };
  };
  const policies = (...names: string[]): Contents =>
    Object.fromEntries(names.map((name) => [name, '[service]\nPrivateTmp = true\n']));

  test('by the names of its units', async () => {
    for (const offline of [false, true]) {
      const { notApplied, diagnostics } = await waiting(OTHER, offline);
      assert.deepEqual(notApplied, [UNIT, 'other.service']);
      assert.deepEqual(
        diagnostics.map(({ severity, code, message, hint }) => [severity, code, message, hint]),
        [
          [
            'note',
            'not-applied',
            'not confined by the policy that is there for them: demo.service, other.service',
            offline ? undefined : "'sandbox-unit apply UNIT' applies it",
          ],
        ],
      );
    }
  });

  test('wherever it is, of a unit that is there, by its own name', async () => {
    const { notApplied, diagnostics } = await waiting({
      '/usr/lib/systemd/system/a.service': SERVICE,
      '/usr/lib/systemd/system/b.service': SERVICE,
      '/usr/lib/systemd/system/t@.service': SERVICE,
      '/usr/lib/systemd/system/demo.socket': '',
      ...policies(
        ...['/run/sandbox-unit/policies/a.service.toml', '/usr/lib/sandbox-unit/b.service.toml'],
        ...['/etc/sandbox-unit/t@.service.toml', '/usr/lib/sandbox-unit/none.service.toml'],
        ...[
          '/etc/sandbox-unit/base.toml',
          '/etc/sandbox-unit/demo.toml',
          '/etc/sandbox-unit/demo.socket.toml',
        ],
        ...['/etc/sandbox-unit/alias.service.toml', '/etc/sandbox-unit/none@.service.toml'],
        ...['/etc/sandbox-unit/templates/a.service.toml', '/etc/sandbox-unit/b.service'],
      ),
    });
    assert.deepEqual(notApplied, ['a.service', 'b.service', UNIT, 't@.service']);
    // What a package brings may be for a unit that isn't installed.
    assert.match(
      diagnostics.map(({ message }) => message).join(),
      /policies for what is no unit, or another name of one: alias\.service, none@\.service$/,
    );
  });

  test('not of one that is confined, nor where units are named', async () => {
    const system = await applied(NO_EXEC, {}, { files: OTHER });
    const notApplied = async (...units: string[]) =>
      (await status(fakeContext(system), units)).json.notApplied;
    assert.deepEqual(await notApplied(), ['other.service']);
    assert.deepEqual(await notApplied(UNIT), []);
  });

  test('not of a template whose policy an instance has', async () => {
    const files = {
      '/usr/lib/systemd/system/t@.service': SERVICE,
      ...policies('/etc/sandbox-unit/t@.service.toml'),
    };
    const system = await applied(NO_EXEC, {}, { units: ['t@a.service'], files });
    assert.deepEqual((await status(fakeContext(system), [])).json.notApplied, [UNIT]);
  });
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

test('a permissive unit that refuses calls itself is permissive', async () => {
  const system = machineWith(`${SERVICE}SystemCallFilter=~mount\n`, NO_EXEC, { running: [UNIT] });
  assert.equal((await apply(fakeContext(system), [UNIT], { permissive: true })).exit, 0);
  assert.equal((await shown(system)).mode, 'permissive');
});

test('an edited file does not read as enforcing', async () => {
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

test('a unit that waits for a restart or a reload says so', async () => {
  const waiting = await applied(NO_EXEC, { restart: false });
  assert.equal((await shown(waiting)).state, 'restart-due');
  const unread = await applied();
  const header = new TextEncoder().encode('# Made by sandbox-unit 1 from /p\n');
  await unread.replace(`/run/systemd/system/other.service.d/zz-sandbox-unit.conf`, header, { mode: 0o644 });
  const { all, exit } = await shown(unread);
  assert.deepEqual(
    all.map(({ unit, state }) => `${unit} ${state}`),
    ['demo.service live', 'other.service no-unit'],
  );
  assert.equal(exit, 0);
});

test('a filter without its drop-in confines nothing, which is a finding, until it is applied again or reverted', async () => {
  for (const [verb, after] of [
    [apply, 0],
    [revert, 1],
  ] as const) {
    const system = await applied();
    await system.remove(DROP_IN);
    for (const units of [[], [UNIT]]) {
      const { exit, codes, mode, all, text } = await shown(system, units);
      assert.deepEqual([exit, codes, mode, all.length], [1, ['drift-files'], null, 1]);
      assert.match(text, /^demo\.service {2}- +- +files +-$/m);
    }
    await system.reload();
    assert.equal((await verb(fakeContext(system), [UNIT], {})).exit, 0);
    assert.equal((await shown(system, [UNIT])).exit, after);
    assert.equal((await shown(system)).exit, 0);
  }
});

test('what runs without a filter is not live, however old its files say they are', async () => {
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
    assert.deepEqual([exit, missing, codes], [1, [path], ['file-missing']]);
  });
}

test('a filter that the launcher would not take is a finding', async () => {
  const system = await applied();
  await system.replace(FILTER, new TextEncoder().encode('nonsense'), { mode: 0o644 });
  const { exit, mode, codes } = await shown(system);
  assert.deepEqual([exit, mode, codes], [1, null, ['filter-file']]);
});

test('files of programs that are missing are named', async () => {
  const system = await applied(`${NO_EXEC}[exec]\nprograms = ["/usr/sbin/demod"]\n`);
  await system.remove(`${FOLDER}/zz-sandbox-unit.programs/demod`);
  const { exit, missing } = await shown(system);
  assert.deepEqual([exit, missing], [1, [`${FOLDER}/zz-sandbox-unit.programs/demod`]]);
});

test('a unit that is named and not confined is a finding, one that is unknown an error', async () => {
  const system = await applied(NO_EXEC, {}, { files: OTHER });
  const unconfined = await shown(system, ['other', UNIT]);
  assert.deepEqual([unconfined.exit, unconfined.codes], [1, ['unconfined']]);
  assert.deepEqual(
    unconfined.all.map(({ unit, mode }) => `${unit} ${mode}`),
    ['other.service null', 'demo.service enforcing'],
  );
  for (const name of ['dem', 'a/b', 'demo.socket']) assert.equal((await shown(system, [name])).exit, 2);
  assert.deepEqual((await shown(system, ['dem'], true)).codes, ['no-unit']);
});

test('a name and an alias of a unit are one', async () => {
  const system = await applied(NO_EXEC, {}, { aliases: { 'alias.service': UNIT } });
  const { all } = await shown(system, ['alias', 'demo']);
  assert.deepEqual(
    all.map(({ unit }) => unit),
    [UNIT],
  );
});

test('offline nothing is said of what runs', async () => {
  const system = await applied();
  const { exit, mode, state, text } = await shown(system, [], true);
  assert.deepEqual([exit, mode, state], [0, 'enforcing', null]);
  assert.match(text, new RegExp(`^demo\\.service +enforcing +- +- +${POLICY}$`, 'm'));
  assert.ok(!system.calls.some((call) => call.startsWith('unit ')));
});

test('folders whose names are no services are passed over', async () => {
  const system = await applied();
  for (const name of ['a b.service', 'x.socket', 'demo']) {
    await system.replace(`/etc/systemd/system/${name}.d/zz-sandbox-unit.conf`, new Uint8Array(), {
      mode: 0o644,
    });
  }
  assert.deepEqual(
    (await shown(system)).all.map(({ unit }) => unit),
    [UNIT],
  );
});

describe('what others than root can change on the way to the launcher', () => {
  /** The machine of before, on which a folder belongs to somebody else. */
  async function handedOver(options: FakeOptions = {}): Promise<FakeSystem> {
    const { files } = await applied();
    return machineWith(SERVICE, NO_EXEC, { running: [UNIT], ...options, files: Object.fromEntries(files) });
  }

  test('leaves nothing proven', async () => {
    const { exit, state, codes } = await shown(await handedOver({ untrusted: ['/usr/local/libexec'] }));
    assert.deepEqual([exit, state, codes], [1, 'not-proven', ['untrusted-path']]);
  });

  test('is remembered of what runs, though it is mended by then', async () => {
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

  test("doesn't count for a user's own services", async () => {
    const files = {
      [`/home/user/.config/sandbox-unit/${UNIT}.toml`]: NO_EXEC,
      [`/usr/lib/systemd/user/${UNIT}`]: SERVICE,
    };
    const system = machineWith(SERVICE, '', { files, untrusted: ['/home/user'] });
    const context = fakeContext(system, { placement: OF_USER, superuser: false });
    assert.equal((await apply(context, [UNIT], {})).exit, 0);
    assert.deepEqual((await status(context, [UNIT])).diagnostics, []);

    // An earlier version wrote no --user, without which the launcher takes no user's filter.
    const dropIn = `/home/user/.config/systemd/user/${UNIT}.d/zz-sandbox-unit.conf`;
    const old = new TextEncoder().encode(system.text(dropIn).replace(' --user', ''));
    await system.replace(dropIn, old, { mode: 0o644 });
    await system.reload();
    const { exit, diagnostics } = await status(context, [UNIT]);
    assert.equal(exit, 1);
    assert.ok(diagnostics.some(({ code, message }) => code === 'launcher' && message.includes('--user')));
  });
});
