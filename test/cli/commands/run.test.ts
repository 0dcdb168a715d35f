import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EXIT, error, UserError } from '../../../src/diagnostic.js';
import { type FakeRun, SUCCESS } from '../../support/fake-units.js';
import { codes, type Options, type Ran, ran, UNAME } from '../../support/run-in-memory.js';

describe('run: output and exit status', () => {
  const said = (one: Ran) => one.units.told.map((line) => line.replace(/run-r[0-9a-f]{32}/, 'NAME'));
  const ended = (end: FakeRun['end'], more: Options = {}) =>
    ran({ ...UNAME, wait: true, ...more }, { end: end! });

  test('without --wait: reports the start', async () => {
    const one = await ran(UNAME);
    assert.equal(one.outcome.exit, 0);
    assert.deepEqual(said(one), [`Running as unit: NAME.service; invocation ID: ${'0'.repeat(31)}1`]);
  });

  test('with --no-block: returns at once', async () => {
    const one = await ran({ ...UNAME, block: false }, { job: 'failed' });
    assert.equal(one.outcome.exit, 0);
    assert.match(said(one).join(), /^Running as unit: NAME.service/);
  });

  test('with --wait: reports the end', async () => {
    const one = await ended({ ...SUCCESS, Result: 'exit-code', ExecMainStatus: 7 });
    assert.equal(one.outcome.exit, 7);
    assert.deepEqual(said(one).slice(1), [
      'Finished with result: exit-code',
      'Main processes terminated with: code=exited, status=7/NOTRUNNING',
    ]);
  });

  const statuses: readonly [Readonly<Record<string, unknown>>, number][] = [
    [SUCCESS, 0],
    [{ ...SUCCESS, ExecMainStatus: 3, SuccessExitStatus: [[3], []] }, 0],
    [{ ...SUCCESS, ExecMainStatus: 3 }, 3],
    [{ ...SUCCESS, Result: 'signal', ExecMainCode: 2, ExecMainStatus: 31 }, 255],
    [{ ...SUCCESS, Result: 'core-dump', ExecMainCode: 3, ExecMainStatus: 31 }, 1],
    [{ ...SUCCESS, Result: 'timeout', ExecMainCode: 2, ExecMainStatus: 15 }, 1],
    [{ ...SUCCESS, Result: 'exit-code' }, 1],
    [{}, 1],
  ];
  for (const [end, status] of statuses) {
    test(`${JSON.stringify(end)}: status ${status}`, async () =>
      assert.equal((await ended(end)).outcome.exit, status));
  }

  for (const code of ['unit-gone', 'bus-failed'] as const) {
    test(`an unseen end (${code}) is no success`, async () => {
      const one = await ended(code);
      assert.deepEqual([one.outcome.exit, codes(one)], [1, [code]]);
    });
  }

  test("--quiet leaves only the command's own output", async () => {
    assert.deepEqual((await ended(SUCCESS, { quiet: true })).units.told, []);
  });

  test('--json prints one object', async () => {
    const one = await ended({ ...SUCCESS, Result: 'exit-code', ExecMainStatus: 3 }, { json: true });
    assert.deepEqual(one.units.told, []);
    assert.equal(one.outcome.json.ok, false);
    assert.equal(one.outcome.json.result, 'exit-code');
    assert.equal(one.outcome.json.status, 3);
  });

  test('warnings are printed before the command runs', async () => {
    const one = await ran({ deny: ['execve'] });
    assert.match(one.units.told[0]!, /^warning\[open-door\]: --deny: .*execve/);
    assert.match(one.units.told[1]!, /^Running as unit: /);
    assert.deepEqual(codes(one), []);
  });

  test('a failed job is no start', async () => {
    const end = { ...SUCCESS, ActiveState: 'failed', Result: 'exit-code', ExecMainStatus: 203 };
    const one = await ran(UNAME, { job: 'failed', end });
    assert.deepEqual([one.outcome.exit, codes(one), one.units.told], [1, ['start-failed'], []]);
    assert.match(one.outcome.diagnostics[0]!.message, / \(exit-code: code=exited, status=203\/EXEC\)$/);
  });

  test('a refusal by the manager has exit status 1', async () => {
    const refused = new UserError(error('access-denied', 'no'), EXIT.failure);
    const one = await ran(UNAME, { refused });
    assert.deepEqual([one.outcome.exit, codes(one)], [1, ['access-denied']]);
  });
});
