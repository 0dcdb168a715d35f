/** What is asked of the command whatever it is given. */
import assert from 'node:assert/strict';
import type { Box } from './box.js';
import type { RunResult } from './run.js';

/** Longer than a message and its place may be (diagnostic.ts), in characters. */
const MAX_LINE = 1400;
/** More than all diagnostics of one kind, with their frames and hints. */
const MAX_LINES = 500;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Whatever was said can be read on a terminal, and is no stack trace, nor said to be a defect. */
export function assertReadable({ stdout, stderr }: RunResult, what: string): void {
  const said = stdout + stderr;
  assert.doesNotMatch(said, CONTROL, `${what}: a control character`);
  assert.doesNotMatch(said, /^ {4}at |node:internal|\[internal\]|\[object |\bundefined\b/m, what);
  const lines = said.split('\n');
  const longest = lines.reduce((a, b) => (b.length > a.length ? b : a));
  assert.ok(longest.length <= MAX_LINE, `${what}: a line of ${longest.length} characters`);
  assert.ok(lines.length <= MAX_LINES, `${what}: ${lines.length} lines`);
}

/** What was refused is said to be, with this code and, for a file, its place. */
export function assertRefused(result: RunResult, code: string, what: string, place = ''): void {
  assertReadable(result, what);
  assert.ok([1, 2].includes(result.status), `${what}: status ${result.status}\n${result.stderr}`);
  const said = result.stderr.split('\n').filter((line) => line.includes(`error[${code}]: `));
  assert.ok(said.length > 0, `${what}: no error[${code}] in\n${result.stdout}${result.stderr}`);
  assert.ok(said[0]!.includes(place), `${what}: no place ${place} in\n${said[0]}`);
}

/** All that the command may write to, and what is beside it, in a box. */
const PLACES = [
  ...['/etc', '/run/systemd/system', '/run/systemd/transient', '/run/systemd/system.control'],
  ...['/usr/local/bin', '/usr/local/libexec', '/srv'],
];

/** Kinds, owners, links, sizes and contents of files, a line each; Node's 100 MB aren't read. */
export const listing = (box: Box): Promise<string> =>
  box.succeed([
    'bash',
    '-c',
    `find "$@" ! -type d -printf '%y %p %m %u %n %s %l\\n' -o -printf '%y %p %m %u\\n' 2>/dev/null | sort
     find "$@" -type f ! -name node -exec sha256sum {} + 2>/dev/null | sort`,
    'bash',
    ...PLACES,
  ]);
