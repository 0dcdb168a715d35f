import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Events } from '../../../src/learn/watch/events.js';

test('of one kind of event, and of one command, so many are kept, and the others are counted', () => {
  const events = new Events();
  for (let at = 0; at < 600; at++) {
    events.note({ what: 'start', at });
    events.note({ what: 'command', at, line: 'ExecStartPre=/bin/false' });
  }
  events.note({ what: 'command', at: 600, line: 'ExecStopPost=/bin/true' });
  assert.deepEqual([events.kept.length, events.lost], [1001, 200]);
  assert.equal(events.kept.at(-1)!.line, 'ExecStopPost=/bin/true');
});
