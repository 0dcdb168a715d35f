import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { check } from '../../src/commands/check.js';
import { template } from '../../src/commands/template.js';
import { renderDiagnostic, UserError } from '../../src/diagnostic.js';
import { type Contents, FakeSystem, fakeContext, HOME } from '../support/fake-system.js';
import { inRepository } from '../support/repository.js';

const OWN = '/etc/sandbox-unit/templates';

const run = (files: Contents, ...words: string[]) => template(fakeContext(new FakeSystem({ files })), words);

test('templates are listed by name with what they are for, own ones in place of ours', async () => {
  const files = {
    [`${HOME}/templates/web.toml`]: 'description = "ours"',
    [`${HOME}/templates/plain.toml`]: '[syscalls]\n',
    [`${HOME}/templates/README.md`]: 'no template',
    [`${HOME}/templates/Upper.toml`]: '',
    [`${OWN}/web.toml`]: 'description = "own"',
    [`${OWN}/extra.toml`]: 'description = "one more"',
  };
  const result = await run(files, 'list');
  assert.equal(result.text, 'extra  one more\nplain\nweb    own\n');
  assert.deepEqual(result.json, {
    templates: [
      { name: 'extra', description: 'one more' },
      { name: 'plain', description: '' },
      { name: 'web', description: 'own' },
    ],
  });
});

test('without templates the list is empty', async () => {
  const result = await run({}, 'list');
  assert.deepEqual([result.exit, result.text, result.json], [0, '', { templates: [] }]);
});

test('a template that is no policy is listed with a warning', async () => {
  const files = { [`${OWN}/bad.toml`]: 'a = ', [`${OWN}/good.toml`]: 'description = "x"' };
  const result = await run(files, 'list');
  assert.deepEqual([result.exit, result.text], [0, 'bad\ngood  x\n']);
  assert.deepEqual(
    result.diagnostics.map(({ severity, code }) => `${severity} ${code}`),
    ['warning policy-syntax'],
  );
});

test('a template is shown as it is', async () => {
  const text = '# c\ndescription = "x"\n';
  const result = await run({ [`${HOME}/templates/web.toml`]: text }, 'show', 'web');
  assert.deepEqual([result.exit, result.text, result.json], [0, text, { name: 'web', text }]);
});

const WRONG: readonly [words: string[], code: string, exit: number][] = [
  [['show'], 'usage', 2],
  [['list', 'web'], 'usage', 2],
  [['lst'], 'usage', 2],
  [['show', 'nothing'], 'unknown-template', 2],
  [['show', '../secret'], 'unknown-template', 2],
];

for (const [words, code, exit] of WRONG) {
  test(`'template ${words.join(' ')}' is refused`, async () => {
    await assert.rejects(run({}, ...words), (cause) => {
      assert.ok(cause instanceof UserError);
      assert.deepEqual([cause.diagnostics[0]!.code, cause.exit], [code, exit]);
      return true;
    });
  });
}

const NAMES = readdirSync(inRepository('templates'));

const TEMPLATES = Object.fromEntries(
  NAMES.map((name) => [`${HOME}/templates/${name}`, readFileSync(inRepository('templates', name), 'utf8')]),
);

for (const name of NAMES) {
  test(`templates/${name} is right, and says in one line what it is for`, async () => {
    const system = new FakeSystem({ files: TEMPLATES });
    const { diagnostics, sources } = await check(fakeContext(system), [`${HOME}/templates/${name}`]);
    assert.equal(diagnostics.map((d) => renderDiagnostic(d, sources)).join('\n'), '');
    const listed = (await template(fakeContext(system), ['list'])).json.templates as {
      description: string;
    }[];
    for (const { description } of listed) assert.match(description, /^[^\n]{10,100}$/);
  });
}
