/** Filters that running threads are given, while somebody interferes. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { errnoAction } from '../../src/syscalls/action.js';
import { filterRefusing } from '../support/native.js';
import { run } from '../support/run.js';
import { seed } from '../support/seed.js';
import { THOROUGH } from '../support/thorough.js';
import { filtersOf, startIn, threadsOf, tightening } from '../support/tightened.js';
import { until } from '../support/until.js';

const setting = tightening();
const { skip, group, empty, program, filter } = setting;

/** Processes of four, with five threads each. */
const CROWD = 20;
const TIMES = THOROUGH ? 1000 : 25;

/** State and tracer of a thread, or undefined where it has ended. */
function stateOf(tid: number): { state: string; tracer: string } | undefined {
  if (!existsSync(`/proc/${tid}/status`)) return undefined;
  const text = readFileSync(`/proc/${tid}/status`, 'utf8');
  const value = (key: string) => new RegExp(`^${key}:\t(\\S+)`, 'm').exec(text)![1]!;
  return { state: value('State'), tracer: value('TracerPid') };
}

test(`killed at any moment, it leaves all threads alike, or none`, { skip }, async (t) => {
  const seen = { filtered: 0, plain: 0, ended: 0 };
  const moments = fc.sample(fc.integer({ min: 0, max: 12_000 }), { numRuns: TIMES, seed });
  for (const microseconds of moments) {
    const path = group(t);
    await startIn(t, path, [program('hard-to-stop'), 'crowd']);
    await until('all are there', () => threadsOf(path).length === CROWD, 60_000, 2);
    const words = ['--cgroup', path, '--filter', program('refusing')];
    const child = spawn(program('tighten'), words, { stdio: 'ignore' });
    await sleep(microseconds / 1000);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    // The kernel lets threads go, or ends them, when the tracer's death is complete.
    await until('none is traced', () =>
      threadsOf(path).every((tid) => stateOf(tid)?.tracer !== `${child.pid}`),
    );
    const filters = await filtersOf(setting, path);
    const counts = new Set(filters.map(({ count }) => count));
    assert.ok(counts.size <= 1, JSON.stringify(filters));
    assert.ok(threadsOf(path).every((tid) => stateOf(tid)?.state !== 't'));
    seen[filters.length === 0 ? 'ended' : counts.has(1) ? 'filtered' : 'plain']++;
    await empty(path);
  }
  t.diagnostic(JSON.stringify(seen));
  assert.ok(seen.filtered + seen.ended > 0 && seen.plain + seen.ended > 0, JSON.stringify({ seed, ...seen }));
});

test('who writes over the filter is found out, and all is killed', { skip }, async (t) => {
  const long = Object.fromEntries(
    [
      'getppid',
      'mkdir',
      'rmdir',
      'link',
      'unlink',
      'symlink',
      'chmod',
      'chown',
      'mount',
      'swapon',
      'reboot',
    ].map((call, index) => [call, errnoAction(index + 1)]),
  );
  const bytes = filter('long', filterRefusing(long, { ready: true }));
  let detected = 0;
  for (let times = 0; times < 60 && detected === 0; times++) {
    const path = group(t);
    const { pid } = await startIn(t, path, ['/usr/bin/sleep', '1000']);
    await until('it sleeps', () => readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n', 60_000, 2);
    const attacker = spawn(program('overwrite'), [`${pid}`], { stdio: ['ignore', 'pipe', 'ignore'] });
    t.after(() => attacker.kill('SIGKILL'));
    await once(attacker.stdout, 'data');
    const { status, stdout } = await run([program('tighten'), '--cgroup', path, '--filter', bytes]);
    attacker.kill('SIGKILL');
    if (status === 0) {
      const { stdout: filters } = await run([program('read-filters'), `${pid}`]);
      const wanted = Buffer.from(readFileSync(bytes).subarray(36)).toString('hex');
      assert.ok(filters.includes(`filter ${wanted}\n`), 'the filter is the wanted one');
      continue;
    }
    // A program that the kernel refuses, since a part of it was written over, is no filter: nothing was changed.
    assert.ok(status === 3 || /^finding \d+ refused \d+\nunchanged\n$/.test(stdout), stdout);
    if (status !== 3) continue;
    detected++;
    assert.match(stdout, /^finding \d+ missing\nkilled\n$/);
    assert.deepEqual(threadsOf(path), []);
  }
  assert.ok(detected > 0, 'the writer was never in time');
});
