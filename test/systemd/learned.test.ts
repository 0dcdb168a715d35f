/** Policies learned from nginx and memcached, on these services as Debian packages them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Evidence } from '../../src/evidence/policy/input.js';
import { writePolicy } from '../../src/evidence/policy/write-policy.js';
import { parseSyscallFilterListing } from '../../src/syscalls/sets.js';
import { effectiveUnit } from '../../src/unit/effective.js';
import { parseUnitFile } from '../../src/unit/unit-file.js';
import type { Box } from '../support/box.js';
import { MEMCACHED, NGINX } from '../support/learned-services.js';
import { targetOf } from '../support/planned.js';
import { apply, bootWithPrograms, properties, sandboxUnit, servicesObstacle } from '../support/service.js';

const skip = servicesObstacle();
let box: Box;

before(async () => {
  if (skip) return;
  box = await bootWithPrograms('learned');
  await box.succeed(['mkdir', '-p', '/etc/sandbox-unit']);
  await box.succeed(['systemctl', 'start', 'nginx.service', 'memcached.service']);
});
after(() => box?.stop());

/** The policy for a unit of the box of which it isn't known what its program can reach. */
async function policyFor(evidence: Evidence): Promise<string> {
  const { unit } = evidence;
  const lines = await box.succeed(['systemctl', 'cat', unit]);
  const effective = effectiveUnit([parseUnitFile(unit, lines)]);
  const sets = parseSyscallFilterListing(await box.succeed(['systemd-analyze', 'syscall-filter']), '257');
  return writePolicy({ evidence, reachable: 'unknown', effective, target: targetOf(257, { sets }) }).text;
}

async function assertServes(ask: string, answer: RegExp): Promise<void> {
  let last = '';
  const served = async () => {
    last = (await box.sh(ask)).stdout;
    return answer.test(last);
  };
  await box.waitFor('an answer', served).catch(() => assert.match(last, answer));
}

async function assertStops(unit: string): Promise<void> {
  await box.succeed(['systemctl', 'stop', unit]);
  assert.equal((await properties(box, unit, 'Result')).Result, 'success');
}

async function assertEnforced(unit: string): Promise<void> {
  const { status, stdout, stderr } = await sandboxUnit(box, 'verify', unit);
  assert.equal(status, 0, stdout + stderr);
}

const GET = 'curl -sS http://127.0.0.1/';
const WELCOME = /<title>Welcome to nginx!<\/title>/;

test('nginx serves, takes a large body, reloads, rotates its log, restarts and stops', { skip }, async () => {
  const unit = 'nginx.service';
  assert.match(await apply(box, await policyFor(NGINX), unit), /^nginx\.service: applied$/m);
  await assertServes(GET, WELCOME);
  const large = 'head -c 900000 /dev/zero | curl -s -o /dev/null -w %{http_code} --data-binary @-';
  assert.equal((await box.sh(`${large} http://127.0.0.1/`)).stdout, '405');
  await box.succeed(['systemctl', 'reload', unit]);
  await assertServes(GET, WELCOME);
  const log = '/var/log/nginx/access.log';
  await box.sh(`mv ${log} ${log}.1; kill -USR1 $(cat /run/nginx.pid)`);
  await assertServes(`${GET} -o /dev/null; stat --format='%U %s' ${log}`, /^www-data [1-9]/);
  await box.succeed(['systemctl', 'restart', unit]);
  await assertServes(GET, WELCOME);
  await assertEnforced(unit);
  await assertStops(unit);
});

const STORE = `printf 'set key 0 0 7\\r\\na value\\r\\nget key\\r\\nquit\\r\\n' | curl -sS telnet://127.0.0.1:11211`;
const STORED = /^STORED\r\nVALUE key 0 7\r\na value\r\nEND\r\n$/;

test('memcached serves, restarts and stops; its start script is not confined', { skip }, async () => {
  const unit = 'memcached.service';
  assert.match(await apply(box, await policyFor(MEMCACHED), unit), /^memcached\.service: applied$/m);
  await assertServes(STORE, STORED);
  await box.succeed(['systemctl', 'restart', unit]);
  await assertServes(STORE, STORED);
  await assertEnforced(unit);
  await assertStops(unit);
});
