import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { check } from '../../../src/cli/commands/check.js';
import { listTemplates, showTemplate } from '../../../src/cli/commands/template.js';
import { renderDiagnostic, UserError } from '../../../src/diagnostic.js';
import { type Contents, FakeSystem, fakeContext, HOME } from '../../support/fake-system.js';
import { inRepository, templateFiles } from '../../support/repository.js';

const OWN = '/etc/sandbox-unit/templates';

const list = (files: Contents) => listTemplates(fakeContext(new FakeSystem({ files })));
const show = (files: Contents, name: string) => showTemplate(fakeContext(new FakeSystem({ files })), [name]);

test("template: lists templates with their purpose, an administrator's in place of a packaged one", async () => {
  const files = {
    [`${HOME}/templates/web.toml`]: 'description = "ours"',
    [`${HOME}/templates/plain.toml`]: '[syscalls]\n',
    [`${HOME}/templates/README.md`]: 'no template',
    [`${HOME}/templates/Upper.toml`]: '',
    [`${OWN}/web.toml`]: 'description = "own"',
    [`${OWN}/extra.toml`]: 'description = "one more"',
  };
  const result = await list(files);
  assert.equal(result.text, 'extra  one more\nplain\nweb    own\n');
  assert.deepEqual(result.json, {
    templates: [
      { name: 'extra', description: 'one more' },
      { name: 'plain', description: '' },
      { name: 'web', description: 'own' },
    ],
  });
});

test('template: prints an empty list without templates', async () => {
  const result = await list({});
  assert.deepEqual([result.exit, result.text, result.json], [0, '', { templates: [] }]);
});

test('template: lists a template that is no policy with a warning', async () => {
  const files = { [`${OWN}/bad.toml`]: 'a = ', [`${OWN}/good.toml`]: 'description = "x"' };
  const result = await list(files);
  assert.deepEqual([result.exit, result.text], [0, 'bad\ngood  x\n']);
  const found = result.diagnostics.map(({ severity, code }) => `${severity} ${code}`);
  assert.deepEqual(found, ['warning policy-syntax']);
});

test('template: prints a template unchanged', async () => {
  const text = '# c\ndescription = "x"\n';
  const result = await show({ [`${HOME}/templates/web.toml`]: text }, 'web');
  assert.deepEqual([result.exit, result.text, result.json], [0, text, { name: 'web', text }]);
});

test('template: an unknown name is an error that suggests one', async () => {
  const files = { [`${HOME}/templates/no-exec.toml`]: '', [`${OWN}/nginx.toml`]: '' };
  const hints: Record<string, string> = {
    'no-exce': "did you mean 'no-exec'?",
    ngnix: "did you mean 'nginx'?",
    '../secret': "'sandbox-unit template list' lists them",
  };
  for (const [name, hint] of Object.entries(hints)) {
    await assert.rejects(show(files, name), (cause) => {
      assert.ok(cause instanceof UserError);
      assert.deepEqual(
        [cause.diagnostics[0]!.code, cause.diagnostics[0]!.hint, cause.exit],
        ['unknown-template', hint, 2],
      );
      return true;
    });
  }
});

const NAMES = templateFiles();

test('no two templates have the same name', () => {
  const names = NAMES.map((path) => path.slice(path.lastIndexOf('/') + 1));
  assert.equal(new Set(names).size, names.length);
});

const TEMPLATES = Object.fromEntries(
  NAMES.map((name) => [`${HOME}/templates/${name}`, readFileSync(inRepository('templates', name), 'utf8')]),
);

for (const name of NAMES) {
  test(`templates/${name} is right, and its first line says what it is for`, async () => {
    const system = new FakeSystem({ files: TEMPLATES });
    const { diagnostics, sources } = await check(fakeContext(system), [`${HOME}/templates/${name}`]);
    assert.equal(diagnostics.map((d) => renderDiagnostic(d, sources)).join('\n'), '');
    const listed = (await listTemplates(fakeContext(system))).json.templates as {
      description: string;
    }[];
    for (const { description } of listed) assert.match(description, /^[^\n]{10,100}$/);
  });
}

test('templates for services of root leave neither CAP_SYS_ADMIN nor CAP_SYS_PTRACE', () => {
  const ofRoot = Object.entries(TEMPLATES).filter(
    // Debian's unit of memcached has its own list of capabilities; a user's service has none to lose.
    ([path, text]) => /^extends = .*"own-run"/m.test(text) && !/(?:memcached|user-service)\.toml$/.test(path),
  );
  assert.ok(ofRoot.length > 8);
  for (const [path, text] of ofRoot) {
    const [, list] = /^CapabilityBoundingSet = \[([^\]]*)\]/m.exec(text) ?? [];
    assert.ok(list !== undefined && !/~|CAP_SYS_(?:ADMIN|PTRACE)/.test(list), path);
  }
});
