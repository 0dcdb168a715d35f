import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { tellIfLong } from '../../src/machine/tell-if-long.js';

test("a slow step is reported once; a finished one isn't", async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const told: string[] = [];
  let end: (value: string) => void = () => undefined;
  const step = () => new Promise<string>((resolve) => (end = resolve));
  const long = tellIfLong(() => void told.push('long'), step);
  mock.timers.tick(9_999);
  assert.equal(told.length, 0);
  mock.timers.tick(60_000);
  end('done');
  assert.deepEqual([await long, told], ['done', ['long']]);
  const short = tellIfLong(() => void told.push('short'), step);
  end('done');
  await short;
  mock.timers.tick(60_000);
  await turn();
  assert.deepEqual(told, ['long']);
  mock.timers.reset();
});
