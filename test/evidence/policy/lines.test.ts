import assert from 'node:assert/strict';
import { test } from 'node:test';
import { policyLines } from '../../../src/evidence/policy/lines.js';
import { learned } from '../../support/learned.js';
import { MEMCACHED } from '../../support/learned-services.js';

const written = learned(MEMCACHED, {
  reachable: new Set(['sysinfo', 'ptrace']),
  readyGap: 'nobody can',
});
const lines = policyLines(written);
const partsOf = (name: string) => lines.filter((line) => line.name === name).map(({ part }) => part);

test('each line of a policy is there once, with its part and its evidence', () => {
  assert.deepEqual(['read', 'sysinfo', 'clone3', 'ptrace'].map(partsOf), [
    ['allow'],
    ['log'],
    ['deny'],
    ['none'],
  ]);
  assert.deepEqual(partsOf('socket'), ['rules']);
  assert.deepEqual(partsOf('clone'), ['allow', 'rules']);
  assert.deepEqual(partsOf('/usr/bin/memcached'), ['exec']);
  assert.ok(lines.every(({ evidence }) => evidence !== ''));
});

test('the lines are those of the text', () => {
  const { allow = [], log, deny } = written.policy.syscalls!;
  const of = (part: string) => lines.filter((line) => line.part === part).map(({ name }) => name);
  const names = (entries: readonly { name: string }[]) => entries.map(({ name }) => name).sort();
  assert.deepEqual(of('allow').sort(), names(allow));
  assert.deepEqual(of('log').sort(), names(log));
  assert.deepEqual(of('deny').sort(), names(deny.filter(({ name }) => name !== 'socket')));
  assert.deepEqual(of('service').sort(), names(written.policy.service));
  const value = lines.find(({ name }) => name === 'ProtectSystem')?.value;
  assert.deepEqual([value, partsOf('ProtectProc')], ['strict', ['none']]);
});
