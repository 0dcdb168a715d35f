import type { Directive } from '../directive.js';
import { FAMILIES } from '../kinds/names/families.js';
import { FILESYSTEMS } from '../kinds/names/filesystems.js';
import { LOG_NAMESPACE } from '../kinds/names/names.js';
import { namespaces } from '../kinds/names/namespaces.js';
import { bpfWords, GRANTS } from '../kinds/network/bpf.js';
import { namespaceInPlaceOf, path } from '../kinds/paths/path.js';
import { BOOLEAN, oneOf } from '../kinds/scalars/enumeration.js';
import { CONFINES, group } from '../row.js';
import { GRANTED_SET, SET } from '../values/signed-list.js';
import { ranked, weakestFirst } from '../values/strictness.js';

/** Calls that create a file, or change the mode of one. */
const MODE_CALLS = [
  ...['chmod', 'creat', 'fchmod', 'fchmodat', 'fchmodat2', 'mkdir', 'mkdirat', 'mknod', 'mknodat'],
  ...['open', 'openat', 'openat2'],
];

const MEMORY_CALLS = ['mmap', 'mmap2', 'mprotect', 'pkey_mprotect', 'shmat'];

/** A boolean of older systemd, with the words of newer ones. */
const booleanOr = (since: Readonly<Record<string, number>>, withHostname?: string) =>
  oneOf(
    Object.entries(since).map(([value, first]) => ({ value, since: first })),
    { boolean: true, withHostname },
  );

/** Namespaces, and what the service may see and ask of the kernel. */
export const isolation = (): readonly Directive[] => {
  const PATH = path();
  return [
    ...group(
      { ...CONFINES, mountNamespace: true },
      ['PrivateBPF', 258, BOOLEAN, true, { bus: { signature: 's' } }],
      ['PrivateIPC', 248, BOOLEAN, true],
      ['PrivateMounts', 239, BOOLEAN, true],
      ['PrivateNetwork', 183, BOOLEAN, true],
      ['PrivatePIDs', 257, BOOLEAN, true, { bus: { signature: 's' } }],
    ),
    // systemd has a filter of its own for these.
    ...group(
      { ...CONFINES, needs: ['seccomp'] },
      ['LockPersonality', 235, BOOLEAN, true, { refuses: ['personality'] }],
      ['MemoryDenyWriteExecute', 231, BOOLEAN, true, { refuses: MEMORY_CALLS }],
      ['PrivateDevices', 209, BOOLEAN, true, { refuses: ['@raw-io'], mountNamespace: true }],
      ['ProtectClock', 245, BOOLEAN, true, { refuses: ['@clock'], userNamespace: true }],
      ['ProtectKernelLogs', 244, BOOLEAN, true, { refuses: ['syslog'], mountNamespace: true }],
      ['ProtectKernelModules', 232, BOOLEAN, true, { refuses: ['@module'], mountNamespace: true }],
      ['ProtectKernelTunables', 232, BOOLEAN, true, { refuses: ['_sysctl'], mountNamespace: true }],
      ['RestrictRealtime', 231, BOOLEAN, true, { refuses: ['sched_setscheduler'] }],
      ['RestrictSUIDSGID', 242, BOOLEAN, true, { refuses: MODE_CALLS, impliedBy: 'DynamicUser' }],
    ),
    ...group(
      {
        needs: ['seccomp'],
        refuses: ['sethostname', 'setdomainname'],
        strictness: weakestFirst(['no', 'private', 'yes'], 'no'),
        bus: { signature: 'b' },
        more: { end: 'Ex', signature: '(ss)', since: 258 },
        userNamespace: true,
      },
      ['ProtectHostname', 242, booleanOr({ private: 258 }, 'private'), true],
    ),
    ...group(
      {
        strictness: weakestFirst(['no', 'yes', 'disconnected'], 'no'),
        impliedBy: 'DynamicUser',
        bus: { signature: 'b' },
        more: { end: 'Ex', signature: 's', since: 257 },
        mountNamespace: true,
      },
      ['PrivateTmp', 183, booleanOr({ disconnected: 257 }), true],
    ),
    ...group(
      {
        // The wider the range of IDs that are the host's own, the weaker.
        strictness: weakestFirst(['no', 'full', 'identity', 'yes', 'managed'], 'no'),
        bus: { signature: 'b' },
        more: { end: 'Ex', signature: 's', since: 257 },
      },
      ['PrivateUsers', 232, booleanOr({ identity: 257, full: 258, managed: 260 }), true],
    ),
    ...group(
      {
        // Read-only; a namespace of its own.
        strictness: ranked({ no: [0, 0], yes: [1, 0], private: [0, 1], strict: [1, 1] }, 'no'),
        bus: { signature: 'b' },
        more: { end: 'Ex', signature: 's', since: 257 },
        mountNamespace: true,
        systemOnly: true,
      },
      ['ProtectControlGroups', 232, booleanOr({ private: 257, strict: 257 }), true],
    ),
    ...group(
      { mountNamespace: true, systemOnly: true },
      ['LogNamespace', 245, LOG_NAMESPACE, 'web', { reset: '' }],
      ['ProcSubset', 247, oneOf(['all', 'pid']), 'pid', { strictness: weakestFirst(['all', 'pid'], 'all') }],
      [
        'ProtectProc',
        247,
        oneOf([...HIDDEN_PROCESSES].sort()),
        'invisible',
        { strictness: weakestFirst(HIDDEN_PROCESSES, 'default') },
      ],
    ),
    ...group(
      { reset: '', merge: 'intersect', strictness: SET },
      [
        'RestrictAddressFamilies',
        211,
        FAMILIES,
        ['AF_UNIX', 'AF_INET', 'AF_INET6'],
        { refuses: ['socket'], needs: ['seccomp'] },
      ],
      [
        'RestrictFileSystems',
        250,
        FILESYSTEMS,
        ['ext4', '@temporary'],
        { needs: ['bpf-lsm', 'cgroup2'], systemOnly: true },
      ],
      [
        'RestrictNamespaces',
        233,
        namespaces({ delegate: false }),
        true,
        { refuses: NAMESPACE_CALLS, needs: ['seccomp'] },
      ],
    ),
    ...group(
      { reset: '', userNamespace: true },
      ['IPCNamespacePath', 248, PATH, '/run/ipcns/web', { strictness: namespaceInPlaceOf('PrivateIPC') }],
      [
        'NetworkNamespacePath',
        242,
        PATH,
        '/run/netns/web',
        { strictness: namespaceInPlaceOf('PrivateNetwork') },
      ],
      [
        'UserNamespacePath',
        259,
        PATH,
        '/run/userns/web',
        { strictness: namespaceInPlaceOf('PrivateUsers'), systemOnly: true },
      ],
    ),
    // Delegated BPF features: one comma-separated word, of which systemd skips what it doesn't know.
    ...group(
      { strictness: GRANTS },
      ['BPFDelegateAttachments', 258, bpfWords('BPF'), ['BPFCgroupInetIngress', 'BPFXdp']],
      ['BPFDelegateCommands', 258, bpfWords('BPF'), ['BPFMapCreate', 'BPFProgLoad']],
      ['BPFDelegateMaps', 258, bpfWords('BPFMapType'), ['BPFMapTypeHash']],
      ['BPFDelegatePrograms', 258, bpfWords('BPFProgType'), ['BPFProgTypeXdp']],
    ),
    ...group({ reset: '', merge: 'replace', strictness: GRANTED_SET }, [
      'DelegateNamespaces',
      258,
      namespaces({ delegate: true }),
      ['mnt', 'net'],
    ]),
  ];
};

/** hidepid= of proc(5): 1, 2 and 4. */
const HIDDEN_PROCESSES = ['default', 'noaccess', 'invisible', 'ptraceable'];

const NAMESPACE_CALLS = ['clone', 'clone3', 'setns', 'unshare'];
