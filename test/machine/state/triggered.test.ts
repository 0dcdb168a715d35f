/** Tests of machine/state/triggered.ts and machine/state/notes.ts: what a unit's properties say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leftAsItRuns, restartDue, startCommand, staysFailed } from '../../../src/machine/state/notes.js';
import { triggered } from '../../../src/machine/state/triggered.js';
import { unitWith } from '../../support/apply-in-memory.js';

const endsMore = async (
  properties: Readonly<Record<string, unknown>>,
  by: 'OnFailure' | 'OnSuccess' = 'OnFailure',
) => triggered(await unitWith(properties), by).endsMore;

test('a unit whose end starts a target, a shutdown or an isolation ends more than itself', async () => {
  assert.equal(await endsMore({}), undefined);
  assert.equal(await endsMore({ OnFailure: ['mail@x.service'] }), undefined);
  assert.equal(
    await endsMore({ OnFailure: ['mail.service', 'emergency.target'] }),
    'OnFailure=mail.service emergency.target',
  );
  assert.equal(await endsMore({ OnFailure: ['systemd-reboot.service'] }), 'OnFailure=systemd-reboot.service');
  assert.equal(await endsMore({ OnFailure: ['systemd-rebooter.service'] }), undefined);
  assert.equal(
    await endsMore({ OnFailure: ['a.service'], OnFailureJobMode: 'isolate' }),
    'OnFailure=a.service with OnFailureJobMode=isolate',
  );
  assert.equal(await endsMore({ OnFailure: [], OnFailureJobMode: 'isolate' }), undefined);
  assert.equal(await endsMore({ OnFailure: ['a.target'] }, 'OnSuccess'), undefined);
  assert.equal(await endsMore({ OnSuccess: ['a.target'] }, 'OnSuccess'), 'OnSuccess=a.target');
});

test('a service that hit its start limit is reset before its start', async () => {
  const command = async (Result: string, scope: 'system' | 'user' = 'system') =>
    startCommand('a.service', scope, await unitWith({ Result }));
  assert.match(await command('exit-code'), /^systemctl start .*a\.service$/);
  assert.match(
    await command('start-limit-hit'),
    /^systemctl reset-failed .*a\.service && systemctl start .*a\.service$/,
  );
  assert.match(await command('signal', 'user'), /^systemctl --user start /);
  const { severity, code, hint } = staysFailed('a.service', 'system', await unitWith({ Result: 'signal' }));
  assert.deepEqual([severity, code, hint], ['note', 'not-running', await command('signal')]);
});

test('a restart that is left out has a reason, if there is one', () => {
  assert.equal(restartDue('a.service').hint, undefined);
  assert.equal(leftAsItRuns('a.service', 'it reboots the machine').hint, 'it reboots the machine');
});
