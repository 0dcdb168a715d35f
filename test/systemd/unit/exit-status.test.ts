import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  endText,
  signalName,
  signalNumber,
  statusName,
  statusNumber,
} from '../../../src/systemd/unit/exit-status.js';
import { Box, boxAvailable } from '../../support/box.js';
import { splitLines } from '../../support/run.js';

test('an exit status says how a process ended', () => {
  assert.equal(endText(1, 7), 'code=exited, status=7/NOTRUNNING');
  assert.equal(endText(1, 127), 'code=exited, status=127/n/a');
  assert.equal(endText(2, 31), 'code=killed, status=31/SYS');
  assert.equal(endText(3, 11), 'code=dumped, status=11/SEGV');
});

test('the names of signals are those of kill(1)', { skip: boxAvailable() }, async () => {
  const box = await Box.boot({ name: 'names' });
  try {
    const names = splitLines(await box.succeed(['bash', '-c', 'for i in {1..31}; do kill -l $i; done']));
    const found = names.map((_, i) => signalName(i + 1));
    assert.deepEqual(found, names);
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
});
