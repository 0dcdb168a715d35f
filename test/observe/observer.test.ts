import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Observer } from '../../src/observe/observer.js';
import { FakeObserver, type FakeObserverOptions } from '../support/fake-observer.js';
import { contextOf } from '../support/watch-in-memory.js';

const OPTIONS = {
  machine: 'x86-64',
  groups: ['/g/a', '/g/b c'],
  setups: ['/s'],
  launchers: ['/l'],
  slice: 10,
} as const;

async function started(options: FakeObserverOptions = {}) {
  const fake = new FakeObserver(options);
  return { fake, observer: await Observer.start(contextOf(fake), OPTIONS) };
}

test('the observer gets the watch list, and starts', async () => {
  const { fake, observer } = await started();
  assert.deepEqual(fake.heard.slice(0, 5), [
    'slice 10',
    'setup /s',
    'launcher /l',
    'unit 0 /g/a',
    'unit 1 /g/b c',
  ]);
  assert.equal(fake.heard.at(-1), 'start');
  observer.phase(1, 'reload');
  assert.equal(fake.heard.at(-1), 'phase 1 reload');
  await observer.end();
});

const REFUSALS: readonly [answer: string, code: string, message: RegExp][] = [
  [
    '{"error":{"code":"no-btf","message":"/sys/kernel/btf/vmlinux is missing"}}',
    'cannot-watch',
    /is missing/,
  ],
  ['{"error":{"code":"Bad Code","message":7}}', 'observer-failed', /did not start: a reason/],
  ['{"ready":', 'observer-failed', /did not start: a reason/],
  ['[]', 'observer-failed', /did not start: a reason/],
];

for (const [answer, code, message] of REFUSALS) {
  test(`the answer ${answer} is the error ${code}`, async () => {
    await assert.rejects(started({ answer, stderr: 'a reason\n', status: 1 }), ({ diagnostics: [first] }) => {
      assert.equal(first.code, code);
      assert.match(first.message, message);
      return true;
    });
  });
}

test('a path with a line break is refused', async () => {
  const context = contextOf(new FakeObserver());
  await assert.rejects(Observer.start(context, { ...OPTIONS, groups: ['/g\nstart'] }), /line break/);
});

test('ticks are read, if they are numbers', async () => {
  const { observer } = await started({
    lines: [
      '{"tick":{"units":[{"calls":3,"lost":-1,"lives":"2"},7]}}',
      'no JSON',
      '{"tick":{}}',
      '{"tick":{"units":[{"calls":4,"refused":5}]}}',
    ],
  });
  await observer.dump();
  assert.deepEqual(observer.ticks, [{ calls: 4, lost: 0, lives: 0, refused: 5 }]);
});

test('a dump is complete after its last object', async () => {
  const { observer } = await started({
    dumps: [['{"dump":0}', '{"dump":1,"calls":[]}'], ['{"dump":0,"x":1}']],
  });
  assert.deepEqual(await observer.dump(), ['{"dump":0}', '{"dump":1,"calls":[]}']);
  assert.deepEqual(await observer.dump(), ['{"dump":0,"x":1}']);
});

test('a killed observer has no dump, and an error', async () => {
  const { observer } = await started({ dumps: [], status: 128 });
  await assert.rejects(
    observer.dump(),
    ({ diagnostics: [first] }) => first.message === 'the observer was killed',
  );
  assert.equal(observer.isOver, true);
  await assert.rejects(observer.dump(), ({ diagnostics: [first] }) => first.code === 'observer-failed');
});
