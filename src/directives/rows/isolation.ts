import type { Directive } from '../directive.js';
import { FAMILIES } from '../kinds/names/families.js';
import { FILESYSTEMS } from '../kinds/names/filesystems.js';
import { LOG_NAMESPACE } from '../kinds/names/names.js';
import { namespaces } from '../kinds/names/namespaces.js';
import { bpfWords, GRANTS } from '../kinds/network/bpf.js';
import { namespaceInPlaceOf, path } from '../kinds/paths/path.js';
import { oneOf } from '../kinds/scalars/enumeration.js';
import { on, restriction, row, toggle } from '../row.js';
import { GRANTED_SET, SET } from '../values/signed-list.js';
import { ranked, weakestFirst, YES_RESTRICTS } from '../values/strictness.js';

/** Delegated BPF features: one comma-separated word, of which systemd skips what it doesn't know. */
const bpf = (name: string, prefix: string, example: string[]): Directive =>
  row(name, 258, bpfWords(prefix), example, { strictness: GRANTS });

const joined = (name: string, since: number, own: string, example: string): Directive =>
  row(name, since, path(), example, {
    reset: '',
    strictness: namespaceInPlaceOf(own),
    userNamespace: true,
  });

/** A part of confinement for which systemd has a filter of its own. */
const filtered = (...refuses: readonly string[]) => ({ refuses, needs: ['seccomp'] }) as const;

/** Calls that create a file, or change the mode of one. */
const MODE_CALLS = [
  ...['chmod', 'creat', 'fchmod', 'fchmodat', 'fchmodat2', 'mkdir', 'mkdirat', 'mknod', 'mknodat'],
  ...['open', 'openat', 'openat2'],
];

/** Namespaces, and what the service may see and ask of the kernel. */
export const isolation = (): readonly Directive[] => [
  bpf('BPFDelegateAttachments', 'BPF', ['BPFCgroupInetIngress', 'BPFXdp']),
  bpf('BPFDelegateCommands', 'BPF', ['BPFMapCreate', 'BPFProgLoad']),
  bpf('BPFDelegateMaps', 'BPFMapType', ['BPFMapTypeHash']),
  bpf('BPFDelegatePrograms', 'BPFProgType', ['BPFProgTypeXdp']),
  row('DelegateNamespaces', 258, namespaces({ delegate: true }), ['mnt', 'net'], {
    reset: '',
    merge: 'replace',
    strictness: GRANTED_SET,
  }),
  joined('IPCNamespacePath', 248, 'PrivateIPC', '/run/ipcns/web'),
  restriction('LockPersonality', 235, filtered('personality')),
  row('LogNamespace', 245, LOG_NAMESPACE, 'web', {
    reset: '',
    mountNamespace: true,
    systemOnly: true,
  }),
  restriction('MemoryDenyWriteExecute', 231, filtered('mmap', 'mmap2', 'mprotect', 'pkey_mprotect', 'shmat')),
  joined('NetworkNamespacePath', 242, 'PrivateNetwork', '/run/netns/web'),
  toggle('PrivateBPF', 258, {
    bus: on('PrivateBPF', 's'),
    strictness: YES_RESTRICTS,
    mountNamespace: true,
  }),
  restriction('PrivateDevices', 209, { ...filtered('@raw-io'), mountNamespace: true }),
  restriction('PrivateIPC', 248, { mountNamespace: true }),
  restriction('PrivateMounts', 239, { mountNamespace: true }),
  restriction('PrivateNetwork', 183, { mountNamespace: true }),
  restriction('PrivatePIDs', 257, { bus: on('PrivatePIDs', 's'), mountNamespace: true }),
  row('PrivateTmp', 183, oneOf([{ value: 'disconnected', since: 257 }], { boolean: true }), true, {
    strictness: weakestFirst(['no', 'yes', 'disconnected'], 'no'),
    impliedBy: 'DynamicUser',
    bus: on('PrivateTmp', 'b'),
    more: [{ property: 'PrivateTmpEx', signature: 's', since: 257 }],
    mountNamespace: true,
  }),
  row(
    'PrivateUsers',
    232,
    oneOf(
      [
        { value: 'identity', since: 257 },
        { value: 'full', since: 258 },
        { value: 'managed', since: 260 },
      ],
      { boolean: true },
    ),
    true,
    {
      // The wider the range of IDs that are the host's own, the weaker.
      strictness: weakestFirst(['no', 'full', 'identity', 'yes', 'managed'], 'no'),
      bus: on('PrivateUsers', 'b'),
      more: [{ property: 'PrivateUsersEx', signature: 's', since: 257 }],
    },
  ),
  row('ProcSubset', 247, oneOf(['all', 'pid']), 'pid', {
    strictness: weakestFirst(['all', 'pid'], 'all'),
    mountNamespace: true,
    systemOnly: true,
  }),
  restriction('ProtectClock', 245, { ...filtered('@clock'), userNamespace: true }),
  row(
    'ProtectControlGroups',
    232,
    oneOf(
      [
        { value: 'private', since: 257 },
        { value: 'strict', since: 257 },
      ],
      { boolean: true },
    ),
    true,
    {
      // Read-only; a namespace of its own.
      strictness: ranked({ no: [0, 0], yes: [1, 0], private: [0, 1], strict: [1, 1] }, 'no'),
      bus: on('ProtectControlGroups', 'b'),
      more: [{ property: 'ProtectControlGroupsEx', signature: 's', since: 257 }],
      mountNamespace: true,
      systemOnly: true,
    },
  ),
  row(
    'ProtectHostname',
    242,
    oneOf([{ value: 'private', since: 258 }], { boolean: true, withHostname: 'private' }),
    true,
    {
      strictness: weakestFirst(['no', 'private', 'yes'], 'no'),
      bus: on('ProtectHostname', 'b'),
      more: [{ property: 'ProtectHostnameEx', signature: '(ss)', since: 258 }],
      ...filtered('sethostname', 'setdomainname'),
      userNamespace: true,
    },
  ),
  restriction('ProtectKernelLogs', 244, { ...filtered('syslog'), mountNamespace: true }),
  restriction('ProtectKernelModules', 232, { ...filtered('@module'), mountNamespace: true }),
  restriction('ProtectKernelTunables', 232, { ...filtered('_sysctl'), mountNamespace: true }),
  row('ProtectProc', 247, oneOf(['default', 'invisible', 'noaccess', 'ptraceable']), 'invisible', {
    // hidepid= of proc(5): 1, 2 and 4.
    strictness: weakestFirst(['default', 'noaccess', 'invisible', 'ptraceable'], 'default'),
    mountNamespace: true,
    systemOnly: true,
  }),
  row('RestrictAddressFamilies', 211, FAMILIES, ['AF_UNIX', 'AF_INET', 'AF_INET6'], {
    reset: '',
    merge: 'intersect',
    strictness: SET,
    ...filtered('socket'),
  }),
  row('RestrictFileSystems', 250, FILESYSTEMS, ['ext4', '@temporary'], {
    reset: '',
    merge: 'intersect',
    strictness: SET,
    needs: ['bpf-lsm', 'cgroup2'],
    systemOnly: true,
  }),
  row('RestrictNamespaces', 233, namespaces({ delegate: false }), true, {
    reset: '',
    merge: 'intersect',
    strictness: SET,
    ...filtered('clone', 'clone3', 'setns', 'unshare'),
  }),
  restriction('RestrictRealtime', 231, filtered('sched_setscheduler')),
  restriction('RestrictSUIDSGID', 242, { ...filtered(...MODE_CALLS), impliedBy: 'DynamicUser' }),
  {
    ...joined('UserNamespacePath', 259, 'PrivateUsers', '/run/userns/web'),
    systemOnly: true,
  },
];
