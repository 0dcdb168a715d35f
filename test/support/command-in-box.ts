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

/** Hands its own standard streams on. */
const WITH_STREAMS = 'run';

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

async function ask({ path }: Server, words: readonly string[]): Promise<RunResult> {
  const socket = connect(path);
  socket.setTimeout(ANSWER_MS, () =>
    socket.destroy(new Error(`no end after ${ANSWER_MS} ms: ${shown(words)}`)),
  );
  await once(socket, 'connect');
  socket.end(JSON.stringify(words));
  return JSON.parse(await text(socket));
}

/**
 * Runs a command line as root. Where one hasn't ended, the next has a process of its own, as it would have.
 * @throws Error when it takes too long; a failing command is a result, not an error.
 */
export async function runCommand(box: Box, words: readonly string[]): Promise<RunResult> {
  if (!servers.has(box)) servers.set(box, start(box));
  const server = await servers.get(box)!;
  if (server.isBusy || words[0] === WITH_STREAMS)
    return box.exec(['node', inRepository('dist/sandbox-unit.cjs'), ...words]);
  server.isBusy = true;
  try {
    return await ask(server, words);
  } finally {
    server.isBusy = false;
  }
}
