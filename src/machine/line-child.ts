import type { LineChild } from './system.js';

/** Most bytes of a line, and most bytes of standard error that are kept. */
const LINE_LIMIT = 256 << 20;
const ERROR_LIMIT = 1 << 16;

/** A started program that speaks lines, and a function that kills it. */
export interface StartedLineChild {
  readonly child: LineChild;
  readonly ended: Promise<unknown>;
  kill(): void;
}

/**
 * Starts a program that reads and writes lines.
 * @param argv its path and arguments
 */
export async function startLineChild(argv: readonly string[]): Promise<StartedLineChild> {
  const { spawn } = await import('node:child_process');
  // A process group of its own keeps the terminal's Ctrl-C from it: it is ended by the end of its input.
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  const lines = new LineBuffer();
  let stderr = '';
  let isUnstartable = false;
  const kill = () => void child.kill('SIGKILL');
  child.stdout.on('data', (chunk: Buffer) => lines.add(chunk, LINE_LIMIT) || kill());
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    if (stderr.length < ERROR_LIMIT) stderr += chunk;
  });
  // A program may end without reading its input.
  child.stdin.on('error', () => undefined);
  const ended = new Promise<{ readonly status: number; readonly stderr: string }>((resolve) => {
    child.on('error', ({ message }) => {
      isUnstartable = true;
      lines.end();
      resolve({ status: 127, stderr: message });
    });
    child.on('close', (code) => {
      lines.end();
      if (!isUnstartable) resolve({ status: code ?? 128, stderr });
    });
  });
  const lineChild: LineChild = {
    send: (line) => void child.stdin.write(`${line}\n`),
    receive: () => lines.next(),
    end: async () => {
      child.stdin.end();
      return ended;
    },
  };
  return { child: lineChild, ended, kill };
}

/** Lines that arrive in pieces, for one reader. */
class LineBuffer {
  readonly #whole: string[] = [];
  #pieces: Buffer[] = [];
  #length = 0;
  #isOver = false;
  #wake: () => void = () => undefined;

  /** @returns false if a line is too long */
  add(chunk: Buffer, limit: number): boolean {
    let rest = chunk;
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      this.#whole.push(Buffer.concat([...this.#pieces, rest.subarray(0, end)]).toString());
      this.#pieces = [];
      this.#length = 0;
      rest = rest.subarray(end + 1);
    }
    this.#pieces.push(rest);
    this.#length += rest.length;
    this.#wake();
    return this.#length <= limit;
  }

  end() {
    this.#isOver = true;
    this.#wake();
  }

  /** The next line; undefined after the last. A line without an end isn't one. */
  async next(): Promise<string | undefined> {
    while (this.#whole.length === 0 && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#whole.shift();
  }
}
