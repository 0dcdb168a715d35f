import assert from 'node:assert/strict';
import { test } from 'node:test';
import { beginLine, type WatchEnd } from '../../../src/learn/watch/told-lines.js';

const NOW = Date.parse('2026-11-28T09:30:00.500Z');

const LINES: readonly [options: WatchEnd, until: string, early?: string][] = [
  [{}, '', ''],
  [{ seconds: 600 }, ' until 2026-11-28T09:40:00Z'],
  [{ seconds: 600, exercise: 'true' }, ' until 2026-11-28T09:40:00Z'],
  [{ seconds: 600, restart: true }, ' until a restart at about 2026-11-28T09:40:00Z'],
  [{ exercise: 'true' }, ' until the exercise is over'],
  [{ exercise: 'true', restart: true }, ' until a restart after the exercise'],
  [{ restart: true }, ' until two restarts are over'],
];

for (const [options, until, early = ' earlier'] of LINES) {
  test(`the begin is told: a.service${until}`, () => {
    assert.equal(
      beginLine(['a.service'], options, NOW),
      `Watching a.service${until}; Ctrl-C ends it${early} and keeps what was seen.`,
    );
  });
}

test('many services are not all named', () => {
  const names = Array.from({ length: 20 }, (_, i) => `s${i}.service`);
  assert.match(beginLine(names, {}, NOW), /^Watching s0\.service, s1\.service.* and 15 more; Ctrl-C/);
});
