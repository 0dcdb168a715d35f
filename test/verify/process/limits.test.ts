import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownValue } from '../../../src/verify/process/limits.js';
import type { SeenProcess } from '../../../src/verify/process/seen-process.js';

const ALL = (1n << 41n) - 1n;
const CAP_SYS_NICE = 1n << 23n;
const CAP_SYS_RESOURCE = 1n << 24n;

/** What the manager gives to a service that may raise nothing by itself. */
const GIVEN = {
  ...{ NoNewPrivileges: true, UID: 1, GID: 1, CapabilityBoundingSet: 0n, LimitNICE: 0n, LimitRTPRIO: 0n },
  ...{ Nice: 5, OOMScoreAdjust: 100, Personality: 'x86', CPUSchedulingPolicy: 3, UMask: 0o77 },
};

type Values = Readonly<Record<'nice' | 'policy' | 'score' | 'personality' | 'umask', string>>;

const AS_GIVEN: Values = { nice: '5', policy: '3', score: '100', personality: '00000008', umask: '0077' };

function processWith(values: Partial<Values>): SeenProcess {
  const { nice, policy, score, personality, umask } = { ...AS_GIVEN, ...values };
  const fields = Array.from({ length: 50 }, () => '0');
  fields[19 - 3] = nice;
  fields[41 - 3] = policy;
  return {
    ...{ pid: 7, tid: 7, name: 'demod', parent: 1, started: 5, limits: new Map(), namespaces: new Map() },
    threads: [new Map([['Umask', umask]])],
    texts: new Map([
      ['stat', `7 (a) b) ${fields.join(' ')}\n`],
      ['oom_score_adj', `${score}\n`],
      ['personality', `${personality}\n`],
    ]),
  };
}

type More = Readonly<Record<string, unknown>>;

function relation(directive: string, values: Partial<Values>, more: More = {}, known = ALL): string {
  const properties: More = { ...GIVEN, ...more };
  return ownValue((name) => properties[name], directive, processWith(values), known).relation;
}

test('a value is equal as it was given', () => {
  for (const directive of ['CPUSchedulingPolicy', 'Nice', 'OOMScoreAdjust', 'Personality', 'UMask'])
    assert.equal(relation(directive, {}), 'equal', directive);
});

test('a value that the process may not have set by itself is looser', () => {
  const found = ownValue((name) => ({ ...GIVEN })[name as 'Nice'], 'Nice', processWith({ nice: '-5' }), ALL);
  assert.deepEqual(found, { relation: 'looser', seen: 'its nice value is -5, not 5' });
  const cases: readonly (readonly [string, Partial<Values>, More])[] = [
    ['Nice', { nice: '4' }, {}],
    ['OOMScoreAdjust', { score: '99' }, {}],
    ['Personality', { personality: '00000000' }, { LockPersonality: true }],
    ['CPUSchedulingPolicy', { policy: '1' }, {}],
    ['CPUSchedulingPolicy', { policy: '6' }, {}],
    ['CPUSchedulingPolicy', { policy: '2' }, { LimitRTPRIO: 9n, RestrictRealtime: true }],
    ['CPUSchedulingPolicy', { policy: '0' }, { CPUSchedulingPolicy: 5 }],
  ];
  for (const [directive, values, more] of cases)
    assert.equal(relation(directive, values, more), 'looser', `${directive} ${JSON.stringify(values)}`);
});

test('a value that the process may have set by itself proves nothing', () => {
  const byRoot = { UID: 0, CapabilityBoundingSet: CAP_SYS_NICE | CAP_SYS_RESOURCE };
  const cases: readonly (readonly [string, Partial<Values>, More])[] = [
    ['Nice', { nice: '6' }, {}],
    ['Nice', { nice: '4' }, byRoot],
    ['Nice', { nice: '4' }, { LimitNICE: 20n }],
    ['Nice', { nice: '4' }, { PAMName: 'login' }],
    ['Nice', { nice: '4' }, { NoNewPrivileges: false, CapabilityBoundingSet: ALL }],
    ['OOMScoreAdjust', { score: '101' }, {}],
    ['OOMScoreAdjust', { score: '99' }, byRoot],
    ['Personality', { personality: '00000000' }, {}],
    ['CPUSchedulingPolicy', { policy: '0' }, {}],
    ['CPUSchedulingPolicy', { policy: '5' }, {}],
    ['CPUSchedulingPolicy', { policy: '1' }, byRoot],
    ['CPUSchedulingPolicy', { policy: '1' }, { LimitRTPRIO: 9n }],
    ['CPUSchedulingPolicy', { policy: '0' }, { CPUSchedulingPolicy: 5, LimitNICE: 20n }],
    ['UMask', { umask: '0022' }, {}],
  ];
  for (const [directive, values, more] of cases)
    assert.equal(relation(directive, values, more), 'unseen', `${directive} ${JSON.stringify(values)}`);
  const withoutBound = ALL & ~CAP_SYS_RESOURCE;
  assert.equal(
    relation('OOMScoreAdjust', { score: '99' }, {}, withoutBound),
    'unseen',
    'the manager sets none',
  );
});
