/** The command on a terminal of its own, by script(1). */
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

/** All that a command line prints on a terminal, with line ends as files have them. */
export async function onTerminal(words: readonly string[], options: TerminalOptions = {}): Promise<string> {
  const { columns = 80, rows = 1000, env = {}, typed = '' } = options;
  const set = Object.entries({ TERM: 'xterm', ...env }).map(([name, value]) => `${name}=${value}`);
  const command = ['env', ...set, process.execPath, CLI, ...words].map(quoted).join(' ');
  const shell = `stty cols ${columns} rows ${rows} && exec ${command}`;
  const child = spawn('script', ['--quiet', '--echo', 'never', '--command', shell, '/dev/null'], {
    env: { ...ENVIRONMENT, SHELL: '/bin/sh' },
    stdio: ['pipe', 'pipe', 'inherit'],
    // A pager that waits for more keys ends with its terminal.
    timeout: 60_000,
  });
  child.stdin.write(typed);
  const said = await text(child.stdout);
  child.stdin.end();
  return said.replaceAll('\r\n', '\n');
}
