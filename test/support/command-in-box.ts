/** The command in a box, without a start of Node for each command line: see command-server.ts. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Box } from './box.js';
import { inRepository } from './repository.js';
import { type RunResult, shown } from './run.js';

/** In the box. */
const SOCKET = '/run/command-server';
const SERVER = inRepository('build/test/support/command-server.js');
const ANSWER_MS = 60_000;

/** Whether a command line hands its own standard streams on. */
const hasStreams = ([verb, ...words]: readonly string[]): boolean =>
  verb === 'run' && words.some((word) => /^(?:-[a-zA-Z]*[PtS]|--(?:pipe|pty|shell)$)/.test(word));

interface Server {
  /** The socket, as this machine finds it. */
  readonly path: string;
  isBusy: boolean;
}

const servers = new WeakMap<Box, Promise<Server>>();

async function start(box: Box): Promise<Server> {
  box.start(['node', SERVER, SOCKET]);
  const path = `/proc/${box.pid}/root${SOCKET}`;
  await box.waitFor('the command server', () => existsSync(path));
  return { path, isBusy: false };
}

type Environment = Readonly<Record<string, string>>;

async function ask({ path }: Server, words: readonly string[], env: Environment): Promise<RunResult> {
  const socket = connect(path);
  socket.setTimeout(ANSWER_MS, () =>
    socket.destroy(new Error(`no end after ${ANSWER_MS} ms: ${shown(words)}`)),
  );
  await once(socket, 'connect');
  socket.end(JSON.stringify([words, env]));
  return JSON.parse(await text(socket));
}

/**
 * Runs a command line as root, with more variables in its environment. Where one hasn't ended, the next has a process of its own, as it would have.
 * @throws Error when it takes too long; a failing command is a result, not an error.
 */
export async function runCommand(
  box: Box,
  words: readonly string[],
  env: Environment = {},
): Promise<RunResult> {
  if (!servers.has(box)) servers.set(box, start(box));
  const server = await servers.get(box)!;
  if (server.isBusy || hasStreams(words))
    return box.exec(['node', inRepository('dist/sandbox-unit.cjs'), ...words], { env });
  server.isBusy = true;
  try {
    return await ask(server, words, env);
  } finally {
    server.isBusy = false;
  }
}
