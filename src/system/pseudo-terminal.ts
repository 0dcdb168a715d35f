import type { Socket } from 'node:net';
import { EXIT, error, UserError } from '../diagnostic.js';

/** A pseudo-terminal for a service, and what carries bytes between it and the caller's terminal. */
export interface PseudoTerminal {
  /** For `TTYPath=`. */
  readonly path: string;
  /** The unit has started: from now on the caller's terminal is the service's, and nobody else's. */
  begin(): void;
  /** The unit has ended: what it has printed is still delivered, then `ended` settles. */
  finish(): void;
  /** Ends the carrying at once; the service sees a hang-up. */
  hangUp(): void;
  /** Settles when the user has taken the terminal back: what the service prints from then on goes nowhere. */
  readonly detached: Promise<void>;
  /** Settles when the carrying has ended, and the terminal is given back. */
  readonly ended: Promise<RelayEnd>;
}

/** `gone`: nobody is left to read what the service prints. */
export type RelayEnd =
  | { readonly how: 'delivered' | 'gone' }
  /** What failed was said on standard error. */
  | { readonly how: 'failed' }
  | { readonly how: 'interrupted'; readonly signal: number };

/** The exit statuses of pty-relay. */
const ENDS: readonly [number, RelayEnd][] = [
  [0, { how: 'delivered' }],
  [4, { how: 'gone' }],
];
const SIGNALLED = 128;

/**
 * Makes a pseudo-terminal of the size of the caller's terminal.
 * @param program path of pty-relay, which outlives this program only to deliver and to give the terminal back
 * @throws UserError `no-terminal`
 */
export async function openPseudoTerminal(program: string): Promise<PseudoTerminal> {
  const { spawn } = await import('node:child_process');
  const child = spawn(program, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
  const control = child.stdio[3] as Socket;
  control.on('error', () => {}); // it has ended: its exit status says how
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
      error('no-terminal', `can't make a terminal: ${reason ?? `${program} failed`}`),
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
      // It may have been stopped by ^Z.
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

/** The first two lines, when they come. */
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
