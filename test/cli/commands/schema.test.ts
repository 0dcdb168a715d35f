import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { schema } from '../../../src/cli/commands/schema.js';
import { parseToml } from '../../../src/policy/toml.js';
import { validateShape } from '../../../src/policy/validate.js';
import { directives } from '../../../src/systemd/directives/table.js';
import { failure } from '../../support/failure.js';
import { FakeSystem, fakeContext, HOME } from '../../support/fake-system.js';
import { goldenNames, readGolden } from '../../support/golden.js';
import { schemaErrors } from '../../support/json-schema.js';
import { WHOLE } from '../../support/policy.js';
import { schemaNames } from '../../support/printed-json.js';
import { inRepository, templateFiles } from '../../support/repository.js';

const SCHEMAS = Object.fromEntries(
  schemaNames().map((name) => [
    `${HOME}/schemas/${name}.json`,
    readFileSync(inRepository(`schemas/${name}.json`), 'utf8'),
  ]),
);
const printedFor = (...words: string[]) => schema(fakeContext(new FakeSystem({ files: SCHEMAS })), words);

const SCHEMA = JSON.parse((await printedFor()).text);

/** A policy as JSON, which has no bigint. */
const asJson = (source: string): unknown =>
  JSON.parse(
    JSON.stringify(parseToml(source, 'p.toml').data, (_, value) =>
      typeof value === 'bigint' ? Number(value) : value,
    ),
  );

const errors = (source: string) => schemaErrors(SCHEMA, asJson(source));

const TEMPLATES = templateFiles().map((name) => [
  `templates/${name}`,
  readFileSync(inRepository('templates', name), 'utf8'),
]);
const PLANS = goldenNames('plan').map((name) => [name, readGolden('plan', name, 'policy.toml')]);

for (const [name, source] of [['the policy with every key', WHOLE], ...TEMPLATES, ...PLANS] as [
  string,
  string,
][]) {
  test(`the schema takes ${name}`, () => {
    assert.deepEqual(errors(source), []);
  });
}

/** Policies that the schema refuses, and where. */
const BAD: readonly [source: string, path: string][] = [
  ['deny = ["execve"]', '/deny'],
  ['[syscall]', '/syscall'],
  ['[syscalls]\nallow = "@system-service"', '/syscalls/allow'],
  ['[syscalls]\ndeny = [1]', '/syscalls/deny/0'],
  ['[syscalls]\naction = true', '/syscalls/action'],
  ['[syscalls]\naction = 0', '/syscalls/action'],
  ['[syscalls]\naction = 4095', '/syscalls/action'],
  ['[syscalls]\nunknown = []', '/syscalls/unknown'],
  ['[syscalls]\ninherit = "yes"', '/syscalls/inherit'],
  ['[syscalls]\narchitectures = ["x86_64"]', '/syscalls/architectures/0'],
  ['[syscalls]\narchitectures = []', '/syscalls/architectures'],
  ['[syscalls]\nenforcer = "systemd"', '/syscalls/enforcer'],
  ['[syscalls]\nstage = "later"', '/syscalls/stage'],
  ['[[syscalls.rules]]\nsyscall = "x"\naction = "kill"', '/syscalls/rules/0/when'],
  ['[[syscalls.rules]]\nsyscall = "x"\nwhen = []\naction = "kill"', '/syscalls/rules/0/when'],
  [
    '[[syscalls.rules]]\nsyscall = "x"\nwhen = [{ arg = 6, eq = 1 }]\naction = "kill"',
    '/syscalls/rules/0/when/0/arg',
  ],
  [
    '[[syscalls.rules]]\nsyscall = "x"\nwhen = [{ arg = 0, eq = 1.5 }]\naction = "kill"',
    '/syscalls/rules/0/when/0/eq',
  ],
  [
    '[[syscalls.rules]]\nsyscall = "x"\nwhen = [{ arg = 0, eg = 1 }]\naction = "kill"',
    '/syscalls/rules/0/when/0/eg',
  ],
  [
    '[[syscalls.rules]]\nsyscall = "x"\nwhen = [{ arg = 0, eq = 1, width = 16 }]\naction = "kill"',
    '/syscalls/rules/0/when/0/width',
  ],
  ['[service]\nProtectSytem = "strict"', '/service/ProtectSytem'],
  ['[service]\nExecStart = "x"', '/service/ExecStart'],
  ['[service]\nloosen = "x"', '/service/loosen'],
  ['[exec]\nwrap = ["ExecStrat"]', '/exec/wrap/0'],
  ['[exec]\nprograms = ["/bin/x"]', '/exec/programs'],
  ['[apply]\nsettle = 3', '/apply/settle'],
  ['[apply]\nsettle = "soon"', '/apply/settle'],
  ['[apply]\nprobe = []', '/apply/probe'],
  ['[apply]\nprobe = [["a"], []]', '/apply/probe'],
  ['[apply]\nprobe = 1', '/apply/probe'],
  ['[[expect]]\nsyscall = "x"', '/expect/0/action'],
  ['[[expect]]\nsyscall = "x"\naction = "kill"\nargs = [true]', '/expect/0/args/0'],
  ['[[expect]]\nsyscall = "x"\naction = "kill"\narchitecture = "sparc"', '/expect/0/architecture'],
];

for (const [source, path] of BAD) {
  test(`the schema refuses ${JSON.stringify(source)} at ${path}`, () => {
    assert.deepEqual(errors(source), [path]);
  });
}

test('the schema refuses whatever validation refuses', () => {
  const sources = goldenNames('policies').filter((name) => name.endsWith('.toml'));
  for (const name of sources) {
    const source = readGolden('policies', name);
    const document = (() => {
      try {
        return parseToml(source, name);
      } catch {
        return undefined; // no TOML at all
      }
    })();
    if (!document || validateShape(document).length === 0) continue;
    if (name === 'time-spans.toml') continue; // a JSON Schema does not add up spans
    assert.notDeepEqual(errors(source), [], name);
  }
});

test('every directive is in the schema, with its manual page', () => {
  const { properties } = SCHEMA.properties.service;
  for (const { name, man } of directives()) assert.deepEqual(properties[name], { description: `${man}(5)` });
  assert.deepEqual(
    Object.keys(properties).sort(),
    ['loosen', ...directives().map(({ name }) => name)].sort(),
  );
});

test('text and JSON are the same schema', async () => {
  const { json, exit } = await printedFor();
  assert.deepEqual([json.schema, exit], [SCHEMA, 0]);
});

for (const name of schemaNames()) {
  test(`schema ${name} prints its file, with each that it refers to beside it`, async () => {
    const { $defs, ...printed } = JSON.parse((await printedFor(name)).text);
    const { $defs: own = {}, ...written } = JSON.parse(SCHEMAS[`${HOME}/schemas/${name}.json`]!);
    assert.deepEqual(printed, written);
    for (const [key, part] of Object.entries(own)) assert.deepEqual($defs[key], part);
    const references = [...JSON.stringify({ ...printed, $defs }).matchAll(/"\$ref":"([^"#]+)#/g)];
    for (const [, file = ''] of references) assert.equal(file === `${name}.json` || $defs[file].$id, file);
  });
}

test('an unknown schema is an error that lists all', async () => {
  const near = await failure(printedFor('stats'));
  assert.deepEqual(near, ['usage', "no schema 'stats'", "did you mean 'status'?"]);
  const [, message, hint] = await failure(printedFor('../package'));
  assert.equal(message, "no schema '../package'");
  assert.match(hint!, /^available: apply, check, /);
});
