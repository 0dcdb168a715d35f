/** Watches with failures: no recording is wrong or truncated, and the command reports what is missing. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseRecording } from '../../src/observe/recording/parse.js';
import type { Recording } from '../../src/observe/recording/recording.js';
import { machine } from '../support/machine.js';
import { inRepository } from '../support/repository.js';
import { PROGRAMS, servicesObstacle } from '../support/service.js';

const FOLDER = '/var/lib/sandbox-unit/recordings';
const COMMAND = `node ${inRepository('dist/sandbox-unit.cjs')}`;

const serviceOf = (program: string) => `[Service]\nExecStart=${program}\n`;

describe('learn', { skip: servicesObstacle() ?? false }, () => {
  const { box } = machine('learn-faults', {
    programs: { forks: ['test/booted/programs/forks.c'] },
    files: {
      'demo.service': serviceOf('/usr/bin/sleep infinity'),
      'paths.service': serviceOf(
        `/bin/sh -c 'i=0; while [ $$i -lt 40000 ]; do i=$$((i+1)); test -e /none/$$i; done; sleep infinity'`,
      ),
      'forks.service': serviceOf(`${PROGRAMS}/forks`),
    },
  });

  /** The recordings of a unit; each file in its folder must be one. */
  const recordings = async (unit: string): Promise<Recording[]> => {
    const names = (await box.exec(['ls', '-A', `${FOLDER}/${unit}`])).stdout
      .split('\n')
      .filter((name) => name);
    return Promise.all(
      names.map(async (name) => {
        const recording = parseRecording(Buffer.from(await box.readFile(`${FOLDER}/${unit}/${name}`)), name);
        assert.ok(!('severity' in recording), `${name}: ${JSON.stringify(recording)}`);
        return recording;
      }),
    );
  };
  /** Runs a watch of a service, and a script once it has begun. */
  const whileWatched = (unit: string, time: string, script: string) =>
    box.exec([
      'bash',
      '-c',
      `systemctl restart ${unit}; ${COMMAND} learn --for ${time} ${unit} & watch=$!
      until ${COMMAND} learn --list | grep -q '^${unit}'; do sleep 0.1; done
      ${script}
      wait $watch`,
    ]);

  test('an observer that is killed ends the watch, and no wrong recording is kept', async () => {
    const { status, stderr } = await whileWatched('demo.service', '60s', 'pkill -KILL -x observe');
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^error\[observer-failed\]: the observer was killed$/m);
    assert.match(stderr, /^note\[watch-failed\]: /m);
    assert.deepEqual(await recordings('demo.service'), []);
  });

  test('a service that is stopped and whose unit is removed during the watch leaves a complete recording', async () => {
    const script = `sleep 1; systemctl stop demo.service; mv /etc/systemd/system/demo.service /run/away
      systemctl daemon-reload; sleep 1`;
    const { status, stdout, stderr } = await whileWatched('demo.service', '5s', script);
    await box.sh('mv /run/away /etc/systemd/system/demo.service; systemctl daemon-reload');
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^demo\.service: \d+ calls in [5-9]s/);
    const [one] = await recordings('demo.service');
    assert.deepEqual([one!.truncated, one!.events.at(-1)!.what], [false, 'stop']);
    await box.succeed(['rm', '-r', `${FOLDER}/demo.service`]);
  });

  test('a full disk leaves no file, and is an error', async () => {
    await box.sh(`mkdir -p ${FOLDER} && mount -t tmpfs -o size=64k,mode=755 none ${FOLDER}
      mkdir -p ${FOLDER}/other && cat /dev/zero >${FOLDER}/other/file 2>/dev/null || :`);
    const { status, stderr } = await whileWatched('demo.service', '2s', '');
    const left = await box.succeed(['find', FOLDER, '-type', 'f']);
    await box.succeed(['umount', FOLDER]);
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^error\[unwritable\]: can't write .*: no space left on device$/m);
    assert.match(stderr, /^note\[watch-failed\]: /m);
    assert.equal(left, `${FOLDER}/other/file\n`);
  });

  test("a background watch that can't keep its recording fails", async () => {
    await box.sh(`mount -t tmpfs -o size=64k,mode=755 none ${FOLDER}
      cat /dev/zero >${FOLDER}/file 2>/dev/null || :`);
    await box.succeed(['systemctl', 'start', 'demo.service']);
    await box.sh(`${COMMAND} learn --background demo.service`);
    const { status, stderr } = await box.exec(['bash', '-c', `${COMMAND} learn --stop demo.service`]);
    await box.succeed(['umount', FOLDER]);
    assert.equal(status, 2, stderr);
    assert.match(
      stderr,
      /^error\[watch-failed\]: the watch of demo\.service has ended, but its recording was not saved completely/m,
    );
  });

  test('a service that forks as fast as it can is recorded, or the loss is named', async () => {
    const { status, stdout, stderr } = await whileWatched('forks.service', '5s', '');
    await box.succeed(['systemctl', 'stop', 'forks.service']);
    const [one] = await recordings('forks.service');
    assert.equal(status, Object.keys(one!.lost).length === 0 ? 0 : 1, `${stdout}${stderr}`);
    const names = one!.calls.map(({ name }) => name);
    for (const name of ['clone', 'wait4', 'exit_group', 'getppid'])
      assert.ok(names.includes(name), `${name} in ${names}`);
    const count = (wanted: string) => one!.calls.find(({ name }) => name === wanted)!.count;
    assert.ok(Math.abs(count('clone') - count('exit_group')) < 100, stdout);
  });

  test('full tables are named, with the lines that they make uncertain', async () => {
    const { status, stdout, stderr } = await box.sh(`systemctl stop paths
      ${COMMAND} learn --exercise 'systemctl start paths; sleep 5' paths || echo "status $?"
      ${COMMAND} learn --show paths >/dev/null`);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^paths\.service: .* records lost\nstatus 1$/m);
    const said =
      /^warning\[recording-incomplete\]: .* lost \d+ records of paths; it may be incomplete for ProtectSystem=, /m;
    assert.match(stderr, said);
    assert.ok((await recordings('paths.service'))[0]!.lost.paths! > 0);
  });

  test('a watch whose terminal is closed keeps its recording', async () => {
    const before = (await recordings('demo.service')).length;
    const { status } = await whileWatched('demo.service', '60s', 'sleep 1; kill -HUP $watch');
    assert.equal(status, 0);
    const all = await recordings('demo.service');
    assert.deepEqual([all.length, all.at(-1)!.truncated], [before + 1, false]);
  });
});
