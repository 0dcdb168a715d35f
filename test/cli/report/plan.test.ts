import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PlanVerbOptions, plan } from '../../../src/cli/commands/plan.js';
import { fakeContext, machineWith, program } from '../../support/fake-system.js';

test('invisible characters in a policy are shown as numbers', async () => {
  const system = machineWith(
    '[Service]\nExecStart=/usr/sbin/demod\n',
    '[service]\nReadWritePaths = ["-/srv/Z\\u202eY\\u200bX\\U000e0041"]\n',
  );
  const { text } = await plan(fakeContext(system), ['demo.service'], {});
  assert.doesNotMatch(text, /[\u202e\u200b]|\u{e0041}/u);
  assert.ok(text.includes('-/srv/Z\\u202eY\\u200bX\\U000e0041'), text);
});

const SIMPLE = '[Service]\nExecStart=/usr/sbin/demod\n';
const INJECTOR = { '/usr/libexec/sandbox-unit/tighten': program('') };

/** A plan's text of a service, without runs of spaces. */
const textOf = async (policy: string, options: PlanVerbOptions = {}, unit = SIMPLE) => {
  const system = machineWith(unit, policy, { files: INJECTOR });
  return (await plan(fakeContext(system), ['demo.service'], options)).text.replace(/ +/g, ' ');
};

test('changes of the unit by [ready] are shown: its type, and a longer start', async () => {
  const text = await textOf('[ready]\ndeny = ["bind", "io_uring_setup"]\n');
  assert.match(text, /^ Type=exec \[ready\] of a service that doesn't report readiness: /m);
  assert.match(text, /^ RequiresMountsFor= /m);
  assert.match(text, /^ ExecStartPost= \[ready\]: the last line .*, and each start takes 500ms longer$/m);
  const post = '[ready]\ndeny = ["bind", "io_uring_setup"]\nsettle = "2s"\nstart-post = "after"\n';
  assert.match(await textOf(post), /ExecStartPost= \[ready\]: the first line .* takes 2s longer$/m);
  const telling = await textOf(post.replace(/settle.*\n/, ''), {}, SIMPLE.replace('\n', '\nType=notify\n'));
  assert.match(telling, /the first line loads its filter$/m);
  assert.doesNotMatch(telling, /Type=/);
});

test('a permissive [ready] is shown as recording, with the other effects of its filter', async () => {
  const ready = '[ready]\ndeny = ["bind", "io_uring_setup"]\n';
  assert.match(await textOf(ready), /^ refused 2: bind, io_uring_setup$/m);
  const text = await textOf(ready, { permissive: true });
  assert.match(text, /^ recorded 2: bind, io_uring_setup$/m);
  assert.match(text, /^ left \d+: all that passed until then$/m);
  assert.match(text, /^ also no_new_privs, /m);
  assert.doesNotMatch(text, /refused|@critical/);
});
