import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { facts } from '../../../src/cli/commands/facts.js';
import type { ProcessResult } from '../../../src/machine/system.js';
import { ENVIRONMENT } from '../../support/cli.js';
import { runCommand } from '../../support/command.js';
import { FIRST_LINE, factLine } from '../../support/facts-lines.js';
import { failure } from '../../support/failure.js';
import { FakeSystem, fakeContext, HOME } from '../../support/fake-system.js';
import { temporaryFolder } from '../../support/temporary.js';

const SCRIPT = `${HOME}/host-scripts/facts`;

/** A machine with the script, which ends so; and the command lines that it is started with. */
function machine(result: Partial<ProcessResult> = {}) {
  const started: (readonly string[])[] = [];
  const sh = (argv: readonly string[]) => {
    started.push(argv);
    return { status: 0, stdout: FIRST_LINE, stderr: '', ...result };
  };
  return { started, system: new FakeSystem({ files: { [SCRIPT]: '#!/bin/sh\n' }, programs: { sh } }) };
}

test('facts: prints the script for machines without Node', async () => {
  const { system, started } = machine();
  const { text, exit } = await facts(fakeContext(system, { superuser: false }), [], { script: true });
  assert.deepEqual([text, exit, started], ['#!/bin/sh\n', 0, []]);
});

test('facts: runs the script for units by their full names', async () => {
  const { system, started } = machine();
  const { text } = await facts(fakeContext(system), ['demo', '-x.service'], { ask: ['YQ==', 'Yg=='] });
  assert.equal(text, FIRST_LINE);
  assert.deepEqual(started, [
    ['sh', SCRIPT, '--ask', 'YQ==', '--ask', 'Yg==', '--', 'demo.service', '-x.service'],
  ]);
});

test('facts: needs the script, root, and unit names', async () => {
  const { system } = machine();
  assert.equal((await failure(facts(fakeContext(new FakeSystem({})), [], {})))[0], 'no-helper');
  assert.equal((await failure(facts(fakeContext(system, { superuser: false }), [], {})))[0], 'needs-root');
  assert.equal((await failure(facts(fakeContext(system), ['a b'], {})))[0], 'invalid-unit-name');
  const broken = fakeContext(machine({ status: 2, stderr: 'facts: no\n' }).system);
  assert.deepEqual((await failure(facts(broken, [], {}))).slice(0, 2), [
    ...['bad-file', `${SCRIPT} ended with status 2: facts: no`],
  ]);
});

test("facts: the command for further questions has the host's name only if that is plain", async (t) => {
  const path = join(temporaryFolder(t), 'facts');
  const plan = (host: string) => {
    writeFileSync(path, factLine({ facts: 1, host }));
    return runCommand(['plan', '--facts', path, '--template', 'no-exec', 'demo'], ENVIRONMENT);
  };
  const known = await plan('web-1.example.org');
  assert.equal(known.status, 1);
  assert.match(
    known.stdout,
    /^sandbox-unit facts --script \| ssh root@web-1\.example\.org sh -s -- --ask [\w+/]+=* >web-1\.example\.org\.more\n$/,
  );
  assert.match(
    known.stderr,
    /^error\[unanswered\]: the facts of web-1\.example\.org do not include demo\.service\n/,
  );
  for (const host of ['$(reboot)', '-oProxyCommand=x', 'a b', 'a;b', '`x`', 'x\n', '\u001b[2J', ''])
    assert.match(
      (await plan(host)).stdout,
      /^sandbox-unit facts --script \| ssh root@HOST sh -s -- --ask [\w+/]+=* >HOST\.more\n$/,
    );
  assert.doesNotMatch((await plan('\u001b[2J\u202e')).stderr, /[^\P{C}\n]/u);
});

test('facts --json: has the further questions', async (t) => {
  const path = join(temporaryFolder(t), 'facts');
  writeFileSync(path, FIRST_LINE);
  const words = ['generate', '--facts', path, '--template', 'no-exec', '--json', 'demo'];
  const { stdout } = await runCommand(words, ENVIRONMENT);
  const { questions, words: further } = JSON.parse(stdout) as { questions: string[]; words: string[] };
  assert.ok(questions.includes('unit demo.service Service'));
  assert.deepEqual([further.length, further[0]], [2, '--ask']);
});

test('facts of another machine: commands that would change it are refused', async (t) => {
  const path = join(temporaryFolder(t), 'facts');
  writeFileSync(path, FIRST_LINE);
  const { status, stderr } = await runCommand(['apply', '--facts', path, 'demo'], ENVIRONMENT);
  assert.equal(status, 2);
  assert.match(
    stderr,
    /^error\[usage\]: another machine can't be changed from here.*\n.*generate --facts FILE .*--activate/,
  );
  for (const more of ['--all', '--user', '--root=/x'])
    assert.equal(
      (await runCommand(['apply', '--check', '--facts', path, more], ENVIRONMENT)).status,
      2,
      more,
    );
});
