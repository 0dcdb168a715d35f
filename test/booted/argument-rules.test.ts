/** Rules on the arguments of calls, on a service that makes the calls. */
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { machine } from '../support/machine.js';
import { CALLER, DONE, DOWN, KILL, line, outcomesOf } from '../support/service-calls.js';

const { box, test } = machine('arguments', { programs: CALLER });

const outcomes = (policy: string | undefined, lines: readonly string[]) => outcomesOf(box, policy, lines);

/** Bits that the kernel doesn't look at in a 32-bit argument. */
const DIRT = [0n, 1n << 32n, 0xdeadbeefn << 32n, 1n << 63n, 0xffffffffn << 32n];
const dirty = (call: string, arg: bigint, ...more: bigint[]) =>
  DIRT.map((dirt) => line(call, [dirt | arg, ...more]));
const everywhere = (outcome: string) => DIRT.map(() => outcome);

const [AF_UNIX, AF_INET, AF_PACKET, AF_NETLINK] = [1n, 2n, 17n, 16n];
const SOCK_RAW = 3n;
const NEW_USER = 0x10000000n;
const NEW_NET = 0x40000000n;
/** The parent waits for the child, which ends at once; SIGCHLD. */
const CHILD = 0x4000n | 17n;

describe('an argument rule', () => {
  const sockets = [
    ...dirty('socket', AF_PACKET, SOCK_RAW),
    ...dirty('socket', AF_UNIX, 1n),
    ...dirty('socket', AF_INET, 1n),
    ...dirty('socket', AF_NETLINK, SOCK_RAW),
  ];
  const namespaces = [
    ...dirty('clone', NEW_USER | CHILD),
    ...dirty('clone', NEW_NET | CHILD),
    ...dirty('clone', CHILD),
    line('unshare', [NEW_USER]),
    line('unshare', [0n]),
  ];

  test('changes nothing without a policy', async () => {
    const found = await outcomes(undefined, [...sockets, ...namespaces]);
    assert.deepEqual(found, new Array(found.length).fill(DONE));
  });

  test('refuses one kind of socket, and no others', async () => {
    const policy = `
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = "AF_PACKET" }]
action = "ENETDOWN"
`;
    assert.deepEqual(await outcomes(policy, sockets), [
      ...everywhere(DOWN),
      ...everywhere(DONE),
      ...everywhere(DONE),
      ...everywhere(DONE),
    ]);
  });

  test('that allows some kinds of socket refuses the others', async () => {
    const policy = `
[syscalls]
action = "ENETDOWN"
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, in = ["AF_UNIX", "AF_INET", "AF_INET6"] }]
action = "allow"
`;
    assert.deepEqual(await outcomes(policy, sockets), [
      ...everywhere(DOWN),
      ...everywhere(DONE),
      ...everywhere(DONE),
      ...everywhere(DOWN),
    ]);
  });

  test('refuses new namespaces by the flags of clone and unshare', async () => {
    const policy = ['clone', 'unshare']
      .map(
        (call) => `
[[syscalls.rules]]
syscall = "${call}"
when = [{ arg = 0, bits-any = "CLONE_NEWUSER|CLONE_NEWNET" }]
action = "ENETDOWN"
`,
      )
      .join('');
    assert.deepEqual(await outcomes(policy, namespaces), [
      ...everywhere(DOWN),
      ...everywhere(DOWN),
      ...everywhere(DONE),
      ...[DOWN, DONE],
    ]);
  });

  test('can kill, and can compare whole registers', async () => {
    const policy = `
[[syscalls.rules]]
syscall = "socket"
when = [{ arg = 0, eq = 17, width = 64 }, { arg = 1, ne = "SOCK_STREAM" }]
action = "kill"
`;
    assert.deepEqual(await outcomes(policy, sockets), [
      KILL,
      ...everywhere(DONE).slice(1),
      ...everywhere(DONE),
      ...everywhere(DONE),
      ...everywhere(DONE),
    ]);
  });
});
