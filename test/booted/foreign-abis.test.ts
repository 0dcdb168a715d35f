/** Policies on calls of the other ABIs of an x86-64 processor. */
import assert from 'node:assert/strict';
import { kernelNumber } from '../../src/seccomp/syscalls/abi.js';
import { numbersOf } from '../../src/seccomp/syscalls/numbers.js';
import { machine } from '../support/machine.js';
import { servicesObstacle } from '../support/service.js';
import { CALLER, DONE, DOWN, KILL, line, outcomesOf } from '../support/service-calls.js';

const I386 = numbersOf('x86');
const i386 = (call: string, ...args: bigint[]) => line(I386.get(call)!, args, 'int80');
const x32 = (call: string) => line(kernelNumber('x32', numbersOf('x32').get(call)!));
/** What lies above a number's 32 bits is not part of it. */
const beyond = (call: string) => line(2 ** 32 + numbersOf('x86-64').get(call)!);
const CALLS = [
  ...[i386('getpid'), i386('uname')],
  ...[x32('getpid'), x32('uname')],
  ...[beyond('getpid'), beyond('uname')],
];

/** Kernels without these calls end the process in their own way, before any filter is asked. */
let i386Missing = false;
const { box, test } = machine('abis', {
  programs: CALLER,
  obstacle:
    servicesObstacle() ?? (process.arch === 'x64' ? undefined : 'only x86-64 processors know other ABIs'),
  prepare: async () => {
    i386Missing = (await outcomesOf(box, undefined, [i386('getpid')]))[0] === 'signal 11';
  },
});

const outcomes = (policy: string | undefined, lines: readonly string[]) => outcomesOf(box, policy, lines);
const NO_I386 = 'the kernel has no i386 calls';

test('without a policy foreign ABIs are open', async (t) => {
  if (i386Missing) return t.skip(NO_I386);
  const [getpid, uname, x32getpid, , native] = await outcomes(undefined, CALLS);
  assert.deepEqual([getpid, uname, native], [DONE, 'returned -14', DONE]);
  assert.ok([DONE, 'returned -38'].includes(x32getpid!), x32getpid);
});

for (const enforcer of ['auto', 'launcher']) {
  test(`a policy closes foreign ABIs (enforcer ${enforcer})`, async () => {
    const policy = `[syscalls]\ndeny = ["uname:ENETDOWN"]\nenforcer = "${enforcer}"\n`;
    const closed = i386Missing ? 'signal 11' : KILL;
    assert.deepEqual(await outcomes(policy, CALLS), [closed, closed, KILL, KILL, DONE, DOWN]);
  });
}

test('a policy applies to a foreign ABI that it opens', async (t) => {
  if (i386Missing) return t.skip(NO_I386);
  const policy = `
[syscalls]
architectures = ["native", "x86"]
deny = ["uname:ENETDOWN"]
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_PACKET" }]
action = "ENETDOWN"
`;
  const [AF_UNIX, AF_PACKET, SYS_SOCKET, SYS_BIND] = [1n, 17n, 1n, 2n];
  const calls = [
    ...[i386('socket', AF_PACKET, 3n), i386('socket', AF_UNIX, 1n)],
    // Its arguments are in memory, where a filter can't look.
    ...[i386('socketcall', SYS_SOCKET), i386('socketcall', SYS_BIND)],
  ];
  assert.deepEqual(await outcomes(policy, [...CALLS, ...calls]), [
    ...[DONE, DOWN, KILL, KILL, DONE, DOWN],
    ...[DOWN, DONE, DOWN, 'returned -14'],
  ]);
});

test('a policy that refuses writable and executable memory and opens x86: no code is injected through x86', async (t) => {
  if (i386Missing) return t.skip(NO_I386);
  const policy = `
[syscalls]
architectures = ["native", "x86"]
deny = ["shmat"]
${['mmap', 'mmap2', 'mprotect', 'pkey_mprotect']
  .map(
    (call) => `
[[syscalls.rules]]
syscall = "${call}"
when = [{ arg = 2, bits-set = "PROT_WRITE|PROT_EXEC" }]
action = "ENETDOWN"
`,
  )
  .join('')}
[[syscalls.rules]]
syscall = "fallocate"
when = [{ arg = 3, gt = 0x100000, width = 64 }]
action = "ENETDOWN"
[[expect]]
syscall = "mmap"
args = [0, 4096, "PROT_WRITE|PROT_EXEC"]
architecture = "x86"
action = "ENETDOWN"
`;
  const [WRITE_EXEC, PRIVATE_ANONYMOUS, FILE] = [6n, 0x22n, 100n];
  const MEMORY = 0x20000000n;
  const mapping = [0n, 4096n, WRITE_EXEC, PRIVATE_ANONYMOUS, 0xffffffffn, 0n];
  const lines = [
    ...['file', `memory ${Buffer.from(Uint32Array.from(mapping, Number).buffer).toString('hex')}`],
    // The first takes a pointer to what the second has in registers.
    ...[line(I386.get('mmap')!, [MEMORY], 'inject'), line(I386.get('mmap2')!, mapping, 'inject')],
    ...[i386('fallocate', FILE, 0n, 0n, 0n, 8n << 20n), i386('fallocate', FILE, 0n, 0n, 0n, 1n << 20n)],
  ];
  assert.deepEqual(await outcomes(undefined, lines), [DONE, DONE, DONE, DONE]);
  assert.deepEqual(await outcomes(policy, lines), [DOWN, DOWN, DOWN, DONE]);
});
