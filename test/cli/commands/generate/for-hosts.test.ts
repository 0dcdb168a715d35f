import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GeneratedFiles, generateForHosts } from '../../../../src/cli/commands/generate/for-hosts.js';
import { EXIT, error, UserError } from '../../../../src/diagnostic.js';
import type { Context } from '../../../../src/machine/context.js';
import { FIRST_LINE, piece } from '../../../support/facts-lines.js';
import { failure } from '../../../support/failure.js';
import { FakeSystem, fakeContext } from '../../../support/fake-system.js';
import { assertKeys, printed } from '../../../support/printed-json.js';
import { splitLines } from '../../../support/run.js';

/** Files that depend on one file of the machine: an empty one is an error, and `more` leads to a further question. */
async function make({ system }: Context): Promise<GeneratedFiles> {
  const text = new TextDecoder().decode((await system.read('/etc/kind', { limit: 9 }))?.bytes);
  if (text === 'more') await system.list('/etc/more');
  const found = text === '' ? [error('no-unit', 'there is no kind')] : [];
  const content = new TextEncoder().encode(text);
  return {
    exit: found.length > 0 ? EXIT.findings : EXIT.ok,
    files: found.length > 0 ? [] : [{ path: '/etc/made', content, mode: 0o644 }],
    diagnostics: found,
    sources: new Map(),
  };
}

const kind = (text: string) => FIRST_LINE + piece('/etc/kind', text, { size: 10 });

async function generated(hosts: Readonly<Record<string, string>>) {
  const files = Object.entries(hosts).map(([host, text]) => [`/facts/${host}.facts`, text]);
  const program = new FakeSystem({ files: { ...Object.fromEntries(files), '/facts/README': 'no facts' } });
  let plans = 0;
  const outcome = await generateForHosts(fakeContext(program, { program }), {
    unit: 'demo.service',
    hosts: '/facts',
    output: '/out',
    make: (context) => {
      plans++;
      return make(context);
    },
  });
  assert.deepEqual(assertKeys('generate-hosts', [printed(outcome)]), []);
  const lines = splitLines(outcome.text).map((line) => line.split(' '));
  const codes = outcome.diagnostics.map(({ severity, code }) => `${severity} ${code}`);
  return { ...outcome, classOf: new Map(lines as [string, string][]), program, codes, plans: () => plans };
}

test('generate --hosts: plans machines with the same facts once, with a folder for each class', async () => {
  const { exit, classOf, program, plans, json } = await generated({
    a: kind('x'),
    b: kind('y'),
    c: kind('x'),
  });
  assert.deepEqual([exit, plans()], [0, 2]);
  assert.equal(classOf.get('a'), classOf.get('c'));
  assert.notEqual(classOf.get('a'), classOf.get('b'));
  assert.equal(program.text(`/out/${classOf.get('a')}/etc/made`), 'x');
  assert.equal(program.text(`/out/${classOf.get('b')}/etc/made`), 'y');
  const classes = json.classes as { hosts: string[] }[];
  const found = classes.map(({ hosts }) => hosts);
  assert.deepEqual(found, [['a', 'c'], ['b']]);
});

test('generate --hosts: a class that fails is reported with its machines, and the others are made', async () => {
  const failing = Object.fromEntries(Array.from({ length: 7 }, (_, i) => [`bad${i}`, kind('')]));
  const { exit, classOf, codes, diagnostics, program } = await generated({ ...failing, good: kind('x') });
  assert.deepEqual([exit, codes], [1, ['error no-unit', 'note hosts']]);
  assert.equal(diagnostics[1]!.message, 'these messages are about bad0, bad1, bad2, bad3, bad4 and 2 more');
  assert.equal(classOf.get('bad6'), '-');
  assert.equal(program.text(`/out/${classOf.get('good')}/etc/made`), 'x');
});

test('generate --hosts: unknown facts of a machine are an error, as are unreadable ones', async () => {
  const { exit, codes, classOf, json } = await generated({ a: kind('more'), b: 'no facts', c: kind('x') });
  assert.deepEqual([exit, codes], [EXIT.failure, ['error bad-file', 'error unanswered', 'note hosts']]);
  assert.deepEqual([...classOf.keys()], ['a', 'b', 'c']);
  const found = ['a', 'b'].map((host) => classOf.get(host));
  assert.deepEqual(found, ['-', '-']);
  const unread = (json.classes as { class: string | null; hosts: string[] }[]).find(
    ({ hosts }) => hosts[0] === 'b',
  );
  assert.deepEqual(unread, { class: null, hosts: ['b'], files: [] });
});

test('generate --hosts: the exit status is the one without --hosts', async () => {
  for (const exit of [EXIT.findings, EXIT.failure]) {
    const program = new FakeSystem({ files: { '/facts/a.facts': kind('x') } });
    const outcome = await generateForHosts(fakeContext(program, { program }), {
      ...{ unit: 'demo.service', hosts: '/facts', output: '/out' },
      make: () => Promise.reject(new UserError(error('no-policy', 'no policy'), exit)),
    });
    assert.deepEqual([outcome.exit, outcome.text], [exit, 'a -\n']);
  }
});

test('generate --hosts: a folder without facts is an error', async () => {
  assert.equal((await failure(generated({})))[0], 'bad-file');
});
