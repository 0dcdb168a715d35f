import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { asksForTimer } from '../../../src/cli/run/timer.js';
import { codes, type Options, ran, UNAME } from '../../support/run-in-memory.js';

const NAMED = { ...UNAME, unit: 'foo' };

async function timer(options: Options) {
  const one = await ran({ ...NAMED, ...options });
  const [started] = one.units.started;
  return { ...one, exit: one.outcome.exit, name: started?.unit, properties: started?.properties };
}

test('run with a timer: the timer is started, and the confined unit is loaded, not started', async () => {
  const one = await timer({
    ...{ deny: ['execve', 'execveat'], onActive: ['1min 30s'] },
    ...{ description: 'd', collect: true },
  });
  assert.deepEqual([one.exit, one.name, one.outcome.json.timer], [0, 'foo.timer', 'foo.timer']);
  assert.deepEqual(
    [...one.properties!],
    [
      ['Description', 'd'],
      ['CollectMode', 'inactive-or-failed'],
      ['TimersMonotonic', [['OnActiveSec', 90_000_000n]]],
      ['RemainAfterElapse', false],
    ],
  );
  const [made, ...others] = one.units.made;
  assert.deepEqual([made!.unit, others], ['foo.service', []]);
  const command = made!.properties.find(({ name }) => name === 'ExecStartEx')!.value;
  const [[path, argv]] = command as [[string, string[]]];
  assert.match(path, /\/launcher$/);
  assert.match(argv[1]!, /^--filter-base64=/);
  assert.deepEqual(one.units.told.slice(-2), [
    'Running timer as unit: foo.timer',
    'Will run service as unit: foo.service',
  ]);
});

describe('run: directives of the timer for', () => {
  const cases: readonly (readonly [options: Options, property: string, value: unknown])[] = [
    [{ onBoot: ['0'] }, 'TimersMonotonic', [['OnBootSec', 0n]]],
    [{ onStartup: ['2h'] }, 'TimersMonotonic', [['OnStartupSec', 7_200_000_000n]]],
    [{ onUnitActive: ['5'] }, 'TimersMonotonic', [['OnUnitActiveSec', 5_000_000n]]],
    [{ onUnitInactive: ['500ms'] }, 'TimersMonotonic', [['OnUnitInactiveSec', 500_000n]]],
    [{ onCalendar: ['Mon *-*-* 02:00'] }, 'TimersCalendar', [['OnCalendar', 'Mon *-*-* 02:00']]],
    [{ onClockChange: true }, 'OnClockChange', true],
    [{ onTimezoneChange: true }, 'OnTimezoneChange', true],
    [{ onClockChange: true, timerProperty: ['AccuracySec=1us'] }, 'AccuracyUSec', 1n],
    [{ onClockChange: true, timerProperty: ['RandomizedDelaySec=1min'] }, 'RandomizedDelayUSec', 60_000_000n],
    [{ onClockChange: true, timerProperty: ['RemainAfterElapse=yes'] }, 'RemainAfterElapse', true],
    [{ onClockChange: true, timerProperty: ['Persistent=no'] }, 'Persistent', false],
    [
      { onClockChange: true, timerProperty: ['OnCalendar=daily'] },
      'TimersCalendar',
      [['OnCalendar', 'daily']],
    ],
  ];
  for (const [options, property, value] of cases) {
    test(JSON.stringify(options), async () => {
      const { exit, properties } = await timer(options);
      assert.deepEqual([exit, properties!.get(property)], [0, value]);
    });
  }
});

test('run: an option with an empty time makes no timer', () => {
  assert.deepEqual([asksForTimer({ onActive: ['1s'] }), asksForTimer(UNAME)], [true, false]);
});

describe('run with a timer refuses, and starts nothing:', () => {
  const cases: readonly (readonly [options: Options, message: RegExp])[] = [
    [{ onActive: ['soon'] }, /'OnActiveSec' wants a time span as '90s', not 'soon'/],
    [{ onCalendar: ['a\nb'] }, /'OnCalendar' wants a calendar expression/],
    [{ onActive: ['1s'], timerProperty: ['Persistent=perhaps'] }, /'Persistent' wants yes or no/],
    [{ onActive: ['1s'], timerProperty: ['Unit=other.service'] }, /knows no directive 'Unit'/],
    [{ onActive: ['1s'], timerProperty: ['Persistent'] }, /wants NAME=VALUE/],
    [{ timerProperty: ['Persistent=yes'] }, /has no effect without a timer/],
    [{ onActive: ['1s'], wait: true }, /can't be combined with --wait/],
    [{ onActive: ['1s'], pipe: true }, /can't be combined with --wait/],
  ];
  for (const [options, message] of cases) {
    test(JSON.stringify(options), async () => {
      const one = await timer(options);
      assert.deepEqual([one.exit, codes(one), one.units.started], [1, ['usage'], []]);
      assert.match(one.outcome.diagnostics[0]!.message, message);
    });
  }
});

test("run with a timer: accepts the timer's own name, and reports a timer that fails to start", async () => {
  assert.equal((await timer({ unit: 'bar.timer', onActive: ['1s'] })).name, 'bar.timer');
  const one = await ran({ ...NAMED, onActive: ['1s'] }, { job: 'failed' });
  assert.deepEqual([one.outcome.exit, codes(one)], [1, ['start-failed']]);
  assert.match(one.outcome.diagnostics[0]!.message, /^foo\.timer failed to start \(failed\)/);
});
