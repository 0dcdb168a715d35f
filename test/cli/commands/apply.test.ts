import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplyOptions } from '../../../src/apply/apply/plan.js';
import { apply } from '../../../src/cli/commands/apply.js';
import { revert } from '../../../src/cli/commands/revert.js';
import {
  assertEnd,
  codesOf,
  machine,
  run,
  setPolicy,
  sorted,
  statesOf,
} from '../../support/apply-in-memory.js';
import {
  DROP_IN,
  FILTER,
  FOLDER,
  LAUNCHER,
  NO_EXEC,
  OTHER,
  SERVICE,
  UNIT,
} from '../../support/demo-service.js';
import { fakeContext, HOME } from '../../support/fake-system.js';
import { assertOf, printed } from '../../support/printed-json.js';

test('apply: writes launcher, filter and drop-in in this order, then reloads and restarts', async () => {
  const system = machine();
  const result = await run(system);
  assert.equal(result.exit, 0);
  assert.deepEqual(statesOf(result), ['demo.service applied']);
  assert.deepEqual(system.changes, [
    `replace ${LAUNCHER}`,
    `replace ${FILTER}`,
    `replace ${DROP_IN}`,
    'reload',
    'restart demo.service',
  ]);
  const found = [LAUNCHER, FILTER, DROP_IN].map((path) => system.files.get(path)!.mode);
  assert.deepEqual(found, [0o755, 0o644, 0o644]);
  assert.ok(system.isUpToDate);
});

test('apply: an unchanged unit is not written, reloaded or restarted', async () => {
  const system = machine();
  await run(system);
  system.calls.length = 0;
  const result = await run(system);
  assert.deepEqual(
    [result.exit, result.json.changed, statesOf(result)],
    [0, false, ['demo.service unchanged']],
  );
  assert.deepEqual(system.changes, []);
  assert.equal(result.text, 'demo.service: unchanged\n');
});

test("apply: a drop-in that was overridden since doesn't count as unchanged", async () => {
  const system = machine();
  await run(system);
  system.files.set(`${FOLDER}/zzz.conf`, {
    bytes: new TextEncoder().encode('[Service]\nExecStart=\nExecStart=/usr/sbin/demod --foreground\n'),
    mode: 0o644,
  });
  await system.reload();
  const result = await run(system);
  assertEnd(result, [1, ['demo.service refused'], ['error overridden']]);
});

test('apply: a drop-in that another one would override is not written', async () => {
  const late = { [`${FOLDER}/zzz.conf`]: '[Service]\nExecStart=\nExecStart=/usr/sbin/demod\n' };
  const system = machine({ files: late });
  const result = await run(system);
  assertEnd(result, [1, ['demo.service refused'], ['error overridden']]);
  assert.deepEqual(system.changes, []);
});

test("apply: a foreign drop-in with sandbox-unit's name is not weakened, not even by the next apply", async () => {
  const vendor = {
    '/usr/lib/systemd/system/demo.service.d/zz-sandbox-unit.conf':
      '[Service]\nProtectSystem=strict\nSystemCallFilter=~ptrace\n',
  };
  const policy = (system: string) => `[syscalls]\ndeny = ["uname"]\n[service]\nProtectSystem = "${system}"\n`;
  const system = machine({ files: vendor }, policy('strict'));
  const first = await run(system);
  assert.deepEqual(statesOf(first), ['demo.service applied']);
  assert.match(system.text(DROP_IN), /^SystemCallFilter=~.*ptrace/m);
  assert.deepEqual(statesOf(await run(system)), ['demo.service unchanged']);
  setPolicy(system, policy('full'));
  assert.deepEqual(codesOf(await run(system)), ['error loosens']);
  setPolicy(system, '[syscalls]\ndeny = ["uname"]\n');
  assert.deepEqual(codesOf(await run(system)), ['error shadows']);
});

test('apply: a changed policy replaces the differing files and leaves the launcher', async () => {
  const system = machine();
  await run(system);
  setPolicy(system, `${NO_EXEC}[service]\nPrivateTmp = true\n`);
  system.calls.length = 0;
  await run(system);
  assert.deepEqual(system.changes, [`replace ${DROP_IN}`, 'reload', 'restart demo.service']);
});

test('apply: a filter that is no longer needed is removed', async () => {
  const system = machine();
  await run(system);
  setPolicy(system, '[syscalls]\ndeny = ["uname"]\n');
  system.calls.length = 0;
  await run(system);
  assert.deepEqual(system.changes, [
    `replace ${DROP_IN}`,
    'reload',
    'restart demo.service',
    `remove ${FILTER}`,
  ]);
});

test('apply: a file with a changed mode is restored', async () => {
  const system = machine();
  await run(system);
  system.files.set(LAUNCHER, { ...system.files.get(LAUNCHER)!, mode: 0o644 });
  await run(system);
  assert.equal(system.files.get(LAUNCHER)!.mode, 0o755);
});

test('apply: several units are written, then loaded by one reload, then restarted', async () => {
  const system = machine({ files: OTHER, running: [UNIT, 'other.service'] });
  const result = await run(system, {}, ['demo', 'other.service']);
  assert.equal(result.exit, 0);
  assert.deepEqual(statesOf(result), ['demo.service applied', 'other.service applied']);
  const { changes } = system;
  assert.equal(changes.filter((call) => call === 'reload').length, 1);
  assert.deepEqual(changes.slice(-3), ['reload', 'restart demo.service', 'restart other.service']);
});

test('apply: units settle together after all restarts, and the machine is asked once', async () => {
  const names = Array.from({ length: 10 }, (_, i) => `unit${i}.service`);
  const files = names.flatMap((name) => [
    [`/usr/lib/systemd/system/${name}`, '[Service]\nExecStart=/usr/sbin/demod\n'],
    [`/etc/sandbox-unit/${name}.toml`, NO_EXEC],
  ]);
  const system = machine({ files: Object.fromEntries(files), running: names, systemd: '256' });
  const result = await run(system, {}, names);
  assert.deepEqual(
    statesOf(result),
    names.map((name) => `${name} applied`),
  );
  const steps = system.calls.filter((call) => /^(restart|wait 1000)/.test(call));
  const rounds = steps.map((call) => call.split(' ')[0]).join(' ');
  const round = (count: number) => `${'restart '.repeat(count)}${'wait '.repeat(count)}`;
  assert.equal(rounds, `${round(8)}${round(2)}`.trimEnd());
  for (const question of [/^manager$/, /^run env SYSTEMD_COLORS=0 systemd-analyze /])
    assert.equal(system.calls.filter((call) => question.test(call)).length, 1);
});

test('apply: a unit that fails does not stop the others, and each is reported', async () => {
  const system = machine({
    files: OTHER,
    running: [UNIT, 'other.service'],
    behaviour: (unit, confined) => (unit === UNIT && confined ? 'job-fails' : 'works'),
  });
  const before = system.pidOf('other.service');
  const result = await run(system, {}, ['no-such', UNIT, 'other', 'bad/name']);
  assert.equal(result.exit, 2);
  assert.deepEqual(statesOf(result), [
    'no-such.service refused',
    'demo.service rolled-back',
    'other.service applied',
    'bad/name refused',
  ]);
  assert.deepEqual(codesOf(result), [
    'error no-unit',
    'error service-failed',
    'note refusals-unseen',
    'error invalid-unit-name',
  ]);
  assert.notEqual(system.pidOf('other.service'), before);
  assert.ok(system.files.has(LAUNCHER), 'the other unit uses the launcher');
  assert.ok(!system.files.has(DROP_IN) && system.isUpToDate);
});

test('apply: an unknown unit does not stop the others, and the exit status is the highest', async () => {
  const system = machine({ files: OTHER, running: [UNIT, 'other.service'] });
  const result = await run(system, {}, ['demo', 'nosuch', 'other']);
  assert.deepEqual(
    [result.exit, statesOf(result)],
    [2, ['demo.service applied', 'nosuch.service refused', 'other.service applied']],
  );
});

test('apply: a unit that is named twice is applied once', async () => {
  const system = machine();
  const result = await run(system, {}, ['demo', 'demo.service']);
  assert.equal(result.exit, 0);
  assert.equal(new Set(statesOf(result)).size, 1);
});

test('apply --no-restart: the service keeps running', async () => {
  const system = machine();
  const result = await run(system, { restart: false });
  assert.deepEqual(
    [result.exit, codesOf(result), system.changes.at(-1)],
    [0, ['note restart-due'], 'reload'],
  );
});

test('apply --check: nothing is changed, and the exit status says whether something would be', async () => {
  const system = machine();
  const result = await run(system, { check: true });
  assert.deepEqual([result.exit, statesOf(result), system.changes], [3, ['demo.service pending'], []]);
  assert.match(result.text, /^demo\.service: pending\nFiles:\n {2}\+ {2}create {2}\/usr\/local/);
  await run(system);
  assert.equal((await run(system, { check: true })).exit, 0);
});

test('apply --diff: the changes of the drop-in are shown', async () => {
  const system = machine();
  const result = await run(system, { check: true, diff: true });
  assert.match(result.text, /^Binary file \/usr\/local\/libexec\/sandbox-unit\/launcher: create$/m);
  assert.match(
    result.text,
    /^--- \/dev\/null\n\+\+\+ \/etc\/systemd\/system\/demo\.service\.d\/zz-sandbox-unit\.conf$/m,
  );
  assert.match(result.text, /^\+SystemCallFilter=~execveat$/m);
});

test('apply --json: each unit has its state, its changes and its plan', async () => {
  const json = printed(await run(machine()));
  assertOf('apply', json);
  assert.deepEqual([json.changed, 'plan' in json.units[0]], [true, true]);
  assert.deepEqual(json.units[0].changes, [
    { kind: 'create', path: LAUNCHER },
    { kind: 'create', path: FILTER },
    { kind: 'create', path: DROP_IN },
  ]);
});

test('apply: a wrong policy is refused before anything is written', async () => {
  const system = machine({}, '[syscalls]\ndeny = ["exceve"]\n');
  const result = await run(system);
  assert.deepEqual(
    [result.exit, statesOf(result), codesOf(result), system.changes],
    [1, ['demo.service refused'], ['error unknown-syscall'], []],
  );
});

test('apply: a policy or a template can be named', async () => {
  const files = {
    '/p.toml': '[syscalls]\ndeny = ["uname"]\n',
    [`${HOME}/templates/web.toml`]: '[syscalls]\ndeny = ["mount"]\n',
  };
  const filter = async (options: ApplyOptions) => {
    const system = machine({ files });
    const { exit, diagnostics } = await run(system, options);
    if (exit !== 0) return diagnostics.map(({ code }) => `${exit} ${code}`).join();
    return system.text(DROP_IN).match(/^SystemCallFilter=~.*$/m)?.[0];
  };
  assert.equal(await filter({ policy: '/p.toml' }), 'SystemCallFilter=~uname');
  assert.equal(await filter({ template: 'web' }), 'SystemCallFilter=~mount');
  assert.equal(await filter({ template: 'nothing' }), '2 unknown-template');
  assert.equal(await filter({ policy: '/gone.toml' }), '2 no-policy');
  const { diagnostics } = await run(machine({ files }), { policy: 'web' });
  assert.match(diagnostics[0]!.hint!, /^web is a template: '--template web' takes it/);
});

test('apply: the error without a policy names the template or policy that was applied before', async () => {
  const files = {
    '/p.toml': '[syscalls]\ndeny = ["uname"]\n',
    [`${HOME}/templates/web.toml`]: '[syscalls]\ndeny = ["mount"]\n',
  };
  const hintAfter = async (options: ApplyOptions) => {
    const system = machine({ files });
    system.files.delete('/etc/sandbox-unit/demo.service.toml');
    assert.equal((await run(system, options)).exit, 0);
    const { exit, diagnostics } = await run(system, { check: true });
    assert.deepEqual([exit, diagnostics.map(({ code }) => code)], [2, ['no-policy']]);
    return diagnostics[0]!.hint;
  };
  const write = 'again, or write /etc/sandbox-unit/demo.service.toml';
  assert.equal(
    await hintAfter({ template: 'web' }),
    `it is confined by the template web: give --template web ${write}`,
  );
  assert.equal(
    await hintAfter({ policy: '/p.toml' }),
    `it is confined by the policy /p.toml: give --policy /p.toml ${write}`,
  );
});

test('apply: the error for a misspelt unit names the nearest one', async () => {
  const hintFor = async (unit: string) => (await run(machine(), {}, [unit])).diagnostics[0]!.hint;
  assert.equal(await hintFor('dem0'), "did you mean 'demo'?");
  assert.equal(await hintFor('demo.servce'), "did you mean 'demo.service'?");
  assert.equal(await hintFor('postgres'), "'systemctl list-unit-files --type=service' lists the services");
});

test('apply: the hint for a masked unit depends on where the mask is', async () => {
  const hintAt = async (folder: string) => {
    const distort = (properties: Map<string, unknown>) => {
      properties.set('LoadState', 'masked').set('FragmentPath', `${folder}/${UNIT}`);
    };
    return (await run(machine({ distort }))).diagnostics[0]!.hint;
  };
  assert.equal(await hintAt('/etc/systemd/system'), 'systemctl unmask demo.service');
  assert.equal(await hintAt('/run/systemd/system'), 'systemctl unmask --runtime demo.service');
});

test('apply: a file name that leads to no unit is refused', async () => {
  const distort = (properties: Map<string, unknown>) => properties.set('LoadState', 'not-found');
  const [{ message, hint } = { message: '' }] = (await run(machine({ distort }))).diagnostics;
  assert.equal(message, 'there is no unit demo.service');
  assert.match(
    hint!,
    /^a file of that name exists, but systemd does not load it: 'systemctl status demo.service'/,
  );
});

test('apply: for an alias, a note names the path of the policy', async () => {
  const system = machine({ aliases: { 'alias.service': UNIT } });
  const own = '/etc/sandbox-unit/demo.service.toml';
  const other = '/etc/sandbox-unit/alias.service.toml';
  system.files.set(other, system.files.get(own)!);
  system.files.delete(own);
  const { exit, diagnostics } = await run(system, {}, ['alias']);
  const [{ message, hint } = { message: '' }] = diagnostics;
  assert.equal(exit, 2);
  assert.equal(message, 'no policy for demo.service (alias.service is an alias of it)');
  assert.equal(hint, `${other} is named after the alias: move it to ${own}, or give --policy ${other}`);
});

test('apply: a policy that is not TOML is refused', async () => {
  const result = await run(machine({}, 'a = 1\na = 2\n'));
  assert.deepEqual(codesOf(result), ['error policy-syntax']);
});

test('apply: a gap is an error, unless gaps are allowed', async () => {
  const policy = `${NO_EXEC}[service]\nPrivatePIDs = true\n`;
  const refused = machine({ systemd: '252.1' }, policy);
  assert.deepEqual([(await run(refused)).exit, refused.changes], [1, []]);
  const allowed = await run(machine({ systemd: '252.1' }, policy), { allowGaps: true });
  assert.deepEqual([allowed.exit, codesOf(allowed)], [0, ['warning gap-directive', 'note refusals-unseen']]);
});

test('apply: a failed expectation is refused, whether systemd or the launcher would enforce the policy', async () => {
  for (const call of ['execve", "execveat', 'uname']) {
    const policy = `[syscalls]\ndeny = ["${call}"]\n[[expect]]\nsyscall = "uname"\naction = "EPERM"\n`;
    const system = machine({}, policy);
    const result = await run(system);
    assert.deepEqual([result.exit, codesOf(result), system.changes], [1, ['error expectation-failed'], []]);
  }
});

const PROBES: readonly [probe: string, why: string][] = [
  ['/bin/nosuchprobe', 'no such file'],
  ['nosuchprobe', 'no such file'],
  ['/etc/sandbox-unit/demo.service.toml', 'it is not executable'],
];

for (const [probe, why] of PROBES) {
  test(`a probe ${probe} is refused before anything is written: ${why}`, async () => {
    const system = machine({}, `${NO_EXEC}[apply]\nprobe = ["${probe}", "x"]\n`);
    const result = await run(system);
    assertEnd(result, [1, ['demo.service refused'], ['error policy-value']]);
    const [one] = result.diagnostics;
    assert.equal(one?.message, `the probe '${probe}' can't be run: ${why}`);
    assert.equal(one?.at?.line, 4);
    assert.deepEqual(system.changes, []);
    const unasked = await run(machine({}, `${NO_EXEC}[apply]\nprobe = ["${probe}"]\n`), { restart: false });
    assert.equal(unasked.exit, 0);
  });
}

test('apply: a probe is found in PATH', async () => {
  const programs = {
    probe: () => ({ status: 0, stdout: '', stderr: '' }),
    '/bin/probe': () => assert.fail(),
  };
  assert.equal((await run(machine({ programs }, `${NO_EXEC}[apply]\nprobe = ["probe"]\n`))).exit, 0);
});

test('apply and revert leave the machine as before', async () => {
  const system = machine();
  const before = sorted(system.files);
  await run(system);
  const result = await revert(fakeContext(system), [UNIT], {});
  assert.equal(result.exit, 0);
  assert.deepEqual(sorted(system.files), before);
});

test('apply: the unit has its own name in reports, whichever name was given', async () => {
  const system = machine({ aliases: { 'alias.service': UNIT } });
  const result = await run(system, {}, ['alias']);
  assert.deepEqual(statesOf(result), ['demo.service applied']);
  assert.ok(system.files.has(DROP_IN));
});

/** Units that can't be confined, and why. */
const IMPOSSIBLE: readonly [
  says: string,
  change: (properties: Map<string, unknown>) => void,
  code: string,
][] = [
  ['masked', (properties) => properties.set('LoadState', 'masked'), 'not-loaded'],
  ['missing', (properties) => properties.set('LoadState', 'not-found'), 'no-unit'],
  ['transient', (properties) => properties.set('Transient', true), 'unit-transient'],
  ['without a file', (properties) => properties.set('FragmentPath', ''), 'no-unit'],
];

for (const [says, distort, code] of IMPOSSIBLE) {
  test(`apply: a unit that is ${says} is refused`, async () => {
    const system = machine({ distort });
    const result = await run(system);
    assert.deepEqual([result.exit, codesOf(result), system.changes], [2, [`error ${code}`], []]);
  });
}

const NAMES = ['../../etc/passwd', 'a b', 'demo.service\n', '', 'x.socket', '@.service', 'é', '%n', '$(id)'];

for (const name of NAMES) {
  test(`apply: ${JSON.stringify(name)} is no service, and the machine is not asked for it`, async () => {
    const system = machine();
    const result = await run(system, {}, [name]);
    const asked = system.calls.filter((call) => !/lock|^list .*\/sandbox-unit$/.test(call));
    assert.deepEqual([result.exit, asked], [2, []]);
  });
}

test('apply: Type= is read from the manager, not from files', async () => {
  const policy = '[syscalls]\ndeny = ["write"]\n';
  const launched = async (type: string) => {
    const distort = (properties: Map<string, unknown>) => properties.set('Type', type);
    const system = machine({ distort, systemd: '252.1' }, policy);
    assert.equal((await run(system)).exit, 0);
    return system.files.has(FILTER);
  };
  assert.deepEqual([await launched('simple'), await launched('exec')], [false, true]);
});

test('apply and revert: a unit with the longest name that can have drop-ins is confined and freed', async () => {
  const unit = `${'x'.repeat(245)}.service`;
  const files = { [`/usr/lib/systemd/system/${unit}`]: SERVICE, '/p.toml': NO_EXEC };
  const system = machine({ files, running: [unit] });
  assert.deepEqual(statesOf(await run(system, { policy: '/p.toml' }, [unit])), [`${unit} applied`]);
  assert.deepEqual((await revert(fakeContext(system), [unit], {})).exit, 0);
});

test('apply --runtime: refuses a unit that is already confined permanently', async () => {
  const system = machine();
  await run(system);
  const written = system.changes.length;
  const placement = { scope: 'system', lifetime: 'runtime' } as const;
  const result = await apply(fakeContext(system, { placement }), [UNIT], {});
  assert.deepEqual(
    [result.exit, statesOf(result), codesOf(result), system.changes.length],
    [1, ['demo.service refused'], ['error left-as-it-is'], written],
  );
  const [{ message, hint } = { message: '' }] = result.diagnostics;
  assert.ok(message.startsWith(`demo.service is confined by ${DROP_IN}, `));
  assert.equal(hint, "run 'sandbox-unit revert demo.service' first, or leave out --runtime");
});
