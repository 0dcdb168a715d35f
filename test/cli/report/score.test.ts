import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  changeJson,
  changeText,
  openText,
  scoredJson,
  scoresJson,
  scoresText,
} from '../../../src/cli/report/score.js';
import { error } from '../../../src/diagnostic.js';
import { exposureText, levelOf } from '../../../src/plan/score/exposure.js';
import { PLAIN } from '../../../src/theme.js';
import { scoreOfPolicy } from '../../support/scored.js';

const PLANNED = scoreOfPolicy(
  '[syscalls]\ndeny = ["execve", "execveat"]\n[service]\nProtectSystem = "strict"\n',
);
const { change, after } = PLANNED;

const UNITS = [
  { unit: 'a.service', scored: after, diagnostics: [] },
  { unit: 'c.service', scored: scoreOfPolicy('[service]\nLockPersonality = true\n').after, diagnostics: [] },
  { unit: 'b.service', scored: after, diagnostics: [] },
  { unit: 'untold.service', diagnostics: [error('bad-file', 'no')] },
];

test('the table has the most exposed units first, and leaves out unknown ones', () => {
  const lines = scoresText(UNITS, false).trimEnd().split('\n');
  const found = lines.map((line) => line.split(/ {2,}/)[0]);
  assert.deepEqual(found, ['UNIT', 'c.service', 'a.service', 'b.service']);
  assert.match(lines[2]!, /^a\.service +8\.9 +EXPOSED +8\.9 +20 of 21$/);
  assert.equal(scoresText([], false), '');
});

test('a named unit has a list of all that is open', () => {
  const text = scoresText(UNITS.slice(0, 1), true);
  assert.ok(text.startsWith('a.service: exposure 8.9 EXPOSED\n\n  DOOR '), text);
  assert.match(text, /^ {2}exec +start programs +closed by the launcher, SystemCallFilter=$/m);
  assert.match(text, /^ {2}bpf +load BPF programs +open: bpf$/m);
  assert.match(text, /^Places where it can write and execute: \/dev, \/home, \/root, \/run\/user$/m);
  const narrow = scoresText(UNITS.slice(0, 1), true, { ...PLAIN, columns: 50 });
  assert.match(narrow, /^Places where it can write and execute: \/dev,\n {2}\/home, \/root, \/run\/user$/m);
});

test('places to write: none, or unknown', () => {
  assert.match(openText({ ...after, places: [] }), /execute: none$/m);
  assert.match(openText({ ...after, places: undefined }), /execute: unknown: the service/);
});

test('the effect of [ready] is shown beside the start', () => {
  const { change, after } = scoreOfPolicy('[ready]\ndeny = ["execve", "execveat", "@clock", "@mount"]\n');
  const { exposure, untilReady } = after.score;
  const text = scoresText([{ unit: 'a.service', scored: after, diagnostics: [] }], true);
  const [now, then] = [exposure, untilReady!].map(exposureText);
  assert.ok(
    text.startsWith(
      `a.service: exposure ${now} ${levelOf(exposure)}, ${then} until it serves, ${then} counting only what systemd enforces\n`,
    ),
    text,
  );
  assert.match(text, /^ {2}exec +start programs +closed by \[ready\]$/m);
  assert.equal(
    changeText(change),
    `Exposure: 9.6 UNSAFE without the policy, ${then} UNSAFE with it,\n          ${now} ${levelOf(exposure)} once it serves\n`,
  );
  assert.deepEqual(changeJson(change), { before: 9.6, after: untilReady! / 10, ready: exposure / 10 });
  const { untilReady: until, byReady } = scoredJson(after);
  assert.deepEqual([until, byReady], [untilReady! / 10, after.score.byReady]);
  assert.equal('untilReady' in scoredJson(PLANNED.after), false);
});

test('a change of exposure is one line', () => {
  assert.equal(changeText(change), 'Exposure: 9.6 UNSAFE without the policy, 8.9 EXPOSED with it\n');
  assert.deepEqual(changeJson(change), { before: 9.6, after: 8.9 });
  assert.equal(changeJson(undefined), null);
});

test('JSON has the units with a known exposure, in their order', () => {
  assert.deepEqual(
    scoresJson(UNITS).map(({ unit, exposure, level }) => [unit, exposure, level]),
    [
      ['a.service', 8.9, 'EXPOSED'],
      ['c.service', 9.6, 'UNSAFE'],
      ['b.service', 8.9, 'EXPOSED'],
    ],
  );
  const { doors, places } = scoredJson(after);
  assert.deepEqual(doors[0], {
    door: 'exec',
    access: 'closed',
    calls: [],
    by: ['the launcher', 'SystemCallFilter='],
  });
  assert.deepEqual(places, ['/dev', '/home', '/root', '/run/user']);
});
