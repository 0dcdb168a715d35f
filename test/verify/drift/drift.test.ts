/**
 * Tests of verify/drift/drift.ts, verify/drift/confirm-drift.ts and verify/drift/applied.ts: what has changed since a policy was applied, made by hand; `status` names it.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { apply } from '../../../src/cli/commands/apply.js';
import { generate } from '../../../src/cli/commands/generate/generate.js';
import { plan } from '../../../src/cli/commands/plan.js';
import { status } from '../../../src/cli/commands/status.js';
import { verify } from '../../../src/cli/commands/verify.js';
import type { Context } from '../../../src/machine/context.js';

import { DROP_IN, FILTER, FOLDER, LAUNCHER, SERVICE, UNIT } from '../../support/demo-service.js';
import {
  type FakeOptions,
  type FakeSystem,
  fakeContext,
  HOME,
  machineWith,
  OF_USER,
  targetSets,
  withInput,
} from '../../support/fake-system.js';

const VENDOR = `/usr/lib/systemd/system/${UNIT}`;
const SERVICES = '[service]\nPrivateTmp = true\n';
const POLICY = `extends = ["base"]\n${SERVICES}[syscalls]\ndeny = ["execve", "execveat"]\n`;
const PLACE = `/etc/sandbox-unit/${UNIT}.toml`;
const DEFAULTS = '/etc/sandbox-unit/defaults.toml';
const BASE = `${HOME}/templates/base.toml`;

const fileOf = (text: string) => ({ bytes: new TextEncoder().encode(text), mode: 0o644 });

type Change = (system: FakeSystem) => void;

const write =
  (path: string, text: string): Change =>
  (system) =>
    system.files.set(path, fileOf(text));

const remove =
  (path: string): Change =>
  (system) =>
    system.files.delete(path);

const edit =
  (path: string, from: string | RegExp, to: string): Change =>
  (system) => {
    const text = system.text(path);
    const changed = text.replace(from, to);
    assert.notEqual(changed, text);
    system.files.set(path, fileOf(changed));
  };

/** Changes one byte, counted from the end. */
const flip =
  (path: string, at: number): Change =>
  (system) => {
    const file = system.files.get(path)!;
    const bytes = Uint8Array.from(file.bytes);
    bytes[bytes.length - at]! ^= 1;
    system.files.set(path, { ...file, bytes });
  };

async function applied(options: FakeOptions = {}, more: Parameters<typeof apply>[2] = {}) {
  const system = machineWith(SERVICE, POLICY, {
    running: [UNIT],
    ...options,
    files: { [BASE]: '[syscalls]\ndeny = ["mount"]\n', ...options.files },
  });
  const { exit, diagnostics } = await apply(fakeContext(system), [UNIT], more);
  assert.equal(exit, 0, JSON.stringify(diagnostics));
  return system;
}

async function found(system: FakeSystem, units: readonly string[] = []) {
  const { exit, json, text, diagnostics } = await status(fakeContext(system), units);
  const [{ drift }] = json.units as [{ drift: string[] }];
  return { exit, drift, text, messages: diagnostics.map(({ message }) => message).join('\n') };
}

const MORE = edit(PLACE, '"execve"', '"acct", "execve"');
const NEW_COMMAND = edit(VENDOR, 'demod', 'demod --new');

const CASES: readonly (readonly [
  what: string,
  change: Change,
  drift: readonly string[],
  message?: RegExp,
])[] = [
  ['nothing', () => undefined, []],
  ['the policy', MORE, ['drift-policy'], /demo\.service\.toml or a policy that it extends has changed since/],
  ['a comment of the policy', edit(PLACE, '[syscalls]', '# more\n[syscalls]'), []],
  ['what the policy extends', write(BASE, '[syscalls]\ndeny = ["umount2"]\n'), ['drift-policy']],
  [
    'the defaults of the host',
    write(DEFAULTS, '[service]\nProtectHome = true\n'),
    ['drift-policy'],
    /^demo\.service: the host's defaults that it uses have changed since its policy was applied$/,
  ],
  ['defaults that the policy has itself', write(DEFAULTS, '[service]\nPrivateTmp = "disconnected"\n'), []],
  [
    'defaults that are wrong',
    write(DEFAULTS, '[syscalls]\nallow = ["read"]\n'),
    ['drift-policy'],
    /can no longer be applied: 'allow' can't be in the host's defaults/,
  ],
  [
    'the policy, which is gone',
    remove(PLACE),
    ['drift-policy'],
    /: its policy can't be read \(no policy [^:;]*\)$/,
  ],
  [
    'the policy, to one that is wrong',
    write(PLACE, '[syscalls]\ndeny = ["exceve"]\n'),
    ['drift-policy'],
    /can no longer be applied: .*exceve/,
  ],
  ['a line of the drop-in', edit(DROP_IN, /^NoNewPrivileges=yes$/m, 'NoNewPrivileges=no'), ['drift-files']],
  ['a comment of the drop-in', edit(DROP_IN, /^# What/m, '# That'), ['drift-files']],
  ['an empty line of the drop-in', edit(DROP_IN, /$/, '\n'), ['drift-files']],
  ['a drop-in of an earlier version, without the hash of its text', edit(DROP_IN, /^# Text: .*\n/m, ''), []],
  ['lines of the drop-in, taken out', edit(DROP_IN, /^ExecStart=.*\n/gm, ''), ['drift-files']],
  ['a byte of the filter', flip(FILTER, 3), ['drift-files']],
  ['the launcher', write(LAUNCHER, 'another one'), ['drift-launcher'], /isn't the launcher of this version/],
  [
    'the launcher, by that of a package',
    write('/usr/libexec/sandbox-unit/launcher', 'a package'),
    ['drift-launcher'],
    /units use \S+, but a package has installed/,
  ],
  [
    "the vendor's command",
    NEW_COMMAND,
    ['drift-command'],
    /its ExecStart= has changed since its policy was applied; the drop-in still starts the old command/,
  ],
  ["the vendor's other lines", edit(VENDOR, '[Service]', '[Service]\nRestart=always'), []],
  [
    "the vendor's own filter",
    edit(VENDOR, '[Service]', '[Service]\nSystemCallFilter=~@reboot'),
    ['drift-unit'],
    /the files of demo\.service have changed since/,
  ],
  [
    "the command in another's drop-in",
    write(`${FOLDER}/zzz.conf`, '[Service]\nExecStart=\nExecStart=/usr/sbin/demod\n'),
    ['overridden'],
    /this 'ExecStart=' overrides sandbox-unit's/,
  ],
  [
    "a directive in another's drop-in",
    write(`${FOLDER}/zzz.conf`, '[Service]\nPrivateTmp=no\n'),
    ['overridden'],
  ],
  ['a drop-in that is read before', write(`${FOLDER}/10-more.conf`, '[Service]\nMemoryMax=1G\n'), []],
];

describe('drift since a policy was applied:', () => {
  for (const [what, change, drift, message = /./] of CASES) {
    test(what, async () => {
      const system = await applied();
      change(system);
      await system.reload();
      for (const units of [[], [UNIT]]) {
        const one = await found(system, units);
        assert.deepEqual([one.drift, one.exit], [drift, drift.length > 0 ? 1 : 0], one.messages);
        if (drift.length > 0) assert.match(one.messages, message);
      }
    });

    test(`${what}; applied again it is gone`, async () => {
      const system = await applied();
      change(system);
      await system.reload();
      const { exit } = await apply(fakeContext(system), [UNIT], {});
      const isRefused = drift[0] === 'overridden' || /gone|wrong/.test(what);
      assert.equal(exit !== 0, isRefused);
      if (!isRefused) assert.deepEqual((await found(system)).drift, []);
    });
  }

  test('the version of systemd is drift if a set means something else in it', async () => {
    const sets = targetSets();
    const members = new Map(
      [...sets.members].map(([set, calls]) => [set, set === '@mount' ? calls.slice(1) : calls]),
    );
    const policy = `${POLICY}log = ["@mount"]\n`;
    const first = await applied({ files: { [PLACE]: policy } });
    const upgraded = (other: typeof sets) =>
      machineWith(SERVICE, policy, {
        ...{ systemd: '258.1', sets: other, running: [UNIT] },
        files: Object.fromEntries(first.files),
      });
    assert.deepEqual((await found(upgraded(sets))).drift, []);
    const { drift, messages } = await found(upgraded({ ...sets, members }));
    assert.deepEqual(drift, ['drift-systemd']);
    assert.match(messages, /systemd has changed from 257\.13\S* to 258\.1/);
  });

  test('the version of systemd is no drift if it makes no difference: apply updates the record', async () => {
    const first = await applied();
    const system = machineWith(SERVICE, POLICY, {
      ...{ systemd: '258.1', running: [UNIT] },
      files: Object.fromEntries(first.files),
    });
    const plans = async () => {
      system.calls.length = 0;
      assert.deepEqual((await found(system)).drift, []);
      return system.calls.some((call) => call.includes('systemd-analyze'));
    };
    const applyOnce = async (options = {}, offline = false) => {
      system.calls.length = 0;
      const { exit, diagnostics } = await apply(fakeContext(system, { offline }), [UNIT], options);
      return [exit, ...diagnostics.map(({ code }) => code)];
    };
    assert.equal(await plans(), true);
    const verified = await verify(fakeContext(system), [UNIT], {});
    assert.ok(verified.json.loaded && verified.diagnostics.every(({ code }) => code !== 'not-applied'));
    assert.deepEqual(await applyOnce({ check: true }, true), [0]);
    assert.deepEqual(await applyOnce({ check: true }), [3]);
    assert.deepEqual(await applyOnce(), [0, 'no-restart']);
    assert.deepEqual(system.changes, [`replace ${DROP_IN}`, 'reload']);
    assert.match(system.text(DROP_IN), /^# For systemd 258\.1$/m);
    assert.deepEqual(await applyOnce({ check: true }), [0]);
    assert.equal(await plans(), false);
  });

  describe("status, verify and apply report the same of systemd's loaded state:", () => {
    type Loaded = Map<string, unknown>;
    const policy = `${SERVICES}[syscalls]\ndeny = ["execve", "acct", "mseal"]\n`;
    const cases: readonly (readonly [what: string, distort: (loaded: Loaded) => void, names: string[]])[] = [
      ['all that the drop-in has', () => undefined, []],
      [
        'another kind of list',
        (loaded) => loaded.set('SystemCallFilter', [true, ['acct']]),
        ['SystemCallFilter'],
      ],
      ['another value', (loaded) => loaded.set('PrivateTmp', false), ['PrivateTmp']],
      ['no command', (loaded) => loaded.set('ExecStartEx', []), ['ExecStart']],
    ];
    for (const [what, distort, names] of cases) {
      test(what, async () => {
        const files = { [PLACE]: policy };
        const system = machineWith(SERVICE, policy, {
          ...{ running: [UNIT], files: Object.fromEntries((await applied({ files })).files) },
          distort: (loaded) => {
            distort(loaded);
            // systemd has read another text.
            loaded.delete('LogExtraFields');
          },
        });
        const { drift, messages } = await found(system);
        assert.deepEqual(drift, names.length > 0 ? ['drift-loaded'] : []);
        for (const name of names)
          assert.match(messages, new RegExp(`differ from the drop-in: ${name}$`, 'm'));
        const { json, diagnostics } = await verify(fakeContext(system), [UNIT], {});
        assert.equal(json.loaded, names.length === 0);
        const wrong = diagnostics.filter(({ code }) => code === 'drift-loaded');
        assert.equal(wrong.length, names.length, JSON.stringify(diagnostics));
        const checked = await apply(fakeContext(system), [UNIT], { check: true });
        const codes = checked.diagnostics.map(({ code }) => code);
        assert.equal(codes.includes('reload-due'), names.length > 0, codes.join());
      });
    }
  });

  test('another policy with priority is drift', async () => {
    const packaged = `/usr/lib/sandbox-unit/${UNIT}.toml`;
    const system = machineWith(SERVICE, '', { running: [UNIT], files: { [packaged]: POLICY, [BASE]: '' } });
    system.files.delete(PLACE);
    assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 0);
    assert.deepEqual((await found(system)).drift, []);
    system.files.set(PLACE, fileOf('[syscalls]\ndeny = ["acct"]\n'));
    const { drift, messages } = await found(system);
    assert.deepEqual(drift, ['drift-policy']);
    assert.match(messages, /another policy, .*, comes first/);
  });

  test('a policy that was applied from elsewhere is compared with that file', async () => {
    const elsewhere = { files: { '/root/p.toml': POLICY } };
    for (const options of [{ template: 'base' }, { policy: '/root/p.toml' }, { permissive: true }]) {
      const system = await applied(elsewhere, options);
      assert.deepEqual((await found(system)).drift, [], JSON.stringify(options));
    }
    const system = await applied(elsewhere, { policy: '/root/p.toml' });
    edit('/root/p.toml', '"execve"', '"acct", "execve"')(system);
    assert.deepEqual((await found(system)).drift, ['drift-policy']);
  });

  test('a kept policy is compared with the present defaults', async () => {
    const system = machineWith(SERVICE, '', { running: [UNIT], files: { [DEFAULTS]: SERVICES } });
    system.files.delete(PLACE);
    const text = '[syscalls]\ndeny = ["acct"]\n';
    const { exit } = await apply(withInput(fakeContext(system), text), [UNIT], { policy: '-' });
    assert.deepEqual([exit, (await found(system)).drift], [0, []]);
    const kept = `${FOLDER}/zz-sandbox-unit.toml`;
    const { sources } = await verify(fakeContext(system), [UNIT], {});
    assert.deepEqual([...sources.keys()], [kept, DEFAULTS]);
    system.files.set(DEFAULTS, fileOf('[service]\nPrivateTmp = true\nProtectHome = true\n'));
    assert.deepEqual((await found(system)).drift, ['drift-policy']);
    assert.equal((await apply(fakeContext(system), [UNIT], {})).exit, 2);
    assert.equal((await apply(fakeContext(system), [UNIT], { policy: kept })).exit, 0);
    assert.match(system.text(DROP_IN), /\nProtectHome=yes\n/);
    assert.deepEqual((await found(system)).drift, []);
    system.files.delete(DEFAULTS);
    assert.deepEqual((await found(system)).drift, ['drift-policy']);
  });

  test('changed defaults are named, and the policy if it has changed', async () => {
    const PLAIN = '[syscalls]\ndeny = ["execve"]\n';
    const WITHOUT = `defaults = false\n${PLAIN}`;
    const home: Change = write(DEFAULTS, '[service]\nProtectHome = true\n');
    const cases: readonly (readonly [policy: string, RegExp, ...Change[]])[] = [
      [PLAIN, /: the host's defaults that it uses have changed since its policy was applied$/, home],
      [
        PLAIN,
        /: the host's defaults that it uses have changed since its policy was applied$/,
        remove(DEFAULTS),
      ],
      [PLAIN, /: \S+demo\.service\.toml has changed since/, write(PLACE, PLAIN.replace('"e', '"acct", "e'))],
      [PLAIN, /: \S+demo\.service\.toml has changed since/, write(PLACE, WITHOUT)],
      [
        WITHOUT,
        /: the host's defaults that it uses have changed since its policy was applied$/,
        write(PLACE, PLAIN),
      ],
      [
        PLAIN,
        /: the host's defaults that it uses have changed since/,
        home,
        write(PLACE, PLAIN.replace('"e', '"acct", "e')),
      ],
    ];
    for (const [policy, message, ...changes] of cases) {
      const system = await applied({ files: { [DEFAULTS]: SERVICES, [PLACE]: policy } });
      assert.deepEqual((await found(system)).drift, []);
      for (const change of changes) change(system);
      const { drift, messages } = await found(system);
      assert.deepEqual(drift, ['drift-policy']);
      assert.match(messages, message);
    }
  });

  test('a policy that was applied from a relative path is compared with the file there', async () => {
    const long = `${'folder/'.repeat(40)}p.toml`;
    for (const [policy, path] of [
      ['p.toml', '/folder/p.toml'],
      ['../root/./p.toml', '/root/p.toml'],
      [long, `/folder/${long}`],
    ] as const) {
      const system = await applied({ files: { [path]: POLICY } }, { policy });
      system.files.set('/elsewhere/p.toml', fileOf(SERVICES));
      const context = fakeContext(system);
      const caller = { ...context.caller, directory: '/elsewhere' };
      const { exit, json } = await status({ ...context, caller }, []);
      const [unit] = json.units as [{ policy: string; drift: string[] }];
      assert.deepEqual([exit, unit.policy, unit.drift], [0, path, []]);
      for (const verb of [plan, generate, verify]) {
        const outcome = await verb(context, [UNIT], { policy });
        assert.deepEqual([...outcome.sources.keys()], [path, BASE]);
      }
    }
  });

  test("status leaves unknown facts out if another drop-in is gone and systemd doesn't know it yet", async () => {
    const other = `${FOLDER}/10-more.conf`;
    const system = await applied({ files: { [other]: '[Service]\nMemoryMax=1G\n' } });
    system.files.delete(other);
    edit(DROP_IN, /^NoNewPrivileges=yes$/m, 'NoNewPrivileges=no')(system);
    for (const units of [[], [UNIT]]) {
      const { exit, json, text, diagnostics } = await status(fakeContext(system), units);
      const [unit] = json.units as [{ state: string; drift: string[] }];
      assert.deepEqual([exit, unit.state, unit.drift], [2, 'reload-due', ['drift-files']]);
      const found = diagnostics.map(({ severity, code }) => `${severity} ${code}`);
      assert.deepEqual(found, ['error drift-files', 'error unit-changed']);
      assert.match(text, /^demo\.service +enforcing +reload due +files, \? +- +\/etc/m);
    }
  });

  describe('a file that only root may read is no drift to others:', () => {
    for (const [path, change] of [
      [PLACE, MORE],
      [BASE, MORE],
      [BASE, NEW_COMMAND],
      [PLACE, NEW_COMMAND],
      [VENDOR, MORE],
    ] as const) {
      test(`${path}, with and without a change elsewhere`, async () => {
        const first = await applied();
        const again = (more: FakeOptions) =>
          machineWith(SERVICE, POLICY, { running: [UNIT], files: Object.fromEntries(first.files), ...more });
        const look = async (system: FakeSystem, superuser: boolean) => {
          const { exit, json, diagnostics } = await status(fakeContext(system, { superuser }), []);
          const [{ drift }] = json.units as [{ drift: string[] }];
          return [exit, drift, diagnostics.map(({ severity, code }) => `${severity} ${code}`)];
        };
        const untold = [0, [], ['note drift-unknown']];
        const system = again({ unreadable: [path] });
        assert.deepEqual(await look(system, false), untold);
        change(system);
        await system.reload();
        assert.deepEqual(await look(system, false), untold);
        assert.notEqual((await look(system, true))[0], 0);
      });
    }

    test("a user's own files are read, or are drift", async () => {
      const place = `/home/user/.config/sandbox-unit/${UNIT}.toml`;
      const files = { [place]: POLICY, [BASE]: '', [`/usr/lib/systemd/user/${UNIT}`]: SERVICE };
      const first = machineWith(SERVICE, '', { files });
      const mine = { placement: OF_USER, superuser: false };
      assert.equal((await apply(fakeContext(first, mine), [UNIT], {})).exit, 0);
      const system = machineWith(SERVICE, '', {
        files: Object.fromEntries(first.files),
        unreadable: [place],
      });
      const { exit, diagnostics } = await status(fakeContext(system, mine), []);
      assert.deepEqual([exit, diagnostics.map(({ code }) => code)], [1, ['drift-policy']]);
    });
  });

  describe('the command line that ends drift:', () => {
    const RUNTIME = { placement: { scope: 'system', lifetime: 'runtime' } } as const;
    const USER = {
      placement: OF_USER,
    } as const;
    const NAMED = "/root/it's mine.toml";
    const LINES: readonly (readonly [Parameters<typeof apply>[2], Partial<Context>, string])[] = [
      [{}, {}, 'apply demo.service'],
      [{ permissive: true }, RUNTIME, 'apply --permissive --runtime demo.service'],
      [{ template: 'base' }, {}, 'apply --template base demo.service'],
      [
        { policy: '/root/p.toml', permissive: true },
        {},
        'apply --permissive --policy /root/p.toml demo.service',
      ],
      [{ policy: NAMED }, RUNTIME, "apply --runtime --policy '/root/it'\\''s mine.toml' demo.service"],
      [{}, USER, 'apply --user demo.service'],
    ];
    const BREAKS: readonly (readonly [code: string, (system: FakeSystem, folder: string) => void])[] = [
      [
        'drift-policy',
        (system) => {
          for (const path of [BASE, '/root/p.toml', NAMED])
            write(path, '[syscalls]\ndeny = ["acct"]\n')(system);
        },
      ],
      [
        'drift-files',
        (system, folder) =>
          edit(`${folder}/zz-sandbox-unit.conf`, 'SystemCallFilter=', 'SystemCallFilter=acct ')(system),
      ],
      ['cannot-start', (system, folder) => remove(`${folder}/zz-sandbox-unit.filter`)(system)],
      ['cannot-start', (system, folder) => write(`${folder}/zz-sandbox-unit.filter`, 'x')(system)],
    ];
    for (const [options, where, line] of LINES) {
      for (const [code, spoil] of BREAKS) {
        test(`${line} (${code})`, async () => {
          const policies = { [BASE]: POLICY.replace(/^.*\n/, ''), '/root/p.toml': POLICY, [NAMED]: POLICY };
          const user = {
            [`/usr/lib/systemd/user/${UNIT}`]: SERVICE,
            [`/home/user/.config/sandbox-unit/${UNIT}.toml`]: POLICY,
          };
          const system = machineWith(SERVICE, POLICY, { files: { ...policies, ...user } });
          const context = fakeContext(system, where);
          assert.equal((await apply(context, [UNIT], options)).exit, 0);
          const dropIn = [...system.files.keys()].find((path) => path.endsWith('/zz-sandbox-unit.conf'))!;
          spoil(system, dropIn.replace(/\/[^/]*$/, ''));
          const { placement } = context;
          const looked = await status({ ...context, placement: { ...placement, lifetime: 'always' } }, []);
          const found = looked.diagnostics.find((one) => one.code === code);
          assert.equal(found?.hint, `sandbox-unit ${line}`, JSON.stringify(looked.diagnostics));
        });
      }
    }
  });

  test("the hint on a unit's drift names the unit", async () => {
    const system = await applied();
    NEW_COMMAND(system);
    MORE(system);
    await system.reload();
    assert.match((await found(system)).text, /^demo\.service +enforcing +live +policy, command +- +\/etc/m);
  });
});

describe('gaps that were allowed', () => {
  const GAPPY = `${POLICY.replace(SERVICES, `${SERVICES}PrivatePIDs = true\n`)}`;
  const OPTIONS = { systemd: '252.38-1~deb12u1' } satisfies FakeOptions;

  async function told(change: Change) {
    const system = await applied({ ...OPTIONS, files: { [PLACE]: GAPPY } }, { allowGaps: true });
    change(system);
    const { exit, json, diagnostics } = await status(fakeContext(system), [UNIT]);
    const [{ gaps, drift }] = json.units as [{ gaps: string[]; drift: string[] }];
    const codes = diagnostics.map(({ severity, code }) => `${severity} ${code}`);
    return { exit, gaps, drift, codes, hints: diagnostics.map(({ hint }) => hint ?? ''), system };
  }

  test('are in the header, and no finding', async () => {
    const { exit, gaps, drift, codes, system } = await told(() => undefined);
    assert.match(system.text(DROP_IN), /^# Gaps allowed: gap-directive$/m);
    assert.deepEqual({ exit, gaps, drift }, { exit: 0, gaps: ['gap-directive'], drift: [] });
    assert.deepEqual(codes, ['note gaps-allowed']);
  });

  test('are allowed again by the command that ends a drift, which says so', async () => {
    const { exit, drift, hints } = await told(MORE);
    assert.deepEqual([exit, drift], [1, ['drift-policy']]);
    assert.equal(hints[0], `sandbox-unit apply --allow-gaps ${UNIT}`);
  });

  test("don't cover others: a gap of another kind is drift", async () => {
    const { exit, drift, codes } = await told(edit(VENDOR, '=/usr/sbin', '=+/usr/sbin'));
    assert.deepEqual([exit, drift], [1, ['drift-unit']]);
    assert.deepEqual(codes, ['error drift-unit', 'note gaps-allowed']);
  });

  test('make a new gap drift if there was none', async () => {
    const system = await applied();
    edit(VENDOR, '=/usr/sbin', '=+/usr/sbin')(system);
    const { exit, drift, messages } = await found(system, [UNIT]);
    assert.deepEqual([exit, drift], [1, ['drift-unit']]);
    assert.match(messages, /can no longer be applied/);
  });
});
