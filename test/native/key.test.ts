import assert from 'node:assert/strict';
import { BPF_MAXINSNS } from '../../src/seccomp/filter/bpf.js';
import { GUARD_LENGTH } from '../../src/seccomp/filter/filter-file.js';
import { errnoAction } from '../../src/seccomp/syscalls/action.js';
import { compiled } from '../support/compiled.js';
import { filterRefusing, rootObstacle, writeFilter } from '../support/native.js';
import { run } from '../support/run.js';

const { folder, paths, test } = compiled({ 'watch-exec': [] });
const { launcher, 'watch-exec': watch } = paths;

/** What a tracer sees of one launch, by name. */
async function watched(bytes: Uint8Array): Promise<Record<string, string>> {
  const option = `--filter=${writeFilter(folder, 'filter', bytes)}`;
  const { status, stdout, stderr } = await run([watch, launcher, option, '--', 'true']);
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
  return Object.fromEntries(
    stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('=')),
  );
}

test('the key is in the registers of one call and nowhere else, before it and after', async () => {
  const { before: copies, planted, after } = await watched(filterRefusing({}));
  assert.deepEqual({ copies, planted, after }, { copies: '0', planted: '1', after: '0' });
});

test('every launch has another key, of 192 bits', async () => {
  const keys: string[] = [];
  for (let launch = 0; launch < 8; launch++) keys.push((await watched(filterRefusing({}))).key!);
  const halves = keys.flatMap((key) => key.match(/.{8}/g)!);
  assert.equal(new Set(halves).size, 8 * 6);
});

test('the kernel holds the guard and the policy, in one filter with the flags of the file', {
  skip: rootObstacle(),
}, async (t) => {
  const bytes = filterRefusing({ execve: errnoAction(1) }, { log: true });
  const { filter, flags } = await watched(bytes);
  if (!/^[0-9a-f]+$/.test(filter!)) return t.skip(`the kernel doesn't hand out filters: ${filter}`);
  const program = Buffer.from(bytes.subarray(36)).toString('hex');
  assert.equal(filter!.slice(GUARD_LENGTH * 16), program);
  assert.equal(flags, '2');
  assert.ok(filter!.length / 16 <= BPF_MAXINSNS);
});
