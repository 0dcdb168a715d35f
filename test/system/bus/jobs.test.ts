import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Jobs } from '../../../src/system/bus/jobs.js';

test('a job that ends is told to who waits for it, also if it ends before', async () => {
  const jobs = new Jobs();
  const waiting = jobs.resultOf('/job/1', 'a.service');
  jobs.end('/job/2', 'failed');
  jobs.end('/job/1', 'done');
  assert.equal(await waiting, 'done');
  assert.equal(await jobs.resultOf('/job/2', 'b.service'), 'failed');
});

test('jobs that are waited for are known, those that have ended are not', () => {
  const jobs = new Jobs();
  void jobs.resultOf('/job/1', 'a.service');
  void jobs.resultOf('/job/2', 'b.service');
  void jobs.resultOf('/job/3', 'c.service');
  jobs.end('/job/3', 'done');
  assert.deepEqual(jobs.waitedFor(new Set(['/job/2'])), [['/job/1', 'a.service']]);
});

test('once given up no wait lasts', async () => {
  const jobs = new Jobs();
  const waits = [jobs.resultOf('/job/1', 'a.service'), jobs.resultOf('/job/2', 'b.service')];
  jobs.giveUp(new Error('the bus is gone'));
  for (const wait of waits) await assert.rejects(wait, /the bus is gone/);
  assert.deepEqual(jobs.waitedFor(new Set()), []);
});
