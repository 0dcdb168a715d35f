import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import { type OpenOptions, open } from '../../src/system/open.js';

/** What is said where there is no bus. */
async function hintFor(options: Partial<OpenOptions>): Promise<string | undefined> {
  const { context, close } = open({ home: '/', homeDirectory: '/', environment: {}, ...options });
  try {
    await context.system.manager();
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    assert.equal(cause.diagnostics[0]!.code, 'no-bus');
    return cause.diagnostics[0]!.hint;
  } finally {
    await close();
  }
  return undefined;
}

const nowhere = 'unix:path=/nowhere/bus';

test('where there is no bus the hint is for the bus that was asked for', async () => {
  const system = { environment: { DBUS_SYSTEM_BUS_ADDRESS: nowhere } };
  assert.equal(await hintFor(system), 'is dbus.socket active?');
  const user = (environment: OpenOptions['environment']) => hintFor({ user: true, environment });
  assert.match((await user({ XDG_RUNTIME_DIR: '/nowhere' }))!, /'loginctl enable-linger'/);
  assert.match((await user({ DBUS_SESSION_BUS_ADDRESS: nowhere }))!, /^XDG_RUNTIME_DIR is not set/);
});
