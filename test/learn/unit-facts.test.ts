import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply } from '../../src/cli/commands/apply.js';
import { learnedUnit, linesOfCommands, plainPrograms } from '../../src/learn/unit-facts.js';
import { NO_EXEC, UNIT } from '../support/demo-service.js';
import { failure } from '../support/failure.js';
import { fakeContext, machineWith, program } from '../support/fake-system.js';

const SERVICE = `[Service]
ExecStartPre=/usr/bin/first
ExecStartPre=
ExecStartPre=-/usr/sbin/demod -t
ExecStart=/usr/sbin/demod
ExecReload=/bin/kill -HUP $MAINPID
`;

const COMMANDS = [
  'ExecStartPre=-/usr/sbin/demod -t',
  'ExecStart=/usr/sbin/demod',
  'ExecReload=/bin/kill -HUP $MAINPID',
];

test('a unit has its commands as without sandbox-unit', async () => {
  const system = machineWith(SERVICE, NO_EXEC, { running: [UNIT], aliases: { 'alias.service': UNIT } });
  const context = fakeContext(system);
  assert.deepEqual((await learnedUnit(context, 'demo')).facts, { commands: COMMANDS, serves: true });
  assert.equal((await apply(context, [UNIT], {})).exit, 0);
  const { name, facts } = await learnedUnit(context, 'alias');
  assert.deepEqual([name.full, facts], [UNIT, { commands: COMMANDS, serves: true }]);
});

test('a command has its line, which several may share', async () => {
  const two = `${SERVICE}ExecStop=/bin/kill -HUP $MAINPID ; -/bin/sleep  1\nExecStop=/bin/true\n`;
  const system = machineWith(two, NO_EXEC, { running: [UNIT] });
  const context = fakeContext(system);
  const lines = await linesOfCommands(context, UNIT);
  assert.deepEqual(lines.get('ExecStartPre'), [COMMANDS[0]]);
  assert.deepEqual(lines.get('ExecStartPost'), []);
  const both = 'ExecStop=/bin/kill -HUP $MAINPID ; -/bin/sleep  1';
  assert.deepEqual(lines.get('ExecStop'), [both, both, 'ExecStop=/bin/true']);
});

test('an unknown unit keeps the name that was given', async () => {
  const context = fakeContext(machineWith(SERVICE, NO_EXEC));
  const { name, facts, why } = await learnedUnit(context, 'gone');
  assert.deepEqual([name.full, facts, why], ['gone.service', undefined, 'there is no unit gone.service']);
  assert.equal((await failure(learnedUnit(context, 'a/b')))[0], 'invalid-unit-name');
});

test("an alias is known, though the files of its unit aren't trusted", async () => {
  const distort = (properties: Map<string, unknown>) => properties.set('NeedDaemonReload', true);
  const system = machineWith(SERVICE, NO_EXEC, { aliases: { 'alias.service': UNIT }, distort });
  const { name, facts, why } = await learnedUnit(fakeContext(system), 'alias');
  assert.deepEqual([name.full, facts], [UNIT, undefined]);
  assert.match(why!, /have changed since systemd read them$/);
});

test('a program is plain if it is known to have no set-ID bit', async () => {
  const files = {
    '/usr/bin/plain': program('x'),
    '/usr/bin/uid': program('x', 0o4755),
    '/usr/bin/gid': program('x', 0o2755),
    '/usr/bin/secret': program('x', 0o700),
  };
  const system = machineWith(SERVICE, NO_EXEC, { files, unreadable: ['/usr/bin/secret'] });
  const plain = await plainPrograms(fakeContext(system), [...Object.keys(files), '/usr/bin/gone']);
  assert.deepEqual([...plain], ['/usr/bin/plain']);
});
