import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchedJson, watchedText } from '../../../src/cli/report/watched.js';
import type { KeptRefusal } from '../../../src/explain/refusals/kept.js';
import { kept, TIME } from '../../support/kept-refusals.js';

const seen = (...refusals: KeptRefusal[]) => ({ since: TIME, until: TIME, lost: 0, refusals });

test('explain: what watch has seen has the line that refused it, and the change, the last one first', () => {
  const later = {
    says: 'may not read /a\nb (EACCES)',
    certain: false,
    at: null,
    change: null,
    last: TIME + 1000,
  };
  const text = watchedText('demo.service', { ...seen(kept(), kept({ ...later, count: 3 })), lost: 2 });
  assert.equal(
    text,
    `demo.service: watch has seen 2 different refusals since 2026-01-02T00:00:00.000Z; there was no room for 2 more

  demo may not read /a\\x0ab (EACCES), 3 times, last at 2026-01-02T00:00:01.000Z
  perhaps ProtectSystem=strict

  demo may not write /srv/up/a (EROFS), once at 2026-01-02T00:00:00.000Z
  ProtectSystem=strict (/etc/sandbox-unit/demo.service.toml:7)
  to allow it: add "/srv/up" to ReadWritePaths in [service]
`,
  );
  assert.equal(watchedText('demo.service', seen()), '');
});

test('explain: what watch has seen is in the JSON with its times', () => {
  const { refusals, since } = watchedJson(seen(kept({ isAlarm: true })));
  assert.equal(since, '2026-01-02T00:00:00.000Z');
  assert.deepEqual(
    refusals.map(({ alarm, last, kind }) => [alarm, last, kind]),
    [[true, '2026-01-02T00:00:00.000Z', 'path']],
  );
  assert.ok(!('key' in refusals[0]!));
});
