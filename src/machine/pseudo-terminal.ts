import type { Socket } from 'node:net';
import { EXIT, error, UserError } from '../diagnostic.js';

/** A pseudo-terminal for a service, and the relay of bytes between it and the caller's terminal. */
export interface PseudoTerminal {
  /** The terminal's path, for `TTYPath=`. */
  readonly path: string;
  /** Says that the unit has started: from then on the caller's terminal belongs to the service alone. */
  begin(): void;
  /** Says that the unit has ended: the rest of its output is delivered, then `ended` settles. */
  finish(): void;
  /** Ends the relay at once; the service sees a hang-up. */
  hangUp(): void;
  /** Settles when the user has detached from the service: its further output is dropped. */
  readonly detached: Promise<void>;
  /** Settles when the relay has ended, and the caller's terminal is restored. */
  readonly ended: Promise<RelayEnd>;
}

/** The end of a relay. `gone`: nothing is left to read the service's output. */
export type RelayEnd =
  | { readonly how: 'delivered' | 'gone' }
  /** The relay has written the reason to standard error. */
  | { readonly how: 'failed' }
  | { readonly how: 'interrupted'; readonly signal: number };

/** The ends by pty-relay's exit status. */
const ENDS: readonly [number, RelayEnd][] = [
  [0, { how: 'delivered' }],
  [4, { how: 'gone' }],
];
const SIGNALLED = 128;

/**
 * Creates a pseudo-terminal of the size of the caller's terminal.
 * @param program path of pty-relay, which outlives this program only to deliver output and to restore the terminal
 * @throws UserError `start-failed`
 */
export async function openPseudoTerminal(program: string): Promise<PseudoTerminal> {
  const { spawn } = await import('node:child_process');
  const child = spawn(program, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
  const control = child.stdio[3] as Socket;
  control.on('error', () => {}); // the relay has ended: its exit status shows how
  let reason: string | undefined;
  const ended = new Promise<RelayEnd>((resolve) => {
    child.on('error', (cause) => {
      reason = cause.message;
      resolve({ how: 'failed' });
    });
    child.on('exit', (status) => resolve(endOf(status)));
  });
  const lines = linesOf(control);
  const path = await Promise.race([lines[0], ended.then(() => undefined)]);
  if (path === undefined) {
    await ended;
    throw new UserError(
      error('start-failed', `can't create a terminal: ${reason ?? `${program} failed`}`),
      EXIT.failure,
    );
  }
  return {
    path,
    ended,
    detached: lines[1].then(() => undefined),
    begin: () => void control.write('\n'),
    finish: () => void control.end(),
    hangUp: () => {
      child.kill('SIGTERM');
      // ^Z may have stopped the relay.
      child.kill('SIGCONT');
    },
  };
}

function endOf(status: number | null): RelayEnd {
  const end = ENDS.find(([number]) => number === status)?.[1];
  if (end) return end;
  return status !== null && status > SIGNALLED
    ? { how: 'interrupted', signal: status - SIGNALLED }
    : { how: 'failed' };
}

/** The first two lines of a stream, each when it comes. */
function linesOf(stream: Socket): [Promise<string>, Promise<string>] {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const line = (number: 0 | 1) =>
    new Promise<string>((resolve) => {
      stream.on('data', () => {
        const lines = text.split('\n').slice(0, -1);
        if (number in lines) resolve(lines[number]!);
      });
    });
  return [line(0), line(1)];
}
