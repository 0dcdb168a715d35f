import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginLine, liveLine, type WatchEnd } from '../../../src/learn/watch/watch-loop.js';

const NOW = Date.parse('2026-11-28T09:30:00.500Z');

const LINES: readonly [options: WatchEnd, until: string, early?: string][] = [
  [{}, '', ''],
  [{ seconds: 600, exercise: 'true' }, ' until 2026-11-28T09:40:00Z'],
  [{ seconds: 600, restart: true }, ' until about 2026-11-28T09:40:00Z, then through a restart'],
  [{ exercise: 'true', restart: true }, ' until the exercise is over, then through a restart'],
];

for (const [options, until, early = ' earlier'] of LINES) {
  test(`the beginning of a watch is shown: a.service${until}`, () => {
    assert.equal(
      beginLine(['a.service'], options, NOW),
      `Watching a.service${until}; Ctrl-C ends it${early} and keeps what was seen.`,
    );
  });
}

test('of many services the first ones are named', () => {
  const names = Array.from({ length: 20 }, (_, i) => `s${i}.service`);
  assert.match(beginLine(names, {}, NOW), /^Watching s0\.service, s1\.service.* and 15 more; Ctrl-C/);
});

test('the live line names one service with its phase, and counts several', () => {
  const seen = { calls: 40, lost: 0, quiet: 72 };
  assert.equal(
    liveLine([{ name: 'x.service', phase: undefined }], seen),
    'x.service (down): 40 calls, the last new one 1min 12s ago, nothing lost',
  );
  const services = ['a', 'b'].map((name) => ({ name, phase: 'start' }));
  assert.match(liveLine(services, { ...seen, lost: 2 }), /^2 services: 40 calls, .*, 2 lost$/);
});
