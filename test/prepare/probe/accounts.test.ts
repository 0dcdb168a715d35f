import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probeAccounts } from '../../../src/prepare/probe/accounts.js';
import { type FakeOptions, FakeSystem, fakeContext } from '../../support/fake-system.js';

const FILES = {
  '/etc/passwd':
    'root:x:0:0::/root:/bin/sh\n# no entry\nbad:x::0\ntoor:x:0:0::/:/bin/sh\nweb:x:33:34::/:/bin/sh\n',
  '/etc/group': 'root:x:0:\nnought:x:0:other,web\nweb:x:34:\nlogs:x:4:web\n',
};

async function probe(users: readonly string[], groups: readonly string[], options: FakeOptions) {
  const system = new FakeSystem(options);
  const found = await probeAccounts(fakeContext(system, { machine: 'x86-64' }), { users, groups });
  return {
    users: Object.fromEntries(found.users),
    groups: Object.fromEntries(found.groups),
    calls: system.calls,
  };
}

test('where no name service can be asked the files say who is who', async () => {
  const { users, groups } = await probe(['toor', 'web', '33', 'bad', '034'], ['nought', '4', 'none'], {
    files: FILES,
  });
  const web = { name: 'web', uid: 33, gid: 34, groups: [0, 4] };
  assert.deepEqual(users, { toor: { name: 'toor', uid: 0, gid: 0, groups: [] }, web, 33: web });
  assert.deepEqual(groups, { nought: 0, 4: 4 });
});

test('a machine without the files has nobody', async () => {
  assert.deepEqual((await probe(['web'], ['logs'], {})).users, {});
});

/** As getent(1) answers from a directory service. */
const ANSWERS: Readonly<Record<string, readonly [status: number, stdout: string]>> = {
  'getent -- passwd far': [0, 'far:*:5000:5001:Far:/home/far:/bin/sh\n'],
  'getent -- passwd 5000': [0, 'far:*:5000:5001:Far:/home/far:/bin/sh\n'],
  'getent -- group staff gone': [2, 'staff:*:0:\n'],
  'getent -- initgroups far': [0, 'far                   5001 0 7\n'],
};

const getent = (argv: readonly string[]) => {
  const [status, stdout] = ANSWERS[argv.join(' ')] ?? [2, ''];
  return { status, stdout, stderr: '' };
};

test('the name service switch comes first, and is asked for what is named alone', async () => {
  const options = { files: FILES, programs: { getent } };
  const far = { name: 'far', uid: 5000, gid: 5001, groups: [5001, 0, 7] };
  const first = await probe(['far'], ['staff', 'gone'], options);
  assert.deepEqual([first.users, first.groups], [{ far }, { staff: 0 }]);
  assert.deepEqual((await probe(['5000'], [], options)).users, { 5000: far });
  assert.deepEqual((await probe(['toor'], [], options)).users, {});
});

test('nothing is asked without names, nor for what can be no name', async () => {
  for (const [users, groups] of [
    [[], []],
    [['%i'], ['a:b', 'a\0b', 'x'.repeat(257)]],
  ]) {
    assert.deepEqual((await probe(users!, groups!, { programs: { getent } })).calls, []);
  }
});
