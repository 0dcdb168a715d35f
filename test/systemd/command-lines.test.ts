import assert from 'node:assert/strict';
import { test } from 'node:test';
import { outsideOfLogin, ownCommand } from '../../src/systemd/command-lines.js';
import { shellWord } from '../../src/systemd/unit/exec/shell-word.js';
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
