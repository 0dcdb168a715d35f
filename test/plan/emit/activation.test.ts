import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestText } from '../../../src/plan/emit/activation.js';

const LEAST = {
  ...{ files: [], gone: [], madeFor: [], settle: 1000, filtered: false, reload: false },
  ...{ probes: [], probeAs: undefined, probeTimeout: 60_000 },
};

test('a manifest has its version first, and a mark of its end', () => {
  assert.equal(manifestText(LEAST), 'sandbox-unit 1\nsettle 1\nprobe-timeout 60\nend\n');
});

test('a manifest has a line for each thing that a unit needs', () => {
  const text = manifestText({
    ...LEAST,
    files: [
      { path: '/etc/systemd/system/a.service.d/zz-sandbox-unit.conf', mode: 0o644, hash: 'aa' },
      { path: '/usr/local/libexec/sandbox-unit/launcher', mode: 0o755, hash: 'bb' },
    ],
    gone: ['/etc/x y'],
    madeFor: [{ path: '/etc/a\\x2d b.conf', hash: 'cc' }],
    ...{
      settle: 200,
      filtered: true,
      reload: true,
      probes: ["curl 'a b'", 'true'],
      probeAs: 'www',
      probeTimeout: 1500,
    },
  });
  assert.deepEqual(text.split('\n'), [
    'sandbox-unit 1',
    'file 0644 aa /etc/systemd/system/a.service.d/zz-sandbox-unit.conf',
    'file 0755 bb /usr/local/libexec/sandbox-unit/launcher',
    'gone /etc/x y',
    'made-for cc /etc/a\\x2d b.conf',
    ...['settle 0.2', 'filtered yes', 'reload yes', 'probe-as www', 'probe-timeout 1.5'],
    ...["probe curl 'a b'", 'probe true', 'end', ''],
  ]);
});
