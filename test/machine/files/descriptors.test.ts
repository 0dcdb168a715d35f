/** Open files that are sent over a socket, and what becomes of those of `run --pipe` in a service. */
import assert from 'node:assert/strict';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { before, describe, type TestContext, test } from 'node:test';
import type { MessageBus } from 'dbus-next';
import { passDescriptors } from '../../../src/machine/files/descriptors.js';
import { buildLauncher, compileProgram, launcherObstacle, sharedFolder } from '../../support/native.js';
import { run } from '../../support/run.js';
import { temporaryFolder } from '../../support/temporary.js';
import { until } from '../../support/until.js';

const skip = launcherObstacle();
const folder = sharedFolder();
let sender: string;
let receiver: string;

before(async () => {
  if (skip) return;
  sender = join(dirname(await buildLauncher(folder)), 'send-descriptors');
  receiver = await compileProgram('receive-descriptors', folder);
});

/** As dbus-next writes to it. */
interface Writer {
  supportsUnixFd: boolean;
  write(chunk: string | { data: Uint8Array; fds: number[] }): void;
}

/** A socket that passes descriptors by `program`, and who receives them once `go` is called. */
async function connected(t: TestContext, program = sender) {
  const path = join(temporaryFolder(t), 'socket');
  const child: ChildProcessWithoutNullStreams = spawn(receiver, [path]);
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const output = { bytes: buffer(child.stdout), notes: once(child, 'close').then(() => said) };
  await until('it listens', () => said.startsWith('listening\n'));
  const socket = createConnection(path);
  passDescriptors({ _connection: { stream: socket } } as unknown as MessageBus, program);
  await once(socket, 'connect');
  return { socket, writer: socket as Socket & Writer, ...output, go: () => child.stdin.end('\n') };
}

const opened = (t: TestContext, path: string) => {
  const fd = openSync(path, 'w');
  t.after(() => closeSync(fd));
  return fd;
};

describe('descriptors', { skip }, () => {
  test('arrive with the first byte of their message, in order', async (t) => {
    const { socket, writer, bytes, notes, go } = await connected(t);
    assert.equal(writer.supportsUnixFd, true);
    const paths = ['a', 'b'].map((name) => join(temporaryFolder(t), name));
    const [a, b] = paths.map((path) => opened(t, path)) as [number, number];
    writer.write('hello\n');
    // More than a socket holds: the program waits until there is room.
    const large = Buffer.alloc(3 << 20, 'x');
    writer.write({ data: large, fds: [b, a, b] });
    writer.write({ data: Buffer.from('end'), fds: [] });
    go();
    await until('all is sent', () => socket.bytesWritten === 'hello\nend'.length);
    socket.end();
    const received = (await bytes).toString();
    assert.ok(received === `hello\n${large}end`, `${received.length} bytes`);
    assert.match(await notes, /^listening\n3 files after [06] bytes\n$/);
    const found = paths.map((path) => readFileSync(path, 'utf8'));
    assert.deepEqual(found, ['file 1 of 3\n', 'file 0 of 3\nfile 2 of 3\n']);
  });

  const FAILURES: readonly [string, (t: TestContext) => [string, number], RegExp][] = [
    ['a program that is not there', () => ['/nowhere/sender', 0], /ENOENT/],
    ['a program that fails in silence', () => ['/bin/false', 0], /^\/bin\/false did not send the message$/],
    ['a descriptor that is not open', () => [sender, 987], /EBADF/],
  ];
  for (const [name, make, reason] of FAILURES) {
    test(`${name} ends the connection with a reason`, async (t) => {
      const [program, fd] = make(t);
      const { socket, writer, go } = await connected(t, program);
      go();
      const failed = once(socket, 'error');
      writer.write({ data: Buffer.from('x'), fds: [fd] });
      writer.write({ data: Buffer.from('never'), fds: [] });
      assert.match((await failed)[0].message, reason);
      assert.ok(socket.destroyed);
    });
  }
});

test('the program says what it wants', { skip }, async () => {
  const usage = await run([sender, '--help']);
  assert.match(usage.stdout, /^usage: send-descriptors COUNT /);
  assert.match((await run([sender, '--version'])).stdout, /^send-descriptors \d/);
  for (const words of [[], ['x'], ['10'], ['']]) {
    const { status, stderr } = await run([sender, ...words]);
    assert.deepEqual(
      [status, stderr],
      [2, 'send-descriptors: how many files?; see send-descriptors --help\n'],
    );
  }
  const noSocket = await run([sender, '0'], { input: 'x' });
  assert.equal(noSocket.status, 1);
  assert.match(noSocket.stderr, /^send-descriptors: can't send the message: EBADF/);
});
