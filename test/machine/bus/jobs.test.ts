import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Jobs } from '../../../src/machine/bus/jobs.js';

/** The result of a job that was queued. */
async function queued(jobs: Jobs, path: string, unit = 'a.service'): Promise<{ result: Promise<string> }> {
  return jobs.queue(unit, Promise.resolve([path]));
}

test("a job's end reaches its caller, also if it comes before the call is answered", async () => {
  const jobs = new Jobs();
  const { result } = await queued(jobs, '/job/1');
  const early = queued(jobs, '/job/2', 'b.service');
  jobs.end('/job/2', 'failed');
  jobs.end('/job/1', 'done');
  assert.deepEqual(await Promise.all([result, (await early).result]), ['done', 'failed']);
});

test('a job that the manager merged for two calls ends both', async () => {
  const jobs = new Jobs();
  const both = [await queued(jobs, '/job/1'), await queued(jobs, '/job/1')];
  jobs.end('/job/1', 'done');
  assert.deepEqual(await Promise.all(both.map(({ result }) => result)), ['done', 'done']);
});

test('a job that ends without an unanswered call is forgotten: its path may be reused', async () => {
  const jobs = new Jobs();
  jobs.end('/job/1', 'failed');
  const refused = assert.rejects(jobs.queue('a.service', Promise.reject(new Error('refused'))), /refused/);
  jobs.end('/job/2', 'failed');
  await refused;
  const both = [await queued(jobs, '/job/1'), await queued(jobs, '/job/2')];
  for (const path of ['/job/1', '/job/2']) jobs.end(path, 'done');
  assert.deepEqual(await Promise.all(both.map(({ result }) => result)), ['done', 'done']);
});

test("a job's result is kept as long as a call is unanswered", async () => {
  const jobs = new Jobs();
  const answers: ((values: readonly string[]) => void)[] = [];
  const calls = ['a.service', 'b.service'].map((unit) =>
    jobs.queue(unit, new Promise((resolve) => answers.push(resolve))),
  );
  jobs.end('/job/2', 'failed');
  answers[0]!(['/job/1']);
  await calls[0];
  answers[1]!(['/job/2']);
  assert.equal(await (await calls[1]!).result, 'failed');
});

test('jobs that are waited for are listed, ended ones are not', async () => {
  const jobs = new Jobs();
  await queued(jobs, '/job/1');
  await queued(jobs, '/job/2', 'b.service');
  await queued(jobs, '/job/3', 'c.service');
  jobs.end('/job/3', 'done');
  assert.deepEqual(jobs.waitedFor(new Set(['/job/2'])), [['/job/1', 'a.service']]);
});

test('after a give-up no wait remains', async () => {
  const jobs = new Jobs();
  const waits = [await queued(jobs, '/job/1'), await queued(jobs, '/job/2', 'b.service')];
  const rejected = waits.map(({ result }) => assert.rejects(result, /the bus is gone/));
  jobs.giveUp(new Error('the bus is gone'));
  await Promise.all(rejected);
  assert.deepEqual(jobs.waitedFor(new Set()), []);
});
