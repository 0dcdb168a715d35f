import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from './progress.js';

type Details = { type?: string; passed?: boolean; error?: unknown };

const FILES = ['/here/test/a/one.test.ts', '/here/test/two.test.ts', '/here/test/three.test.ts'] as const;
const [ONE, TWO] = FILES;

/** A run of three files; what it writes, with control characters to be seen. */
function progress({ columns, strict = false }: { columns?: number; strict?: boolean } = {}) {
  let text = '';
  let now = 5_000;
  const it = new Progress({
    ...{ files: FILES.length, strict, columns: () => columns, now: () => now },
    shown: (file) => file.replace('/here/', ''),
    write: (more) => {
      text += more.replaceAll('\r\x1b[K', '<clear>');
    },
  });
  return {
    tick: () => it.tick(),
    end: () => it.end(),
    pass: (seconds: number) => {
      now += seconds * 1000;
    },
    begin: (file: string) => it.add({ type: 'test:dequeue', data: { file, name: file, nesting: 0 } }),
    complete: (file: string, name = file, details: Details = { passed: true }, skip?: string) =>
      it.add({ type: 'test:complete', data: { file, name, details, ...(skip ? { skip } : {}) } }),
    /** What was written since this was asked last. */
    written: () => {
      const was = text;
      text = '';
      return was;
    },
  };
}

const BROKEN = { passed: false, error: { failureType: 'testCodeFailure' } };
const BELOW = { passed: false, error: { failureType: 'subtestsFailed' } };

test('without a terminal a failure is printed at once, and each tick has a line', () => {
  const run = progress();
  run.begin(ONE);
  run.begin(TWO);
  run.complete(ONE, 'good');
  assert.equal(run.written(), '');
  run.complete(ONE, 'bad', BROKEN);
  assert.equal(run.written(), 'failed: test/a/one.test.ts: bad\n');
  run.complete(ONE, 'above', { ...BELOW, type: 'suite' });
  run.complete(ONE, ONE, BELOW);
  run.pass(65.9);
  assert.equal(run.written(), '');
  run.tick();
  assert.equal(run.written(), '1:05 1 of 3 files, 1 failed; running: two\n');
  run.end();
  assert.equal(run.written(), '');
});

test('a terminal has one line, which a failure replaces', () => {
  const run = progress({ columns: 50 });
  run.begin(ONE);
  assert.equal(run.written(), '<clear>0:00 0 of 3 files; running: a/one');
  run.complete(ONE, 'good');
  assert.equal(run.written(), '');
  run.complete(ONE, 'bad', BROKEN);
  assert.equal(
    run.written(),
    '<clear>failed: test/a/one.test.ts: bad\n<clear>0:00 0 of 3 files, 1 failed; running: a/one',
  );
  run.begin(TWO);
  assert.equal(run.written(), '<clear>0:00 0 of 3 files, 1 failed; running: a/one, two');
  run.pass(1);
  run.tick();
  assert.equal(run.written(), '<clear>0:01 0 of 3 files, 1 failed; running: a/one, two');
  run.end();
  assert.equal(run.written(), '<clear>');
});

test('the line is shorter than the terminal is wide, which would wrap it', () => {
  const run = progress({ columns: 20 });
  run.begin(ONE);
  assert.equal(run.written(), '<clear>0:00 0 of 3 files;…');
});

test('a file that fails by itself is named', () => {
  const run = progress();
  run.begin(ONE);
  run.complete(ONE, ONE, BROKEN);
  assert.equal(run.written(), 'failed: test/a/one.test.ts: (file)\n');
});

test('a skipped test is named if it counts as failed', () => {
  for (const strict of [false, true]) {
    const run = progress({ strict });
    run.begin(ONE);
    run.complete(ONE, 'later', { passed: true }, 'no root');
    assert.equal(run.written(), strict ? 'failed: test/a/one.test.ts: later\n' : '');
  }
});
