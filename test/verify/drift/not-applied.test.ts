import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { status } from '../../../src/cli/commands/status.js';
import { NO_EXEC, OTHER, SERVICE, UNIT } from '../../support/demo-service.js';
import { type Contents, fakeContext, machineWith } from '../../support/fake-system.js';
import { applied, type shown } from '../../support/status-in-memory.js';

describe('a policy that is not applied is reported, and no finding', () => {
  const waiting = async (files: Contents, more: Parameters<typeof shown>[2] = false) => {
    const system = machineWith(SERVICE, NO_EXEC, { files, aliases: { 'alias.service': UNIT } });
    const { exit, json, diagnostics } = await status(fakeContext(system, { offline: more }), []);
    assert.equal(exit, 0);
    const { notApplied } = json as { notApplied: string[] };
    return { notApplied, diagnostics };
  };
  const policies = (...names: string[]): Contents =>
    Object.fromEntries(names.map((name) => [name, '[service]\nPrivateTmp = true\n']));

  test('with the names of its units', async () => {
    for (const offline of [false, true]) {
      const { notApplied, diagnostics } = await waiting(OTHER, offline);
      assert.deepEqual(notApplied, [UNIT, 'other.service']);
      assert.deepEqual(
        diagnostics.map(({ severity, code, message, hint }) => [severity, code, message, hint]),
        [
          [
            'note',
            'not-applied',
            'units with a policy that is not applied: demo.service, other.service',
            offline ? undefined : "'sandbox-unit apply UNIT' applies it",
          ],
        ],
      );
    }
  });

  test('in any folder, for an existing unit, by its own name', async () => {
    const { notApplied, diagnostics } = await waiting({
      '/usr/lib/systemd/system/a.service': SERVICE,
      '/usr/lib/systemd/system/b.service': SERVICE,
      '/usr/lib/systemd/system/t@.service': SERVICE,
      '/usr/lib/systemd/system/demo.socket': '',
      ...policies(
        ...['/run/sandbox-unit/policies/a.service.toml', '/usr/lib/sandbox-unit/b.service.toml'],
        ...['/etc/sandbox-unit/t@.service.toml', '/usr/lib/sandbox-unit/none.service.toml'],
        ...[
          '/etc/sandbox-unit/base.toml',
          '/etc/sandbox-unit/defaults.toml',
          '/etc/sandbox-unit/demo.toml',
          '/etc/sandbox-unit/demo.socket.toml',
        ],
        ...['/etc/sandbox-unit/alias.service.toml', '/etc/sandbox-unit/none@.service.toml'],
        ...['/etc/sandbox-unit/templates/a.service.toml', '/etc/sandbox-unit/b.service'],
      ),
    });
    assert.deepEqual(notApplied, ['a.service', 'b.service', UNIT, 't@.service']);
    // What a package brings may be for a unit that isn't installed.
    assert.match(
      diagnostics.map(({ message }) => message).join(),
      /policies that belong to no unit, or only to an alias: alias\.service, none@\.service$/,
    );
  });

  test("status doesn't name the policy of a confined unit, nor any where units are named", async () => {
    const system = await applied(NO_EXEC, {}, { files: OTHER });
    const notApplied = async (...units: string[]) =>
      (await status(fakeContext(system), units)).json.notApplied;
    assert.deepEqual(await notApplied(), ['other.service']);
    assert.deepEqual(await notApplied(UNIT), []);
  });

  test("status doesn't name a template's policy that an instance has", async () => {
    const files = {
      '/usr/lib/systemd/system/t@.service': SERVICE,
      ...policies('/etc/sandbox-unit/t@.service.toml'),
    };
    const system = await applied(NO_EXEC, {}, { units: ['t@a.service'], files });
    assert.deepEqual((await status(fakeContext(system), [])).json.notApplied, [UNIT]);
  });
});
