import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { run } from './run.js';
import { Tally } from './tally.js';
import { temporaryFolder } from './temporary.js';

const folder = temporaryFolder({ after });

const RUNNER = new URL('./run-tests.js', import.meta.url).href;
const script = join(folder, 'runner.mjs');
writeFileSync(
  script,
  `import { runFiles } from ${JSON.stringify(RUNNER)};
  process.exitCode = await runFiles([process.argv[3]], process.argv[2] === 'strict');`,
);

/** Runs one file with this text; the report, with the folder's name taken out and stacks cut. */
async function report(text: string, mode: 'strict' | 'lenient' = 'lenient') {
  const file = join(folder, 'some.test.mjs');
  writeFileSync(file, `import test, { before, describe, it } from 'node:test';\n${text}`);
  // Inside a test's process, node:test refuses to run files.
  const { NODE_TEST_CONTEXT, ...env } = process.env as Record<string, string>;
  const argv = [process.execPath, script, mode, file];
  const { status, stdout } = await run(argv, { env });
  const lines = stdout.replace(/^(failed:|skipped:|output of) .*some\.test\.mjs/gm, '$1 FILE');
  return { status, lines: lines.split('\n').filter((line) => !/^ {4,}at /.test(line)) };
}

test('passes are counted, and nothing else is printed', async () => {
  const { status, lines } = await report(`
    test('a', async (t) => { await t.test('b', () => {}); });
    describe('c', () => { it('d', () => {}); });
    console.log('chatter');`);
  assert.deepEqual({ status, lines }, { status: 0, lines: ['3 passed, 0 failed, 0 skipped', ''] });
});

test("a failure is printed in full, with its file's output", async () => {
  const { status, lines } = await report(`
    test('good', () => {});
    test('bad', () => { console.log('clue'); throw new Error('broken'); });`);
  assert.equal(status, 1);
  assert.deepEqual(lines.slice(0, 2), ['failed: FILE: bad', '    Error: broken']);
  assert.match(lines.join('\n'), /^output of FILE:\n {4}clue$/m);
  assert.deepEqual(lines.slice(-2), ['1 passed, 1 failed, 0 skipped', '']);
});

test('a failure is named with its suites', async () => {
  const { lines } = await report(`
    describe('a', () => { describe('b', () => { it('c', () => { throw new Error('broken'); }); }); it('d', () => {}); });`);
  assert.equal(lines[0], 'failed: FILE: a: b: c');
});

test('a report names the files that used most of a processor', () => {
  const files = Array.from({ length: 16 }, (_, i) => `file-${i}`);
  let used = 5;
  const tally = new Tally({ shown: (file) => file, strict: false, files, used: () => used });
  for (const [i, file] of files.entries()) {
    used += i;
    tally.add({ type: 'test:complete', data: { file, name: file, details: { duration_ms: i * 2000 } } });
  }
  const dearest = files.map((file, i) => `${file} ${i} s (in ${i * 2} s)`).slice(1);
  const line = `processor time: 120 s; most: ${dearest.reverse().join(', ')}`;
  assert.ok(tally.report().text.split('\n').includes(line));
});

test('skipped tests of a file with one reason are counted', async () => {
  const { lines } = await report(
    `for (const name of ['a', 'b']) test(name, { skip: 'no root' }, () => {}); test('now', () => {});`,
  );
  assert.deepEqual(lines.slice(0, 2), ['skipped: FILE: 2 tests', '    no root']);
});

test('a skipped test is named with its reason', async () => {
  assert.deepEqual(await report(`test('later', { skip: 'no root' }, () => {}); test('now', () => {});`), {
    status: 0,
    lines: ['skipped: FILE: later', '    no root', '1 passed, 0 failed, 1 skipped', ''],
  });
});

test('in strict mode a skipped test has failed', async () => {
  assert.deepEqual(
    await report(`test('later', { skip: 'no root' }, () => {}); test('now', () => {});`, 'strict'),
    {
      status: 1,
      lines: [
        'failed: FILE: later',
        '    skipped, which counts as failed here: no root',
        '1 passed, 1 failed, 0 skipped',
        '',
      ],
    },
  );
});

/** What the runner says of a file with a failed test while it runs, with the folder's name taken out. */
async function progressOf(argv: (runner: readonly string[]) => readonly string[]) {
  const file = join(folder, 'some.test.mjs');
  writeFileSync(file, `import test from 'node:test';\ntest('bad', () => { throw new Error('broken'); });`);
  const { NODE_TEST_CONTEXT, ...env } = process.env as Record<string, string>;
  const { stdout, stderr } = await run(argv([process.execPath, script, 'lenient', file]), {
    env: { ...env, TERM: 'linux' },
  });
  const shown = (text: string) =>
    text.replaceAll('\r\x1b[K', '<clear>').replace(/(failed: |running: )\S*some\.test\.mjs/g, '$1FILE');
  return { stdout: shown(stdout), stderr: shown(stderr) };
}

test('a failure is printed at once, apart from the report', async () => {
  const { stdout, stderr } = await progressOf((runner) => runner);
  assert.equal(stderr, 'failed: FILE: bad\n');
  assert.match(stdout, /^failed: FILE: bad\n(?:.*\n)*0 passed, 1 failed, 0 skipped\n$/);
});

test('a terminal shows the running files in one line', async () => {
  const { stdout } = await progressOf((runner) => ['script', '-qec', runner.join(' '), '/dev/null']);
  assert.match(stdout, /<clear>0:\d\d 0 of 1 files; running: /);
  assert.match(stdout, /<clear>failed: FILE: bad\r\n/);
  assert.match(stdout, /1 of 1 files, 1 failed<clear>failed: /);
});

/** How many tests an early exit still reports depends on the moment. */
const BROKEN: readonly [what: string, text: string, last: RegExp][] = [
  ['has no tests', '', /^0 passed, 1 failed, 0 skipped$/],
  ['cannot be loaded', 'throw new Error("load");', /^0 passed, 1 failed, 0 skipped$/],
  [
    'exits early with status 0',
    'test("a", () => {}); test("b", () => process.exit(0));',
    /^[01] passed, 1 failed, 0 skipped$/,
  ],
  [
    'waits for what never comes',
    'test("a", () => new Promise(() => {}));',
    /^0 passed, 1 failed, 0 skipped$/,
  ],
  [
    'has a failing hook',
    'describe("a", () => { before(() => { throw new Error("hook"); }); it("b", () => {}); });',
    /^0 passed, [12] failed, 0 skipped$/,
  ],
  [
    'fails a todo',
    'test("a", { todo: true }, () => { throw new Error("x"); });',
    /^0 passed, 1 failed, 0 skipped$/,
  ],
];

for (const [what, text, last] of BROKEN) {
  test(`a file that ${what} has failed`, async () => {
    const { status, lines } = await report(text);
    assert.notEqual(status, 0);
    assert.match(lines.at(-2) ?? '', last);
  });
}
