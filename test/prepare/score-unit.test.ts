import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { serviceName } from '../../src/prepare/load/load-unit.js';
import { probeMachine } from '../../src/prepare/probe/target.js';
import { type ScoreResult, scoreLoaded, scoreOffline } from '../../src/prepare/score-unit.js';
import { encodeFilterFile } from '../../src/seccomp/filter/filter-file.js';
import { PACKAGED_INJECTOR } from '../../src/systemd/paths/programs.js';
import { FILTER, UNIT } from '../support/demo-service.js';
import { type FakeSystem, fakeContext } from '../support/fake-system.js';
import { applied } from '../support/status-in-memory.js';

const LAUNCHED = '[syscalls]\ndeny = ["@clock", "execve"]\nenforcer = "launcher"\n';

async function loaded(system: FakeSystem): Promise<ScoreResult> {
  const context = fakeContext(system);
  return scoreLoaded(context, await probeMachine(context), { name: UNIT, state: await system.unit(UNIT) });
}

const scoreIn = (result: ScoreResult) => ('score' in result ? result : assert.fail(result.message));

test("a loaded service is scored with the launcher's filter", async () => {
  const { score, places } = scoreIn(await loaded(await applied(LAUNCHED)));
  assert.ok(score.exposure < score.bySystemd);
  assert.equal(places, undefined);
});

describe("a filter that no launcher loads, because a later drop-in starts another program, doesn't count:", () => {
  const LATER = '/etc/systemd/system/demo.service.d/zzz.conf';
  const later = async (policy: string, lines: string) => {
    const system = await applied(policy);
    system.files.set(LATER, { bytes: new TextEncoder().encode(`[Service]\n${lines}`), mode: 0o644 });
    await system.reload();
    return system;
  };
  const both = async (system: FakeSystem) => {
    const context = fakeContext(system, { offline: true });
    const offline = await scoreOffline(context, await probeMachine(context), serviceName(UNIT));
    return [await loaded(system), offline].map((one) => scoreIn(one).score.byLauncher.length > 0);
  };
  test('another ExecStart=', async () => {
    assert.deepEqual(await both(await later(LAUNCHED, 'ExecStart=\nExecStart=/usr/sbin/demod\n')), [
      false,
      false,
    ]);
    assert.deepEqual(await both(await later(LAUNCHED, 'Nice=1\n')), [true, true]);
  });
});

describe('score of the filter of [ready]', () => {
  const READY = '[ready]\ndeny = ["execve", "execveat", "@clock"]\n';
  const DROP = '/etc/systemd/system/demo.service.d';
  const tightened = () => applied(READY, {}, { files: { [PACKAGED_INJECTOR]: '' } });
  const both = async (system: FakeSystem) => {
    const context = fakeContext(system, { offline: true });
    return [
      await loaded(system),
      await scoreOffline(context, await probeMachine(context), serviceName(UNIT)),
    ];
  };

  test('counts it, by the bus and offline', async () => {
    for (const one of await both(await tightened())) {
      const { exposure, untilReady } = scoreIn(one).score;
      assert.ok(untilReady !== undefined && exposure < untilReady);
    }
  });

  test("doesn't count it if a later drop-in resets the line that loads it", async () => {
    const system = await tightened();
    const reset = new TextEncoder().encode('[Service]\nExecStartPost=\n');
    system.files.set(`${DROP}/zzz.conf`, { bytes: reset, mode: 0o644 });
    await system.reload();
    for (const one of await both(system)) assert.equal(scoreIn(one).score.untilReady, undefined);
  });

  test('is an error if it is missing', async () => {
    const system = await tightened();
    system.files.delete(`${DROP}/zz-sandbox-unit.ready-filter`);
    for (const one of await both(system)) {
      assert.ok('code' in one);
      assert.match(one.message, /^can't read one of its filters: .*ready-filter is missing/);
    }
  });
});

test("the places to write come from the main process's mounts", async () => {
  const system = await applied(LAUNCHED);
  const { mainPid } = await system.unit(UNIT);
  const mounts = '22 1 0:21 / / ro - ext4 /dev/sda1 rw\n23 22 0:22 / /srv rw - ext4 /dev/sdb1 rw\n';
  system.files.set(`/proc/${mainPid}/mountinfo`, { bytes: new TextEncoder().encode(mounts), mode: 0o444 });
  assert.deepEqual(scoreIn(await loaded(system)).places, ['/srv']);
});

test("a filter that sandbox-unit's compiler did not make is an error", async () => {
  const system = await applied(LAUNCHED);
  // It compares the first argument, which no program of ours does before the convention is known.
  const program = [
    { code: 0x20, jt: 0, jf: 0, k: 0 },
    { code: 0x44, jt: 0, jf: 0, k: 1 },
    { code: 0x15, jt: 0, jf: 0, k: 1 },
    { code: 0x06, jt: 0, jf: 0, k: 0x7fff0000 },
  ];
  const bytes = encodeFilterFile({
    noNewPrivileges: true,
    log: false,
    programs: new Map([['x86-64', program]]),
  });
  system.files.set(FILTER, { bytes, mode: 0o644 });
  const result = await loaded(system);
  assert.equal('code' in result && result.code, 'bad-file');
});

test('offline a service is scored by its files, including the drop-in and its filter', async () => {
  const context = fakeContext(await applied(LAUNCHED), { offline: true });
  const { score, places } = scoreIn(
    await scoreOffline(context, await probeMachine(context), serviceName(UNIT)),
  );
  assert.deepEqual([score.bySystemd, score.exposure], [92, 90]);
  assert.deepEqual(score.byLauncher, ['SystemCallFilter_clock']);
  assert.deepEqual(places, ['/']);
});
