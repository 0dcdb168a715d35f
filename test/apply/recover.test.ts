/**
 * Tests of apply/recover.ts, apply/undo-record.ts, apply/lock.ts and
 * apply/roll-back.ts: runs that are ended in the middle, by SIGKILL or a power cut at any point; the next command puts
 * things right.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { explain } from '../../src/cli/commands/explain.js';
import { revert } from '../../src/cli/commands/revert.js';
import { status } from '../../src/cli/commands/status.js';
import { once } from '../../src/collections.js';
import { EXIT, error, UserError } from '../../src/diagnostic.js';
import type { Context } from '../../src/machine/context.js';
import type { Outcome } from '../../src/outcome.js';
import { LAUNCHER, TIGHTEN, UNIT } from '../support/demo-service.js';
import {
  type FakeFile,
  type FakeOptions,
  type FakeSystem,
  fakeContext,
  machineWith,
  program,
  withInput,
} from '../support/fake-system.js';
import { recordedRun, WATCHABLE } from '../support/recorded-in-memory.js';
import { EVERY } from '../support/thorough.js';

const TEMPLATE = 'demo@.service';
/** What runs by a unit's files. */
const SERVICES: Readonly<Record<string, readonly string[]>> = {
  [UNIT]: [UNIT],
  [TEMPLATE]: ['demo@a.service', 'demo@b.service'],
};
const SERVICE = '[Service]\nExecStart=/usr/sbin/demod --foreground\n';
const POLICY = '[syscalls]\ndeny = ["execve", "execveat"]\n';
const OTHER_POLICY = '[syscalls]\ndeny = ["execve", "mount"]\n[service]\nPrivateTmp = true\n';
const undoOf = (unit: string) => `/var/lib/sandbox-unit/${unit}.u`;
const UNDO = undoOf(UNIT);
const BOOT = '/proc/sys/kernel/random/boot_id';

const machine = (options: FakeOptions = {}, policy = POLICY) =>
  machineWith(SERVICE, policy, {
    running: Object.values(SERVICES).flat(),
    links: { '/proc/self/ns/pid': 'pid:[4026531836]' },
    ...options,
    files: {
      ...WATCHABLE,
      [BOOT]: 'one\n',
      [`/usr/lib/systemd/system/${TEMPLATE}`]: SERVICE,
      [`/etc/sandbox-unit/${TEMPLATE}.toml`]: policy,
      ...options.files,
    },
    talks: () => recordedRun({}),
    distort: (properties) => {
      if (properties.get('Id') === UNIT) properties.set('ControlGroup', `/system.slice/${UNIT}`);
      options.distort?.(properties);
    },
  });

/** Machines on which another policy is in force. */
const confined = (unit: string, options: Parameters<typeof apply>[2] = {}): Start => {
  const files = once(async () => {
    const first = machine({}, OTHER_POLICY);
    await apply(withInput(fakeContext(first), OTHER_POLICY), [unit], options);
    const policy = { [`/etc/sandbox-unit/${unit}.toml`]: POLICY };
    return { ...Object.fromEntries(first.files), ...policy };
  });
  return async (options = {}) => machine({ ...options, files: await files() });
};

type Start = (options?: FakeOptions) => FakeSystem | Promise<FakeSystem>;
/** Calls that leave the machine as it is: a run that is ended before one leaves what one ended before the next does. */
const READS = /^(?:instances|links|list|manager|moved|read|unit|walk)(?: |$)/;

type Verb = (context: Context) => Promise<Outcome>;

const verbsOn = (unit: string): Readonly<Record<string, Verb>> => ({
  apply: (context) => apply(context, [unit], {}),
  'apply --policy -': (context) => apply(withInput(context, POLICY), [unit], { policy: '-' }),
  revert: (context) => revert(context, [unit], {}),
  'explain --record': (context) => explain(context, [unit], { record: true }),
});
const VERBS = verbsOn(UNIT);

async function attempt(
  system: FakeSystem,
  verb: Verb,
  more: Partial<Context> = {},
): Promise<Partial<Outcome>> {
  try {
    return await verb(fakeContext(system, more));
  } catch (cause) {
    return cause instanceof UserError ? { exit: cause.exit, diagnostics: cause.diagnostics } : {};
  }
}

const codes = ({ diagnostics = [] }: Partial<Outcome>) => diagnostics.map(({ code }) => code);

const ours = (files: ReadonlyMap<string, FakeFile>, unit = UNIT) =>
  [...files].filter(([path]) => path.includes(`/${unit}.d/`)).sort();

const isUp = async (system: FakeSystem, service: string) =>
  (await system.unit(service)).activeState === 'active';

/** What must hold of a machine that no run is at work on. */
async function assertInOrder(system: FakeSystem, unit = UNIT) {
  assert.ok(!system.files.has(undoOf(unit)), 'nothing waits to be undone');
  assert.ok(system.isUpToDate, 'systemd has read the files that are there');
  const own = ours(system.files, unit);
  for (const service of SERVICES[unit]!) {
    assert.equal(await isUp(system, service), true);
    assert.equal(system.isConfined(service), own.length > 0, `${service} runs as its files say`);
  }
  const isLaunched = own.some(([path]) => path.endsWith('.filter'));
  assert.ok(!isLaunched || system.files.has(LAUNCHER), 'the launcher is there');
  const isTightened = own.some(([path]) => path.endsWith('.ready-filter'));
  assert.equal(
    system.files.has(TIGHTEN),
    isTightened,
    'what loads the filter of [ready] is there for it alone',
  );
}

const tightening: Start = (options) => machine(options, '[ready]\ndeny = ["execve", "execveat"]\n');

const feeble: Start = (options) =>
  machine({ ...options, behaviour: (_, isConfined) => (isConfined ? 'dies' : 'works') });

const SCENES: readonly (readonly [name: string, unit: string, verb: string, start: Start])[] = [
  ['apply of a first policy', UNIT, 'apply', machine],
  ['apply of another policy', UNIT, 'apply', confined(UNIT)],
  ['apply of [ready]', UNIT, 'apply', tightening],
  ['apply of a policy that the service does not stand', UNIT, 'apply', feeble],
  ['apply of a text', UNIT, 'apply --policy -', machine],
  ['apply of another text', UNIT, 'apply --policy -', confined(UNIT, { policy: '-' })],
  ['apply where a text was', UNIT, 'apply', confined(UNIT, { policy: '-' })],
  ['revert', UNIT, 'revert', confined(UNIT)],
  ['explain --record', UNIT, 'explain --record', machine],
  ['explain --record of a unit that is confined', UNIT, 'explain --record', confined(UNIT)],
  ['apply of a first policy to a template', TEMPLATE, 'apply', machine],
  ['apply of another policy to a template', TEMPLATE, 'apply', confined(TEMPLATE)],
  ['apply of a policy that the instances of a template do not stand', TEMPLATE, 'apply', feeble],
  ['revert of a template', TEMPLATE, 'revert', confined(TEMPLATE)],
];

for (const [name, unit, verb, start] of SCENES) {
  const verbs = verbsOn(unit);
  const whole = await start();
  await attempt(whole, verbs[verb]!);
  const wanted = ours(whole.files, unit);
  const from = whole.calls.indexOf(`replace ${undoOf(unit)}`);
  const to = whole.calls.lastIndexOf('unlock');

  describe(name, () => {
    test('is killed before each of its changes', () => assert.ok(from > 0 && to > from));

    whole.calls.slice(0, to).forEach((call, i) => {
      if (READS.test(call) || i % EVERY !== 0) return;
      const ended = async () => {
        const system = await start({ killAt: i + 1 });
        const before = ours(system.files, unit);
        await attempt(system, verbs[verb]!);
        system.revive();
        return { system, before };
      };

      test(`killed before call ${i + 1} (${call}): status finds it done, or rolls it back`, async () => {
        const { system, before } = await ended();
        const wasHalf = system.files.has(undoOf(unit));
        const permanent = ({ files }: FakeSystem) =>
          ours(files, unit).filter(([path]) => path.startsWith('/etc/'));
        // A power cut would leave that.
        if (verb === 'explain --record') assert.deepEqual(permanent(system), permanent(await start()));
        const found = await attempt(system, (context) => status(context, []));
        assert.equal(codes(found).includes('put-back'), wasHalf);
        await assertInOrder(system, unit);
        const now = ours(system.files, unit);
        assert.deepEqual(
          now,
          wasHalf ? before : JSON.stringify(now) === JSON.stringify(before) ? before : wanted,
        );
        // Where the policy on disk is another than the one that is applied again, or isn't applied, that is told.
        const again = codes(await attempt(system, (context) => status(context, [])));
        assert.deepEqual(
          again.filter((code) => !['drift-policy', 'not-applied', 'other-policy'].includes(code)),
          [],
        );
      });

      test(`killed before call ${i + 1} (${call}): the next apply and revert do their work`, async () => {
        const { system } = await ended();
        const { exit } = await attempt(system, verbs.apply!);
        assert.equal(exit, start === feeble ? 1 : 0);
        await assertInOrder(system, unit);
        const again = await ended();
        assert.equal((await attempt(again.system, verbs.revert!)).exit, 0);
        await assertInOrder(again.system, unit);
        assert.deepEqual(ours(again.system.files, unit), []);
      });
    });
  });
}

describe('a signal during apply', async () => {
  const whole = machine();
  await attempt(whole, VERBS.apply!);
  whole.calls.forEach((call, i) => {
    if (i <= whole.calls.indexOf('hold signals') || /lock|signals/.test(call) || i % EVERY !== 0) return;
    test(`in call ${i + 1} (${call}): the unit is confined, or as before`, async () => {
      const system = machine({ signalAt: i + 1 });
      const found = await attempt(system, VERBS.apply!);
      assert.equal(found.exit, codes(found).includes('interrupted') ? 1 : 0);
      assert.equal(ours(system.files).length, found.exit === 0 ? 2 : 0);
      await assertInOrder(system);
      if (/^(replace(?! .*\/runs\/)|reload|wait)/.test(call)) assert.equal(found.exit, 1);
      assert.ok(system.calls.includes('release signals'));
    });
  });
});

describe('a lock that another run has', () => {
  for (const verb of Object.values(VERBS)) {
    test('is waited for, and that is reported', async () => {
      const system = machine({ locked: 'some-time' });
      const context = fakeContext(system);
      const told: string[] = [];
      const found = await verb({
        ...context,
        caller: { ...context.caller, tell: (line) => told.push(line) },
      });
      assert.ok(found.exit < 2);
      assert.match(told[0]!, /^Another sandbox-unit is changing units/);
      assert.equal(system.calls.at(-1), 'unlock');
    });

    test('is given up after a while', async () => {
      const system = machine({ locked: 'for-ever' });
      const found = await attempt(system, verb);
      assert.deepEqual([found.exit, codes(found)], [2, ['busy']]);
      assert.deepEqual(system.changes, []);
    });
  }

  test('is left alone by status, which may find a change in progress', async () => {
    const system = machine({ locked: 'for-ever', files: { [UNDO]: '{}' } });
    const found = await attempt(system, (context) => status(context, []));
    assert.deepEqual([found.exit, codes(found)], [0, ['busy']]);
    assert.ok(system.files.has(UNDO));
    assert.deepEqual(system.changes, []);
  });

  test('is not needed if nothing is changed', async () => {
    for (const verb of [apply, revert]) {
      const system = machine({ locked: 'for-ever' });
      assert.notEqual((await verb(fakeContext(system), [UNIT], { check: true })).exit, 2);
    }
  });
});

describe('a half changed unit', () => {
  const half = async () => {
    const system = machine({ killAt: HALF });
    await attempt(system, VERBS.apply!);
    system.revive();
    assert.ok(system.files.has(UNDO) && system.isConfined(UNIT));
    return system;
  };
  /** Just after the restart. */
  let HALF = 0;
  test('can be made in each way', async () => {
    const whole = machine();
    await attempt(whole, VERBS.apply!);
    HALF = whole.calls.indexOf(`restart ${UNIT}`) + 2;
  });

  test('is reported and left alone if the user may not change it', async () => {
    const system = await half();
    const found = await attempt(system, (context) => status(context, []), { superuser: false });
    assert.ok(codes(found).includes('half-done'));
    assert.ok(system.files.has(UNDO));
    assert.deepEqual(system.changes, []);
  });

  test('is not reported as restored if a service still runs with the removed files', async () => {
    let isRefused = false;
    const system = machine({
      killAt: HALF,
      distort: (properties) => isRefused && properties.set('RefuseManualStart', true),
    });
    await attempt(system, VERBS.apply!);
    system.revive();
    isRefused = true;
    const found = await attempt(system, (context) => status(context, []));
    assert.deepEqual(codes(found), ['half-done', 'restart-due']);
    assert.match(found.diagnostics![0]!.message, /could not be rolled back completely$/);
    assert.ok(system.isConfined(UNIT) && ours(system.files).length === 0);
  });

  test('loses the launcher that the run had installed, and no other', async () => {
    const there = { files: { [LAUNCHER]: program('launcher of this build') } };
    for (const options of [{}, there]) {
      const whole = machine(options);
      await attempt(whole, VERBS.apply!);
      const system = machine({ ...options, killAt: whole.calls.indexOf(`restart ${UNIT}`) + 2 });
      const before = system.files.has(LAUNCHER);
      await attempt(system, VERBS.apply!);
      system.revive();
      assert.ok(system.files.has(LAUNCHER));
      assert.deepEqual(codes(await attempt(system, (context) => status(context, []))), ['put-back']);
      assert.equal(system.files.has(LAUNCHER), before);
    }
  });

  test('has one key in its record for installed programs, as earlier versions wrote it', async () => {
    for (const start of [machine, tightening]) {
      const whole = await start();
      await attempt(whole, VERBS.apply!);
      const system = await start({ killAt: whole.calls.indexOf(`restart ${UNIT}`) + 2 });
      await attempt(system, VERBS.apply!);
      system.revive();
      const record = JSON.parse(system.text(UNDO)!);
      assert.deepEqual([record.version, record.launcher, record.installs], [2, true, undefined]);
      await attempt(system, (context) => status(context, []));
      assert.deepEqual([system.files.has(LAUNCHER), system.files.has(TIGHTEN)], [false, false]);
    }
  });

  test('is rolled back after a boot, without files that were only until that boot', async () => {
    const runtime = { placement: { scope: 'system', lifetime: 'runtime' } as const };
    for (const [more, said] of [[{}, ['put-back']] as const, [runtime, ['not-applied']] as const]) {
      const system = machine({ killAt: HALF });
      await attempt(system, VERBS.apply!, more);
      system.revive();
      system.files.set(BOOT, { bytes: new TextEncoder().encode('two\n'), mode: 0o444 });
      if ('placement' in more) for (const [path] of ours(system.files)) system.files.delete(path);
      await system.reload();
      await system.restart(UNIT);
      system.calls.length = 0;
      const found = await attempt(system, (context) => status(context, []));
      assert.deepEqual(codes(found), said);
      assert.equal(ours(system.files).length, 0);
      await assertInOrder(system);
      const removed = system.changes.filter((call) => call.startsWith('remove /run/'));
      assert.deepEqual(removed, []);
    }
  });

  test('with an unreadable record keeps other units from being changed', async () => {
    const broken = [
      '',
      '{}',
      '[]',
      'null',
      JSON.stringify({
        version: 1,
        unit: UNIT,
        boot: '',
        starts: false,
        files: [{ path: '/etc/passwd', before: null }],
      }),
      JSON.stringify({ version: 1, unit: 'other.service', boot: '', starts: false, files: [] }),
      JSON.stringify({ version: 2, unit: UNIT, boot: '', starts: false, files: [] }),
      JSON.stringify({
        ...{ version: 2, unit: UNIT, boot: '', step: 'verify', starts: false, launcher: false },
        ...{ runs: [], affected: [], files: [] },
      }),
    ];
    for (const text of broken) {
      const system = machine({ files: { [UNDO]: text } });
      const found = await attempt(system, VERBS.apply!);
      assert.deepEqual([found.exit, codes(found)], [1, ['undo-file']], text);
      assert.deepEqual(system.changes, []);
      assert.equal(system.calls.at(-1), 'unlock');
    }
  });

  test("with an unreadable record, or that can't be rolled back, affects nothing else in status", async () => {
    const units = [UNIT, TEMPLATE];
    const look = async (system: FakeSystem) => {
      const { exit, diagnostics, json } = await status(fakeContext(system), []);
      const rows = (json.units as { unit: string; mode: string }[]).map(
        ({ unit, mode }) => `${unit} ${mode}`,
      );
      return [exit, diagnostics.map(({ code }) => code), rows];
    };
    const confinedBoth = async (files: FakeOptions['files'], unreadable: readonly string[] = []) => {
      const first = machine();
      await apply(fakeContext(first), units, {});
      return machine({ files: { ...Object.fromEntries(first.files), ...files }, unreadable });
    };
    const rows = units.map((unit) => `${unit} enforcing`);
    assert.deepEqual(await look(await confinedBoth({})), [0, [], rows]);
    assert.deepEqual(await look(await confinedBoth({ [UNDO]: '{' })), [1, ['undo-file'], rows]);
    assert.deepEqual(await look(await confinedBoth({ [UNDO]: '{}' }, [UNDO])), [2, ['unreadable'], rows]);
    const system = await half();
    const refuse = async (path: string) => {
      throw new UserError(error('unwritable', `can't write ${path}: EROFS`), EXIT.failure);
    };
    Object.assign(system, { replace: refuse, remove: refuse });
    assert.deepEqual(await look(system), [2, ['half-done', 'unwritable'], [`${UNIT} enforcing`]]);
  });

  test('leaves no temporary file', async () => {
    const left = [`/etc/systemd/system/${UNIT}.d`, '/var/lib/sandbox-unit'].map(
      (folder) => `${folder}/.sandbox-unit-0123abcd-0.tmp`,
    );
    const system = await half();
    for (const path of left) system.files.set(path, { bytes: new Uint8Array(), mode: 0o600 });
    await attempt(system, VERBS.apply!);
    for (const path of left) assert.ok(!system.files.has(path), path);
  });
});
