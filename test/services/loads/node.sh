#!/bin/sh
# Node: a web server that reads and writes a file, compresses, and hashes in threads.
# shellcheck source-path=SCRIPTDIR source=common.sh
. "${0%/*}/common.sh"
unit=node-web.service

prepare() {
  mkdir -p /srv/node
  cat >/srv/node/server.mjs <<'JS'
import { scrypt } from 'node:crypto';
import { appendFile, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const LOG = `${process.env.STATE_DIRECTORY}/log`;
const ANSWERS = {
  '/': async () => 'hello\n',
  '/log': async () => `${(await readFile(LOG, 'utf8')).split('\n').length > 1}\n`,
  '/hash': async () => (await promisify(scrypt)('word', 'salt', 8)).toString('hex') + '\n',
  '/gzip': async () => promisify(gzip)('x'.repeat(100000)),
};
createServer(async (request, response) => {
  await appendFile(LOG, `${request.method} ${request.url}\n`);
  const answer = ANSWERS[request.url];
  response.statusCode = answer ? 200 : 404;
  response.end(answer ? await answer() : 'not here\n');
}).listen(8000, '127.0.0.1');
JS
  cat >/etc/systemd/system/$unit <<'UNIT'
[Service]
ExecStart=/usr/bin/node /srv/node/server.mjs
StateDirectory=node-web
DynamicUser=yes
UNIT
  systemctl daemon-reload
}

load() { ask_hash; }

other_load() {
  ask_hashes 20 200
  answers '^100000' sh -c 'curl -sS http://127.0.0.1:8000/gzip | gunzip | wc -c'
}

# Beside a program: threads that end with their answers, and functions that are new.
prepare_programs() {
  write_program
  {
    printf '%s\n' "import { execFile } from 'node:child_process';" "import { Worker } from 'node:worker_threads';"
    sed '/^const ANSWERS/r /dev/stdin' /srv/node/server.mjs <<'JS'
  '/program': () => new Promise((done) => done(promisify(execFile)('/usr/local/bin/program'))).then(({ stdout }) => stdout, String),
  '/thread': () => new Promise((done, fail) => {
    new Worker("require('worker_threads').parentPort.postMessage('hello\\n')", { eval: true }).on('message', done).on('error', fail);
  }),
  '/collect': async () => {
    const hot = new Function('n', 'let sum = 0; for (let i = 0; i < n; i++) sum += i; return sum');
    for (let i = 0; i < 2000; i++) hot(1000);
    gc();
    return 'hello\n';
  },
JS
  } >/srv/node/programs.mjs
  sed -i 's|/usr/bin/node .*|/usr/bin/node --expose-gc --trace-gc --trace-opt /srv/node/programs.mjs|' /etc/systemd/system/$unit
  log_all
}

start_program() {
  try_start journal curl -sS http://127.0.0.1:8000/program
}

collect() {
  from_now
  answers '^hello' curl -sS http://127.0.0.1:8000/collect
  answers 'Mark-Compact' told
  answers 'completed optimizing' told
}

run "$@"
