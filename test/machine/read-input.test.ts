import assert from 'node:assert/strict';
import { closeSync, openSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { UserError } from '../../src/diagnostic.js';
import { readInput } from '../../src/machine/read-input.js';

const read = async (limit: number, write: (stream: PassThrough) => void) => {
  const stream = new PassThrough();
  const bytes = readInput(stream, limit);
  write(stream);
  return new TextDecoder().decode(await bytes);
};

const fails = (code: string, message: RegExp) => (cause: unknown) => {
  assert.ok(cause instanceof UserError);
  const [one] = cause.diagnostics;
  assert.equal(one!.code, code);
  assert.match(one!.message, message);
  return true;
};

test('the whole input is read, in any pieces', async () => {
  assert.equal(await read(100, (stream) => stream.end()), '');
  const pieces = (stream: PassThrough) => {
    stream.write('a');
    stream.write('b\n');
    stream.end('c');
  };
  assert.equal(await read(100, pieces), 'ab\nc');
});

test('endless input is read only up to the limit', async () => {
  // The stream never ends.
  const text = await read(10, (stream) => {
    stream.write('0123456789');
    stream.write('x');
  });
  assert.equal(text, '0123456789x');
});

test('failed input, a folder and a terminal are errors', async () => {
  const broken = read(10, (stream) => stream.destroy(Object.assign(new Error('x'), { code: 'EISDIR' })));
  await assert.rejects(broken, fails('unreadable', /standard input: EISDIR$/));
  const fd = openSync('/', 'r');
  const folder = Object.assign(new PassThrough().end(), { fd });
  await assert.rejects(readInput(folder, 10), fails('unreadable', /: it is a folder$/));
  closeSync(fd);
  const terminal = Object.assign(new PassThrough(), { isTTY: true });
  await assert.rejects(readInput(terminal, 10), fails('usage', /is a terminal/));
});
