/**
 * Tests of verify/kernel/enforcement.ts, verify/kernel/check-filters.ts, verify/kernel/surviving-processes.ts, verify/kernel/unit-filters.ts,
 * verify/kernel/unseen.ts and verify/kernel/without-launcher.ts: what filters that were read come to.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UserError } from '../../../src/diagnostic.js';
import type { ProcessResult, System } from '../../../src/machine/system.js';
import type { Plan } from '../../../src/plan/plan.js';
import { prepare } from '../../../src/prepare/prepare.js';
import type { Instruction } from '../../../src/seccomp/filter/bpf.js';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { encodeFilterFile } from '../../../src/seccomp/filter/filter-file.js';
import { type Action, ALLOW, KILL } from '../../../src/seccomp/syscalls/action.js';
import type { SyscallPolicy } from '../../../src/seccomp/syscalls/policy.js';
import { resolveCalls } from '../../../src/seccomp/syscalls/resolve.js';
import { NO_SYSCALLS } from '../../../src/seccomp/syscalls/section.js';
import { bundledSets } from '../../../src/seccomp/syscalls/sets.js';
import { expectedBy } from '../../../src/verify/expected.js';
import { enforcement, readKernel } from '../../../src/verify/kernel/enforcement.js';
import { confined, hexOf, READER } from '../../support/confined-in-memory.js';
import { type FakeSystem, fakeContext } from '../../support/fake-system.js';
import { policyOf } from '../../support/policies.js';
import { unitState } from '../../support/unit-state.js';

const denying = (...numbers: number[]) => policyOf(numbers.map((nr) => [nr, { rules: [], otherwise: KILL }]));
const POLICY = denying(59);
/** Properties of a unit by name. */
type Properties = Readonly<Record<string, unknown>>;

const IN_GROUP: Properties = { ControlGroup: '/system.slice/demo.service' };
const UNIT = unitState(IN_GROUP);
const PLAN = {
  unit: 'demo.service',
  meaning: POLICY,
  filter: { noNewPrivileges: true, log: false, policies: [POLICY] },
  without: [],
  commands: [],
  target: { machine: 'x86-64', sets: bundledSets() },
} as unknown as Plan;

/** A unit that is held to a plan by the programs of its files. */
function heldTo(plan: Plan) {
  const fileOf = (name: string, policy: SyscallPolicy | undefined, stage: { readonly ready?: true } = {}) =>
    policy
      ? [
          {
            path: `/etc/systemd/system/demo.service.d/zz-sandbox-unit.${name}`,
            content: encodeFilterFile({
              ...{ noNewPrivileges: true, log: false, ...stage },
              programs: new Map([['x86-64', compile(policy)]]),
            }),
            mode: 0o644,
          },
        ]
      : [];
  return expectedBy(plan, [
    ...fileOf('filter', plan.filter?.policies[0]),
    ...fileOf('ready-filter', plan.ready?.filter.policies[0], { ready: true }),
  ]);
}

/** What a thread is: its line `Seccomp:` and the line of the reader. */
interface Thread {
  readonly status?: string;
  readonly says: (tid: number) => string;
  /** When it was started, in ticks since boot, as /proc/PID/stat has it. */
  readonly started?: number;
}

/** With these filters, the newest first. */
const loaded = (...stack: (readonly Instruction[])[]): Thread => ({
  status: 'Seccomp:\t2\n',
  says: (tid) => `thread ${tid} ${stack.length}\n${stack.map((one) => `filter ${hexOf(one)}\n`).join('')}`,
});
const filtered = (policy = POLICY): Thread => loaded(compile(policy));
const failing = (errno: number, status = 'State:\tS (sleeping)\n'): Thread => ({
  status,
  says: (tid) => `failed ${tid} ${errno}\n`,
});

const GROUP = '/sys/fs/cgroup/system.slice/demo.service';
const MOUNTS = '25 1 0:24 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n';

/**
 * A machine with a unit: a process of one thread for each of these.
 * @param more what the reader prints beside the threads' lines: when it is asked first, second and so on
 */
function machine(threads: readonly Thread[], more: readonly string[] = [], answer?: Partial<ProcessResult>) {
  let asked = 0;
  const files = (path: string): string | undefined => {
    if (path === '/proc/self/mountinfo') return MOUNTS;
    const [, tid, file] = /^\/proc\/(\d+)\/(stat|status)$/.exec(path) ?? [];
    const { status, started } = threads[Number(tid) - 1] ?? {};
    if (file === 'stat') return `${tid} (a) ) S 1${' 0'.repeat(17)} ${started} 0`;
    return status && `Name:\tdemo\nTgid:\t${tid}\n${status}`;
  };
  const system: Partial<System> = {
    list: async (path) => (path === GROUP ? ['below', 'cgroup.procs'] : []),
    read: async (path) => {
      const text = files(path);
      return text === undefined
        ? undefined
        : { bytes: new TextEncoder().encode(text), mode: 0o444, modified: 0 };
    },
    run: async (argv) => {
      assert.deepEqual(argv, ['/reader', GROUP]);
      const stdout = threads.map(({ says }, i) => says(i + 1)).join('') + (more[asked++] ?? '');
      return { status: 0, stdout, stderr: '', ...answer };
    },
    // The launcher as the service sees it.
    walk: async () => ({
      real: undefined,
      untrusted: [],
      content: new TextEncoder().encode('usage: sandbox-unit-launcher'),
    }),
    wait: async () => undefined,
  };
  return system as System;
}

const verified = (system: System) => enforcement(system, heldTo(PLAN), UNIT, async () => '/reader');
const codes = (list: readonly { readonly code: string }[]) => list.map(({ code }) => code);

test('threads with equal filters are one group', async () => {
  const { groups, wrong, unproven } = await verified(machine([filtered(), filtered(), filtered()]));
  assert.deepEqual([wrong, unproven], [[], []]);
  assert.deepEqual(
    groups.map(({ processes, filters, calls }) => [processes.map(({ pid }) => pid), filters, calls]),
    [[[1, 2, 3], 1, 'equal']],
  );
});

test('a thread that lets a call through is reported apart from the others', async () => {
  const { groups, wrong } = await verified(machine([filtered(), filtered(denying())]));
  const found = groups.map(({ calls }) => calls);
  assert.deepEqual(found, ['equal', 'looser']);
  assert.deepEqual(
    wrong.map(({ message }) => message),
    ["the policy is not fully enforced in demo (2): execve (x86-64) gets 'allow', not 'kill'"],
  );
});

describe('filters that a service adds', () => {
  /** As long as the kernel takes, with arithmetic on the number. */
  const computing = (action: Action, more = 0): Instruction[] => [
    { code: 0x20, jt: 0, jf: 0, k: 0 },
    ...new Array<Instruction>(4000).fill({ code: 0x04, jt: 0, jf: 0, k: 1 }),
    { code: 0x04, jt: 0, jf: 0, k: more },
    { code: 0x06, jt: 0, jf: 0, k: action },
  ];
  const ours = compile(POLICY);
  const small = Array.from({ length: 200 }, (_, i) => [
    { code: 0x06, jt: 0, jf: 0, k: i % 2 ? ALLOW : KILL },
  ]);
  const bySystemd = {
    ...PLAN,
    filter: undefined,
    systemCalls: { mode: 'allow' },
  } as unknown as Plan;

  test("change nothing in the result, before and after sandbox-unit's, whatever enforces the policy", async () => {
    const stacks = [
      [ours],
      [computing(KILL), ours],
      [computing(ALLOW, 1), computing(ALLOW, 2), ours],
      [...small, ours],
      [...small, ours, [{ code: 0x06, jt: 0, jf: 0, k: ALLOW }]],
    ];
    for (const plan of [PLAN, bySystemd]) {
      for (const stack of stacks) {
        const { groups, wrong, unproven } = await enforcement(
          machine([loaded(...stack)]),
          heldTo(plan),
          UNIT,
          async () => '/reader',
        );
        assert.deepEqual([wrong, unproven], [[], []]);
        const found = groups.map(({ calls, filters, differences }) => [calls, filters, differences]);
        assert.deepEqual(found, [['equal', stack.length, []]]);
      }
    }
  });

  test('may be between the filter of the start and that of [ready]', async () => {
    const readied = denying(63);
    const plan = { ...PLAN, ready: { filter: { policies: [readied] } } } as unknown as Plan;
    const unit = unitState({ ...IN_GROUP, ActiveState: 'active' });
    const told = async (...stack: (readonly Instruction[])[]) =>
      (await enforcement(machine([loaded(...stack)]), heldTo(plan), unit, async () => '/reader')).groups[0]!
        .calls;
    assert.equal(await told(compile(readied), ...small, ours), 'equal');
    assert.equal(await told(...small, compile(readied), ...small, ours), 'equal');
    assert.equal(await told(...small.filter((_, i) => i % 2 === 1), ours), 'looser');
  });

  test('may refuse what a missing filter lets through, if they are among the oldest', async () => {
    const { groups, wrong } = await verified(machine([loaded(computing(KILL), compile(denying()))]));
    assert.deepEqual([groups.map(({ calls }) => calls), codes(wrong)], [['unknown'], ['restart-due']]);
    const many = [[...small[0]!], ...Array.from({ length: 64 }, () => small[1]!)];
    assert.ok(codes((await verified(machine([loaded(...many)]))).wrong).includes('looser'));
  });
});

test("a filter that refuses as much, but isn't the one of the files, means a restart is due", async () => {
  const { groups, wrong, unproven } = await verified(machine([filtered(denying(59, 63)), filtered()]));
  const found = groups.map(({ calls }) => calls);
  assert.deepEqual(found, ['unknown', 'equal']);
  assert.deepEqual(unproven, []);
  assert.deepEqual(
    wrong.map(({ severity, code, message, hint }) => [severity, code, message, hint]),
    [
      [
        'error',
        'restart-due',
        'the filter in demo (1) of demo.service is not the one on disk',
        'systemctl restart demo.service',
      ],
    ],
  );
});

test('a thread without a filter is more permissive', async () => {
  const none = { status: 'Seccomp:\t0\n', says: (tid: number) => `thread ${tid} 0\n` };
  const { wrong, unproven } = await verified(machine([none]));
  assert.ok(codes(wrong).includes('looser'));
  assert.deepEqual(unproven, []);
});

test('a thread without the launcher is compared with less if the plan starts such, except the main one', async () => {
  const bySystemd = filtered(denying());
  const passing = resolveCalls(NO_SYSCALLS, bundledSets());
  const look = (without: readonly string[], more: Properties) => {
    const plan = { ...PLAN, without, systemCalls: passing } as unknown as Plan;
    const unit = unitState({ ...IN_GROUP, ...more });
    return enforcement(machine([bySystemd]), heldTo(plan), unit, async () => '/reader');
  };
  const active = { ActiveState: 'active', KillMode: 'control-group' };
  for (const [without, more, heldTo] of [
    [['ExecReload='], active, 'systemd'],
    [['ExecReload=+'], active, 'nothing'],
    [['ExecReload=', 'ExecReload=+'], active, 'systemd'],
    [[], active, 'policy'],
    [['ExecStop='], active, 'policy'],
    [['ExecStop='], { ...active, KillMode: 'process' }, 'systemd'],
    [['ExecReload=+'], { ...active, MainPID: 1 }, 'policy'],
  ] as [string[], Properties, string][]) {
    const { groups, wrong } = await look(without, more);
    const found = groups.map((group) => group.heldTo);
    assert.deepEqual(found, [heldTo]);
    assert.equal(wrong.length > 0, heldTo === 'policy', without.join());
  }
});

describe("a more permissive process from before the unit's start is a surviving process", () => {
  const END = 5_000_000n;
  const loose = (started: number, parent = 0): Thread => ({
    ...filtered(denying()),
    status: `PPid:\t${parent}\nSeccomp:\t2\n`,
    started,
  });
  const kinds = async (threads: readonly Thread[], more: Properties = {}) => {
    const times = { KillMode: 'process', InactiveEnterTimestampMonotonic: END };
    const unit = unitState({ ...IN_GROUP, ...times, ...more });
    const found = await enforcement(machine(threads), heldTo(PLAN), unit, async () => '/reader');
    const pids = found.groups.flatMap((group) =>
      group.leftOver ? group.processes.map(({ pid }) => pid) : [],
    );
    assert.equal(found.surviving.length, pids.length > 0 ? 1 : 0);
    assert.ok(found.groups.every(({ leftOver, calls }) => !leftOver || calls === 'looser'));
    return { pids: pids.sort(), wrong: codes(found.wrong), surviving: found.surviving };
  };

  test('by its start time', async () => {
    const found = await kinds([loose(499), loose(500), { ...filtered(), started: 1 }]);
    assert.deepEqual([found.pids, found.wrong], [[1], ['looser']]);
    assert.equal(
      found.surviving[0]!.message,
      'the policy is not fully enforced in demo (1), running since before demo.service was started',
    );
    assert.match(
      found.surviving[0]!.hint ?? '',
      /^KillMode=process leaves such processes running; 'systemctl stop demo/,
    );
  });

  test('with the children that it has started since', async () => {
    assert.deepEqual((await kinds([loose(100), loose(900, 1), loose(900, 2)])).pids, [1, 2, 3]);
    // Process 9 is none of the unit's.
    assert.deepEqual((await kinds([loose(900), loose(900, 9)])).pids, []);
  });

  test('never the main process, and not if no stop is known', async () => {
    assert.deepEqual((await kinds([loose(100)], { MainPID: 1 })).pids, []);
    assert.deepEqual((await kinds([loose(100)], { InactiveEnterTimestampMonotonic: 0n })).pids, []);
  });

  test("although the machine was suspended, which systemd doesn't count", async () => {
    const main = (started: number): Thread => ({ ...filtered(), started });
    const more = {
      MainPID: 1,
      ExecMainStartTimestampMonotonic: END + 20_000n,
    };
    // An hour.
    assert.deepEqual((await kinds([main(360_502), loose(360_300)], more)).pids, [2]);
    assert.deepEqual((await kinds([main(360_502), loose(360_500)], more)).pids, []);
    assert.deepEqual((await kinds([main(502), loose(500)], more)).pids, []);
  });
});

test('a kernel that hides filters proves nothing', async () => {
  const hidden = { status: 'Seccomp:\t2\n', says: (tid: number) => `thread ${tid} 0\n` };
  const { groups, wrong, unproven } = await verified(machine([hidden]));
  assert.deepEqual([groups, wrong, codes(unproven)], [[], [], ['filters-unreadable']]);
  assert.match(unproven[0]!.hint ?? '', /CONFIG_CHECKPOINT_RESTORE/);
});

test("an ended thread doesn't count, an unreadable one is unproven", async () => {
  const ended = [failing(3), failing(1, ''), failing(1, 'State:\tZ (zombie)\n')];
  assert.deepEqual((await verified(machine([filtered(), ...ended]))).unproven, []);
  for (const errno of [1, 5, 13]) {
    const { groups, unproven } = await verified(machine([filtered(), failing(errno)]));
    assert.deepEqual([groups.length, codes(unproven)], [1, ['filters-unreadable']], `errno ${errno}`);
  }
});

test('filters that take too long to read are reported, and read once', async () => {
  // Another reading would be unsettled.
  const [one, ...others] = (await verified(machine([filtered(), failing(62)], ['', 'unsettled\n']))).unproven;
  assert.deepEqual([one?.code, others], ['filters-unreadable', []]);
  assert.match(one!.message, /thread 2 can't be read back: reading all of them takes too long$/);
  assert.doesNotMatch(one!.hint ?? '', /vfork/);
});

test('a unit without processes proves nothing', async () => {
  for (const threads of [[], [failing(3)]]) {
    const { wrong, unproven } = await verified(machine(threads));
    assert.deepEqual([wrong, codes(unproven)], [[], ['not-running']]);
  }
});

test("a unit that isn't ready may lack the filter of [ready]", async () => {
  const ready = { ...PLAN, ready: { filter: { policies: [POLICY] } } } as unknown as Plan;
  const told = async (plan: Plan, properties: Properties) =>
    (await enforcement(machine([filtered()]), heldTo(plan), unitState(properties), async () => '/reader'))
      .unproven;
  for (const plan of [ready, { ...ready, meaning: undefined }]) {
    for (const ActiveState of ['activating', 'deactivating', 'failed', 'inactive']) {
      const found = await told(plan, { ...IN_GROUP, ActiveState });
      assert.deepEqual([codes(found), found[0]?.severity], [['not-serving'], 'error'], ActiveState);
    }
    for (const ActiveState of ['active', 'reloading'])
      assert.deepEqual(await told(plan, { ...IN_GROUP, ActiveState }), []);
  }
  const { meaning: _, ...alone } = ready;
  for (const ActiveState of ['activating', 'failed'])
    assert.deepEqual(codes(await told(alone as Plan, { ControlGroup: '', ActiveState })), ['not-running']);
  assert.deepEqual(await told(PLAN, { ...IN_GROUP, ActiveState: 'activating' }), []);
});

test('a unit on another machine proves nothing', async () => {
  const unit = unitState({ ...IN_GROUP, ActiveState: 'active', MainPID: 7 });
  const { unproven } = await enforcement(machine([]), heldTo(PLAN), unit, async () => '/reader');
  assert.deepEqual(codes(unproven), ['processes-unseen']);
});

test('threads that start faster than they are stopped are reported, and those of other namespaces', async () => {
  const told = async (...more: string[]) => (await verified(machine([filtered()], more))).unproven;
  for (const [line, code] of [
    ['unsettled\n', 'processes-unseen'],
    ['foreign 2\n', 'processes-unseen'],
    ['failed 9 110\n', 'filters-unreadable'],
  ] as const) {
    const found = await told(line, line, line);
    assert.deepEqual([codes(found), found[0]?.severity], [[code], 'error']);
  }
  // What could be seen at another moment.
  assert.deepEqual(await told('unsettled\n', 'failed 9 110\n', ''), []);
});

test('a thread that has ended since it was read is reported by its ID', async () => {
  const { wrong } = await verified(machine([{ says: filtered(denying()).says }]));
  assert.match(wrong[0]!.message, /^the policy is not fully enforced in an exited process \(1\): execve/);
});

test('a reader that fails or prints something else is an error', async () => {
  for (const answer of [
    { status: 1, stderr: "can't" },
    { stdout: 'thread 2\n' },
    { status: 159 },
    { status: 137, late: true },
  ]) {
    await assert.rejects(
      verified(machine([filtered()], [], answer)),
      (thrown) => thrown instanceof UserError && thrown.exit === 2,
    );
  }
});

const same = (meaning: SyscallPolicy) => [meaning];

test('an error of the reader makes the enforcement unproven; a defect is thrown', async () => {
  const system = await confined(same);
  const prepared = await prepare(fakeContext(system), PLAN.unit, {});
  const plan = expectedBy(prepared.plan, prepared.files);
  const unit = await system.unit(PLAN.unit);
  assert.deepEqual((await readKernel(fakeContext(system), plan, unit)).unproven, []);
  system.files.delete(READER);
  const { groups, unproven } = await readKernel(fakeContext(system), plan, unit);
  assert.deepEqual([groups, unproven[0]!.code, unproven.length], [[], 'no-helper', 2]);
  const broken = fakeContext(system, {
    program: {
      ...system,
      read: () => Promise.reject(new TypeError('defect')),
    } as unknown as FakeSystem,
  });
  await assert.rejects(readKernel(broken, plan, unit), TypeError);
});
