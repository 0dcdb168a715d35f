/**
 * The rows by which `systemd-analyze security` judges a unit: 81 of them, the same in systemd 252, 257 and 262
 * (security_assessor_table in src/analyze/analyze-security.c).
 */
import {
  type AddressPrefix,
  contains,
  parsePrefixes,
} from '../../systemd/directives/kinds/network/prefixes.js';
import type { Exposure } from './exposure.js';
import { permitsFamily, runsAsRoot, type ScoreSettings, USERS_ARE_NOT_ROOT } from './settings.js';

/** How calls are filtered. */
export interface Filtering {
  /** `allow`: some filter lets nothing pass but what it names; `none`: there is no filter. */
  readonly mode: 'none' | 'allow' | 'deny';
  /** Whether a call of a set passes, for some arguments at least. */
  readonly passesOf: (set: string) => boolean;
}

/** A unit as the rows see it. */
export interface ScoredSettings {
  readonly settings: ScoreSettings;
  readonly filtering: Filtering;
}

export interface ScoreRow {
  /** As `json_field` of `systemd-analyze security --json` has it. */
  readonly name: string;
  readonly weight: number;
  readonly range: number;
  /** From 0, the best, to `range`; undefined where the row doesn't apply. */
  readonly badness: (unit: ScoredSettings) => number | undefined;
  /** It doesn't apply to units of the early boot. */
  readonly unlessEarly?: true;
}

const graded = (
  name: string,
  weight: number,
  range: number,
  badness: (settings: ScoreSettings) => number | undefined,
): ScoreRow => ({ name, weight, range, badness: ({ settings }) => badness(settings) });

const flag = (
  name: string,
  weight: number,
  isGood: (settings: ScoreSettings) => boolean = ({ isOn }) => isOn(name),
): ScoreRow => graded(name, weight, 1, (settings) => Number(!isGood(settings)));

/** Directives that mount something, so that the service gets a mount namespace. */
const MOUNTS: readonly string[] = [
  ...['PrivateMounts', 'PrivateDevices', 'PrivateTmp', 'ProtectControlGroups'],
  ...['ProtectKernelTunables', 'ProtectKernelModules', 'ProtectHome', 'ProtectSystem', 'RootImage'],
];

const FROM_FAMILY: readonly (readonly [name: string, weight: number, families: readonly string[]])[] = [
  ['AF_INET_INET6', 1500, ['AF_INET', 'AF_INET6']],
  ['AF_UNIX', 25, ['AF_UNIX']],
  ['AF_NETLINK', 200, ['AF_NETLINK']],
  ['AF_PACKET', 1000, ['AF_PACKET']],
];

const NAMED_FAMILIES: ReadonlySet<string> = new Set(FROM_FAMILY.flatMap(([, , families]) => families));

/** Exotic families count as closed by a deny list that has any of them. */
function closesOthers({ families: { only, names } }: ScoreSettings): boolean {
  const hasOther = [...names].some((name) => !NAMED_FAMILIES.has(name));
  return hasOther !== only;
}

/** Of IPv4 and IPv6 a deny list counts as closed that has one of both. */
const closesFamilies = (settings: ScoreSettings, families: readonly string[]): boolean =>
  settings.families.only
    ? families.every((family) => !permitsFamily(settings, family))
    : families.some((family) => !permitsFamily(settings, family));

/** The rows of CapabilityBoundingSet=, by the end of the name. */
const CAPABILITIES: readonly (readonly [name: string, weight: number, capabilities: string])[] = [
  ['SYS_ADMIN', 1500, 'SYS_ADMIN'],
  ['SET_UID_GID_PCAP', 1500, 'SETUID SETGID SETPCAP'],
  ['SYS_PTRACE', 1500, 'SYS_PTRACE'],
  ['SYS_TIME', 1000, 'SYS_TIME'],
  ['NET_ADMIN', 1000, 'NET_ADMIN'],
  ['SYS_RAWIO', 1000, 'SYS_RAWIO'],
  ['SYS_MODULE', 1000, 'SYS_MODULE'],
  ['AUDIT', 500, 'AUDIT_CONTROL AUDIT_READ AUDIT_WRITE'],
  ['SYSLOG', 500, 'SYSLOG'],
  ['SYS_NICE_RESOURCE', 500, 'SYS_NICE SYS_RESOURCE'],
  ['MKNOD', 500, 'MKNOD'],
  ['CHOWN_FSETID_SETFCAP', 1000, 'CHOWN FSETID SETFCAP'],
  ['DAC_FOWNER_IPC_OWNER', 1000, 'DAC_OVERRIDE DAC_READ_SEARCH FOWNER IPC_OWNER'],
  ['KILL', 500, 'KILL'],
  ['NET_BIND_SERVICE_BROADCAST_RAW)', 500, 'NET_BIND_SERVICE NET_BROADCAST NET_RAW'],
  ['SYS_BOOT', 100, 'SYS_BOOT'],
  ['MAC', 100, 'MAC_ADMIN MAC_OVERRIDE'],
  ['LINUX_IMMUTABLE', 75, 'LINUX_IMMUTABLE'],
  ['IPC_LOCK', 50, 'IPC_LOCK'],
  ['SYS_CHROOT', 50, 'SYS_CHROOT'],
  ['BLOCK_SUSPEND', 25, 'BLOCK_SUSPEND'],
  ['WAKE_ALARM', 25, 'WAKE_ALARM'],
  ['LEASE', 25, 'LEASE'],
  ['SYS_TTY_CONFIG', 25, 'SYS_TTY_CONFIG'],
  ['SYS_PACCT', 25, 'SYS_PACCT'],
  ['BPF', 25, 'BPF'],
];

const NAMESPACES: readonly (readonly [name: string, weight: number])[] = [
  ['user', 1500],
  ['mnt', 500],
  ['ipc', 500],
  ['pid', 500],
  ['cgroup', 500],
  ['net', 500],
  ['uts', 100],
];

/** The rows of SystemCallFilter=, by the sets that they are about. */
export const SET_ROWS: readonly (readonly [set: string, weight: number])[] = [
  ['@swap', 1000],
  ['@obsolete', 250],
  ['@clock', 1000],
  ['@cpu-emulation', 250],
  ['@debug', 1000],
  ['@mount', 1000],
  ['@module', 1000],
  ['@raw-io', 1000],
  ['@reboot', 1000],
  ['@privileged', 700],
  ['@resources', 700],
];

const LOCALHOST: readonly AddressPrefix[] = parsePrefixes('localhost')!;
const isWhole = (length: number) => (one: AddressPrefix) => one.bytes.length === length && one.bits === 0;
const isLocal = (one: AddressPrefix) =>
  LOCALHOST.some((local) => local.bits === one.bits && contains(local, one));

function addressBadness({ ipFilters, ipAllow, ipDeny }: ScoreSettings): number {
  if (ipFilters) return 0;
  if (!ipDeny.some(isWhole(4)) || !ipDeny.some(isWhole(16))) return 10;
  if (ipAllow.length === 0) return 0;
  return ipAllow.every(isLocal) ? 2 : 5;
}

/** The badness of a umask: of the rights that are left to others and to the group, the worst counts. */
function umaskBadness({ umask }: ScoreSettings): number {
  const left = [
    [0o002, 10],
    [0o004, 5],
    [0o020, 2],
    [0o040, 1],
  ] as const;
  return left.find(([bit]) => (umask & bit) === 0)?.[1] ?? 0;
}

function architecturesBadness({ architectures }: ScoreSettings): number {
  if (architectures.length === 0) return 10;
  return architectures.length === 1 && architectures[0] === 'native' ? 0 : 8;
}

/** The badness of a word; of any other one `worst`. */
const byWord =
  (name: Parameters<ScoreSettings['word']>[0], worst: number, words: Readonly<Record<string, number>>) =>
  ({ word }: ScoreSettings): number =>
    new Map(Object.entries(words)).get(word(name)) ?? worst;

const isRootOwn = ({ word }: ScoreSettings): boolean =>
  (['RootDirectory', 'RootImage'] as const).every((name) => ['', '/'].includes(word(name)));

export const ROWS: readonly ScoreRow[] = [
  graded('UserOrDynamicUser', 2000, 10, (one) =>
    one.word('User') === 'nobody' ? 9 : runsAsRoot(one) ? 10 : 0,
  ),
  graded('SupplementaryGroups', 200, 1, (one) =>
    runsAsRoot(one) ? undefined : Number(one.supplementaryGroups),
  ),
  flag('PrivateDevices', 1000),
  flag('PrivateMounts', 1000, ({ isOn }) => MOUNTS.some(isOn)),
  flag('PrivateNetwork', 2500),
  { ...flag('PrivateTmp', 1000), unlessEarly: true },
  flag('PrivateUsers', 1000),
  flag('ProtectControlGroups', 1000),
  flag('ProtectKernelModules', 1000),
  flag('ProtectKernelTunables', 1000),
  flag('ProtectKernelLogs', 1000),
  flag('ProtectClock', 1000),
  {
    ...graded('ProtectHome', 1000, 10, byWord('ProtectHome', 10, { yes: 0, tmpfs: 1, 'read-only': 5 })),
    unlessEarly: true,
  },
  flag('ProtectHostname', 50),
  {
    ...graded('ProtectSystem', 1000, 10, byWord('ProtectSystem', 10, { strict: 0, full: 3, yes: 5 })),
    unlessEarly: true,
  },
  { ...flag('RootDirectoryOrRootImage', 200, (one) => !isRootOwn(one)), unlessEarly: true },
  flag('LockPersonality', 100),
  flag('MemoryDenyWriteExecute', 100),
  flag('NoNewPrivileges', 1000),
  ...CAPABILITIES.map(([name, weight, words]) =>
    flag(`CapabilityBoundingSet_CAP_${name}`, weight, ({ bounding }) =>
      words.split(' ').every((word) => !bounding.has(`CAP_${word}`)),
    ),
  ),
  graded('UMask', 100, 10, umaskBadness),
  flag('KeyringMode', 1000, ({ word }) => word('KeyringMode') === 'private'),
  graded('ProtectProc', 1000, 3, byWord('ProtectProc', 3, { noaccess: 1, invisible: 0, ptraceable: 0 })),
  flag('ProcSubset', 10, ({ word }) => word('ProcSubset') === 'pid'),
  flag('NotifyAccess', 1000, ({ word }) => word('NotifyAccess') !== 'all'),
  graded('RemoveIPC', 100, 1, (one) =>
    runsAsRoot(one) || (one.scope === 'user' && one.systemd >= USERS_ARE_NOT_ROOT)
      ? undefined
      : Number(!one.isOn('RemoveIPC')),
  ),
  flag('Delegate', 100, ({ isOn }) => !isOn('Delegate')),
  flag('RestrictRealtime', 500),
  flag('RestrictSUIDSGID', 1000),
  ...NAMESPACES.map(([name, weight]) =>
    flag(`RestrictNamespaces_${name}`, weight, (settings) => !settings.namespaces.has(name)),
  ),
  ...FROM_FAMILY.map(([name, weight, of]) =>
    flag(`RestrictAddressFamilies_${name}`, weight, (settings) => closesFamilies(settings, of)),
  ),
  flag('RestrictAddressFamilies_OTHER', 1250, closesOthers),
  graded('SystemCallArchitectures', 1000, 10, architecturesBadness),
  ...SET_ROWS.map(
    ([set, weight]): ScoreRow => ({
      name: `SystemCallFilter_${set.slice(1).replaceAll('-', '_')}`,
      weight,
      range: 10,
      badness: ({ filtering: { mode, passesOf } }) =>
        mode !== 'none' && !passesOf(set) ? 0 : mode === 'allow' ? 9 : 10,
    }),
  ),
  graded('IPAddressDeny', 1000, 10, addressBadness),
  graded('DeviceAllow', 1000, 10, ({ word, deviceAllow }) =>
    ['strict', 'closed'].includes(word('DevicePolicy')) ? (deviceAllow ? 5 : 0) : 10,
  ),
  flag('AmbientCapabilities', 500, ({ ambient }) => ambient.size === 0),
];

export interface Assessed {
  readonly exposure: Exposure;
  /** The badness of each row by its name; rows that don't apply are left out. */
  readonly badness: ReadonlyMap<string, number>;
}

/** The exposure of a unit, as assess() in src/analyze/analyze-security.c of systemd has it. */
export function assess(unit: ScoredSettings): Assessed {
  let [sum, weights] = [0, 0];
  const found = new Map<string, number>();
  for (const { name, weight, range, badness, unlessEarly } of ROWS) {
    const bad = unlessEarly && !unit.settings.defaultDependencies ? undefined : badness(unit);
    if (bad === undefined) continue;
    found.set(name, bad);
    sum += Math.ceil((bad * weight) / range);
    weights += weight;
  }
  return { exposure: Math.ceil((sum * 100) / weights), badness: found };
}
