import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Asking, unansweredOutcome } from '../../../src/cli/report/unanswered.js';
import { Recorded } from '../../../src/machine/recorded/recorded.js';

const OPEN = {
  ...{ host: 'web1', questions: ['list /a', 'list /b'], words: ['--ask', 'YQ=='] },
  ...{ unknown: undefined, known: [] },
};

const told = (asking: Asking, more: object = {}) => {
  const { diagnostics, text } = unansweredOutcome({ ...OPEN, ...more }, asking);
  return { text, message: diagnostics[0]!.message, hint: diagnostics[0]!.hint ?? '' };
};

test('each round of questions has its own file, so that no answer is lost', () => {
  const textOf = (...facts: string[]) => told({ facts }).text;
  const command = 'sandbox-unit facts --script | ssh root@web1 sh -s -- --ask YQ==';
  assert.equal(textOf('web1.facts'), `${command} >web1.more\n`);
  assert.equal(textOf('web1.facts', 'web1.more'), `${command} >web1.more2\n`);
});

test('the hint names what is printed', () => {
  assert.match(told({}).hint, /^run the printed command, with the address /);
  assert.match(told({ quiet: true }).hint, /^run this without --quiet, then run the printed command/);
  assert.match(told({ json: true }).hint, /'words' of this object/);
  assert.match(told({}, { words: undefined }).hint, /^plan it on that machine/);
});

test('missing facts of other units are told from incomplete ones', async () => {
  const answers = new Map(
    ['a', 'b', 'c', 'd\u001b'].map((name) => [`unit ${name}.service Service`, { kind: 'absent' }] as const),
  );
  const system = new Recorded({ host: 'web1', answers }, { now: () => 0 });
  await assert.rejects(system.unit('x.service'));
  const { message, hint } = told({}, system.unanswered!);
  assert.equal(
    message,
    'the facts of web1 do not include x.service, only a.service, b.service, c.service and 1 more',
  );
  assert.match(hint, /^if the name is right, run the printed command/);
  const later = new Recorded({ host: 'web1', answers }, { now: () => 0 });
  await assert.rejects(later.unit('a.service'));
  await assert.rejects(later.unit('x.service'));
  assert.match(
    told({}, later.unanswered!).message,
    /^the facts of web1 lack the answers to \d questions of the plan$/,
  );
});
