import assert from 'node:assert/strict';
import { test } from 'node:test';
import { atOwnPaths, mountedPrograms } from '../../../src/learn/recordings/mounted-programs.js';
import { UNIT } from '../../support/demo-service.js';
import { asBytes, dump } from '../../support/dumps.js';
import { fakeContext, machineWith } from '../../support/fake-system.js';
import { unitState } from '../../support/unit-state.js';

const { placement } = fakeContext(machineWith('', ''));
const FOLDER = `/etc/systemd/system/${UNIT}.d/zz-sandbox-unit.programs`;
const OTHERS = FOLDER.replace(UNIT, 'other.service');

const state = unitState({
  BindReadOnlyPaths: [
    ['/usr/sbin/größe', `${FOLDER}/größe`, false, 0n],
    ['/usr/sbin/otherd', `${OTHERS}/otherd`, false, 0n],
    ['/launcher', '/usr/sbin/größe', false, 0n],
  ],
});

test('programs that a policy mounts are known by their mount points', () => {
  const mounted = mountedPrograms(placement, UNIT, state);
  assert.deepEqual([...mounted], [[`${FOLDER}/größe`, '/usr/sbin/größe']]);
  assert.equal(mountedPrograms(placement, UNIT, unitState()).size, 0);
});

test('in a dump they have their own paths, wherever they are named', () => {
  const place = asBytes(`${FOLDER}/größe`);
  const observed = dump({
    programs: [
      { path: '/usr/bin/perl', phases: 1 },
      { path: place, phases: 3 },
    ],
    paths: [{ use: 'execute', phases: 1, path: place, count: 1 }],
  });
  const { programs, paths } = atOwnPaths(observed, mountedPrograms(placement, UNIT, state));
  assert.deepEqual(
    [...programs, ...paths].map(({ path }) => path),
    ['/usr/bin/perl', asBytes('/usr/sbin/größe'), asBytes('/usr/sbin/größe')],
  );
  assert.equal(atOwnPaths(observed, new Map()), observed);
});
