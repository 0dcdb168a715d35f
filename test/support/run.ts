import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** What takes longer hangs, on a machine with ten times as much to do, too: a limit that no test is meant to reach. */
export const HANGS_MS = 900_000;

export interface RunOptions {
  readonly input?: string | Uint8Array;
  /** The whole environment; default: that of the tests. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** After this time the command and its process group are killed (default `HANGS_MS`). */
  readonly timeoutMs?: number;
}

export interface RunResult {
  /** Exit status, or 128 plus the signal's number as shells have it. */
  readonly status: number;
  readonly signal?: NodeJS.Signals;
  readonly stdout: string;
  readonly stderr: string;
}

/** The arguments as one line, for messages. */
export const shown = (argv: readonly string[]): string => argv.map((word) => JSON.stringify(word)).join(' ');

/**
 * Runs a command to its end, in a process group of its own.
 * @throws Error when it can't be started or takes too long; a failing command is a result, not an error.
 */
export function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const { env, cwd, timeoutMs = HANGS_MS } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(argv[0]!, argv.slice(1), { detached: true, env, cwd });
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on('data', (chunk) => output.stdout.push(chunk));
    child.stderr.on('data', (chunk) => output.stderr.push(chunk));
    child.stdin.on('error', () => {}); // it may end without reading its input
    child.stdin.end(options.input ?? '');
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process.kill(-child.pid!, 'SIGKILL');
    }, timeoutMs);
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const stdout = Buffer.concat(output.stdout).toString();
      const stderr = Buffer.concat(output.stderr).toString();
      if (late) reject(new Error(`no end after ${timeoutMs} ms: ${shown(argv)}\n${stdout}${stderr}`));
      else resolve(result(code, signal, stdout, stderr));
    });
  });
}

function result(
  code: number | null,
  signal: NodeJS.Signals | null,
  stdout: string,
  stderr: string,
): RunResult {
  if (signal === null) return { status: code!, stdout, stderr };
  return { status: 128 + constants.signals[signal], signal, stdout, stderr };
}

/** The lines of an output. */
export const splitLines = (text: string): string[] => text.trim().split('\n');
