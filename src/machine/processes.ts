import { constants } from 'node:os';
import type { ProcessResult } from './system.js';

/** The time in which the output of a program that has ended is read to its end, in milliseconds. */
const LAST_OUTPUT = 1000;

/** A started program. */
export interface Child {
  readonly ended: Promise<ProcessResult>;
  /** Kills it and the programs that it has started, after this time. */
  endIn(milliseconds: number): void;
  end(): void;
}

/** Starts a program without a standard input. @param limit most characters of output: then it is killed */
export async function startProgram(argv: readonly string[], limit: number): Promise<Child> {
  // The module takes Node a while to load, and most commands run nothing.
  const { spawn } = await import('node:child_process');
  // A process group of its own lets the programs that it starts be killed with it, and Ctrl-C doesn't reach it.
  const child = spawn(argv[0]!, argv.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const output = { stdout: '', stderr: '' };
  const end = () => child.pid !== undefined && killGroup(child.pid);
  let late = false;
  let over = false;
  let timer: NodeJS.Timeout | undefined;
  let hush: NodeJS.Timeout | undefined;
  const keep = (stream: 'stdout' | 'stderr') => (chunk: string) => {
    output[stream] += chunk;
    if (output[stream].length > limit) end();
  };
  child.stdout!.setEncoding('utf8').on('data', keep('stdout'));
  child.stderr!.setEncoding('utf8').on('data', keep('stderr'));
  const ended = new Promise<ProcessResult>((resolve) => {
    child.on('error', (cause) =>
      resolve({ status: 127, unstartable: true, stdout: '', stderr: whyNotStarted(cause) }),
    );
    // Programs that it leaves running may hold the pipes open. They are killed, and 'close' follows; those in another
    // process group go on, and their output is dropped.
    child.on('exit', () => {
      end();
      hush = setTimeout(() => [child.stdout!, child.stderr!].map((pipe) => pipe.destroy()), LAST_OUTPUT);
    });
    child.on('close', (code, signal) => resolve({ status: statusOf(code, signal), late, ...output }));
  });
  void ended.then(() => {
    over = true;
    clearTimeout(timer);
    clearTimeout(hush);
  });
  return {
    ended,
    endIn(milliseconds) {
      if (over) return;
      timer = setTimeout(() => {
        late = true;
        end();
      }, milliseconds);
    },
    end,
  };
}

function killGroup(pid: number) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group has ended.
  }
}

function whyNotStarted({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'no such file';
  return code === 'EACCES' ? "it isn't executable" : message;
}

function statusOf(code: number | null, signal: NodeJS.Signals | null): number {
  if (code !== null) return code;
  return signal === null ? 1 : 128 + constants.signals[signal];
}
