/** Tests of prepare/load/host-defaults.ts and prepare/load/find-defaults.ts: the defaults of a host, under the policies that are loaded there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import type { Context } from '../../../src/machine/context.js';
import { isForAll, readDefaults } from '../../../src/prepare/load/host-defaults.js';
import { type LoadedPolicy, loadPolicy } from '../../../src/prepare/load/load-policy.js';
import { directives } from '../../../src/systemd/directives/table.js';
import { type FakeOptions, FakeSystem, fakeContext, HOME } from '../../support/fake-system.js';

const MAIN = '/etc/sandbox-unit/demo.service.toml';
const DEFAULTS = '/etc/sandbox-unit/defaults.toml';
const deny = (call: string, head = '') => `${head}\n[syscalls]\ndeny = ["${call}"]\n`;

interface Asked extends FakeOptions {
  readonly more?: Partial<Context>;
  readonly trusted?: boolean;
  readonly path?: string;
}

function load({ more, trusted = true, path = MAIN, ...options }: Asked): Promise<LoadedPolicy> {
  const system = new FakeSystem(options);
  return loadPolicy(fakeContext(system, more), { system, path }, { trusted, confines: true });
}

const denied = ({ policy }: LoadedPolicy) => policy.syscalls?.deny.map(({ name }) => name).join(' ');

/** The order of refused calls, which is that of the files. */
const order = async (own: string, files: Record<string, string> = {}) =>
  denied(await load({ files: { [MAIN]: own, [DEFAULTS]: deny('host'), ...files } }));

/** What keeps a policy from being used. */
async function wrong(asked: Asked) {
  const { diagnostics, complete, sources } = await load(asked);
  assert.equal(complete, false);
  const [{ code, message, at } = assert.fail('nothing is wrong')] = diagnostics;
  return { code, message, place: at && `${at.file}:${at.line}`, sources: [...sources.keys()] };
}

test('the defaults come before all that a policy extends, unless it opts out', async () => {
  const base = { [`${HOME}/templates/base.toml`]: deny('base') };
  assert.equal(await order(deny('own')), 'host own');
  assert.equal(await order(deny('own', 'defaults = true')), 'host own');
  assert.equal(await order(deny('own', 'defaults = false')), 'own');
  assert.equal(await order(deny('own', 'extends = ["base"]'), base), 'host base own');
  const { policy, sources } = await load({ files: { [MAIN]: deny('own'), [DEFAULTS]: deny('host') } });
  assert.deepEqual([policy.file, [...sources.keys()]], [MAIN, [MAIN, DEFAULTS]]);
});

test('of several policies that opt in or out, the last one wins', async () => {
  const base = { [`${HOME}/templates/base.toml`]: deny('base', 'defaults = false') };
  assert.equal(await order(deny('own', 'extends = ["base"]'), base), 'base own');
  assert.equal(await order(deny('own', 'extends = ["base"]\ndefaults = true'), base), 'host base own');
});

test("the policy's own lines win over the defaults", async () => {
  const host = '[service]\nProtectHome = true\nPrivateTmp = true\n[syscalls]\naction = "EPERM"\n';
  const own = '[service]\nProtectHome = "read-only"\n[syscalls]\ndeny = ["a"]\naction = "kill"\n';
  const { policy } = await load({ files: { [MAIN]: own, [DEFAULTS]: host } });
  assert.deepEqual(
    policy.service.map(({ name, value, at }) => [name, value, at.file]),
    [
      ['PrivateTmp', true, DEFAULTS],
      ['ProtectHome', 'read-only', MAIN],
    ],
  );
  assert.equal(policy.syscalls!.action!.at.file, MAIN);
});

test('an error in the defaults is an error of every policy, at its place', async () => {
  const files = { [MAIN]: deny('own'), [DEFAULTS]: '[syscalls]\ndeny = [' };
  const { code, place, sources } = await wrong({ files });
  assert.deepEqual([code, place, sources], ['policy-syntax', `${DEFAULTS}:2`, [MAIN, DEFAULTS]]);
  const { diagnostics } = await load({
    files: { [MAIN]: deny('own'), [DEFAULTS]: '[service]\nUser = "x"\nDelegate = true\nloosen = []\nzz = 1' },
  });
  const found = diagnostics.map(({ code, at }) => [code, `${at!.file}:${at!.line}`]);
  assert.deepEqual(
    found,
    [4, 2, 3].map((line) => ['host-defaults', `${DEFAULTS}:${line}`]),
  );
});

test('defaults that others can write, that are unreadable, or a dangling link block all policies', async () => {
  const files = { [MAIN]: deny('own'), [DEFAULTS]: deny('host') };
  assert.equal((await wrong({ files, untrusted: [DEFAULTS] })).code, 'untrusted-file');
  assert.equal(denied(await load({ files, untrusted: [DEFAULTS], trusted: false })), 'host own');
  assert.equal((await wrong({ files, unreadable: [DEFAULTS] })).code, 'unreadable');
  const dangling = { files: { [MAIN]: deny('own') }, links: { [DEFAULTS]: '/srv/defaults.toml' } };
  assert.deepEqual(
    [(await wrong(dangling)).code, (await wrong(dangling)).message],
    ['host-defaults', `${DEFAULTS} is a broken link`],
  );
  const off = { ...files, [MAIN]: deny('own', 'defaults = false') };
  assert.equal(denied(await load({ files: off, untrusted: [DEFAULTS] })), 'own');
});

test('a policy that asks for the defaults fails without them', async () => {
  const { code, message, place } = await wrong({ files: { [MAIN]: deny('own', 'defaults = true') } });
  assert.deepEqual([code, message, place], ['host-defaults', `there is no '${DEFAULTS}'`, `${MAIN}:1`]);
});

test('a policy that says nothing is empty, unless it asks for the defaults', async () => {
  const said = async (own: string) =>
    (await load({ files: { [MAIN]: own, [DEFAULTS]: deny('host') } })).diagnostics.map(({ code }) => code);
  assert.deepEqual(await said('description = "x"'), ['no-policy']);
  assert.deepEqual(await said('defaults = false'), ['no-policy']);
  assert.deepEqual(await said('defaults = true'), []);
});

test("the defaults can't be applied, nor extended", async () => {
  const files = { [MAIN]: deny('own', 'extends = ["defaults.toml"]'), [DEFAULTS]: deny('host') };
  const { code, place } = await wrong({ files });
  assert.deepEqual([code, place], ['host-defaults', `${MAIN}:1`]);
  const other = { files: { ...files, [MAIN]: deny('own', `extends = ["${DEFAULTS}"]\ndefaults = false`) } };
  assert.equal((await wrong(other)).code, 'host-defaults');
  await assert.rejects(load({ files, path: DEFAULTS }), (cause) => {
    assert.ok(cause instanceof UserError);
    assert.equal(cause.diagnostics[0]!.code, 'host-defaults');
    return true;
  });
});

test("a file with the defaults' name elsewhere is an ordinary policy", async () => {
  const files = { '/p/defaults.toml': deny('base'), [MAIN]: deny('own', 'extends = ["/p/defaults.toml"]') };
  assert.equal(denied(await load({ files })), 'base own');
});

test("users have their own defaults, or the administrator's for users", async () => {
  const [own, etc] = ['/home/u/.config/sandbox-unit/defaults.toml', '/etc/sandbox-unit/user/defaults.toml'];
  const placement = { scope: 'user', lifetime: 'always', home: '/home/u' } as const;
  const of = async (files: Record<string, string>) =>
    denied(await load({ files: { ...files, [MAIN]: deny('own') }, more: { placement } }));
  assert.equal(await of({ [own]: deny('mine'), [etc]: deny('etc'), [DEFAULTS]: deny('host') }), 'mine own');
  assert.equal(await of({ [etc]: deny('etc'), [DEFAULTS]: deny('host') }), 'etc own');
  const others = [DEFAULTS, '/usr/lib/sandbox-unit/user/defaults.toml'].map((path) => [path, deny('x')]);
  assert.equal(await of(Object.fromEntries(others)), 'own');
});

test('packages and folders until the next boot have no defaults', async () => {
  const places = ['/run/sandbox-unit/policies/defaults.toml', '/usr/lib/sandbox-unit/defaults.toml'];
  const files = Object.fromEntries(places.map((path) => [path, deny('x')]));
  assert.equal(denied(await load({ files: { ...files, [MAIN]: deny('own') } })), 'own');
});

test("a plan from facts uses the other machine's defaults, not this one's", async () => {
  const program = new FakeSystem({ files: { [MAIN]: deny('own'), [DEFAULTS]: deny('here') } });
  const loaded = async (system: FakeSystem) => {
    const context = fakeContext(system, { program, policies: program });
    return denied(await loadPolicy(context, { system: program, path: MAIN }, { trusted: true }));
  };
  assert.equal(await loaded(new FakeSystem({ files: { [DEFAULTS]: deny('there') } })), 'there own');
  const without = new FakeSystem({});
  assert.equal(await loaded(without), 'own');
  assert.deepEqual(without.calls, [`read ${DEFAULTS}`]);
});

test('a policy can be weaker than the defaults, by a line of its own', async () => {
  const weaker = async (own: string) => {
    const files = { [MAIN]: own, [DEFAULTS]: deny('host'), [`${HOME}/templates/base.toml`]: deny('base') };
    const loaded = await load({ files });
    return loaded.withoutBases().map(({ does, line, policy }) => {
      const calls = policy.syscalls?.deny.map(({ name }) => name).join(' ');
      return `${line} ${does}: ${calls}`;
    });
  };
  assert.deepEqual(await weaker(deny('own', 'extends = ["base"]')), [
    '1 take "base" out of extends in line 1: host own',
    '1 write "defaults = false" as the first line: base own',
  ]);
  assert.deepEqual(await weaker(deny('own', '# mine\ndefaults = true')), [
    '2 write "defaults = false" in line 2: own',
  ]);
  assert.deepEqual(await weaker(deny('own', 'defaults = false')), []);
});

test('directives that only restrict may be defaults, for any service', () => {
  const names = directives()
    .filter(isForAll)
    .map(({ name }) => name);
  for (const name of [
    'ProtectSystem',
    'NoNewPrivileges',
    'CapabilityBoundingSet',
    'MemoryMax',
    'InaccessiblePaths',
  ])
    assert.ok(names.includes(name), name);
  const others = [
    'ReadWritePaths',
    'BindPaths',
    'AmbientCapabilities',
    'Nice',
    'User',
    'SupplementaryGroups',
  ];
  for (const name of [...others, 'RootDirectory', 'AppArmorProfile', 'NetworkNamespacePath', 'Delegate'])
    assert.ok(!names.includes(name), name);
  const codesOf = (name: string) =>
    readDefaults(`[service]\n${name} = true`, 'd.toml').diagnostics.map(({ code }) => code);
  for (const { name } of directives())
    assert.deepEqual(codesOf(name), names.includes(name) ? [] : ['host-defaults'], name);
});

test('a file system in memory is read-only in defaults, because it would be a place to write', () => {
  const said = (value: string) =>
    readDefaults(`[service]\nTemporaryFileSystem = ${value}`, 'd.toml').diagnostics.map(
      ({ code, message, at, hint }) => `${at!.line} ${code}: ${message}; ${hint}`,
    );
  assert.deepEqual(said('["/srv:ro", "/opt:size=1m,rw,ro"]'), []);
  const of = (word: string, hint: string) =>
    `2 host-defaults: the defaults of a host can't add a writable file system, as '${word}' does; make it read-only, with the option 'ro' at its end: "${hint}"`;
  assert.deepEqual(said('["/opt:ro", "/srv"]'), [of('/srv', '/srv:ro')]);
  assert.deepEqual(said('["/srv:ro,rw"]'), [of('/srv:ro,rw', '/srv:ro,rw,ro')]);
  assert.deepEqual(said('"/srv:size=1m"'), [of('/srv:size=1m', '/srv:size=1m,ro')]);
});
