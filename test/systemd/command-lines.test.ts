import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { outsideOfLogin, ownCommand, shellWord } from '../../src/systemd/command-lines.js';
import { run } from '../support/run.js';

test('a command line in a message can be run as it is', () => {
  assert.equal(ownCommand('system', 'apply', 'a@b.service'), 'sandbox-unit apply a@b.service');
  assert.equal(ownCommand('user', 'apply', 'a.service'), 'sandbox-unit apply --user a.service');
  assert.equal(ownCommand('system', 'apply', 'a\\x2db.service'), "sandbox-unit apply 'a\\x2db.service'");
  const outside = (scope: 'system' | 'user') => outsideOfLogin(scope, 'verify', 'a.service');
  assert.equal(outside('system'), 'systemd-run --wait --pipe sandbox-unit verify a.service');
  assert.equal(outside('user'), 'systemd-run --user --wait --pipe sandbox-unit verify --user a.service');
});

test('a shell reads a quoted word as its text', async () => {
  const texts = [
    '/etc/a-b_c.toml',
    "it's",
    "''",
    'a b',
    '~/x',
    '$HOME',
    '`id`',
    '"',
    '\\',
    'é',
    '*',
    '!',
    '',
  ];
  const { stdout } = await run(['sh', '-c', `printf '%s\\n' ${texts.map(shellWord).join(' ')}`]);
  assert.deepEqual(stdout.split('\n').slice(0, -1), texts);
});

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
