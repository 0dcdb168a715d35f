/** What a learned policy leaves open of /run, where root's other programs find what they start. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProfileFacts } from '../../../../../src/learn/profile/policy/directives/facts.js';
import { filesInRun } from '../../../../../src/learn/profile/policy/directives/run-files.js';
import type { ProfilePart } from '../../../../../src/learn/profile/policy/input.js';
import type { LifePhase } from '../../../../../src/observe/recording/recording.js';
import {
  calls,
  directive,
  learned,
  paths,
  profile,
  request,
  withCalls,
} from '../../../../support/learned.js';
import { NGINX } from '../../../../support/learned-services.js';
import { targetOf } from '../../../../support/planned.js';

const found = (more: Partial<ProfilePart>, lines = '', scope: 'system' | 'user' = 'system') =>
  filesInRun(new ProfileFacts(request(profile(more), { lines, target: targetOf(257, { scope }) })));

const removal = (...phases: LifePhase[]) => paths('change-directory', ['/run'], { phases });
const PID = [...paths('write', ['/run/demo.pid']), ...paths('create-in', ['/run'])];
const socket = (address: string) => ({
  ...{ use: 'bind' as const, family: 1, type: 1, address, port: null, count: 1 },
});

test('nginx: its PID file is created beforehand, and the rest of /run is closed', () => {
  const { policy, text, directives } = learned(NGINX, { lines: 'PIDFile=/run/nginx.pid' });
  assert.deepEqual(directive(policy, 'ReadWritePaths'), [
    '-/run/nginx.pid',
    '/var/lib/nginx',
    '/var/log/nginx',
  ]);
  assert.deepEqual(directive(policy, 'ReadOnlyPaths'), ['/run']);
  assert.equal(directives.openRun, undefined);
  assert.match(
    text,
    /^\[exec\]\n(?:# .*\n){2}start-pre = \["\/usr\/bin\/truncate --size=0 \/proc\/1\/root\/run\/nginx\.pid"\]$/m,
  );
});

test('a PID file counts if it is only removed at the end', () => {
  for (const paths of [PID, [...PID, ...removal('stop')], [...PID, ...removal('serving', 'stop')]])
    assert.deepEqual(found({ paths }), ['/run/demo.pid']);
  const renamed = withCalls('rename', { paths: [...PID, ...removal('serving')] });
  for (const more of [renamed, { paths: [...PID, ...removal('start', 'stop')] }])
    assert.equal(found(more), 'the service creates, renames or removes entries of /run');
});

test("a user who isn't root creates no file there, whatever a recording of its mount namespace has", () => {
  for (const lines of ['User=daemon', 'DynamicUser=yes'])
    assert.equal(found({ paths: PID }, lines), "its user can't create files in /run");
  assert.deepEqual(found({ paths: PID }, 'User=root'), ['/run/demo.pid']);
});

test('a file with a different name at each start counts if the unit names it', () => {
  for (const name of ['demo-12.pid', 'demo.lock', 'demo.pid.tmp']) {
    const more = { paths: paths('write', [`/var/run/${name}`]) };
    assert.equal(found(more), `the service writes to /run/${name}`);
    for (const own of [`/var/run/${name}`, name, `/run/${name}`])
      assert.deepEqual(found(more, `PIDFile=${own}`), [`/run/${name}`]);
  }
  const hostile = '/run/x" "y.pid';
  assert.equal(
    found({ paths: paths('write', [hostile]) }, `PIDFile=${hostile}`),
    `the service writes to ${hostile}`,
  );
});

test('units of users and instances get no file beforehand', () => {
  assert.match(String(found({ paths: PID }, '', 'user')), /^commands of a user/);
  assert.match(String(found({ paths: PID, unit: 'demo@.service' })), /^each instance/);
});

test('a service that creates more than that keeps /run open, with the reason', () => {
  const reasons: readonly (readonly [Partial<ProfilePart>, string])[] = [
    [{ peers: [socket('/run/demo.sock')] }, 'the service creates the socket /run/demo.sock'],
    [{ paths: [...PID, ...paths('write', ['/run/utmp'])] }, 'the service writes to /run/utmp'],
    [{ paths: removal('start') }, 'the service creates, renames or removes entries of /run'],
    [{ paths: paths('create-in', ['/run']) }, 'the service creates files in /run'],
  ];
  for (const [more, reason] of reasons) {
    const { policy, text, directives } = learned(profile(more));
    assert.deepEqual(directive(policy, 'ReadWritePaths'), ['/run']);
    assert.equal(directive(policy, 'ReadOnlyPaths'), undefined);
    assert.deepEqual([directives.openRun, directives.beforehand], [reason, []]);
    assert.ok(text.includes(`# ReadOnlyPaths: ${reason}.\n`), text);
  }
});

test("a service's own folder below /run stays, as do the lines of its unit", () => {
  const own = { paths: paths('write', ['/run/demo/demo.pid']), peers: [socket('/run/demo/demo.sock')] };
  const { policy } = learned(profile(own));
  assert.deepEqual(directive(policy, 'ReadWritePaths'), ['-/run/demo']);
  assert.deepEqual(directive(policy, 'ReadOnlyPaths'), ['/run']);
  for (const lines of ['ReadWritePaths=-/run', 'BindPaths=/srv/run:/run', 'TemporaryFileSystem=/run:ro']) {
    const { policy: beside, directives } = learned(profile({ paths: PID }), { lines, warnings: true });
    assert.equal(directive(beside, 'ReadOnlyPaths'), undefined, lines);
    assert.equal(directives.openRun, undefined, lines);
  }
});

test('a file is created beforehand only with the list of writable places', () => {
  const all = [
    ...PID,
    ...paths(
      'create-in',
      [...Array(17).keys()].map((i) => `/srv/${i}`),
    ),
  ];
  const { text } = learned(profile({ paths: all, calls: calls('brk mmap') }));
  assert.doesNotMatch(text, /start-pre|ReadOnlyPaths/);
});
