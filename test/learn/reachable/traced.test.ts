/** Tests of learn/reachable/find-reachable.ts: daemons make no call that isn't reachable, as strace sees them. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { findReachable } from '../../../src/learn/reachable/find-reachable.js';
import { RootFiles } from '../../../src/learn/reachable/root-files.js';
import { readFile } from '../../../src/machine/files/read.js';
import { walk } from '../../../src/machine/files/walk.js';
import { inLayer, layerAvailable } from '../../support/layer.js';
import { debianTree } from '../../support/tree.js';

const system = {
  read: async (...args: Parameters<typeof readFile>) => readFile(...args),
  walk: async (...args: Parameters<typeof walk>) => walk(...args),
  list: async (folder: string) => readdirSync(folder).sort(),
};

/** Daemons with what is done to them, in a shell: `$traced` runs a command under strace. */
const DAEMONS: Readonly<Record<string, { readonly program: string; readonly work: string }>> = {
  redis: {
    program: '/usr/bin/redis-server',
    work: `cd /tmp
      $traced redis-server --port 0 --unixsocket /tmp/socket --appendonly yes >/dev/null 2>&1 & daemon=$!
      redis() { redis-cli -s /tmp/socket "$@"; }
      until redis ping >/dev/null 2>&1; do sleep 0.1; done
      redis set a b; redis bgrewriteaof; redis save; redis shutdown`,
  },
  nginx: {
    program: '/usr/sbin/nginx',
    work: `echo "events {} http { server { listen unix:/tmp/socket; root /tmp; } }" >/tmp/nginx.conf
      $traced nginx -c /tmp/nginx.conf -g 'daemon off; user root; pid /tmp/nginx.pid; error_log /tmp/log;' & daemon=$!
      until curl -s --unix-socket /tmp/socket http://localhost/nginx.conf; do sleep 0.1; done
      kill -HUP $(cat /tmp/nginx.pid); curl -s --unix-socket /tmp/socket http://localhost/absent
      kill -QUIT $(cat /tmp/nginx.pid)`,
  },
};

/** Calls that the kernel puts into a program itself. */
const BY_KERNEL = new Set(['rt_sigreturn', 'restart_syscall']);

for (const [name, { program, work }] of Object.entries(DAEMONS)) {
  test(`every call that strace sees of ${name} is reachable`, {
    skip: layerAvailable('machine'),
  }, async () => {
    const script = `traced='strace -f -qq -o /tmp/trace'; { ${work}; wait $daemon; } >/dev/null 2>&1; cat /tmp/trace`;
    const { stdout } = await inLayer(['bash', '-c', script], { tree: 'machine' });
    const seen = new Set(stdout.split('\n').flatMap((line) => /^\d+ +([a-z]\w*)\(/.exec(line)?.[1] ?? []));
    assert.ok(seen.size > 40, [...seen].join(' '));
    const files = new RootFiles(system, { root: debianTree('machine'), binds: [] });
    const found = await findReachable(files, { programs: [program], mapped: [] });
    assert.ok('calls' in found, JSON.stringify(found));
    const astray = [...seen].filter((call) => !found.calls.has(call) && !BY_KERNEL.has(call));
    assert.deepEqual(astray, []);
    assert.ok(found.calls.size < 180, String(found.calls.size));
  });
}
