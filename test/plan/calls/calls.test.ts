import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_EXEC } from '../../support/demo-service.js';
import { planned } from '../../support/planned.js';

/** Lines of a unit that refuses what the launcher calls, and what of it would be loosened. */
const found = (lines: string, exec = '') =>
  planned(`${NO_EXEC}${exec}`, `Type=oneshot\nSystemCallFilter=~seccomp\n${lines}`)
    .diagnostics.filter(({ code }) => code === 'loosens')
    .map(({ message, hint }) => [message.replace(/ call .*/, ' call'), hint]);

const CANT = "some of these lines can't be put behind the launcher: see the gaps";
const wrap = (keys: string) => `put them behind the launcher too: wrap = [${keys}] in [exec]`;

test('an Exec line without the launcher that would become more permissive is an error', () => {
  assert.deepEqual(found(''), []);
  assert.deepEqual(found('ExecStop=+/bin/b'), []);
  assert.deepEqual(found('ExecStop=/bin/b'), [
    ['commands of ExecStop= run without the launcher and could call', wrap('"ExecStart", "ExecStop"')],
  ]);
  assert.deepEqual(found('ExecStop=/bin/b', '[exec]\nwrap = ["ExecStart", "ExecStop"]\n'), []);
});

test('an unchanged line of a wrapped key that would become more permissive is an error', () => {
  assert.deepEqual(found('ExecStart=|echo'), [
    ['commands of ExecStart= run without the launcher and could call', CANT],
  ]);
  assert.deepEqual(found('ExecStart=+/bin/b'), []);
  assert.deepEqual(found('ExecStart=|echo\nExecStop=/bin/b'), [
    [
      'commands of ExecStart= and ExecStop= run without the launcher and could call',
      wrap('"ExecStart", "ExecStop"'),
    ],
  ]);
});
