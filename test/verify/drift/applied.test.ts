import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropInFacts } from '../../../src/plan/emit/drop-in-facts.js';
import type { Placement } from '../../../src/systemd/paths/placement.js';
import { loadedBy, namedPrograms } from '../../../src/verify/drift/applied.js';
import { DROP_IN, FILTER, FOLDER, LAUNCHER, TIGHTEN, UNIT } from '../../support/demo-service.js';

const SYSTEM: Placement = { scope: 'system', lifetime: 'always' };
const READY = `${FOLDER}/zz-sandbox-unit.ready-filter`;
const packaged = (path: string) => path.replace('/usr/local/', '/usr/');

/** The programs that a drop-in with these lines names. */
function named(...lines: string[]) {
  const content = new TextEncoder().encode(['[Service]', ...lines, ''].join('\n'));
  const files = [{ path: DROP_IN, content, mode: 0o644 }];
  return namedPrograms(SYSTEM, files, dropInFacts(content));
}

const launches = (launcher: string) => `ExecStart=${launcher} --filter=${FILTER} -- /bin/true`;
const loads = (injector: string) => `ExecStartPost=+${injector} --cgroup self --filter ${READY}`;

test('a drop-in names packaged or installed programs, each by itself', () => {
  assert.deepEqual(named('PrivateTmp=yes'), []);
  assert.deepEqual(named(launches(LAUNCHER)), [{ name: 'launcher', path: LAUNCHER }]);
  assert.deepEqual(named(loads(packaged(TIGHTEN))), [{ name: 'tighten', path: packaged(TIGHTEN) }]);
  assert.deepEqual(named(launches(packaged(LAUNCHER)), loads(TIGHTEN)), [
    { name: 'launcher', path: packaged(LAUNCHER) },
    { name: 'tighten', path: TIGHTEN },
  ]);
});

test('each drop-in loads its own filter', () => {
  const launched = { program: LAUNCHER, filter: FILTER };
  const loading = { program: TIGHTEN, filter: READY };
  const of = (...lines: string[]) => loadedBy(SYSTEM, UNIT, named(...lines));
  assert.deepEqual(of(), { launched: undefined, loading: undefined });
  assert.deepEqual(of(launches(LAUNCHER)), { launched, loading: undefined });
  assert.deepEqual(of(launches(LAUNCHER), loads(TIGHTEN)), { launched, loading });
});
