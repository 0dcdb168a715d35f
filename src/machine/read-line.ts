import * as fs from 'node:fs';
import type { AwaitedLine } from './caller.js';

/** More than a person types, in characters. */
const LIMIT = 4096;

type TerminalInput = NodeJS.ReadStream & { readonly fd?: number };

/**
 * Listens to a stream for its next line, on a terminal for one that is yet to be typed. A stream that ends, fails or has a
 * line of any length but no end has none.
 */
export function readLine(stream: TerminalInput): AwaitedLine {
  discardTyped(stream);
  let text = '';
  let settle: (line: string | undefined) => void;
  const line = new Promise<string | undefined>((resolve) => {
    settle = resolve;
  });
  const hear = (chunk: Buffer | string) => {
    text += chunk;
    const end = text.indexOf('\n');
    if (end >= 0) settle(text.slice(0, end));
    else if (text.length > LIMIT) settle(undefined);
  };
  const end = () => settle(undefined);
  stream.on('data', hear).on('end', end).on('error', end);
  return {
    line,
    stop: () => {
      stream.off('data', hear).off('end', end).pause();
    },
  };
}

/** Reads the lines away that a terminal holds. An open file of its own doesn't wait for more, whatever others do. */
function discardTyped({ isTTY, fd }: TerminalInput): void {
  if (!isTTY || fd === undefined) return;
  const terminal = openTerminal(fd);
  if (terminal === undefined) return;
  try {
    while (fs.readSync(terminal, new Uint8Array(LIMIT)) > 0);
  } catch {
    // Nothing is there any more (EAGAIN), or the terminal is gone: the next read shows that.
  } finally {
    fs.closeSync(terminal);
  }
}

/** Opens a terminal for itself. Another user's, as after su(1), is the process's own at most. */
function openTerminal(fd: number): number | undefined {
  for (const path of [`/proc/self/fd/${fd}`, '/dev/tty']) {
    try {
      return fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK | fs.constants.O_NOCTTY);
    } catch {
      // Another user's, or none.
    }
  }
  return undefined;
}
