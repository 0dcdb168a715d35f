/** The command in a box, without a start of Node for each command line: see command-server.ts. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Box } from './box.js';
import { assertPrinted } from './printed-json.js';
import { inRepository } from './repository.js';
import { HANGS_MS, type RunResult, shown } from './run.js';

const SERVER = inRepository('build/test/support/command-server.js');

/** Whose the command line is; default root's. */
export interface CommandOptions {
  readonly user?: string;
  /** More variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input. */
  readonly input?: string;
}

/** Whether a command line hands its own standard streams on. */
const hasStreams = ([verb, ...words]: readonly string[]): boolean =>
  verb === 'run' && words.some((word) => /^(?:-[a-zA-Z]*[PtS]|--(?:pipe|pty|shell)$)/.test(word));

interface Server {
  /** The socket, as this machine finds it. */
  readonly path: string;
  isBusy: boolean;
}

/** Servers by user. */
const servers = new WeakMap<Box, Map<string, Promise<Server>>>();

async function start(box: Box, user: string): Promise<Server> {
  const socket = `/tmp/command-server.${user}`;
  await box.start(['node', SERVER, socket], user === 'root' ? undefined : user);
  const path = `/proc/${box.pid}/root${socket}`;
  await box.waitFor('the command server', () => existsSync(path));
  return { path, isBusy: false };
}

function serverOf(box: Box, user: string): Promise<Server> {
  const started = servers.get(box) ?? new Map<string, Promise<Server>>();
  servers.set(box, started);
  const server = started.get(user) ?? start(box, user);
  started.set(user, server);
  return server;
}

async function ask(
  { path }: Server,
  asked: readonly [words: readonly string[], env: object, input?: string | undefined],
): Promise<RunResult> {
  const socket = connect(path);
  const late = () => socket.destroy(new Error(`no end after ${HANGS_MS} ms: ${shown(asked[0])}`));
  socket.setTimeout(HANGS_MS, late);
  await once(socket, 'connect');
  socket.end(JSON.stringify(asked));
  return JSON.parse(await text(socket));
}

/**
 * Runs a command line, whose JSON has to be as its schema says. Where one hasn't ended, the next has a process of its own, as it would have anyway.
 * @throws Error when it takes too long; a failing command is a result, not an error.
 */
export async function runCommand(
  box: Box,
  words: readonly string[],
  options: CommandOptions = {},
): Promise<RunResult> {
  const result = await answered(box, words, options);
  assertPrinted(words, result.stdout);
  return result;
}

async function answered(box: Box, words: readonly string[], options: CommandOptions): Promise<RunResult> {
  const server = await serverOf(box, options.user ?? 'root');
  if (server.isBusy || hasStreams(words))
    return box.exec(['node', inRepository('dist/sandbox-unit.cjs'), ...words], options);
  server.isBusy = true;
  try {
    return await ask(server, [words, options.env ?? {}, options.input]);
  } finally {
    server.isBusy = false;
  }
}
