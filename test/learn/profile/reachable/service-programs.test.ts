import assert from 'node:assert/strict';
import { test } from 'node:test';
import { servicePrograms } from '../../../../src/learn/profile/reachable/service-programs.js';
import type { RecordedPath, Recording } from '../../../../src/observe/recording/recording.js';

const path = (name: string, change: Partial<RecordedPath> = {}): RecordedPath => ({
  path: name,
  use: 'map-executable',
  phases: ['start'],
  count: 1,
  ...change,
});

const recording = (
  programs: readonly string[],
  paths: readonly RecordedPath[],
): Pick<Recording, 'programs' | 'paths'> => ({
  programs: programs.map((program) => ({ path: program, hash: null, phases: ['start'] })),
  paths,
});

test('programs and mapped files count once, sorted', () => {
  const found = servicePrograms(
    recording(
      ['/usr/sbin/b', '/bin/sh', '/usr/sbin/b'],
      [
        path('/usr/lib/libz.so.1'),
        path('/etc/passwd', { use: 'read' }),
        path('/usr/lib/liba.so'),
        path('/usr/lib/libz.so.1', { phases: ['serving'] }),
      ],
    ),
  );
  assert.deepEqual(found, {
    programs: ['/bin/sh', '/usr/sbin/b'],
    mapped: ['/usr/lib/liba.so', '/usr/lib/libz.so.1'],
  });
});

test('programs without a complete path are left out', () => {
  const found = servicePrograms(
    recording(['', 'memfd:x'], [path('ib/libz.so', { cut: true }), path('/ib/z.so', { cut: true })]),
  );
  assert.deepEqual(found, { programs: [], mapped: [] });
});

test('without recordings there are no programs', () => {
  assert.deepEqual(servicePrograms(recording([], [])), { programs: [], mapped: [] });
});
