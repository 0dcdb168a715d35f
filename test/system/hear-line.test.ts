import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { hearLine } from '../../src/system/hear-line.js';

const heard = async (write: (stream: PassThrough) => void) => {
  const stream = new PassThrough();
  const { line, stop } = hearLine(stream as unknown as NodeJS.ReadStream);
  write(stream);
  const found = await line;
  stop();
  assert.deepEqual(
    ['data', 'end'].map((event) => stream.listenerCount(event)),
    [0, 0],
  );
  return found;
};

test('the first line is heard, in as many pieces as it comes', async () => {
  assert.equal(await heard((stream) => stream.write('\nmore\n')), '');
  assert.equal(
    await heard((stream) => {
      stream.write('ye');
      stream.write('s\n');
    }),
    'yes',
  );
});

test('input that ends, fails or goes on and on has no line', async () => {
  assert.equal(await heard((stream) => stream.end('yes')), undefined);
  assert.equal(await heard((stream) => stream.destroy(new Error('EIO'))), undefined);
  assert.equal(await heard((stream) => stream.write('x'.repeat(5000))), undefined);
});
