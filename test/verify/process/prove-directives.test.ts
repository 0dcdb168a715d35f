/** Tests of verify/process/: a unit's directives are proven in its processes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import type { ThreadGroup } from '../../../src/verify/kernel/thread-group.js';
import {
  type DirectiveProof,
  NO_PROOF,
  notHolding,
  proveDirectives,
} from '../../../src/verify/process/prove-directives.js';
import { FakeSystem, fakeContext } from '../../support/fake-system.js';
import { planned } from '../../support/planned.js';
import { unitState } from '../../support/unit-state.js';

const GROUP = '/system.slice/demo.service';
const FOLDER = `/sys/fs/cgroup${GROUP}`;

const statusOf = (name: string, parent: number, more: string): string =>
  `Name:\t${name}\nState:\tS (sleeping)\nPPid:\t${parent}\nUid:\t1\t1\t1\t1\nSeccomp:\t2\nVmSize:\t9 kB\n${more}`;

/** The files of a process below /proc. */
const processFiles = (pid: number, more = 'NoNewPrivs:\t1\n', parent = 1) => ({
  [`/proc/${pid}/status`]: statusOf('demod', parent, more),
  [`/proc/${pid}/stat`]: `${pid} (demod) S ${'0 '.repeat(18)}${pid} 0\n`,
});

const POLICY =
  '[service]\nNoNewPrivileges = true\nKeyringMode = "private"\nProtectSystem = "strict"\nTasksMax = 9\n';

const PROPERTIES = {
  ...{ MainPID: 100, ControlGroup: GROUP, NoNewPrivileges: true, ProtectSystem: 'strict', TasksMax: 9n },
};

async function proofOf(
  processes: readonly ReturnType<typeof processFiles>[],
  {
    otherwise = [],
    properties = {},
    unreadable = [],
    files = {},
    groups = [],
    links = {},
    policy = POLICY,
  }: {
    readonly otherwise?: readonly string[];
    readonly properties?: Readonly<Record<string, unknown>>;
    readonly unreadable?: readonly string[];
    readonly files?: Readonly<Record<string, string>>;
    readonly groups?: readonly ThreadGroup[];
    readonly links?: Readonly<Record<string, string>>;
    readonly policy?: string;
  } = {},
) {
  const pids = processes
    .flatMap((one) => Object.keys(one))
    .flatMap((path) => /^\/proc\/(\d+)\/stat$/.exec(path)?.[1] ?? []);
  const system = new FakeSystem({
    unreadable,
    files: {
      '/proc/self/mountinfo': '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
      '/proc/1/mountinfo': '1 0 0:1 / / rw - ext4 d rw\n',
      [`${FOLDER}/cgroup.procs`]: `${pids.join('\n')}\n`,
      [`${FOLDER}/cgroup.controllers`]: 'pids\n',
      [`${FOLDER}/pids.max`]: '9\n',
      ...Object.assign({}, ...processes),
      ...files,
    },
    links: {
      ...{ '/proc/100/root': '/', '/proc/100/ns/mnt': 'mnt:[2]', '/proc/101/ns/mnt': 'mnt:[3]' },
      ...links,
    },
  });
  const unit = unitState({ ...PROPERTIES, ...properties });
  const plan = planned(policy);
  const proof = await proveDirectives(fakeContext(system), { plan, unit }, new Set(otherwise), { groups });
  return { ...proof, calls: system.calls };
}

const relations = ({ directives }: DirectiveProof) =>
  Object.fromEntries(directives.map(({ directive, relation }) => [directive, relation]));
const codes = (list: DirectiveProof['wrong']) => list.map(({ code }) => code);

test('each directive has what its processes show, and its line', async () => {
  const proof = await proofOf([processFiles(100)]);
  assert.deepEqual(relations(proof), {
    NoNewPrivileges: 'equal',
    KeyringMode: 'unseen',
    ProtectSystem: 'unseen',
    TasksMax: 'equal',
  });
  const found = proof.directives.map(({ at }) => at?.line);
  assert.deepEqual(found, [2, 3, 4, 5]);
  assert.deepEqual([...proof.wrong, ...proof.surviving, ...proof.open], []);
  assert.match(proof.unproven[0]!.message, /^cannot verify ProtectSystem= of .*: its mounts are not shown$/);
});

test("a more permissive process is an error at the directive's line", async () => {
  const proof = await proofOf([processFiles(100), processFiles(101, 'NoNewPrivs:\t0\n')]);
  const [wrong, ...rest] = proof.wrong;
  assert.deepEqual([wrong?.code, wrong?.at?.line, rest], ['looser-directive', 2, []]);
  assert.match(wrong!.message, /^NoNewPrivileges= is not in force in demod \(101\): NoNewPrivs isn't set/);
  assert.deepEqual(codes([...notHolding(proof, false)]), ['looser-directive']);
  assert.match(
    notHolding(proof, true)[0]!.message,
    /^so these directives are not in force: NoNewPrivileges=$/,
  );
  assert.deepEqual(notHolding(NO_PROOF, true), []);
});

test('a limit of the control group is checked without a process', async () => {
  const proof = await proofOf([processFiles(100)], { files: { [`${FOLDER}/pids.max`]: 'max\n' } });
  assert.match(proof.wrong[0]!.message, /^TasksMax= is not in force in the control group: pids.max is 'max'/);
});

test('each mount namespace is examined through a process that has its root', async () => {
  const mounts = { '/proc/100/mountinfo': '7 1 0:1 / / rw - ext4 d rw\n' };
  const proof = await proofOf([processFiles(100)], { files: { ...mounts, '/': '' } });
  assert.equal(relations(proof).ProtectSystem, 'looser');
});

test('a process whose first thread has ended is examined through another thread', async () => {
  const mounts = (tid: number, options: string) => ({
    [`/proc/${tid}/mountinfo`]: `7 1 0:1 / / ${options} - ext4 d ${options}\n`,
  });
  const files = {
    ...{ ...mounts(1, 'rw'), ...mounts(100, 'ro'), ...mounts(105, 'rw'), '/': '' },
    '/proc/100/task/105/status': statusOf('demod', 1, 'NoNewPrivs:\t1\n'),
  };
  const inside = { '/proc/1/ns/mnt': 'mnt:[1]', '/proc/105/root': '/' };
  const ended = processFiles(100);
  const status = ended['/proc/100/status']!.replace('S (sleeping)', 'Z (zombie)');
  const links = { ...inside, '/proc/105/ns/mnt': 'mnt:[1]' };
  const proof = await proofOf([{ ...ended, '/proc/100/status': status }], { files, links });
  assert.equal(relations(proof).ProtectSystem, 'looser');
});

test('a process that has given up its memory, and is about to be gone, is none', async () => {
  const one = processFiles(101);
  const found = async (status: string) => {
    const processes = [processFiles(100), { ...one, '/proc/101/status': status }];
    return codes((await proofOf(processes, { unreadable: ['/proc/101/ns'] })).unproven);
  };
  const living = one['/proc/101/status']!;
  assert.ok(!(await found(living.replace(/^VmSize.*\n/m, ''))).includes('processes-unreadable'));
  assert.ok((await found(living)).includes('processes-unreadable'));
});

test("a process's own mount namespace doesn't excuse one from before the unit's start", async () => {
  const mounts = (pid: number, options: string, device: string) => ({
    [`/proc/${pid}/mountinfo`]: `7 1 ${device} / / ${options} - ext4 d ${options}\n`,
  });
  const files = { ...mounts(100, 'ro', '0:1'), ...mounts(101, 'rw', '0:7'), '/': '' };
  const links = { '/proc/1/ns/mnt': 'mnt:[1]', '/proc/101/root': '/' };
  const told = async (inactive: number) => {
    const times = {
      InactiveEnterTimestampMonotonic: BigInt(inactive),
      ExecMainStartTimestampMonotonic: 1_000_000n,
    };
    const proof = await proofOf([processFiles(100), processFiles(101)], { files, links, properties: times });
    return [relations(proof).ProtectSystem, codes(proof.surviving)];
  };
  assert.deepEqual(await told(0), ['unseen', []]);
  assert.deepEqual(await told(2_000_000), ['looser', ['left-over']]);
});

/** Mounts of a process, and its links, in the user namespace of these. */
const inNamespaces = (pid: number, { mnt, user }: { readonly mnt: number; readonly user: number }) => ({
  [`/proc/${pid}/root`]: '/',
  [`/proc/${pid}/ns/mnt`]: `mnt:[${mnt}]`,
  [`/proc/${pid}/ns/user`]: `user:[${user}]`,
});
const MANAGERS = { '/proc/1/ns/mnt': 'mnt:[1]', '/proc/1/ns/user': 'user:[1]' };

test('a closed file that is open again is found, though the service has its own user namespace', async () => {
  const policy = '[service]\nInaccessiblePaths = ["/secret"]\n';
  const properties = { InaccessiblePaths: ['/secret'] };
  const closed = '8 7 0:4 /systemd/inaccessible/reg /secret ro - tmpfs r rw\n';
  const found = async (more: string, mnt: number) => {
    const mountinfo = `7 1 0:1 / / rw - ext4 d rw\n${more}`;
    const files = {
      ...{ '/proc/100/mountinfo': mountinfo, '/proc/101/mountinfo': mountinfo, '/secret': '' },
    };
    const links = {
      ...{ ...MANAGERS, ...inNamespaces(100, { mnt: 2, user: 1 }), ...inNamespaces(101, { mnt, user: 9 }) },
    };
    const proof = await proofOf([processFiles(100), processFiles(101)], { files, links, properties, policy });
    return proof.directives[0]!.findings.map(({ relation, processes }) => [
      relation,
      processes.map(({ pid }) => pid),
    ]);
  };
  for (const mnt of [2, 3]) {
    assert.deepEqual(await found(closed, mnt), [['equal', [100, 101]]]);
    assert.deepEqual(await found('', mnt), [['looser', [100, 101]]]);
  }
});

test("capabilities in another user namespace than the manager's are unseen, also if the unit has its own", async () => {
  const bounded = 'NoNewPrivs:\t1\nCapBnd:\t1ffffffffff\n';
  const found = async (user: number, more: Readonly<Record<string, unknown>>) => {
    const links = { ...MANAGERS, ...inNamespaces(100, { mnt: 2, user }) };
    const proof = await proofOf([processFiles(100, bounded)], {
      ...{ links, properties: { CapabilityBoundingSet: 0n, ...more } },
      policy: '[service]\nCapabilityBoundingSet = []\n',
    });
    return relations(proof).CapabilityBoundingSet;
  };
  for (const more of [{}, { PrivateUsers: true }]) {
    assert.equal(await found(1, more), 'looser');
    assert.equal(await found(9, more), 'unseen');
  }
});

test("mounts that are too many to be read prove nothing of their process, and don't stop the check of others", async () => {
  const mountinfo = '7 1 0:1 / / ro - ext4 d rw\n';
  const many = mountinfo.repeat((4 << 20) / mountinfo.length + 1);
  const links = {
    ...MANAGERS,
    ...inNamespaces(100, { mnt: 2, user: 1 }),
    ...inNamespaces(101, { mnt: 3, user: 1 }),
  };
  const all = { ...links, ...inNamespaces(102, { mnt: 3, user: 1 }) };
  const found = async (more: string) => {
    const files = { '/': '', '/proc/100/mountinfo': mountinfo };
    const large = { '/proc/101/mountinfo': many, '/proc/102/mountinfo': many };
    const processes = [processFiles(100), processFiles(101), processFiles(102, more)];
    return proofOf(processes, { files: { ...files, ...large }, links: all });
  };
  const proof = await found('NoNewPrivs:\t1\n');
  assert.deepEqual([proof.wrong, codes(proof.unproven)], [[], ['processes-unreadable']]);
  assert.match(
    proof.unproven[0]!.message,
    /all processes of .*: \/proc\/101\/mountinfo is larger than \d+ bytes$/,
  );
  assert.match(proof.unproven[0]!.hint ?? '', /findmnt --task/);
  const { findings } = proof.directives.find(({ directive }) => directive === 'ProtectSystem')!;
  assert.deepEqual(
    findings.map(({ relation, processes }) => [relation, processes.map(({ pid }) => pid)]),
    [
      ['equal', [100]],
      ['unseen', [101, 102]],
    ],
  );
  assert.equal(proof.calls.filter((call) => call === 'read /proc/102/mountinfo').length, 0);
  assert.match(
    (await found('NoNewPrivs:\t0\n')).wrong[0]!.message,
    /^NoNewPrivileges= is not in force in demod \(102\)/,
  );
});

test("an unreadable process doesn't stop the check of others", async () => {
  const processes = [processFiles(100), processFiles(101, 'NoNewPrivs:\t0\n')];
  const proof = await proofOf(processes, { unreadable: ['/proc/100/ns'] });
  assert.deepEqual(
    [codes(proof.wrong), codes(proof.unproven)],
    [['looser-directive'], ['processes-unreadable']],
  );
});

test("a process with the name of systemd's own is recognized by its program, without starting it", async () => {
  const named = (pid: number, uid: number) => {
    const files = processFiles(pid, 'NoNewPrivs:\t0\n');
    const status = files[`/proc/${pid}/status`]!.replace('Name:\tdemod', 'Name:\t(demod)');
    return { ...files, [`/proc/${pid}/status`]: status.replace('Uid:\t1', `Uid:\t${uid}`) };
  };
  const executor = '/usr/lib/systemd/systemd-executor';
  const found = async (exe: string, uid = 0) => {
    const links = { '/proc/1/exe': '/usr/lib/systemd/systemd', '/proc/101/exe': exe };
    const { wrong, calls } = await proofOf([processFiles(100), named(101, uid)], { links });
    assert.deepEqual(
      calls.filter((call) => call.startsWith('run ')),
      [],
    );
    return codes(wrong);
  };
  assert.deepEqual(await found(executor), []);
  assert.deepEqual(await found(`${executor} (deleted)`), []);
  assert.deepEqual(await found('/usr/lib/systemd/systemd (deleted)'), []);
  assert.deepEqual(await found('/usr/bin/perl'), ['looser-directive']);
  assert.deepEqual(await found(executor, 1), ['looser-directive']);
});

test('a dynamic user is compared by its mounts and flags', async () => {
  const properties = { DynamicUser: true, UID: 1, GID: 1 };
  const ids = 'NoNewPrivs:\t1\nGid:\t1\t1\t1\t1\n';
  const told = async (options: string, more = ids) => {
    const temporary = ['/tmp', '/var/tmp'].map(
      (path, i) => `${8 + i} 7 0:1 /t${path} ${path} rw - ext4 d rw\n`,
    );
    const files = {
      '/proc/100/mountinfo': `7 1 0:1 / / ${options} - ext4 d rw\n${temporary.join('')}`,
      ...{ '/': '', '/tmp': '', '/var/tmp': '' },
    };
    const proof = await proofOf([processFiles(100, more)], {
      ...{ files, properties, policy: '[service]\nDynamicUser = true\n' },
    });
    return proof.directives.map(({ relation, findings }) => `${relation}: ${findings[0]?.seen}`);
  };
  assert.deepEqual(await told('rw'), ['looser: / can be written to']);
  assert.deepEqual(await told('ro'), ['equal: ']);
  assert.deepEqual(await told('ro', ids.replace('1', '0')), ["looser: NoNewPrivs isn't set"]);
});

test("processes below the control group count, and ended ones don't", async () => {
  const ended = { '/proc/102/status': statusOf('demod', 1, 'NoNewPrivs:\t0\n').replace('S (sl', 'Z (zo') };
  const files = {
    [`${FOLDER}/sub/cgroup.procs`]: '101\n',
    ...processFiles(101, 'NoNewPrivs:\t0\n'),
    ...processFiles(102),
    ...ended,
  };
  const proof = await proofOf([processFiles(100)], { files });
  assert.match(proof.wrong[0]!.message, /\(101\): /);
  assert.equal(proof.wrong.length, 1);
});

test('processes in unreachable control groups are those that read-filters has seen', async () => {
  const files = processFiles(101, 'NoNewPrivs:\t0\n');
  const groups = [
    { processes: [{ pid: 101, name: 'deep', threads: 1 }] },
  ] as unknown as readonly ThreadGroup[];
  const proof = await proofOf([processFiles(100)], { files, groups });
  assert.match(proof.wrong[0]!.message, /\(101\): /);
});

test('processes and filters that were just read are reused, unless some were unreadable', async () => {
  const stack = [compile(planned('[syscalls]\ndeny = ["sched_setscheduler"]\n').meaning!)];
  const thread = (pid: number) => ({ tid: pid, pid, parent: 1, name: 'demod', stack, lines: [] });
  const readings = async (pids: readonly number[], settled = true) => {
    const files = Object.assign({}, processFiles(100), processFiles(101, undefined, 100), {
      '/proc/self/mountinfo': '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n',
      [`${FOLDER}/cgroup.procs`]: '100\n101\n',
    });
    const system = new FakeSystem({ files });
    const policy = planned('[service]\nRestrictRealtime = true\n');
    const unit = unitState({ ...PROPERTIES, RestrictRealtime: true });
    const read = { threads: pids.map(thread), hidden: new Map(), foreign: 0, settled };
    const proof = await proveDirectives(fakeContext(system), { plan: policy, unit }, new Set(), {
      ...{ groups: [], read },
    });
    const asked = system.calls.some((call) => call.includes('read-filters'));
    return [asked, relations(proof).RestrictRealtime];
  };
  assert.deepEqual(await readings([100, 101]), [false, 'equal']);
  assert.deepEqual(await readings([100]), [false, 'equal']);
  assert.deepEqual(await readings([100], false), [true, 'unseen']);
});

test('unreadable filters are reported once', async () => {
  const found = async (hidden: ReadonlyMap<number, number>) => {
    const files = { ...processFiles(100), [`${FOLDER}/cgroup.procs`]: '100\n' };
    const mountinfo = '25 1 0:24 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n';
    const system = new FakeSystem({ files: { ...files, '/proc/self/mountinfo': mountinfo } });
    const planOf = planned('[service]\nRestrictRealtime = true\n');
    const unit = unitState({ ...PROPERTIES, RestrictRealtime: true });
    const read = { threads: [], hidden, foreign: 0, settled: true };
    const kernel = { groups: [], read };
    return codes(
      (await proveDirectives(fakeContext(system), { plan: planOf, unit }, new Set(), kernel)).unproven,
    );
  };
  assert.deepEqual(await found(new Map([[100, 1]])), []);
  assert.deepEqual(await found(new Map()), ['processes-unseen']);
});

test('threads have privileges of their own', async () => {
  const files = { '/proc/100/task/103/status': statusOf('thread', 1, 'NoNewPrivs:\t0\n') };
  const proof = await proofOf([processFiles(100)], { files });
  assert.equal(relations(proof).NoNewPrivileges, 'looser');
});

test("a process that may belong to a command with a prefix is excepted; the main process's isn't", async () => {
  const command = ['/bin/x', [], ['privileged'], 0n, 0n, 0n, 0n, 0, 0, 0, 0];
  const properties = { ExecStartPostEx: [command] };
  const free = 'NoNewPrivs:\t0\n';
  const stray = await proofOf([processFiles(100), processFiles(101, free)], { properties });
  assert.deepEqual([stray.wrong, relations(stray).NoNewPrivileges], [[], 'unseen']);
  const child = await proofOf([processFiles(100), processFiles(101, free, 100)], { properties });
  assert.equal(relations(child).NoNewPrivileges, 'looser');
});

test("a prefix that keeps the user alone excepts a process only from a policy's user", async () => {
  const command = ['/bin/x', [], ['no-setuid'], 0n, 0n, 0n, 0n, 0, 0, 0, 0];
  const stray = [processFiles(100), processFiles(101, 'NoNewPrivs:\t0\n')];
  const properties = { ExecStartPostEx: [command] };
  assert.equal(relations(await proofOf(stray, { properties })).NoNewPrivileges, 'looser');
  const policy = '[service]\nNoNewPrivileges = true\nUser = "nobody"\n';
  assert.equal(relations(await proofOf(stray, { properties, policy })).NoNewPrivileges, 'unseen');
});

test('a process from before the start of the unit is a surviving process', async () => {
  // Process 101 was started 1010 ms after the boot.
  const properties = { MainPID: 0, InactiveEnterTimestampMonotonic: 5_000_000n };
  const proof = await proofOf([processFiles(101, 'NoNewPrivs:\t0\n')], { properties });
  assert.deepEqual([codes(proof.wrong), codes(proof.surviving)], [[], ['left-over']]);
});

test('children of a process from before the start survive, too, even if it has ended, and are examined at once', async () => {
  const ended = { '/proc/102/status': statusOf('sleep', 101, 'NoNewPrivs:\t0\n') };
  const old = { ...processFiles(101, 'NoNewPrivs:\t0\n'), '/proc/101/stat': '' };
  old['/proc/101/stat'] = `101 (sh) S ${'0 '.repeat(18)}300 0\n`;
  const main = { ...processFiles(100), '/proc/100/stat': `100 (demod) S ${'0 '.repeat(18)}501 0\n` };
  const properties = {
    InactiveEnterTimestampMonotonic: 5_000_000n,
    ExecMainStartTimestampMonotonic: 5_010_000n,
  };
  const files = { [`${FOLDER}/cgroup.procs`]: '100\n101\n102\n' };
  const { wrong, surviving, calls } = await proofOf([main, old, ended], { properties, files });
  assert.deepEqual([codes(wrong), codes(surviving)], [[], ['left-over']]);
  assert.equal(calls.filter((call) => call === 'read /proc/102/status').length, 1);
});

test('what the manager has loaded differently, or may not be seen, is unseen', async () => {
  const looser = [processFiles(100, 'NoNewPrivs:\t0\n')];
  const loaded = await proofOf(looser, { otherwise: ['NoNewPrivileges'] });
  assert.deepEqual([loaded.wrong, relations(loaded).NoNewPrivileges], [[], 'unseen']);
  const hidden = await proofOf(looser, { unreadable: ['/proc/100/status'] });
  assert.deepEqual(codes(hidden.unproven), ['processes-unreadable']);
  assert.deepEqual(new Set(Object.values(relations(hidden))), new Set(['unseen']));
});

test('namespaces are read only if a directive needs them', async () => {
  const unreadable = ['/proc/100/ns'];
  const unproven = async (line: string) =>
    codes(
      (await proofOf([processFiles(100)], { unreadable, policy: `[service]\n${line}\n` })).unproven,
    ).filter((code) => code !== 'processes-unseen');
  assert.deepEqual(await unproven('NoNewPrivileges = true'), []);
  assert.deepEqual(await unproven('LimitNOFILE = 9'), []);
  for (const line of ['ProtectSystem = "strict"', 'PrivateNetwork = true', 'CapabilityBoundingSet = []'])
    assert.deepEqual(await unproven(line), ['processes-unreadable'], line);
});

test('without a process nothing is seen or proven; a start helps if it leaves a process', async () => {
  const proof = await proofOf([]);
  assert.deepEqual(new Set(Object.values(relations(proof))), new Set(['unseen']));
  assert.deepEqual([codes(proof.wrong), codes(proof.unproven)], [[], ['not-running']]);
  assert.equal(proof.unproven[0]!.hint, 'systemctl start demo.service');
  const ended: readonly Readonly<Record<string, unknown>>[] = [
    { Type: 'oneshot', ActiveState: 'inactive' },
    { Type: 'oneshot', ActiveState: 'active' },
    { Type: 'simple', ActiveState: 'active' },
  ];
  for (const properties of ended) {
    const { hint } = (await proofOf([], { properties })).unproven[0]!;
    assert.match(hint ?? '', /^it has processes only while it works/);
  }
});

test("a directive that is seen nowhere is unproven, and one that can't be seen is only named", async () => {
  const command = ['/bin/x', [], ['privileged'], 0n, 0n, 0n, 0n, 0, 0, 0, 0];
  const properties = { MainPID: 0, ExecStartPostEx: [command] };
  const free = await proofOf([processFiles(100)], { properties });
  assert.deepEqual(codes(free.unproven), ['processes-unseen']);
  assert.match(
    free.unproven[0]!.message,
    /^cannot verify NoNewPrivileges=, ProtectSystem= of .* command may have a prefix/,
  );
  const held = await proofOf([processFiles(100)], {
    properties: { ExecStartPostEx: [command] },
    policy: '[service]\nNoNewPrivileges = true\nKeyringMode = "private"\n',
  });
  assert.deepEqual(codes(held.unproven), []);
  const alone = { policy: '[service]\nKeyringMode = "private"\n' };
  const [nothing] = (await proofOf([processFiles(100)], alone)).unproven;
  assert.match(nothing!.message, /^cannot verify KeyringMode= of .*: no process shows that$/);
  const groups = [{ processes: [] }] as unknown as readonly ThreadGroup[];
  assert.deepEqual((await proofOf([processFiles(100)], { ...alone, groups })).unproven, []);
});

test("a prefix on the command of [ready] doesn't except any process", async () => {
  const command = (path: string) => [path, [], ['privileged'], 0n, 0n, 0n, 0n, 0, 0, 0, 0];
  const injector = planned(POLICY).target.injector;
  const looser = [processFiles(100, 'NoNewPrivs:\t0\n')];
  const found = async (key: string, path: string, state = 'active') => {
    const properties = { MainPID: 0, ActiveState: state, [key]: [command(path)] };
    return codes((await proofOf(looser, { properties })).wrong);
  };
  assert.deepEqual(await found('ExecStartPostEx', injector), ['looser-directive']);
  assert.deepEqual(await found('ExecStartPostEx', '/bin/x'), []);
  assert.deepEqual(await found('ExecStartPreEx', '/bin/x'), ['looser-directive']);
  assert.deepEqual(await found('ExecStartPreEx', '/bin/x', 'activating'), []);
});
