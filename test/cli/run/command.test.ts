/** Tests of cli/run/command.ts, cli/run/attention.ts and cli/run/streams.ts: what a command reads, writes, and is interrupted by. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { stdioOf } from '../../../src/cli/run/streams.js';
import type { PseudoTerminal, RelayEnd } from '../../../src/machine/pseudo-terminal.js';
import { FakeSystem, fakeContext, HOME, program } from '../../support/fake-system.js';
import { FakeUnits, SUCCESS } from '../../support/fake-units.js';
import { codes, type Options, propertiesOf, ran, UNAME } from '../../support/run-in-memory.js';

describe('run: standard input and output', () => {
  const kinds: readonly [Options, readonly boolean[], string][] = [
    [{}, [true, true, true], 'journal'],
    [{ pty: true }, [false, false, false], 'terminal'],
    [{ pipe: true }, [true, true, true], 'inherited'],
    [{ pty: true, pipe: true }, [true, true, true], 'terminal'],
    [{ pty: true, pipe: true }, [true, true, false], 'inherited'],
    [{ shell: true }, [true, true, true], 'terminal'],
    [{ shell: true }, [false, true, true], 'inherited'],
    [{ shell: true, pipe: true }, [true, true, true], 'inherited'],
  ];
  for (const [options, terminals, stdio] of kinds) {
    test(`${JSON.stringify(options)} with terminals ${terminals}: ${stdio}`, async () => {
      const caller = new FakeUnits().caller({ terminals: async () => terminals });
      assert.equal(await stdioOf({ ...fakeContext(new FakeSystem()), caller }, options), stdio);
    });
  }

  const sender = `${HOME}/native-helper/build/x86-64/send-descriptors`;
  test("--pipe passes the caller's descriptors", async () => {
    const files = { [sender]: program('') };
    const one = await ran(
      { ...UNAME, pipe: true },
      { files, end: { ...SUCCESS, Result: 'exit-code', ExecMainStatus: 4 } },
    );
    assert.deepEqual(one.units.senders, [sender]);
    assert.equal(propertiesOf(one).get('StandardErrorFileDescriptor'), 2);
    assert.deepEqual([one.outcome.exit, one.units.told.length], [4, 1]);
    assert.deepEqual(codes(await ran({ ...UNAME, pipe: true })), ['no-helper']);
  });

  for (const [options, words] of [
    [{ pipe: true, json: true }, ['myos']],
    [{ pty: true, block: false }, ['myos']],
    [{ shell: true }, ['myos']],
  ] as const) {
    test(`${JSON.stringify(options)} ${words}: usage error`, async () => {
      assert.deepEqual(codes(await ran({ ...UNAME, ...options }, { words })), ['usage']);
    });
  }

  const relay = `${HOME}/native-helper/build/x86-64/pty-relay`;
  const onTerminal = async (how: RelayEnd | 'detached' | undefined, wait = false) => {
    const asked: string[] = [];
    let over: (end: RelayEnd) => void = () => undefined;
    let detach: () => void = () => undefined;
    const terminal: PseudoTerminal = {
      path: '/dev/pts/7',
      begin: () => {
        asked.push('begin');
        if (how === 'detached') detach();
        else if (how) over(how);
      },
      finish: () => {
        asked.push('finish');
        over({ how: 'delivered' });
      },
      hangUp: () => {
        asked.push('hang up');
        over({ how: 'interrupted', signal: 15 });
      },
      detached: new Promise((resolve) => {
        detach = resolve;
      }),
      ended: new Promise((resolve) => {
        over = resolve;
      }),
    };
    const one = await ran(
      { ...UNAME, pty: true, wait, unit: 'x' },
      {
        files: { [relay]: program('') },
        terminal,
        ...(how && !wait ? { interrupts: [] } : {}),
      },
    );
    return { ...one, asked };
  };
  test('run: a terminal', async () => {
    const one = await onTerminal(undefined);
    assert.equal(propertiesOf(one).get('TTYPath'), '/dev/pts/7');
    assert.equal(propertiesOf(one).get('StandardInput'), 'tty');
    assert.deepEqual([one.outcome.exit, one.asked], [0, ['begin', 'finish', 'hang up']]);
    assert.match(one.units.told[1]!, /^Press /);
  });
  test('that is detached without --wait: the unit gets a hang-up', async () => {
    const one = await onTerminal('detached');
    assert.deepEqual(
      [one.outcome.exit, one.asked.slice(0, 2), one.units.stopped],
      [0, ['begin', 'hang up'], []],
    );
    assert.equal(one.units.told.at(-1), 'Disconnected from x.service, which is hung up');
  });
  test('that is detached with --wait: the end is reported', async () => {
    const one = await onTerminal('detached', true);
    assert.deepEqual(
      [one.outcome.exit, one.asked.slice(0, 2), one.units.stopped],
      [0, ['begin', 'finish'], []],
    );
    const told = one.units.told.slice(2, 4);
    assert.deepEqual(told, ['Disconnected from x.service, which runs on', 'Finished with result: success']);
  });
  const ends: readonly [RelayEnd, number][] = [
    [{ how: 'gone' }, 1],
    [{ how: 'failed' }, 1],
    [{ how: 'interrupted', signal: 1 }, 129],
  ];
  for (const [how, status] of ends) {
    test(`that is ${how.how} before the end: ${status}`, async () => {
      const one = await onTerminal(how);
      assert.deepEqual([one.outcome.exit, one.units.stopped], [status, []]);
    });
  }
});

describe('run --wait: interrupts', () => {
  const SIGINT = { name: 'SIGINT', number: 2 };
  const SIGTERM = { name: 'SIGTERM', number: 15 };
  test('the first stops the unit, and its end is waited for', async () => {
    const one = await ran({ ...UNAME, wait: true, unit: 'x' }, { interrupts: [SIGTERM] });
    assert.deepEqual(one.units.stopped, ['x.service']);
    assert.equal(one.outcome.exit, 143);
    assert.equal(one.units.told.at(-2), 'Finished with result: success');
  });
  test('the second ends the wait', async () => {
    const one = await ran(
      { ...UNAME, wait: true, unit: 'x' },
      { interrupts: [SIGINT, SIGINT], stops: false },
    );
    assert.equal(one.outcome.exit, 130);
    assert.equal(one.units.told.at(-1), 'Detached: x.service is being stopped');
  });
});
