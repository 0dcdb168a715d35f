/** The kernel's own log, and what its times are held against. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { recordsInLog } from '../../src/explain/records/kernel-log.js';
import { startOf } from '../../src/state/process-status.js';
import { Host } from '../../src/system/host.js';
import { rootObstacle } from '../support/native.js';
import { inRepository } from '../support/repository.js';
import { run } from '../support/run.js';
import { temporaryFolder, writeTree } from '../support/temporary.js';

const host = new Host({ address: 'unix:path=/nowhere', hint: 'none' });
const LIMIT = 1 << 26;

/** Writes a record of its own to the kernel's log; whether that could be done. */
function write(text: string): boolean {
  try {
    const fd = openSync('/dev/kmsg', 'w');
    // What has no line's end may be continued, and can't be read yet.
    writeSync(fd, `${text}\n`);
    closeSync(fd);
    return true;
  } catch {
    return false;
  }
}

test('what somebody writes is one record, and none of the kernel', { skip: rootObstacle() }, async (t) => {
  const id = `audit(1.000:${process.pid})`;
  const fields = 'auid=1 uid=0 gid=0 ses=1 pid=1 comm="a" exe="/b" sig=31 arch=c000003e syscall=1';
  const forged = `audit: type=1326 ${id}: ${fields} compat=0 ip=0x1 code=0x80000000`;
  if (!write(`<5>x\n${forged}`) || !write(`<5>${forged}`)) return t.skip("the kernel's log can't be written");
  const log = (await host.kernelLog(LIMIT))!;
  const own = log.records.filter((record) => record.includes(id));
  assert.deepEqual(
    own.map((record) => /^\d+(?=,\d+,\d+,-(?:,.*)?;)|;.*/g[Symbol.match](record)),
    [
      ['13', `;x\\x0a${forged}`],
      ['13', `;${forged}`],
    ],
  );
  assert.deepEqual(recordsInLog(own).records, []);
  const taken = recordsInLog(own.map((record) => record.replace(/^13/, '5'))).records;
  assert.deepEqual(
    taken.map((record) => record.id),
    [id],
  );
});

test('it is read no further than it may be', { skip: rootObstacle() }, async () => {
  const all = (await host.kernelLog(LIMIT))!;
  assert.ok(all.records.length > 1);
  const { records, isWhole } = (await host.kernelLog(1))!;
  assert.deepEqual([records.length, isWhole], [1, false]);
});

test('what is in its place is not the log, nor is what may not be read', {
  skip: rootObstacle(),
}, async (t) => {
  const folder = temporaryFolder(t);
  writeTree(folder, { file: '5,1,1,-;text\n' });
  const module = JSON.stringify(inRepository('build/src/system/kernel-log.js'));
  const script = `import(${module}).then(({ readKernelLog }) => console.log(readKernelLog(9)))`;
  const read = async (prepare: string) => {
    const shell = `${prepare} && exec "$@"`;
    const { stdout, stderr } = await run([
      ...['unshare', '--mount', 'sh', '-c', shell, join(folder, 'file'), process.execPath, '-e', script],
    ]);
    return stdout + stderr;
  };
  assert.equal(await read('mount --bind "$0" /dev/kmsg'), 'undefined\n');
  assert.equal(await read('mount --bind /dev/zero /dev/kmsg'), 'undefined\n');
  assert.match(await read('true'), /isWhole: false/);
});

test('a process was started when it was, by the time of the boot', async (t) => {
  const before = Date.now();
  const child = spawn('sleep', ['60']);
  t.after(() => child.kill());
  await once(child, 'spawn');
  const after = Date.now();
  const started = host.now() - host.uptime() + (await startOf(host, child.pid!))! / 1000;
  // Each is known to 10 ms.
  assert.ok(before - 10 <= started && started <= after + 10, `${before} ${started} ${after}`);
});
