/** Tests of machine/files/read.ts and machine/files/error.ts: files that change, end or are none. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Host } from '../../../src/machine/host.js';
import { failure } from '../../support/failure.js';
import { temporaryFolder } from '../../support/temporary.js';

const host = new Host({ address: 'unix:path=/nowhere', hint: 'none' });
const bytes = new TextEncoder().encode('text\n');

test('a file that the kernel generates is read whole', async () => {
  const status = await host.read('/proc/self/status');
  assert.match(new TextDecoder().decode(status!.bytes), /^Name:\t.*^Seccomp:\t\d$.*\n$/ms);
  assert.equal((await host.read('/proc/self/status', { limit: 5, head: true }))!.bytes.length, 5);
  const [code] = await failure(host.read('/proc/self/status', { limit: 5 }));
  assert.equal(code, 'too-large');
});

test('a piece of a generated file is as large as its content', async (t) => {
  const { bytes } = (await host.read('/proc/self/status', { limit: 1 << 26 }))!;
  assert.ok(bytes.buffer.byteLength <= 1 << 16, `${bytes.buffer.byteLength} bytes of room`);
  const variable = `LONG=${'0123456789'.repeat(10_000)}`;
  const program = spawn('sleep', ['60'], { env: { PATH: process.env.PATH, LONG: variable.slice(5) } });
  t.after(() => program.kill());
  await once(program, 'spawn');
  const read = () => host.read(`/proc/${program.pid}/environ`, { limit: 1 << 26 });
  // The kernel closes the pipe by which Node sees the start before it has put the environment there.
  while ((await read())!.bytes.length === 0) await turn();
  const environment = (await read())!;
  assert.ok(new TextDecoder().decode(environment.bytes).split('\0').includes(variable));
  assert.ok(environment.bytes.buffer.byteLength <= 2 * environment.bytes.length);
});

test('a piece is read from a place on, up to the end of the file', async (t) => {
  const path = join(temporaryFolder(t), 'file');
  writeFileSync(path, '0123456789');
  const read = async (from: number, limit: number) =>
    new TextDecoder().decode((await host.read(path, { from, limit, head: true }))!.bytes);
  assert.equal(await read(0, 4), '0123');
  assert.equal(await read(4, 3), '456');
  assert.equal(await read(8, 100), '89');
  assert.equal(await read(10, 5), '');
  assert.equal(await read(1e9, 5), '');
  const status = (await host.read('/proc/self/status', { from: 1, limit: 4, head: true }))!;
  assert.equal(new TextDecoder().decode(status.bytes), 'ame:');
});

test('a process that has ended has no files', async () => {
  assert.equal(await host.read('/proc/999999999/status'), undefined);
});

test('a file that can be opened but not read is an error', async () => {
  const [code, message] = await failure(host.read('/proc/self/mem'));
  assert.deepEqual([code, message], ['unreadable', "can't read /proc/self/mem: i/o error"]);
});

test('a file that others keep replacing is read as one of them wrote it', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'file');
  await host.replace(path, bytes, { mode: 0o644 });
  const replacing = `until [ -e "$1.stop" ]; do printf 'other text\n' >"$1.new"; mv "$1.new" "$1"; done`;
  const program = spawn('sh', ['-c', replacing, 'sh', path], { cwd: folder });
  t.after(() => program.kill('SIGKILL'));
  const found = new Set(['text\n']);
  for (let i = 0; i < 20_000 || found.size < 2; i++) {
    const file = await host.read(path, { trusted: true });
    found.add(new TextDecoder().decode(file!.bytes));
    if (i % 100 === 0) await turn();
  }
  writeFileSync(`${path}.stop`, '');
  await once(program, 'exit');
  assert.deepEqual([...found].sort(), ['other text\n', 'text\n']);
});

test("a folder can't be read as a file", async () => {
  assert.deepEqual((await failure(host.read('/etc')))[0], 'bad-file');
});
