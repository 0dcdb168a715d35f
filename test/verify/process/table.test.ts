import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../../src/seccomp/filter/compile/compile.js';
import { parseMountTree } from '../../../src/systemd/formats/mount-tree.js';
import { groupLimited } from '../../../src/verify/process/probe.js';
import { type NamespaceView, parseLimits, type SeenProcess } from '../../../src/verify/process/processes.js';
import {
  type CheckedProcess,
  createOfMounts,
  type ExpectedValues,
  checkDirective as judgeSeen,
} from '../../../src/verify/process/table.js';
import { planned } from '../../support/planned.js';

/** Namespaces that a process may have made itself. */
interface OwnNamespaces {
  readonly users: boolean;
  readonly mounts: boolean;
}

const NO_OWN_NAMESPACES: OwnNamespaces = { users: false, mounts: false };

interface Shown extends Pick<CheckedProcess, 'process' | 'filters'> {
  readonly view: NamespaceView | undefined;
  readonly own: OwnNamespaces;
}

const judge = (directive: string, expected: ExpectedValues, { view, own, ...shown }: Shown) =>
  judgeSeen(directive, expected, {
    ...{ ...shown, hasOwnUsers: own.users },
    mounts: createOfMounts(expected, shown.process, view, own.mounts),
  });

const KNOWN = (1n << 41n) - 1n;

const STATUS = {
  ...{ Uid: '1\t1\t1\t1', Gid: '1\t1\t1\t1', NoNewPrivs: '1', Seccomp: '2' },
  ...{ CapInh: '0', CapPrm: '0', CapEff: '0', CapBnd: '400', CapAmb: '0' },
};

const LIMITS = `Limit                     Soft Limit           Hard Limit           Units
Max core file size        0                    0                    bytes
Max open files            100                  200                  files
Max cpu time              unlimited            unlimited            seconds
Max nice priority         0                    0
`;

const seenProcess = (status: Record<string, string> = {}, more: Partial<SeenProcess> = {}): SeenProcess => ({
  ...{ pid: 7, tid: 7, name: 'demod', parent: 1, isOld: false, isFree: false },
  threads: [new Map(Object.entries({ ...STATUS, ...status }))],
  limits: parseLimits(LIMITS),
  namespaces: new Map([
    ['net', 'net:[2]'],
    ['ipc', 'ipc:[1]'],
    ['cgroup', 'cgroup:[1]'],
  ]),
  ...more,
});

/** A view in which every path exists, without links. */
function view(mounts: string, links: Readonly<Record<string, string>> = {}): NamespaceView {
  const all = { get: (path: string) => links[path] ?? path } as unknown as ReadonlyMap<string, string>;
  return { tree: parseMountTree(mounts), paths: all, isGuessed: false };
}

const HOST = `1 0 0:1 / / rw - ext4 d rw
2 1 0:2 / /dev rw - tmpfs d rw
3 1 0:3 / /proc rw - proc p rw
4 1 0:4 / /run rw - tmpfs r rw
`;

type Properties = Readonly<Record<string, unknown>>;

const expected = (properties: Properties): ExpectedValues => ({
  get: (name) => properties[name],
  abi: 'x86-64',
  known: KNOWN,
  namespaces: new Map([
    ['net', 'net:[1]'],
    ['ipc', 'ipc:[1]'],
    ['cgroup', 'cgroup:[1]'],
  ]),
  host: view(HOST),
});

function relation(directive: string, properties: Properties, judged: SeenProcess | string, links = {}) {
  const isText = typeof judged === 'string';
  const its = isText ? view(judged, links) : undefined;
  const of = isText ? seenProcess() : judged;
  const found = judge(directive, expected(properties), {
    process: of,
    view: its,
    filters: undefined,
    own: NO_OWN_NAMESPACES,
  });
  return found.seen === '' ? found.relation : `${found.relation}: ${found.seen}`;
}

const start = (text: string) => new RegExp(`^${text}`);

test('a writable /sys is more permissive, whatever else is mounted there', () => {
  const of = (flag: string) =>
    relation('ProtectKernelTunables', { ProtectKernelTunables: true }, SYS.replace('FLAG', flag));
  assert.equal(of('rw'), 'looser: /sys can be written to');
  assert.equal(of('ro'), 'equal');
  const list = { ReadOnlyPaths: ['/sys'], ProcSubset: 'pid' };
  assert.equal(relation('ReadOnlyPaths', list, SYS.replace('FLAG', 'rw')), 'looser: /sys can be written to');
  const below = { ReadOnlyPaths: ['/'], ProcSubset: 'pid' };
  const closed = SYS.replace('/ / rw', '/ / ro').replace('FLAG', 'rw');
  assert.match(relation('ReadOnlyPaths', below, closed), /^open: systemd leaves out \/sys/);
});

test("a file of /proc that is hidden by ProcSubset=pid isn't writable", () => {
  const of = (options: string, path = '/proc') => {
    const own = view(
      `1 0 0:1 / / ro - ext4 d rw\n3 1 0:7 / ${path} rw - proc p rw${options}\n4 1 0:4 / /sys ro - sysfs s rw\n`,
    );
    const judged = { process: seenProcess(), filters: undefined, own: NO_OWN_NAMESPACES };
    const guessed = { ...judged, view: { ...own, isGuessed: true } };
    return judge('ProtectKernelTunables', expected({ ProtectKernelTunables: true }), guessed);
  };
  assert.deepEqual(of(',subset=pid'), { relation: 'equal', seen: '' });
  assert.deepEqual(of(''), { relation: 'looser', seen: '/proc/acpi can be written to' });
  const own = view('1 0 0:1 / / ro - ext4 d rw\n3 1 0:7 / /proc rw - proc p rw,subset=pid\n');
  const judged = { process: seenProcess(), view: own, filters: undefined, own: NO_OWN_NAMESPACES };
  for (const path of ['/proc', '/proc/7', '/proc/self/fd'])
    assert.equal(
      judge('ReadOnlyPaths', expected({ ReadOnlyPaths: [path] }), judged).relation,
      'looser',
      path,
    );
});

test("a process with the manager's mounts lacks a directive's", () => {
  const namespaces = new Map([['mnt', 'mnt:[1]']]);
  const outside = seenProcess({}, { namespaces });
  const of = (directive: string, value: unknown) =>
    judge(
      directive,
      { ...expected({ [directive]: value }), namespaces },
      { process: outside, view: undefined, filters: undefined, own: NO_OWN_NAMESPACES },
    ).seen;
  for (const [directive, value] of [
    ['ProtectHome', 'yes'],
    ['ProtectProc', 'invisible'],
    ['ReadOnlyPaths', ['/srv']],
  ] as const)
    assert.equal(of(directive, value), "it is in the manager's mnt namespace", directive);
  // systemd gives a unit with nothing else but another root no mount namespace, where it is asked to.
  assert.equal(of('RootDirectory', '/srv'), 'its mounts are not shown');
});

test("a unit's own folder is writable if its manager creates it, and no other", () => {
  const text = `${HOST}5 1 0:1 /home /home ro - ext4 d rw
6 1 0:1 /root /root ro - ext4 d rw
7 4 0:4 /user /run/user ro - tmpfs r rw
8 5 0:1 /home/u/.local/state/own /home/u/.local/state/own rw - ext4 d rw
`;
  const properties = { ProtectHome: 'read-only', StateDirectory: ['own'] };
  const of = (bases?: ReadonlyMap<string, string>) =>
    judge(
      'ProtectHome',
      { ...expected(properties), bases },
      { process: seenProcess(), view: view(text), filters: undefined, own: NO_OWN_NAMESPACES },
    ).relation;
  assert.equal(of(new Map([['StateDirectory', '/home/u/.local/state']])), 'equal');
  assert.equal(of(new Map([['StateDirectory', '/home/u/.config']])), 'looser');
  assert.equal(of(), 'looser');
});

/** What a process sees whose /proc is read-only, and whose /sys has this flag. */
const SYS = `1 0 0:1 / / rw - ext4 d rw
3 1 0:3 / /proc ro - proc p rw
5 3 0:9 /systemd/inaccessible/reg /proc/kallsyms ro - tmpfs t rw
6 3 0:9 /systemd/inaccessible/reg /proc/kcore ro - tmpfs t rw
7 1 0:5 / /sys FLAG - sysfs s rw
`;

test('privileges are compared with the given ones', () => {
  const bounded = { CapabilityBoundingSet: 0x400n, NoNewPrivileges: true, UID: 1, GID: 1 };
  const cases: readonly [string, Record<string, string>, string][] = [
    ['NoNewPrivileges', {}, 'equal'],
    ['NoNewPrivileges', { NoNewPrivs: '0' }, 'looser'],
    ['CapabilityBoundingSet', {}, 'equal'],
    ['CapabilityBoundingSet', { CapBnd: '0' }, 'stricter'],
    ['CapabilityBoundingSet', { CapBnd: '401' }, 'looser: CapBnd'],
    ['CapabilityBoundingSet', { CapEff: '1' }, 'looser: CapEff'],
    ['AmbientCapabilities', { CapAmb: '400' }, 'looser'],
    ['User', {}, 'equal'],
    ['User', { Uid: '1\t0\t1\t1' }, 'looser: Uid is 0, not 1'],
    ['Group', { Gid: '1\t1\t1\t0' }, 'looser'],
  ];
  for (const [directive, status, wanted] of cases) {
    const set = { ...bounded, AmbientCapabilities: directive === 'AmbientCapabilities' ? 1n : 0n };
    const named = { ...set, User: 'daemon', Group: 'daemon' };
    assert.match(relation(directive, named, seenProcess(status)), start(wanted), directive);
  }
});

test('a change that a process may make itself is no error', () => {
  const free = { User: 'daemon', UID: 1, CapabilityBoundingSet: KNOWN, LimitNOFILE: 100n };
  assert.match(relation('User', free, seenProcess({ Uid: '0\t0\t0\t0' })), /^unseen/);
  assert.match(relation('LimitNOFILE', free, seenProcess()), /^unseen/);
  assert.match(relation('User', { ...free, User: 'root', UID: 0 }, seenProcess()), /^stricter/);
});

test('limits are compared with the hard ones', () => {
  const bound = { NoNewPrivileges: true, UID: 1, AmbientCapabilities: 0n };
  const limit = (directive: string, value: bigint) =>
    relation(directive, { ...bound, [directive]: value }, seenProcess());
  assert.equal(limit('LimitNOFILE', 200n), 'equal');
  assert.match(limit('LimitNOFILE', 300n), /^stricter/);
  assert.match(limit('LimitNOFILE', 199n), /^looser: the hard limit is 200, not 199/);
  assert.match(limit('LimitCPU', 9n), /^looser: the hard limit is unlimited/);
  assert.equal(limit('LimitCPU', (1n << 64n) - 1n), 'equal');
  assert.equal(limit('LimitNICE', 0n), 'equal');
  assert.match(limit('LimitRTTIME', 1n), /^unseen/);
  const byPam = { ...bound, PAMName: 'login', LimitNOFILE: 100n };
  assert.match(relation('LimitNOFILE', byPam, seenProcess()), /^unseen/);
});

test("namespaces differ from the manager's", () => {
  assert.equal(relation('PrivateNetwork', { PrivateNetwork: true }, seenProcess()), 'equal');
  assert.match(relation('PrivateIPC', { PrivateIPC: true }, seenProcess()), /^looser: .*manager's ipc/);
  assert.match(relation('PrivateUsers', { PrivateUsers: true }, seenProcess()), /^unseen/);
  assert.equal(relation('PrivateIPC', { PrivateIPC: false }, seenProcess()), 'equal');
});

test("a namespace by its path isn't the manager's", () => {
  const joins = { NetworkNamespacePath: '/run/netns/web' };
  assert.equal(relation('NetworkNamespacePath', joins, seenProcess()), 'equal');
  assert.match(relation('IPCNamespacePath', { IPCNamespacePath: '/run/ipc' }, seenProcess()), /^looser/);
});

test('without readable filters only their presence is seen, and capabilities are unknown', () => {
  assert.match(relation('LockPersonality', { LockPersonality: true }, seenProcess()), /^unseen/);
  const open = seenProcess({ Seccomp: '0' });
  assert.match(
    relation('LockPersonality', { LockPersonality: true }, open),
    /^looser: it has no system call filter/,
  );
  assert.equal(relation('ProtectClock', { ProtectClock: true }, seenProcess()), 'equal');
  const clock = seenProcess({ CapBnd: '2000000' });
  assert.match(relation('ProtectClock', { ProtectClock: true }, clock), /^looser: CapBnd/);
  assert.match(relation('MemoryDenyWriteExecute', { MemoryDenyWriteExecute: true }, open), /^unseen/);
  const given = { ProtectClock: true, AmbientCapabilities: 0x2000000n };
  assert.equal(relation('ProtectClock', given, clock), 'equal', 'ambient ones are given back');
});

test("calls that systemd's filters refuse are tried on the process's filters", () => {
  const held = (directive: string, value: unknown, deny: readonly string[]) => {
    const { meaning } = planned(`[syscalls]\ndeny = ${JSON.stringify(deny)}\n`);
    const filters = [{ stack: deny.length > 0 ? [compile(meaning!)] : [] }];
    const judged = { process: seenProcess(), view: undefined, filters, own: NO_OWN_NAMESPACES };
    const { relation: found, seen } = judge(directive, expected({ [directive]: value }), judged);
    return seen === '' ? found : `${found}: ${seen}`;
  };
  assert.equal(held('LockPersonality', true, ['personality']), 'equal');
  assert.match(held('LockPersonality', true, ['mmap']), /^looser: no filter refuses personality/);
  assert.equal(held('RestrictNamespaces', 0n, ['unshare']), 'equal');
  assert.match(held('RestrictNamespaces', 0n, []), /^looser: .*unshare\(CLONE_NEWCGROUP\)/);
  assert.match(held('RestrictNamespaces', 0x6e020000n, []), /^looser: .*unshare\(CLONE_NEWUSER\)/);
  assert.equal(held('RestrictAddressFamilies', [true, ['AF_UNIX']], ['socket']), 'equal');
  assert.match(held('RestrictAddressFamilies', [true, ['AF_UNIX']], ['mmap']), /socket\(AF_ALG\)/);
  assert.match(held('RestrictAddressFamilies', [false, ['AF_UNIX']], ['mmap']), /socket\(AF_LOCAL\)/);
  assert.match(held('RestrictRealtime', true, []), /^looser/);
  assert.match(held('RestrictSUIDSGID', true, []), /^looser/);
  assert.match(held('MemoryDenyWriteExecute', true, []), /^unseen/);
  assert.equal(held('MemoryDenyWriteExecute', true, ['mmap']), 'equal');
  assert.match(held('ProtectClock', true, ['clock_settime']), /^looser: no filter refuses settimeofday/);
});

test("a process's own user namespace excuses capabilities, but not mounts or a missing filter", () => {
  const [open, refusing] = ['mmap', '@module'].map((deny) => [
    { stack: [compile(planned(`[syscalls]\ndeny = ["${deny}"]\n`).meaning!)] },
  ]);
  const users = { users: true, mounts: false };
  const closed = `${HOST}9 1 0:4 /systemd/inaccessible/dir /lib/modules ro - tmpfs r rw
10 1 0:4 /systemd/inaccessible/dir /usr/lib/modules ro - tmpfs r rw\n`;
  const found = (filters: typeof open, own: OwnNamespaces, mounts = closed, status = {}) =>
    judge('ProtectKernelModules', expected({ ProtectKernelModules: true }), {
      ...{ process: seenProcess(status), view: view(mounts), filters, own },
    }).seen;
  const loaded = { CapBnd: '10000' };
  assert.equal(found(refusing, users), '');
  assert.equal(found(open, users), 'no filter refuses init_module');
  assert.equal(found(refusing, users, HOST), '/lib/modules can be reached');
  assert.match(found(refusing, NO_OWN_NAMESPACES, closed, loaded), /^CapBnd has capabilities/);
  assert.equal(found(refusing, users, closed, loaded), 'it is in a user namespace of its own');
});

test("a process's own mount namespace excuses its own mounts, but not the manager's", () => {
  const own = { users: true, mounts: true };
  const found = (directive: string, value: unknown, mounts: string) =>
    judge(directive, expected({ [directive]: value }), {
      ...{ process: seenProcess(), view: view(mounts), filters: undefined, own },
    }).seen;
  const excused = 'it is in a mount namespace of its own';
  const ro = HOST.replace('/ / rw', '/ / ro');
  const at = (root: string, path: string) => `9 1 ${root} ${path} rw - ext4 d rw\n`;
  assert.equal(found('InaccessiblePaths', ['/srv'], HOST), '/srv can be reached');
  assert.equal(found('InaccessiblePaths', ['/srv'], HOST + at('0:7 /', '/srv')), excused);
  assert.equal(found('InaccessiblePaths', ['/srv'], HOST + at('0:1 /srv', '/srv')), '/srv can be reached');
  assert.equal(found('TemporaryFileSystem', [['/srv', '']], HOST), "/srv is the host's");
  assert.equal(found('ReadOnlyPaths', ['/etc'], HOST), '/etc can be written to');
  assert.equal(found('ReadOnlyPaths', ['/etc'], ro + at('0:7 /', '/etc/mnt')), excused);
  // Whatever else is mounted before it.
  const both = `${ro}${at('0:7 /', '/etc/mnt')}10 1 0:1 /etc/ssh /etc/ssh rw - ext4 d rw\n`;
  assert.equal(found('ReadOnlyPaths', ['/etc'], both), '/etc/ssh can be written to');
  assert.equal(found('ProtectProc', 'invisible', HOST), '/proc is mounted without hidepid=invisible');
  assert.equal(found('ProtectProc', 'invisible', HOST.replace('0:3', '0:8')), excused);
});

test("a host's mount below a path leaves a part open, and is no difference of the service", () => {
  const fuse = '9 1 0:50 / /tmp/x rw,nosuid,nodev - fuse.sshfs x rw,user_id=1000,group_id=1000\n';
  const mounts = `${HOST.replaceAll(' rw -', ' ro,noexec -')}${fuse}`;
  const found = (directive: string, host: string, text = mounts) =>
    judge(
      directive,
      { ...expected({ [directive]: ['/'] }), host: view(host) },
      { process: seenProcess(), view: view(text), filters: undefined, own: NO_OWN_NAMESPACES },
    );
  for (const [directive, otherwise] of [
    ['ReadOnlyPaths', 'written to'],
    ['NoExecPaths', 'executed from'],
  ] as const) {
    const { relation: left, seen } = found(directive, HOST + fuse);
    assert.deepEqual([left, seen], ['open', `systemd leaves out /tmp/x, which can be ${otherwise}`]);
    // Mounted in there alone, or another one than the host's.
    for (const host of [HOST, HOST + fuse.replace('0:50', '0:51')])
      assert.equal(found(directive, host).relation, 'looser');
  }
  const itself = found('ReadOnlyPaths', HOST, HOST).seen;
  assert.equal(itself, '/ can be written to', 'that the host has the path itself is no excuse');
});

test('the mounts of a namespace are checked once, whatever the number of processes', () => {
  let looked = 0;
  const { tree, paths } = view(HOST);
  const counting = { get: (path: string) => ++looked && paths.get(path) } as typeof paths;
  const of = createOfMounts(
    expected({ ProtectKernelModules: true }),
    seenProcess(),
    { ...{ tree, paths: counting }, isGuessed: false },
    false,
  );
  assert.equal(of('ProtectKernelModules'), of('ProtectKernelModules'));
  assert.equal(looked, 2);
});

test("a directive that can't be seen is unseen, whatever its value", () => {
  for (const value of [true, false])
    assert.deepEqual(
      relation('IgnoreSIGPIPE', { IgnoreSIGPIPE: value }, seenProcess()),
      "unseen: it can't be observed",
    );
});

test('PrivateDevices= includes a filter if the machine has I/O ports', () => {
  const found = (deny: string, abi: ExpectedValues['abi'] = 'x86-64') => {
    const filters = [{ stack: [compile(planned(`[syscalls]\ndeny = ["${deny}"]\n`).meaning!)] }];
    const own = view(`${HOST}9 2 0:9 / /dev ro - tmpfs d rw\n`);
    const judged = { process: seenProcess(), view: own, filters, own: NO_OWN_NAMESPACES };
    return judge('PrivateDevices', { ...expected({ PrivateDevices: true }), abi }, judged);
  };
  assert.deepEqual(found('@raw-io'), { relation: 'equal', seen: '' });
  assert.deepEqual(found('ioperm'), { relation: 'looser', seen: 'no filter refuses iopl' });
  assert.deepEqual(found('ioperm', 'arm64'), { relation: 'equal', seen: '' });
});

test('read-only paths include everything below, except exceptions', () => {
  const strict = { ProtectSystem: 'strict', ReadWritePaths: ['-/var/cache'], StateDirectory: ['demo'] };
  const mounts = HOST.replace('/ / rw', '/ / ro').replace('/ /run rw', '/ /run ro');
  const more = (line: string) => `${mounts}9 1 0:9 / ${line} - tmpfs t rw\n`;
  const found = (text: string, properties: Properties = strict) =>
    relation('ProtectSystem', properties, text);
  assert.equal(found(mounts), 'equal');
  assert.match(found(HOST), /^looser: \/ can be written to/);
  assert.match(found(more('/mnt/usb rw')), /^looser: \/mnt\/usb can be written to/);
  assert.equal(found(more('/mnt/usb ro')), 'equal');
  for (const path of ['/var/cache', '/var/cache/sub', '/var/lib/demo', '/home', '/sys'])
    assert.equal(found(more(`${path} rw`)), 'equal', path);
  assert.match(found(more('/tmp rw')), /^looser/);
  assert.equal(found(more('/tmp rw'), { ...strict, PrivateTmp: true }), 'equal');
  assert.equal(found(more('/mnt rw').replace('tmpfs t rw', 'nsfs n rw')), 'equal');
  assert.match(
    found(more('/usr rw'), { ...strict, ExecPaths: ['/usr'] }),
    /^open: systemd leaves out \/usr, which can be written to/,
  );
});

test('control groups are read-only, except the file for memory pressure', () => {
  const properties = { ProtectControlGroups: true, ControlGroup: '/demo.service' };
  const own = '/sys/fs/cgroup/demo.service';
  const found = (path: string) =>
    relation(
      'ProtectControlGroups',
      properties,
      `${HOST}8 1 0:8 / /sys/fs/cgroup ro - cgroup2 c rw\n9 8 0:8 /d ${path} rw - cgroup2 c rw\n`,
    );
  assert.equal(found(`${own}/memory.pressure`), 'equal');
  assert.match(found(own), /^looser: .*demo.service can be written to/);
});

test('control groups in a namespace are writable, unless the value is strict', () => {
  const found = (value: string, cgroup: string) => {
    const properties = { ProtectControlGroups: true, ProtectControlGroupsEx: value };
    const namespaces = new Map([['cgroup', cgroup]]);
    const judged = { process: seenProcess({}, { namespaces }), view: view(HOST), filters: undefined };
    return judge('ProtectControlGroups', expected(properties), { ...judged, own: NO_OWN_NAMESPACES }).seen;
  };
  assert.equal(found('private', 'cgroup:[2]'), '');
  assert.match(found('private', 'cgroup:[1]'), /manager's cgroup namespace/);
  assert.match(found('strict', 'cgroup:[2]'), /can be written to/);
});

test('a path that can be executed from is more permissive, and open below one that systemd leaves out', () => {
  const noExec = { NoExecPaths: ['/'], ExecPaths: ['/usr'] };
  const mounts = HOST.replaceAll('rw -', 'rw,noexec -');
  assert.equal(relation('NoExecPaths', noExec, mounts), 'equal');
  assert.equal(relation('NoExecPaths', noExec, `${mounts}9 1 0:1 /usr /usr rw - ext4 d rw\n`), 'equal');
  const incoming = `${mounts}9 1 0:1 /run/systemd/incoming /run/systemd/incoming ro - tmpfs d rw\n`;
  assert.equal(relation('NoExecPaths', noExec, incoming), 'equal');
  const temporary = `${mounts}9 1 0:1 /t /tmp rw - ext4 d rw\n`;
  assert.match(relation('NoExecPaths', noExec, temporary), /^looser: \/tmp can be executed from/);
  assert.match(relation('NoExecPaths', { ...noExec, PrivateTmp: true }, temporary), /^open/);
});

test('hidden homes are hidden where their links lead', () => {
  const yes = { ProtectHome: 'yes' };
  const over = ['/home', '/root', '/run/user'].map(
    (path, i) =>
      `${20 + i} ${path.startsWith('/run') ? 4 : 1} 0:4 /systemd/inaccessible/dir ${path} ro - tmpfs r rw`,
  );
  const hidden = `${HOST}${over.join('\n')}\n`;
  assert.equal(relation('ProtectHome', yes, hidden), 'equal');
  assert.match(
    relation('ProtectHome', yes, hidden, { '/home': '/var/home' }),
    /^looser: \/home can be reached/,
  );
  assert.match(relation('ProtectHome', yes, HOST), /^looser/);
  assert.match(relation('ProtectHome', { ProtectHome: 'tmpfs' }, HOST), /^looser/);
  assert.match(relation('ProtectHome', { ProtectHome: 'read-only' }, HOST), /^looser: \/home can be written/);
});

test("private folders differ from the host's", () => {
  const own = (lines: string) => `${HOST}${lines}`;
  const both = own('9 1 0:1 /p/1 /tmp rw - ext4 d rw\n10 1 0:1 /p/2 /var/tmp rw - ext4 d rw\n');
  assert.equal(relation('PrivateTmp', { PrivateTmp: true }, both), 'equal');
  assert.match(relation('PrivateTmp', { PrivateTmp: true }, HOST), /^looser: \/tmp is the host's/);
  assert.match(relation('PrivateDevices', { PrivateDevices: true }, HOST), /^looser/);
  assert.equal(
    relation('PrivateDevices', { PrivateDevices: true }, own('9 2 0:9 / /dev ro - tmpfs d rw\n')),
    'equal',
  );
  const tmpfs = { TemporaryFileSystem: [['/srv', 'ro']] };
  assert.equal(relation('TemporaryFileSystem', tmpfs, own('9 1 0:9 / /srv ro - tmpfs s rw\n')), 'equal');
  assert.equal(relation('TemporaryFileSystem', tmpfs, HOST), "looser: /srv is the host's");
});

test('the options of /proc show what is visible of other processes', () => {
  const proc = (options: string) => HOST.replace('proc p rw', `proc p rw,${options}`);
  const hides = { ProtectProc: 'invisible' };
  assert.equal(relation('ProtectProc', hides, proc('hidepid=invisible')), 'equal');
  assert.match(relation('ProtectProc', hides, proc('hidepid=noaccess')), /^looser/);
  assert.equal(relation('ProcSubset', { ProcSubset: 'pid' }, proc('subset=pid')), 'equal');
  assert.match(relation('ProcSubset', { ProcSubset: 'pid' }, HOST), /^looser/);
});

test('hidden mounts prove nothing', () => {
  assert.match(relation('ProtectHome', { ProtectHome: 'yes' }, seenProcess()), /^unseen/);
});

test('paths that only the host can follow are hidden if something is mounted over them', () => {
  const logs = { ProtectKernelLogs: true };
  const found = (mounts: string) => {
    const guessed = { ...view(mounts), isGuessed: true };
    return judge('ProtectKernelLogs', expected(logs), {
      process: seenProcess(),
      view: guessed,
      filters: undefined,
      own: NO_OWN_NAMESPACES,
    }).relation;
  };
  const hidden = '8 3 0:4 /systemd/inaccessible/reg /proc/kmsg ro - tmpfs r rw\n';
  assert.equal(found(`${HOST}${hidden}9 2 0:9 / /dev ro - tmpfs d rw\n`), 'equal');
  assert.equal(found(`${HOST}${hidden}`), 'looser');
});

test('limits of the control group are compared with the loaded ones', () => {
  const files = { 'cgroup.controllers': 'cpu memory pids', 'pids.max': '20', 'cpu.max': '50000 100000' };
  const limit = (name: string, value: unknown, more = {}) =>
    groupLimited(() => value, name, new Map(Object.entries({ ...files, ...more }))).relation;
  assert.equal(limit('TasksMax', 20n), 'equal');
  assert.equal(limit('TasksMax', 19n), 'looser');
  assert.equal(limit('TasksMax', 21n), 'stricter');
  assert.equal(limit('CPUQuota', 500_000n), 'equal');
  assert.equal(limit('CPUQuota', 400_000n), 'looser');
  assert.equal(limit('CPUQuota', 400_000n, { 'cpu.max': 'max 100000' }), 'looser');
  assert.equal(limit('MemoryMax', 5000n, { 'memory.max': '4096' }), 'equal');
  assert.equal(limit('MemoryMax', 1n << 30n, { 'memory.max': 'max' }), 'looser');
  assert.equal(limit('MemoryMax', 1n << 30n), 'looser', 'no such file');
  assert.equal(limit('MemoryMax', (1n << 64n) - 1n), 'equal');
});

test("a process that the kernel exempts from a directive doesn't prove it", () => {
  const root = { Uid: '0\t0\t0\t0' };
  const cases: readonly [Record<string, unknown>, Record<string, string>, string][] = [
    [{ LimitNPROC: 3n }, root, 'unseen'],
    [{ LimitNPROC: 3n }, { CapEff: '1000000' }, 'unseen'],
    [{ LimitNPROC: 3n }, {}, 'equal'],
    [{ LimitNPROC: 2n ** 64n - 1n }, root, 'stricter'],
    [{ ProtectProc: 'invisible' }, { CapEff: '80000' }, 'unseen'],
    [{ ProtectProc: 'invisible' }, { Groups: '4 0 ' }, 'unseen'],
    [{ ProtectProc: 'ptraceable' }, { Groups: '4 0 ' }, 'equal'],
    [{ ProtectProc: 'invisible', PrivatePIDs: 'yes' }, { CapEff: '80000' }, 'equal'],
    [{ ProtectProc: 'invisible' }, { Groups: '4' }, 'equal'],
  ];
  for (const [properties, status, relation] of cases) {
    const [name] = Object.keys(properties) as [string];
    const proc = view(HOST.replace('proc p rw', 'proc p rw,hidepid=invisible,hidepid=ptraceable'));
    const limits = parseLimits(
      `${LIMITS}Max processes             3                    3                    processes\n`,
    );
    const process = seenProcess(status, { limits, namespaces: new Map([['mnt', 'mnt:[2]']]) });
    const shown = { process, filters: undefined, view: proc, own: NO_OWN_NAMESPACES };
    const { relation: found } = judge(
      name,
      expected({ NoNewPrivileges: true, UID: 1, ...properties }),
      shown,
    );
    assert.equal(found, relation, JSON.stringify([Object.keys(properties), status]));
  }
});
