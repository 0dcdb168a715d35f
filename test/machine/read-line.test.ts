import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { readLine } from '../../src/machine/read-line.js';
import { temporaryFolder } from '../support/temporary.js';

const heard = async (write: (stream: PassThrough) => void) => {
  const stream = new PassThrough();
  const { line, stop } = readLine(stream as unknown as NodeJS.ReadStream);
  write(stream);
  const found = await line;
  stop();
  assert.deepEqual(
    ['data', 'end'].map((event) => stream.listenerCount(event)),
    [0, 0],
  );
  return found;
};

test('the first line is read, in any pieces', async () => {
  assert.equal(await heard((stream) => stream.write('\nmore\n')), '');
  assert.equal(
    await heard((stream) => {
      stream.write('ye');
      stream.write('s\n');
    }),
    'yes',
  );
});

test('input that ends, fails or never ends has no line', async () => {
  assert.equal(await heard((stream) => stream.end('yes')), undefined);
  assert.equal(await heard((stream) => stream.destroy(new Error('EIO'))), undefined);
  assert.equal(await heard((stream) => stream.write('x'.repeat(5000))), undefined);
});

/** A program that asks at its terminal once a file is there, and prints what it hears. */
const asking = (go: string) => `
  import { existsSync } from 'node:fs';
  import { setTimeout } from 'node:timers/promises';
  import { readLine } from '${new URL('../../src/machine/read-line.js', import.meta.url)}';
  while (!existsSync('${go}')) await setTimeout(10);
  const input = readLine(process.stdin);
  console.log('asked');
  console.log('heard <' + await input.line + '>');
  input.stop();`;

test('a line that was typed before is ignored', async (t) => {
  const folder = temporaryFolder(t);
  const program = `${folder}/ask.mjs`;
  writeFileSync(program, asking(`${folder}/go`));
  const child = spawn('script', ['-qefc', `'${process.execPath}' '${program}'`, '/dev/null']);
  let output = '';
  const shows = async (text: string) => {
    while (!output.includes(text)) output += (await once(child.stdout, 'data'))[0];
  };
  child.stdin.write('early\n');
  // The terminal's echo shows that it has the line.
  await shows('early');
  writeFileSync(`${folder}/go`, '');
  await shows('asked');
  child.stdin.write('late\n');
  await shows('heard <');
  await shows('>');
  child.kill();
  assert.match(output, /heard <late>/);
});
