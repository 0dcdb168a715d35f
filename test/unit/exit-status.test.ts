import assert from 'node:assert/strict';
import { test } from 'node:test';
import { endText, signalName, statusName } from '../../src/unit/exit-status.js';
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
