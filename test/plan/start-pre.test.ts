/** Tests of plan/start-pre.ts: what runs before the unit's own commands. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlanRequest } from '../../src/plan/request.js';
import { withStartPre } from '../../src/plan/start-pre.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { planned, unitFile } from '../support/planned.js';
import { policyFrom } from '../support/policy.js';

const MAKES = '[exec]\nstart-pre = ["/usr/bin/install /dev/null /proc/1/root/run/a"]\n';
const LINE = '+/usr/bin/install /dev/null /proc/1/root/run/a';

/** The lines of ExecStartPre= that the drop-in has behind a reset; undefined where it has none. */
const linesOf = (policy: string, unit: string) =>
  planned(policy, unit).commands.find(({ key }) => key === 'ExecStartPre')?.lines;

test("the commands of a policy come before the unit's own, which are unchanged", () => {
  const own = 'ExecStartPre=/usr/sbin/demod -t "a b" %i\nExecStartPre=-/bin/second $X';
  assert.deepEqual(linesOf(MAKES, own), [LINE, '/usr/sbin/demod -t "a b" %i', '-/bin/second $X']);
  assert.deepEqual(linesOf(MAKES, ''), [LINE]);
  assert.deepEqual(linesOf('[service]\nPrivateTmp = true\n', own), undefined);
});

test('commands behind the launcher stay behind it', () => {
  const [first, second, ...others] = linesOf(
    `[syscalls]\ndeny = ["execve"]\naction = "EPERM"\n${MAKES}wrap = ["ExecStart", "ExecStartPre"]`,
    'ExecStartPre=/bin/second',
  )!;
  assert.deepEqual([first, others], [LINE, []]);
  assert.match(second!, /^\/usr\/local\/libexec\/sandbox-unit\/launcher .* -- \/bin\/second$/);
});

test('a transient unit has no start-pre commands', () => {
  const request = { policy: policyFrom(MAKES), effective: effectiveUnit([unitFile('')]) };
  const { diagnostics, commands } = withStartPre({ ...request, places: undefined } as PlanRequest, []);
  assert.deepEqual([diagnostics.map(({ code }) => code), commands], [['directive-value'], []]);
});
