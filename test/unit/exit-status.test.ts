import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  endText,
  signalName,
  signalNumber,
  statusName,
  statusNumber,
  statusOfWord,
} from '../../src/unit/exit-status.js';
import { Box, boxAvailable } from '../support/box.js';

test('how a process ended', () => {
  assert.equal(endText(1, 7), 'code=exited, status=7/NOTRUNNING');
  assert.equal(endText(1, 127), 'code=exited, status=127/n/a');
  assert.equal(endText(2, 31), 'code=killed, status=31/SYS');
  assert.equal(endText(3, 11), 'code=dumped, status=11/SEGV');
});

test('the names of signals are those of kill(1)', { skip: boxAvailable() }, async () => {
  const box = await Box.boot({ name: 'names' });
  try {
    const names = (await box.succeed(['bash', '-c', 'for i in {1..31}; do kill -l $i; done']))
      .trim()
      .split('\n');
    assert.deepEqual(
      names.map((_, i) => signalName(i + 1)),
      names,
    );
    assert.deepEqual([signalName(34), signalName(64), signalName(32)], ['RTMIN+0', 'RTMIN+30', 'n/a']);
    const listed = (await box.succeed(['systemd-analyze', 'exit-status'])).trim().split('\n').slice(1);
    const known = new Map(
      listed.map((line) => line.split(/ +/)).map(([name, status]) => [Number(status), name]),
    );
    assert.ok(known.size > 50);
    for (let status = 0; status < 256; status++) {
      assert.equal(statusName(status), known.get(status) ?? 'n/a', `${status}`);
    }
  } finally {
    await box.stop();
  }
});

test('a signal and a status have numbers by their names', () => {
  const signals = ['SIGTERM', 'TERM', '15', 'RTMIN', 'SIGRTMIN+3', 'RTMAX', 'RTMAX-1', 'SYS', '64'];
  assert.deepEqual(signals.map(signalNumber), [15, 15, 15, 34, 37, 64, 63, 31, 64]);
  for (const text of ['', '0', '32', '65', 'SIG', 'term', 'RTMIN-1', 'RTMAX+1', 'RTMIN+31', 'constructor']) {
    assert.equal(signalNumber(text), undefined, text);
  }
  assert.deepEqual(['0', '255', 'TEMPFAIL', 'NOTRUNNING'].map(statusNumber), [0, 255, 75, 7]);
  for (const text of ['', '256', '-1', '01', 'tempfail']) assert.equal(statusNumber(text), undefined, text);
  const written = ['0x1', '0X2', '001', '+1', '0b11', '0o3', '0x0cb', '010', '75', 'TEMPFAIL'];
  assert.deepEqual(written.map(statusOfWord), [1, 2, 1, 1, 3, 3, 203, 8, 75, 75]);
  for (const text of ['', '256', '009', '-1', '++1', '0x', '1e1', 'SIGKILL'])
    assert.equal(statusOfWord(text), undefined, text);
});
