/** Tests of prepare/load/load-policy.ts, prepare/load/find-policy.ts, prepare/load/find-template.ts, prepare/load/policy-texts.ts and prepare/load/exists.ts: a policy and all that it extends. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Diagnostic, UserError } from '../../../src/diagnostic.js';
import { findPolicy } from '../../../src/prepare/load/find-policy.js';
import { findTemplate, templateAt, templateNames } from '../../../src/prepare/load/find-template.js';
import { loadPolicy } from '../../../src/prepare/load/load-policy.js';
import { policyTexts } from '../../../src/prepare/load/policy-texts.js';
import { parseUnitName, type UnitName } from '../../../src/systemd/unit/name.js';
import { type Contents, FakeSystem, fakeContext, HOME } from '../../support/fake-system.js';

const deny = (call: string, ...bases: string[]) =>
  `extends = ${JSON.stringify(bases)}\n[syscalls]\ndeny = ["${call}"]\n`;

/** Loads /p/main.toml. */
async function load(files: Contents, { trusted = false, untrusted = [] as string[] } = {}) {
  const system = new FakeSystem({ files, untrusted });
  return loadPolicy(fakeContext(system), { system, path: '/p/main.toml' }, { trusted });
}

/** The denied calls in their order, which is that of the files. */
const order = async (files: Contents) =>
  (await load(files)).policy.syscalls!.deny.map(({ name }) => name).join(' ');

function first([d]: readonly Diagnostic[], sources: ReadonlyMap<string, string>) {
  const { code, message, hint, at } = d ?? assert.fail('no diagnostic');
  const place = at && `${at.file}:${at.line}:${at.column}`;
  return { code, message, hint, place, sources: [...sources.keys()] };
}

/** Why a file can't be had. */
async function failure(run: Promise<unknown>) {
  try {
    await run;
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    return { ...first(cause.diagnostics, cause.sources), exit: cause.exit };
  }
  return assert.fail('nothing is wrong');
}

/** The first thing that is wrong with a base. */
async function flaw(files: Contents) {
  const { diagnostics, complete, sources } = await load(files);
  assert.equal(complete, false);
  return first(diagnostics, sources);
}

const ORDERS: readonly [says: string, files: Contents, order: string][] = [
  ['a policy alone', { '/p/main.toml': deny('a') }, 'a'],
  [
    'bases from left to right, then the policy',
    { '/p/main.toml': deny('c', 'a.toml', 'b.toml'), '/p/a.toml': deny('a'), '/p/b.toml': deny('b') },
    'a b c',
  ],
  [
    'bases of bases first',
    {
      '/p/main.toml': deny('d', 'b.toml', 'c.toml'),
      '/p/a.toml': deny('a'),
      '/p/b.toml': deny('b', 'a.toml'),
      '/p/c.toml': deny('c'),
    },
    'a b c d',
  ],
  [
    'a base that is reached twice, at its first place',
    {
      '/p/main.toml': deny('d', 'b.toml', 'c.toml', 'a.toml'),
      '/p/a.toml': deny('a'),
      '/p/b.toml': deny('b', 'a.toml'),
      '/p/c.toml': deny('c', './a.toml', '/p/../p/a.toml'),
    },
    'a b c d',
  ],
  [
    'paths from the folder of the policy that names them',
    {
      '/p/main.toml': deny('c', 'sub/b.toml'),
      '/p/sub/b.toml': deny('b', '../../q/a.toml'),
      '/q/a.toml': deny('a'),
    },
    'a b c',
  ],
  ['absolute paths', { '/p/main.toml': deny('b', '/q/a.toml'), '/q/a.toml': deny('a') }, 'a b'],
  [
    'templates by their names',
    { '/p/main.toml': deny('b', 'web-server'), [`${HOME}/templates/web-server.toml`]: deny('a') },
    'a b',
  ],
  [
    "the administrator's own templates before ours",
    {
      '/p/main.toml': deny('b', 'web-server'),
      [`${HOME}/templates/web-server.toml`]: deny('ours'),
      '/etc/sandbox-unit/templates/web-server.toml': deny('own'),
    },
    'own b',
  ],
  [
    'templates of templates',
    {
      '/p/main.toml': deny('c', 'two'),
      [`${HOME}/templates/two.toml`]: deny('b', 'one'),
      [`${HOME}/templates/one.toml`]: deny('a'),
    },
    'a b c',
  ],
];

for (const [says, files, wanted] of ORDERS) {
  test(`extends: ${says}`, async () => {
    assert.equal(await order(files), wanted);
  });
}

test('all errors of all files are reported, with their texts', async () => {
  const files = { '/p/main.toml': `extends = ["a.toml"]\nx = 1`, '/p/a.toml': '[syscalls]\ny = 2' };
  const { diagnostics, sources } = await load(files);
  assert.deepEqual(
    diagnostics.map(({ code, at }) => [code, at!.file, at!.line]),
    [
      ['unknown-key', '/p/main.toml', 2],
      ['unknown-key', '/p/a.toml', 2],
    ],
  );
  assert.deepEqual(
    [...sources],
    [
      ['/p/main.toml', files['/p/main.toml']],
      ['/p/a.toml', files['/p/a.toml']],
    ],
  );
});

test('texts of a policy are those that it was loaded from, or none if `extends` is no single line', async () => {
  const base = {
    '/p/a.toml': deny('a', './b.toml'),
    '/p/b.toml': deny('b'),
    '/q.toml': deny('q', '/p/b.toml'),
  };
  const cases: readonly [main: string, isSame: boolean][] = [
    [deny('x'), true],
    [deny('x', './a.toml', '/q.toml'), true],
    ['extends = ["./b.toml", "/q.toml"] ', false],
    ['extends = [\n  "./a.toml",\n]\n', false],
    ['"extends" = ["./a.toml"]\n', false],
    ["description = '''\nextends = [\"./a.toml\"]\n'''\n[syscalls]\ndeny = [\"x\"]\n", false],
    ['[apply]\nextends = ["./a.toml"]\n', false],
  ];
  for (const [main, isSame] of cases) {
    const files = { ...base, '/p/main.toml': main };
    const system = new FakeSystem({ files });
    const texts = await policyTexts(fakeContext(system), { system, path: '/p/main.toml' });
    const { sources } = await load(files);
    assert.equal(JSON.stringify([...texts]) === JSON.stringify([...sources]), isSame, main);
  }
});

test('a cycle is an error that shows it', async () => {
  const files = {
    '/p/main.toml': deny('a', 'a.toml'),
    '/p/a.toml': deny('b', 'sub/../b.toml'),
    '/p/b.toml': deny('c', '/p/a.toml'),
  };
  assert.deepEqual(await flaw(files), {
    code: 'policy-value',
    message: "'/p/a.toml' extends itself",
    hint: '/p/a.toml → /p/b.toml → /p/a.toml',
    place: '/p/b.toml:1:12',
    sources: ['/p/main.toml', '/p/a.toml', '/p/b.toml'],
  });
});

test('a policy that extends itself is a cycle', async () => {
  const { code, hint } = await flaw({ '/p/main.toml': deny('a', 'main.toml') });
  assert.deepEqual([code, hint], ['policy-value', '/p/main.toml → /p/main.toml']);
});

test('a base that is missing is an error where it is named', async () => {
  const files = { '/p/main.toml': deny('a', 'a.toml'), '/p/a.toml': deny('b', 'gone.toml') };
  assert.deepEqual(await flaw(files), {
    code: 'no-policy',
    message: "there is no policy file 'gone.toml'",
    hint: "it should be at '/p/gone.toml'",
    place: '/p/a.toml:1:12',
    sources: ['/p/main.toml', '/p/a.toml'],
  });
});

test('a missing policy is an error', async () => {
  const { code, exit, place } = await failure(load({}));
  assert.deepEqual([code, exit, place], ['no-policy', 2, undefined]);
});

test('a base has the name that is written', async () => {
  const messageOf = async (base: string) => (await flaw({ '/p/main.toml': deny('a', base) })).message;
  assert.equal(await messageOf('../x.toml'), "there is no policy file '../x.toml'");
  assert.equal(await messageOf('/x.toml'), "there is no policy file '/x.toml'");
});

test('for a word that is no file, the policy or the template of that name is suggested', async () => {
  const files = {
    '/etc/sandbox-unit/foo.service.toml': deny('a'),
    [`${HOME}/templates/no-exec.toml`]: deny('a'),
  };
  const system = new FakeSystem({ files });
  const hintFor = async (path: string) =>
    (await failure(loadPolicy(fakeContext(system), { system, path }, { trusted: false }))).hint;
  for (const word of ['foo', 'foo.service'])
    assert.equal(await hintFor(word), `the policy of ${word} is /etc/sandbox-unit/foo.service.toml`);
  assert.equal(
    await hintFor('no-exec'),
    "no-exec is a template: '--template no-exec' takes it, 'sandbox-unit template show no-exec' prints it",
  );
  for (const word of ['bar', 'foo.toml', './foo', 'a b']) assert.equal(await hintFor(word), undefined, word);
});

test('a template that is missing is an error where it is named', async () => {
  for (const name of ['web-server', '..', 'A', 'a b', '%n', 'x\n']) {
    const { code, place } = await flaw({ '/p/main.toml': deny('a', name) });
    assert.deepEqual([code, place], ['unknown-template', '/p/main.toml:1:12'], name);
  }
});

test('missing bases hide neither each other nor other errors', async () => {
  const files = {
    '/p/main.toml': 'extends = ["web-sever", "a.toml", "gone.toml", "b.toml"]\nx = 1\n',
    '/p/a.toml': 'y = ',
    '/p/b.toml': '[syscalls]\nz = 1\ndeny = ["a"]\n',
    [`${HOME}/templates/web-server.toml`]: deny('a'),
  };
  const { diagnostics, policy, complete } = await load(files);
  const hints = {
    policy: 'one of description, extends, defaults, syscalls, ready, service, exec, apply, expect',
    syscalls:
      'one of allow, deny, log, action, inherit, implicit, architectures, unknown, enforcer, stage, rules',
  };
  assert.deepEqual(
    diagnostics.map(({ code, at, hint }) => [code, at!.file, at!.line, at!.column, hint]),
    [
      ['unknown-key', '/p/main.toml', 2, 1, hints.policy],
      ['unknown-template', '/p/main.toml', 1, 12, "did you mean 'web-server'?"],
      ['policy-syntax', '/p/a.toml', 1, 5, undefined],
      ['no-policy', '/p/main.toml', 1, 35, "it should be at '/p/gone.toml'"],
      ['unknown-key', '/p/b.toml', 2, 1, hints.syscalls],
    ],
  );
  assert.deepEqual([policy.syscalls!.deny.length, complete], [1, false]);
});

test('a text that is not TOML is an error with its place and its text', async () => {
  const { code, place, exit, sources } = await failure(load({ '/p/main.toml': 'a = 1\na = 2' }));
  assert.deepEqual([code, place, exit, sources], ['policy-syntax', '/p/main.toml:2:1', 1, ['/p/main.toml']]);
});

test('a file that is too large is refused, also as a base', async () => {
  const large = '#'.repeat((1 << 20) + 1);
  assert.equal((await failure(load({ '/p/main.toml': large }))).code, 'too-large');
  const { code, place } = await flaw({ '/p/main.toml': deny('a', 'b.toml'), '/p/b.toml': large });
  assert.deepEqual([code, place], ['too-large', '/p/main.toml:1:12']);
});

test('a file that is not UTF-8 is refused', async () => {
  const { code } = await failure(load({ '/p/main.toml': Uint8Array.of(0x61, 0xff) }));
  assert.equal(code, 'policy-syntax');
});

/** Files of which each extends the next. */
const chain = (length: number): Contents =>
  Object.fromEntries(
    Array.from({ length }, (_, i) => [
      i === 0 ? '/p/main.toml' : `/p/${i}.toml`,
      i === length - 1 ? deny(`c${i}`) : deny(`c${i}`, `${i + 1}.toml`),
    ]),
  );

test('a policy is made of 64 files at most, however they extend each other', async () => {
  assert.equal((await load(chain(64))).policy.syscalls!.deny.length, 64);
  assert.equal((await flaw(chain(65))).code, 'policy-value');
  const many = (n: number) => ({
    '/p/main.toml': deny('a', ...Array.from({ length: n }, (_, i) => `${i}.toml`)),
    ...Object.fromEntries(Array.from({ length: n }, (_, i) => [`/p/${i}.toml`, deny('b')])),
  });
  assert.equal((await load(many(63))).policy.syscalls!.deny.length, 64);
  assert.equal((await flaw(many(64))).code, 'policy-value');
});

test('many paths through few files are followed once', async () => {
  const files: Record<string, string> = {};
  for (let level = 0; level < 30; level++) {
    const next = [`l${level + 1}.toml`, `r${level + 1}.toml`];
    for (const side of ['l', 'r']) files[`/p/${side}${level}.toml`] = deny(side, ...(level < 29 ? next : []));
  }
  files['/p/main.toml'] = deny('m', 'l0.toml', 'r0.toml');
  assert.equal((await load(files)).policy.syscalls!.deny.length, 61);
});

test('files that others could write are refused if trust is needed, but packaged ones are trusted', async () => {
  const template = `${HOME}/templates/web-server.toml`;
  const files = { '/p/main.toml': deny('b', 'web-server'), [template]: deny('a') };
  assert.equal(
    (await failure(load(files, { trusted: true, untrusted: ['/p/main.toml'] }))).code,
    'untrusted-file',
  );
  assert.equal((await load(files, { trusted: true, untrusted: [template] })).policy.syscalls!.deny.length, 2);
  assert.equal((await load(files, { untrusted: ['/p/main.toml'] })).policy.syscalls!.deny.length, 2);
});

const unit = (text: string) => parseUnitName(text) as UnitName;

async function found(name: string, ...paths: string[]): Promise<string> {
  const system = new FakeSystem({ files: Object.fromEntries(paths.map((path) => [path, ''])) });
  return (await findPolicy(fakeContext(system), unit(name))).path;
}

test("a unit's policy is the first that exists", async () => {
  const [etc, run, lib] = ['/etc/sandbox-unit', '/run/sandbox-unit/policies', '/usr/lib/sandbox-unit'];
  const file = 'demo.service.toml';
  assert.equal(await found('demo', `${lib}/${file}`, `${run}/${file}`, `${etc}/${file}`), `${etc}/${file}`);
  assert.equal(await found('demo', `${lib}/${file}`, `${run}/${file}`), `${run}/${file}`);
  assert.equal(await found('demo', `${lib}/${file}`), `${lib}/${file}`);
});

test("an instance falls back to its template's policy", async () => {
  const [own, template] = ['/etc/sandbox-unit/d@1.service.toml', '/etc/sandbox-unit/d@.service.toml'];
  assert.equal(await found('d@1', template), template);
  assert.equal(await found('d@1', template, own), own);
  assert.equal(await found('d@', template), template);
});

test('a unit without a policy is an error that says where to put one', async () => {
  const { code, exit, hint } = await failure(found('demo'));
  assert.deepEqual([code, exit], ['no-policy', 2]);
  assert.match(hint!, /^write \/etc\/sandbox-unit\/demo\.service\.toml/);
  const near = await failure(found('demo', '/etc/sandbox-unit/demo.toml'));
  assert.match(near.hint!, /^\/etc\/sandbox-unit\/demo\.toml exists: move it to /);
  const ofAll = await failure(found('defaults', '/etc/sandbox-unit/defaults.toml'));
  assert.match(ofAll.hint!, /^write \/etc\/sandbox-unit\/defaults\.service\.toml/);
});

test('a template is found only by its plain name, also one for a service', async () => {
  const paths = [`${HOME}/templates/a-1.toml`, `${HOME}/templates/services/web.toml`];
  const system = new FakeSystem({ files: Object.fromEntries(paths.map((path) => [path, ''])) });
  const context = fakeContext(system);
  assert.equal((await findTemplate(context, 'a-1')).path, paths[0]);
  assert.equal((await findTemplate(context, 'web')).path, paths[1]);
  assert.deepEqual(await templateNames(context), ['a-1', 'web']);
  assert.equal(templateAt(context, paths[1]!), 'web');
  for (const name of ['a-1.toml', '../templates/a-1', '/a-1', 'services/web', '']) {
    assert.equal((await failure(findTemplate(context, name))).code, 'unknown-template');
  }
});
