/** The observer on the real kernel: calls that come once a unit is ready. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { ObservedUnit } from '../../src/observe/observed.js';
import { inGroup, SETUP } from '../support/control-groups.js';
import { countsOf, numberOf, observe, observedProgram, runIn } from '../support/observer.js';
import { filtersOf, startIn, tightening } from '../support/tightened.js';
import { until } from '../support/until.js';

const built = observedProgram();
const { skip, groups, folder } = built;
const setting = tightening();
const unloadable = skip ?? setting.skip;

const runParts = async (group: string, ...parts: string[]) =>
  assert.deepEqual(await runIn(group, [built.program, ...parts], folder), {
    status: 0,
    stdout: '',
    stderr: '',
  });

const observeOne = (group: string) => observe([built.observer], [SETUP, `unit 0 ${group}`]);

/** The phases, a bit each, in which a call was made once the unit was ready. */
const onceReady = (unit: ObservedUnit, call: string): number | undefined =>
  unit.calls.find(({ nr }) => nr === numberOf(call))?.onceReady;

test('observe: calls that may have been made since a time count as after readiness', {
  skip,
}, async () => {
  const slice = groups.make(groups.at('since'));
  const group = join(slice, 'service');
  const watched = await observeOne(group);
  const tick = async () => {
    const before = watched.ticks.length;
    await until('the clock goes on', () => watched.ticks.length > before + 1);
  };
  groups.make(group);
  await runParts(group, 'calls');
  await tick();
  const since = process.hrtime.bigint() / 1000n;
  await tick();
  await runParts(group, 'arguments');
  watched.send(`phase 0 serving ${since}`);
  const [unit] = await watched.end();
  assert.deepEqual([countsOf(unit!, 'getppid'), onceReady(unit!, 'getppid')], [[1000, 0, 0, 0], 0]);
  assert.ok(countsOf(unit!, 'socket')[0]! > 0);
  assert.equal(onceReady(unit!, 'socket'), 0b10);
});

test('observe: a command that is started later is told from what the unit starts itself', {
  skip,
}, async (context) => {
  const slice = groups.make(groups.at('commands'));
  const group = join(slice, 'service');
  const watched = await observeOne(group);
  groups.make(group);
  const script = 'echo up; read -r _; "$0" calls; read -r _';
  const [word, ...words] = inGroup(group, ['/bin/bash', '--norc', '-c', script, built.program]);
  const service = spawn(word!, words, { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => service.kill('SIGKILL'));
  const ended = once(service, 'close');
  await once(service.stdout, 'data');
  const phase = async (name: string) => {
    watched.send(`phase 0 ${name}`);
    return (await watched.dump())[0]!;
  };
  const inPhase = (unit: ObservedUnit, number: number) => countsOf(unit, 'getppid')[number];
  await phase('reload');
  await runParts(group, 'calls');
  const commanded = await phase('serving');
  assert.deepEqual([inPhase(commanded, 2), onceReady(commanded, 'getppid')], [1000, 0]);
  await runParts(group, 'calls');
  assert.equal(onceReady(await phase('stop'), 'getppid'), 0b10);
  service.stdin.write('\n');
  await until('it has made its calls', async () => inPhase((await watched.dump())[0]!, 3) === 1000);
  service.stdin.end();
  await ended;
  assert.equal(onceReady((await watched.end())[0]!, 'getppid'), 0b1010);
});

describe('observe: calls of a thread while a filter is loaded into it', () => {
  const LOADING = ['mmap', 'munmap', 'seccomp', 'prctl'];

  const timesOf = (unit: ObservedUnit, call: string) =>
    countsOf(unit, call).reduce((sum, count) => sum + count);

  /** Such calls that count while a filter is loaded into a process, whose own calls are seen before and after. */
  async function countedBy(t: TestContext, ...setups: readonly string[]) {
    const group = groups.make(groups.at(`loading-${setups.length}`));
    t.after(() => setting.empty(group));
    const watched = await observe(
      [built.observer],
      [SETUP, ...setups.map((path) => `setup ${path}`), `unit 0 ${group}`],
    );
    const waiting = await startIn(t, group, ['/bin/bash', '--norc', '-c', 'echo up; read -r _']);
    await once(waiting.stdout!, 'data');
    const made = async () => {
      const [unit] = await watched.dump();
      return LOADING.map((call) => timesOf(unit!, call));
    };
    await until('it waits', () => /\nState:\tS/.test(readFileSync(`/proc/${waiting.pid}/status`, 'utf8')));
    const before = await made();
    const { status, stdout, stderr } = await setting.tighten(group);
    assert.equal(status, 0, stdout + stderr);
    const found = (await filtersOf(setting, group)).map(({ isWanted }) => isWanted);
    assert.deepEqual(found, [true]);
    const counted = (await made()).map((count, i) => count - before[i]!);
    const ended = once(waiting, 'close');
    waiting.stdin!.end('\n');
    await ended;
    const [unit] = await watched.end();
    assert.deepEqual([timesOf(unit!, 'exit_group'), unit!.refused], [1, []]);
    return LOADING.filter((_, i) => counted[i]! > 0);
  }

  test("aren't the unit's, and all others are", { skip: unloadable }, async (t) => {
    assert.deepEqual(await countedBy(t, setting.program('tighten')), []);
  });

  test("are the unit's if the loading program is unknown", { skip: unloadable }, async (t) => {
    assert.deepEqual(await countedBy(t), LOADING);
  });
});
