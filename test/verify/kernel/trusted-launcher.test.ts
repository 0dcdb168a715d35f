import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { ABIS } from '../../../src/seccomp/syscalls/abi.js';
import { numbersOf } from '../../../src/seccomp/syscalls/numbers.js';
import { notTrusted, trustsGuards, unknownLauncher } from '../../../src/verify/kernel/trusted-launcher.js';
import { unitWith } from '../../support/apply-in-memory.js';
import { LAUNCHER, NO_EXEC } from '../../support/demo-service.js';
import { type FakeOptions, FakeSystem, program } from '../../support/fake-system.js';
import { planned, targetOf } from '../../support/planned.js';

const RETURN: Instruction = { code: 0x06, jt: 0, jf: 0, k: 0 };
const WORDS = [0, 4, 40, 44, 48, 52, 56, 60];
const VALUES = [numbersOf('x86-64').get('execve')!, ABIS['x86-64'].arch, 1, 2, 3, 4, 5, 6];
const GUARDED: readonly Instruction[] = [
  ...WORDS.flatMap((k, i) => [
    { code: 0x20, jt: 0, jf: 0, k },
    { code: 0x15, jt: 0, jf: 15 - 2 * i, k: VALUES[i]! },
  ]),
  { code: 0x06, jt: 0, jf: 0, k: 0x7fff0000 },
  { code: 0x54, jt: 0, jf: 0, k: 0 },
  RETURN,
];

const PLAN = planned(NO_EXEC);
const thread = (stack: readonly (readonly Instruction[])[], pid = 7) => ({
  tid: pid,
  pid,
  parent: 1,
  name: 'demod',
  stack,
  lines: [],
});

async function doubt(options: FakeOptions, properties = {}, threads = [thread([GUARDED])], plan = PLAN) {
  const unit = await unitWith({ MainPID: 7, ...properties });
  return unknownLauncher(new FakeSystem(options), { plan, unit }, threads);
}

const HELP = 'usage: sandbox-unit-launcher';

test('a launcher that root installed is trusted, also of another version', async () => {
  assert.equal(await doubt({ files: { [LAUNCHER]: program('any') } }), undefined);
  assert.equal(await doubt({ files: { [LAUNCHER]: program(`x ${HELP} y`) } }), undefined);
});

test('a launcher that others can change is not trusted', async () => {
  const found = await doubt({ files: { [LAUNCHER]: program(HELP) }, untrusted: ['/usr/local'] });
  assert.deepEqual(found, { why: '/usr/local belongs to user 1000 in its mount namespace', isCertain: true });
});

test('a hidden image may have another launcher, which makes it uncertain', async () => {
  assert.deepEqual(await doubt({}, { RootImage: '/a.raw' }), {
    ...{ why: `${LAUNCHER} can't be inspected inside its RootImage=`, isCertain: false },
  });
  assert.equal(await doubt({}, { RootImage: '', MountImages: [] }), undefined);
});

test('without a filter, a planned launcher or root there is nothing to trust', async () => {
  const untrusted = { files: { [LAUNCHER]: program(HELP) }, untrusted: ['/usr/local'] };
  assert.equal(await doubt(untrusted, {}, [thread([])]), undefined);
  assert.equal(await doubt(untrusted, {}, undefined, planned('[syscalls]\ndeny = ["uname"]')), undefined);
  assert.equal(
    await doubt(untrusted, {}, undefined, planned(NO_EXEC, '', targetOf(257, { scope: 'user' }))),
    undefined,
  );
});

test("the guard of a known launcher is trusted; another launcher's isn't", () => {
  assert.ok(trustsGuards(PLAN, undefined));
  assert.ok(trustsGuards(PLAN, { why: '', isCertain: false }));
  assert.ok(!trustsGuards(PLAN, { why: '', isCertain: true }));
  assert.ok(!trustsGuards(planned('[syscalls]\ndeny = ["uname"]'), undefined));
});

test('doubt about the program that started the service has a hint', () => {
  const { code, hint } = notTrusted(PLAN, { why: 'x', isCertain: true });
  assert.equal(code, 'launcher-unknown');
  assert.match(hint!, /^'systemctl restart .*demo\.service' starts it with the installed launcher/);
});
