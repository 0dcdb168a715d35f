/** Commands on a terminal of their own, by script(1). */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { CLI, ENVIRONMENT } from './cli.js';

export interface TerminalOptions {
  readonly columns?: number;
  readonly rows?: number;
  /** More variables; `TERM` is xterm. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is typed. */
  readonly typed?: string;
}

const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** The words that run a command on a terminal. */
export function terminalWords(words: readonly string[], options: TerminalOptions = {}): string[] {
  const { columns = 80, rows = 1000, env = {} } = options;
  const set = Object.entries({ TERM: 'xterm', ...env }).map(([name, value]) => `${name}=${value}`);
  const command = ['env', ...set, ...words].map(quoted).join(' ');
  const shell = `stty cols ${columns} rows ${rows} && exec ${command}`;
  return ['script', '--quiet', '--echo', 'never', '--return', '--command', shell, '/dev/null'];
}

/** Line ends as files have them. */
export const withoutReturns = (printed: string): string => printed.replaceAll('\r\n', '\n');

/** All that a command line prints on a terminal. */
export async function onTerminal(words: readonly string[], options: TerminalOptions = {}): Promise<string> {
  const [script, ...args] = terminalWords([process.execPath, CLI, ...words], options) as [
    string,
    ...string[],
  ];
  const child = spawn(script, args, {
    env: { ...ENVIRONMENT, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
    // A pager that waits for more keys ends with its terminal.
    timeout: 60_000,
  });
  child.stdin.write(options.typed ?? '');
  const said = await text(child.stdout);
  child.stdin.end();
  return withoutReturns(said);
}
