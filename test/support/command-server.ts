/**
 * The command of dist/, started once in a box and asked many times: `node command-server.js SOCKET`. A connection is a
 * command line and more of an environment as JSON, and the result. Each runs as cli.ts runs it, but in the process of those before it.
 */
import { renameSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type Socket } from 'node:net';
import { homedir } from 'node:os';
import { shown } from '../../src/outcome.js';
import type { run as Run } from '../../src/program.js';
import { inRepository, REPOSITORY } from './repository.js';
import type { RunResult } from './run.js';

const { run }: { run: typeof Run } = createRequire(import.meta.url)(inRepository('dist/program.cjs'));

type Asked = readonly [argv: readonly string[], env: Readonly<Record<string, string>>];

async function answer([argv, env]: Asked): Promise<RunResult> {
  let stdout = '';
  let stderr = '';
  const print = (said: string) => {
    stdout += said;
  };
  const printError = (said: string) => {
    stderr += said;
  };
  const status = await run(argv, {
    home: REPOSITORY,
    self: [process.execPath, inRepository('dist/sandbox-unit.cjs')],
    environment: { ...process.env, ...env },
    homeDirectory: homedir(),
    print,
    printError,
    columns: () => 0,
    show(outcome, options) {
      const { output, errors } = shown(outcome, options);
      printError(errors);
      print(output);
    },
  });
  return { status, stdout, stderr };
}

function serve(socket: Socket): void {
  let asked = '';
  socket.on('data', (bytes) => {
    asked += bytes;
  });
  socket.on('end', async () => {
    const failure = (cause: Error) => ({ status: 255, stdout: '', stderr: cause.stack });
    socket.end(JSON.stringify(await answer(JSON.parse(asked)).catch(failure)));
  });
}

const path = process.argv[2]!;
// The name is there once somebody listens.
createServer({ allowHalfOpen: true }, serve).listen(`${path}.new`, () => renameSync(`${path}.new`, path));
