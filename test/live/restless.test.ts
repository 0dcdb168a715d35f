import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from '../support/apply-in-memory.js';
import { tightenable } from '../support/tightened-in-memory.js';

const LINE = 'tighten: threads still came and went when the time to settle was up';

/** Warnings of a policy that is applied to a service of which the journal has a line. */
async function warned(MESSAGE: string, more = ''): Promise<string[]> {
  const { system } = tightenable(`[ready]\ndeny = ["execve"]\n${more}`, {
    programs: { journalctl: () => ({ status: 0, stdout: `${JSON.stringify({ MESSAGE })}\n`, stderr: '' }) },
  });
  const { diagnostics } = await run(system);
  return diagnostics.flatMap(({ code, at }) => (code === 'restless' ? [`${code} ${at?.line}`] : []));
}

test('a service that came to no rest at its start is told, where a start waits for it', async () => {
  assert.deepEqual(await warned(LINE, 'settle = "1s"\n'), ['restless 3']);
  assert.deepEqual(await warned(`it said ${LINE}`, 'settle = "1s"\n'), []);
  assert.deepEqual(await warned(LINE, 'settle = "0"\n'), []);
});
