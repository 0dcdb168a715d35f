/** The relay of `run --pty`, between a terminal or something else and a program on its pseudo-terminal. */
import assert from 'node:assert/strict';
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { constants as os } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { buildLauncher, compileProgram, launcherObstacle, sharedFolder } from '../support/native.js';
import { run } from '../support/run.js';
import { temporaryFolder } from '../support/temporary.js';
import { until } from '../support/until.js';

const skip = launcherObstacle();
const folder = sharedFolder();
let relay: string;
let terminal: string;

before(async () => {
  if (skip) return;
  relay = join(dirname(await buildLauncher(folder)), 'pty-relay');
  terminal = await compileProgram('terminal', folder, ['-lutil']);
});

/** A relay, started and told about as `run` does. */
class Relay {
  readonly child: ChildProcess;
  path = '';
  readonly #shown: Buffer[] = [];
  #errors = '';

  constructor(t: TestContext, argv: readonly string[], stdio: StdioOptions) {
    this.child = spawn(argv[0]!, argv.slice(1), { stdio });
    t.after(() => this.child.kill('SIGKILL'));
    this.child.stdout?.on('data', (chunk: Buffer) => this.#shown.push(chunk));
    this.child.stderr?.on('data', (chunk) => {
      this.#errors += chunk;
    });
    for (const stream of this.child.stdio) stream?.on('error', () => {});
  }

  get control(): Readable & Writable {
    return this.child.stdio[3] as Readable & Writable;
  }

  async ready(): Promise<this> {
    this.path = String((await once(this.control, 'data'))[0]).trim();
    assert.match(this.path, /^\/dev\/pts\/\d+$/);
    return this;
  }

  begin() {
    this.control.write('\n');
  }

  type(bytes: string | Uint8Array) {
    this.child.stdin!.write(bytes);
  }

  order(line: string) {
    (this.child.stdio[4] as Writable).write(`${line}\n`);
  }

  get shown(): Buffer {
    return Buffer.concat(this.#shown);
  }

  async shows(text: string) {
    await until(`${JSON.stringify(text)} is shown`, () => this.shown.includes(text)).catch((cause) => {
      throw new Error(`${cause.message}: ${JSON.stringify(this.shown.toString('latin1').slice(0, 2000))}`);
    });
  }

  /** The relay itself: behind the terminal, its only child. */
  get pid(): number {
    const { pid } = this.child;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return Number(children || pid);
  }

  /** What was said of the end; a relay without a terminal says nothing. */
  async end(): Promise<string | number | null> {
    if (this.child.exitCode === null && this.child.signalCode === null) await once(this.child, 'close');
    return this.#errors === '' ? this.child.exitCode : this.#errors;
  }
}

const PIPES: StdioOptions = ['pipe', 'pipe', 'pipe', 'pipe', 'pipe'];

/** A relay on a terminal. */
const onTerminal = (t: TestContext, ...options: string[]) =>
  new Relay(t, [terminal, ...options, relay], PIPES).ready();

/** A relay without any. */
const withoutTerminal = (t: TestContext, input: 'pipe' | number = 'pipe') =>
  new Relay(t, [relay], [input, ...PIPES.slice(1, 4)] as StdioOptions).ready();

/** A shell script on a pseudo-terminal, as a service has it. */
function service(t: TestContext, path: string, script: string) {
  const fd = openSync(path, constants.O_RDWR | constants.O_NOCTTY);
  const child = spawn('setsid', ['--ctty', '--wait', 'sh', '-c', script], { stdio: [fd, fd, fd] });
  closeSync(fd);
  t.after(() => child.kill('SIGKILL'));
  const ended = once(child, 'close') as Promise<[number | null]>;
  return { child, ended };
}

const RAW = 'stty raw -echo; printf ready;';

/** Every byte, in an order that isn't that of the detach keys. */
const EVERY_BYTE = Buffer.from(Array.from({ length: 256 }, (_, i) => i));

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Bytes of all values, without repetition. */
function manyBytes(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0, state = 1; i < length; i++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[i] = state >>> 16;
  }
  return bytes;
}

describe('pty-relay on a terminal', { skip }, () => {
  test('every byte passes, both ways', async (t) => {
    const one = await onTerminal(t);
    one.begin();
    const { ended } = service(t, one.path, `${RAW} head -c 256`);
    await one.shows('ready');
    one.type(EVERY_BYTE);
    await ended;
    one.control.end();
    assert.equal(await one.end(), 'exit 0\n');
    assert.deepEqual(one.shown, Buffer.concat([Buffer.from('ready'), EVERY_BYTE]));
  });

  test('^C and ^Z are for the service', async (t) => {
    const one = await onTerminal(t);
    one.begin();
    service(t, one.path, 'trap "echo interrupted" INT; echo ready; while :; do sleep 0.05; done');
    await one.shows('ready');
    one.type('\x03');
    await one.shows('interrupted\r\n');
  });

  test('the size always follows the terminal', async (t) => {
    const one = await onTerminal(t);
    one.begin();
    service(t, one.path, 'trap "stty size" WINCH; echo ready; while :; do sleep 0.05; done');
    await one.shows('ready');
    one.order('40 100');
    await one.shows('40 100\r\n');
    one.order('20 66');
    await one.shows('20 66\r\n');
  });

  test('^] three times within a second detaches: the service keeps running, and gets a hang-up at the end', async (t) => {
    const one = await onTerminal(t);
    one.begin();
    const lines = join(temporaryFolder(t), 'lines');
    const { ended } = service(
      t,
      one.path,
      `trap "exit 9" HUP; stty -echo; echo ready; i=0
       while :; do i=$((i + 1)); printf "%1000s $i\\n"; echo $i >${lines}.new; mv ${lines}.new ${lines}; sleep 0.01; done`,
    );
    const printed = () => Number(readFileSync(lines, 'utf8'));
    await one.shows('ready');
    one.type('\x1d\x1d.\x1d\x1d');
    await sleep(1100);
    one.type('\x1d');
    await one.shows(` ${printed()}`);
    const detached = once(one.control, 'data');
    one.type('\x1d');
    one.type('\x1d');
    assert.equal(String((await detached)[0]), '\n');
    // More than a terminal's buffer holds: what it prints is read, and shown to nobody.
    const before = printed();
    // What was on its way to be shown arrives.
    await until('it prints', () => printed() > before + 50);
    const shown = one.shown.length;
    await until('it prints on', () => printed() > before + 100);
    assert.equal(one.shown.length, shown);
    assert.equal(one.child.exitCode, null);
    one.control.end();
    assert.equal(await one.end(), 'exit 0\n');
    assert.deepEqual(await ended, [9, null]);
  });

  for (const name of ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT'] as const) {
    test(`${name} ends it, and the service gets a hang-up`, async (t) => {
      const one = await onTerminal(t);
      one.begin();
      const { ended } = service(t, one.path, 'trap "exit 9" HUP; echo ready; while :; do sleep 0.05; done');
      await one.shows('ready');
      process.kill(one.pid, name);
      assert.equal(await one.end(), `exit ${128 + os.signals[name]}\n`);
      assert.deepEqual(await ended, [9, null]);
    });
  }

  test('endless output after the end is cut off', async (t) => {
    const one = await onTerminal(t);
    one.begin();
    service(t, one.path, 'trap "" HUP; echo ready; while :; do yes; done');
    await one.shows('ready');
    one.control.end();
    assert.equal(await one.end(), 'exit 0\n');
  });

  test('the death of its parent ends it', async (t) => {
    const one = await onTerminal(t);
    one.begin();
    service(t, one.path, 'echo ready; exec sleep 1000');
    await one.shows('ready');
    one.control.destroy();
    assert.equal(await one.end(), 'exit 0\n');
  });

  test('the end of the terminal ends it', async (t) => {
    const one = await onTerminal(t);
    one.begin();
    service(t, one.path, 'echo ready; exec sleep 1000');
    await one.shows('ready');
    one.order('hang-up');
    // Its signal may come first, or the end of what is typed.
    assert.match(String(await one.end()), /^exit (?:4|129)\n$/);
  });

  test('a closed reader ends it', async (t) => {
    const one = await onTerminal(t, '--output-elsewhere');
    one.begin();
    service(t, one.path, 'echo ready; while :; do echo more; sleep 0.01; done');
    await one.shows('ready');
    one.child.stdout!.destroy();
    assert.equal(await one.end(), 'exit 4\n');
  });

  test('the terminal is unchanged before the unit has started', async (t) => {
    const one = await onTerminal(t);
    const modes = () => run(['stty', '-g', '-F', readlinkSync(`/proc/${one.pid}/fd/0`)]);
    const before = await modes();
    service(t, one.path, 'echo ready; exec sleep 1000');
    one.type('early\n');
    await one.shows('early\r\n');
    assert.deepEqual(await modes(), before);
    one.begin();
    // The terminal itself has echoed what was typed before; the pseudo-terminal does again.
    await until('both have', () => one.shown.toString().split('early\r\n').length === 3);
    await one.shows('ready\r\n');
    assert.notDeepEqual(await modes(), before);
    one.control.end();
    assert.equal(await one.end(), 'exit 0\n');
  });

  test('the terminal is unchanged while it is stopped', async (t) => {
    const one = await onTerminal(t);
    const path = readlinkSync(`/proc/${one.pid}/fd/0`);
    const modes = async () => (await run(['stty', '-g', '-F', path])).stdout;
    const before = await modes();
    one.begin();
    service(t, one.path, 'stty -echo; echo ready; read line; echo "got $line"; exec sleep 1000');
    await one.shows('ready');
    const raw = await modes();
    assert.notEqual(raw, before);
    process.kill(one.pid, 'SIGTSTP');
    await until('it is as before', async () => (await modes()) === before);
    process.kill(one.pid, 'SIGCONT');
    await until('it is raw', async () => (await modes()) === raw);
    one.type('a line\n');
    await one.shows('got a line\r\n');
  });
});

describe('pty-relay with much data', { skip }, () => {
  const MUCH = manyBytes(10 << 20);
  const file = join(folder, 'much');

  test('output is delivered to a slow reader, though the service has ended', async (t) => {
    writeFileSync(file, MUCH);
    const one = await withoutTerminal(t);
    one.begin();
    one.child.stdout!.pause();
    const { ended } = service(t, one.path, `stty raw; cat ${file}`);
    await sleep(200);
    one.child.stdout!.resume();
    await ended;
    one.child.stdout!.pause();
    one.control.end();
    await sleep(200);
    one.child.stdout!.resume();
    assert.equal(await one.end(), 0);
    assert.equal(hash(one.shown), hash(MUCH));
  });

  test('output is delivered to a terminal', async (t) => {
    writeFileSync(file, MUCH);
    const one = await onTerminal(t);
    one.begin();
    const { ended } = service(t, one.path, `stty raw; cat ${file}`);
    await ended;
    one.control.end();
    assert.equal(await one.end(), 'exit 0\n');
    assert.equal(hash(one.shown), hash(MUCH));
  });

  test('input is delivered, also from a file, in which detach keys have no effect', async (t) => {
    const input = Buffer.concat([Buffer.from('\x1d\x1d\x1d'), MUCH]);
    writeFileSync(file, input);
    const fd = openSync(file, 'r');
    const one = await withoutTerminal(t, fd);
    closeSync(fd);
    const { ended } = service(t, one.path, `${RAW} head -c ${input.length} | sha256sum; sleep 0.1`);
    await until('it is raw', async () => /-icanon/.test((await run(['stty', '-a', '-F', one.path])).stdout));
    one.begin();
    await ended;
    one.control.end();
    assert.equal(await one.end(), 0);
    assert.equal(one.shown.toString(), `ready${hash(input)}  -\n`);
  });
});

describe('pty-relay without a terminal', { skip }, () => {
  test('the size is 24 by 80', async (t) => {
    const one = await withoutTerminal(t);
    const { ended } = service(t, one.path, 'stty size');
    await ended;
    one.begin();
    one.control.end();
    assert.equal(await one.end(), 0);
    assert.equal(one.shown.toString(), '24 80\r\n');
  });

  const INPUTS: readonly [string, string, string][] = [
    ['lines', 'one\ntwo\n', 'one|two|'],
    ['a line that does not end', 'one\ntwo', 'one|two'],
    ['nothing', '', ''],
  ];
  for (const [name, input, read] of INPUTS) {
    test(`the end of the input is the service's: ${name}`, async (t) => {
      const one = await withoutTerminal(t);
      one.begin();
      one.child.stdin!.end(input);
      const { ended } = service(t, one.path, `stty -echo; printf ready; cat | tr '\\n' '|'`);
      assert.deepEqual(await ended, [0, null]);
      one.control.end();
      assert.equal(await one.end(), 0);
      assert.ok(one.shown.toString().endsWith(`ready${read}`), JSON.stringify(one.shown.toString()));
    });
  }

  test('works with /dev/null', async (t) => {
    const fd = openSync('/dev/null', 'r');
    const one = await withoutTerminal(t, fd);
    closeSync(fd);
    one.begin();
    const { ended } = service(t, one.path, 'stty -echo; cat; echo end');
    assert.deepEqual(await ended, [0, null]);
    one.control.end();
    assert.equal(await one.end(), 0);
    assert.match(one.shown.toString(), /end\r\n$/);
  });

  test('a full disk is a failure', async (t) => {
    const full = openSync('/dev/full', 'w');
    const one = await new Relay(t, [relay], ['ignore', full, 'pipe', 'pipe']).ready();
    closeSync(full);
    one.begin();
    service(t, one.path, 'echo more; exec sleep 1000');
    assert.match(String(await one.end()), /^pty-relay: can't write to standard output: .*\n$/);
    assert.equal(one.child.exitCode, 1);
  });
});

test('pty-relay takes no arguments', { skip }, async () => {
  assert.match((await run([relay, '--help'])).stdout, /^usage: pty-relay /);
  assert.match((await run([relay, '--version'])).stdout, /^pty-relay \d/);
  assert.deepEqual(await run([relay, '/dev/tty']), {
    status: 2,
    stdout: '',
    stderr: "pty-relay: takes no argument: '/dev/tty'; see pty-relay --help\n",
  });
  const { status, stderr } = await run([relay]); // nobody has started it
  assert.equal(status, 1);
  assert.match(stderr, /^pty-relay: can't tell its path: /);
});
