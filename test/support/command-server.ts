/**
 * The command, started once in a box and asked many times: `node command-server.js SOCKET`. A connection is a
 * command line, more of an environment and perhaps the input as JSON, and the result.
 */
import { renameSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { runCommand } from './command.js';

type Asked = readonly [argv: readonly string[], env: Readonly<Record<string, string>>, input?: string];

function serve(socket: Socket): void {
  let asked = '';
  socket.on('error', () => {}); // a test that failed meanwhile doesn't read its result
  socket.on('data', (bytes) => {
    asked += bytes;
  });
  socket.on('end', async () => {
    const failure = (cause: Error) => ({ status: 255, stdout: '', stderr: cause.stack });
    const [argv, env, input]: Asked = JSON.parse(asked);
    socket.end(JSON.stringify(await runCommand(argv, { ...process.env, ...env }, input).catch(failure)));
  });
}

const path = process.argv[2]!;
// The name is there once somebody listens.
createServer({ allowHalfOpen: true }, serve).listen(`${path}.new`, () => renameSync(`${path}.new`, path));
