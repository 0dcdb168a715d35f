import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { shellWord } from '../../../../src/systemd/unit/exec/shell-word.js';

test('a plain word needs no quotes', () => {
  for (const text of ['demo@1.service', '/usr/bin/a-b', 'A=1,b:%i+_']) assert.equal(shellWord(text), text);
  assert.equal(shellWord(''), "''");
});

test('a shell reads each quoted text as one unchanged word', () => {
  const hostile = [
    "it's",
    '$(reboot)',
    '`id`',
    'a b',
    '\n',
    '*',
    '~',
    '"',
    '\\',
    ';&|<>',
    '!x',
    '#',
    "'\\''",
    'é',
  ];
  const random = fc.sample(
    fc.string({ unit: fc.constantFrom(...'ab \'"\\$`!*?[]{}~#&;|<>()\n\t'), minLength: 1 }),
    50,
  );
  const texts = [...hostile, ...random];
  const script = `printf '%s\\0' ${texts.map(shellWord).join(' ')}`;
  const read = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  assert.deepEqual(read.split('\0').slice(0, -1), texts);
});
