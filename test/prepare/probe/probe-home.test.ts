import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valuesOfAll } from '../../../src/plan/policy-values.js';
import { probeHome } from '../../../src/prepare/probe/probe-home.js';
import { effectiveUnit } from '../../../src/unit/effective.js';
import { parseUnitFile } from '../../../src/unit/unit-file.js';
import { policyFrom } from '../../support/policy.js';

const POSTGRES = { name: 'postgres', id: '105', home: '/var/lib/postgresql' };

function warned(
  service: string,
  probe = '["psql", "-c", "SELECT 1"]',
  unit = 'User=postgres',
  account = POSTGRES,
) {
  const policy = policyFrom(`[service]\n${service}\n[apply]\nprobe = ${probe}\nprobe-as = "postgres"\n`);
  const file = parseUnitFile('/x.service', new TextEncoder().encode(`[Service]\n${unit}\n`));
  const commands = policy.probe!.filter((one) => 'argv' in one);
  const found = probeHome(policy.probeAs!, account, commands, valuesOfAll(policy, effectiveUnit([file])));
  return found.map(({ code, severity }) => `${severity}[${code}]`);
}

const STRICT = 'ProtectSystem = "strict"\n';
const WARNING = ['warning[probe]'];

test('a home that the service can write to is warned of', () => {
  assert.deepEqual(warned('Nice = 1'), WARNING);
  assert.deepEqual(warned('Nice = 1', undefined, ''), WARNING);
  assert.deepEqual(warned(`${STRICT}ReadWritePaths = ["-/var/lib/postgresql"]`), WARNING);
  assert.deepEqual(warned(`${STRICT}StateDirectory = ["postgresql"]`), WARNING);
  assert.deepEqual(warned(STRICT, undefined, undefined, { ...POSTGRES, home: '/home/db' }), WARNING);
});

test('no other is', () => {
  assert.deepEqual(warned(STRICT), []);
  assert.deepEqual(warned(`${STRICT}ReadWritePaths = ["/var/lib/postgresql/17"]`), []);
  assert.deepEqual(warned('Nice = 1', undefined, 'User=www-data'), []);
  const home = { ...POSTGRES, home: '/home/db' };
  for (const value of ['true', '"read-only"', '"tmpfs"'])
    assert.deepEqual(warned(`ProtectHome = ${value}`, undefined, undefined, home), []);
});

test('a probe that reads nothing in a home needs no warning', () => {
  for (const good of [
    '"psql", "-X"',
    '"/usr/bin/psql", "-c", "x", "--no-psqlrc"',
    '"curl", "-q", "x"',
    '"pg_isready"',
  ])
    assert.deepEqual(warned('Nice = 1', `[${good}]`), []);
  for (const bad of ['"curl", "x", "-q"', '"true"'])
    assert.deepEqual(warned('Nice = 1', `[${bad}]`), WARNING);
  assert.deepEqual(warned('Nice = 1', '[["psql", "-X"], ["mysqladmin", "ping"]]'), WARNING);
});
