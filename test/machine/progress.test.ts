import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from '../../src/machine/progress.js';

const CLEAR = '\r\u001b[K';

/** A terminal with a clock that only the test moves. */
class Terminal {
  now = 0;
  said = '';
  columns = 80;
  #call: (() => void) | undefined;

  readonly options = {
    write: (text: string) => {
      this.said += text;
    },
    columns: () => this.columns,
    now: () => this.now,
    every: (_: number, call: () => void) => {
      this.#call = call;
      return () => {
        this.#call = undefined;
      };
    },
  };

  /** Lets seconds pass. @returns what is written meanwhile, the clearing of the line as `<` */
  pass(seconds: number): string {
    for (let i = 0; i < seconds; i++) {
      this.now += 1000;
      this.#call?.();
    }
    return this.take();
  }

  take(): string {
    const said = this.said.replaceAll(CLEAR, '<');
    this.said = '';
    return said;
  }
}

/** A step that ends when it is told to. */
function step() {
  let end: () => void = () => undefined;
  const run = () => new Promise<void>((resolve) => (end = resolve));
  return { run, end: () => end() };
}

test('a command has a progress line after the first second, and none when it has ended', () => {
  const terminal = new Terminal();
  const progress = new Progress(terminal.options, 'plan demo.service');
  assert.equal(terminal.take(), '');
  assert.equal(terminal.pass(1), '<plan demo.service … 1s');
  assert.equal(terminal.pass(1), '<plan demo.service … 2s');
  progress.end();
  assert.equal(terminal.take(), '<');
  assert.equal(terminal.pass(5), '');
});

test('a command that ends earlier has no progress line', () => {
  const terminal = new Terminal();
  new Progress(terminal.options, 'plan').end();
  assert.equal(terminal.pass(5), '');
});

test('the line shows the latest running step, and the number of finished ones if they are counted', async () => {
  const terminal = new Terminal();
  const progress = new Progress(terminal.options, 'apply');
  const [outer, inner, counted] = [step(), step(), step()];
  const all = progress.during('a: trying it out …', outer.run);
  assert.equal(terminal.pass(1), '<a: trying it out … 1s');
  const one = progress.during('b: its plan', inner.run);
  // Nobody knows whether the clock comes to its turn.
  assert.equal(terminal.take(), '<b: its plan … 1s');
  let done = 0;
  const many = progress.during(() => `units: ${done} of 3`, counted.run);
  done = 2;
  assert.equal(terminal.pass(1), '<units: 0 of 3 … 1s<units: 2 of 3 … 2s');
  counted.end();
  await many;
  assert.equal(terminal.pass(1), '<b: its plan … 3s');
  inner.end();
  await one;
  assert.equal(terminal.pass(1), '<a: trying it out … 4s');
  outer.end();
  await all;
  assert.equal(terminal.pass(1), '<apply … 5s');
});

test('a failed step has no line', async () => {
  const terminal = new Terminal();
  const progress = new Progress(terminal.options, 'plan');
  const failing = progress.during('a step', async () => {
    throw new Error('no');
  });
  await assert.rejects(failing, /no/);
  assert.equal(terminal.pass(1), '<plan … 1s');
});

test('messages are printed above the line, and a question hides it', () => {
  const terminal = new Terminal();
  const progress = new Progress(terminal.options, 'apply');
  terminal.pass(1);
  progress.tell('a line that stays');
  assert.equal(terminal.take(), '<a line that stays\n');
  assert.equal(terminal.pass(1), '<apply … 2s');
  const goOn = progress.pause();
  assert.equal(terminal.take(), '<');
  assert.equal(terminal.pass(3), '');
  goOn();
  goOn();
  assert.equal(terminal.pass(1), '<apply … 6s');
});

test('the line fits the terminal, without invisible characters', () => {
  const terminal = new Terminal();
  terminal.columns = 20;
  new Progress(terminal.options, `plan \u001b[2J${'x'.repeat(99)}`);
  const said = terminal.pass(1);
  assert.equal(said, '<plan \\x1b[2Jxx … 1s');
  assert.equal(said.length, 20);
  terminal.columns = 4;
  assert.equal(terminal.pass(1), '< … ');
});

test('without a terminal no progress is shown', async () => {
  const terminal = new Terminal();
  terminal.columns = 0;
  const progress = new Progress(terminal.options, 'plan');
  assert.equal(terminal.pass(3), '');
  await progress.during('a step', async () => assert.equal(terminal.pass(2), ''));
  progress.end();
  assert.equal(terminal.take(), '');
});

test("another program's terminal has no line", async () => {
  const terminal = new Terminal();
  const progress = new Progress(terminal.options, undefined);
  await progress.during('a step', async () => assert.equal(terminal.pass(2), ''));
  assert.equal(terminal.take(), '');
});

for (const [says, columns, line, told] of [
  ['is told where there is no terminal', 0, 'apply', 'waiting …\n'],
  ["is told where the terminal is another program's", 80, undefined, 'waiting …\n'],
  ['is shown on a terminal alone', 80, 'apply', ''],
] as const) {
  test(`a slow step ${says}`, async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const terminal = new Terminal();
    terminal.columns = columns;
    const progress = new Progress(terminal.options, line);
    const long = step();
    const waiting = progress.tellIfLong('waiting …', long.run, async () => 'more');
    t.mock.timers.tick(60_000);
    assert.equal(terminal.take(), told);
    await undefined;
    assert.match(terminal.take(), /more\n$/);
    if (told === '') assert.equal(terminal.pass(1), '<waiting … 1s');
    long.end();
    await waiting;
  });
}

test('a step that takes long is reported once; one that is over is not', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const terminal = new Terminal();
  terminal.columns = 0;
  const progress = new Progress(terminal.options, 'apply');
  const [long, short] = [step(), step()];
  const waiting = progress.tellIfLong('waiting …', long.run);
  t.mock.timers.tick(9_999);
  assert.equal(terminal.take(), '');
  t.mock.timers.tick(60_000);
  long.end();
  await waiting;
  assert.equal(terminal.take(), 'waiting …\n');
  const quick = progress.tellIfLong('waiting …', short.run);
  short.end();
  await quick;
  t.mock.timers.tick(60_000);
  assert.equal(terminal.take(), '');
});
