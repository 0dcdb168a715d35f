/** The observer on the real kernel: processes that leave the control group, and calls that they are refused outside. */
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { SETUP } from '../support/control-groups.js';
import { numberOf, observe, observedProgram, runIn } from '../support/observer.js';
import { until } from '../support/until.js';

const built = observedProgram();
const { skip, groups } = built;
const DONE = { status: 0, stdout: '', stderr: '' };

/** A control group that is watched, another, and a folder in which the program finds what it needs. */
async function place(name: string, options: readonly string[]) {
  const own = join(built.folder, name);
  const [group, outside] = [groups.make(groups.at(name)), groups.make(groups.at(`${name}-outside`))];
  const setup = join(own, 'setup');
  mkdirSync(own);
  symlinkSync(outside, join(own, 'outside'));
  symlinkSync(built.program, join(own, 'service'));
  copyFileSync(built.program, setup);
  const watched = await observe([built.observer, ...options], [SETUP, `setup ${setup}`, `unit 0 ${group}`]);
  return { own, group, watched, setup };
}

/** Refused calls, by call and errno; one that isn't certain has a mark. */
const refusedOf = ({ refused }: ObservedUnit) =>
  Object.fromEntries(
    refused.map(({ nr, errno, count, certain = true }) => [`${nr} ${errno}${certain ? '' : ' ?'}`, count]),
  );

const UNAME = numberOf('uname');
const REFUSED = ['--refused-only'];

describe('observe: calls that are refused to processes outside the control group', {
  skip: skip ?? false,
}, () => {
  test('are reported for processes that left it, and their children', async () => {
    const { own, group, watched } = await place('leaves', REFUSED);
    assert.deepEqual(await runIn(group, [built.program, 'leaves'], own), DONE);
    const [unit] = await watched.end();
    assert.deepEqual(refusedOf(unit!), {
      [`${UNAME} 100`]: 5 + 2,
      [`${numberOf('getuid')} 0`]: 1,
      [`${numberOf('getgid')} 0`]: 1,
      [`${numberOf('getegid')} 0`]: 1,
      // A filter that a child has loaded outside may have refused these.
      [`${numberOf('getppid')} 1 ?`]: 3,
      [`${numberOf('getpgid')} 7 ?`]: 2,
    });
    const found = unit!.refused.map(({ programs }) => unit!.programs[Math.log2(programs)]?.path);
    assert.deepEqual(
      found,
      unit!.refused.map(() => built.program),
    );
    assert.deepEqual(unit!.lost, {});
  });

  test('are reported for a child that starts outside', async () => {
    const { own, group, watched } = await place('born-outside', REFUSED);
    assert.deepEqual(await runIn(group, [built.program, 'born-outside'], own), DONE);
    const [unit] = await watched.end();
    assert.deepEqual([refusedOf(unit!), unit!.lost], [{ [`${UNAME} 100`]: 5 }, {}]);
  });

  test('are reported for a process that becomes the service outside', async () => {
    const { own, group, watched, setup } = await place('becomes', REFUSED);
    assert.deepEqual(await runIn(group, [setup, 'becomes'], own), DONE);
    const [unit] = await watched.end();
    assert.deepEqual([refusedOf(unit!), unit!.lost], [{ [`${UNAME} 100`]: 5 }, {}]);
  });

  test("are another unit's if the process left without a filter", async () => {
    const { own, group, watched } = await place('unfiltered', REFUSED);
    assert.deepEqual(await runIn(group, [built.program, 'unfiltered'], own), DONE);
    const [unit] = await watched.end();
    assert.deepEqual([refusedOf(unit!), unit!.lost], [{}, {}]);
  });

  test('are ignored in the next run of the control group', async () => {
    const { own, group, watched } = await place('late', REFUSED);
    const running = runIn(group, [built.program, 'late'], own);
    await until('the process has left', () => existsSync(join(own, 'left')));
    await groups.remove(group);
    groups.make(group);
    // A process of this life is outside, too.
    const { status } = await runIn(group, [built.program, 'born-outside'], own);
    writeFileSync(join(own, 'go'), '');
    assert.deepEqual([status, await running], [0, DONE]);
    const [unit] = await watched.end();
    assert.deepEqual([refusedOf(unit!), unit!.lives], [{ [`${UNAME} 100`]: 5 }, 1]);
  });
});

for (const part of ['leaves', 'born-outside']) {
  test(`observe of all groups: a process outside is counted alone: ${part}`, { skip }, async () => {
    const { own, group, watched } = await place(`${part}-all`, []);
    assert.deepEqual(await runIn(group, [built.program, part], own), DONE);
    const [unit] = await watched.end();
    assert.deepEqual([refusedOf(unit!), unit!.lost], [{}, { leavers: 1 }]);
  });
}
