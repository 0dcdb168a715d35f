import type { Need } from '../../target/abilities.js';
import type { Directive } from '../directive.js';
import { INTERFACE, INTERFACES } from '../kinds/names/interfaces.js';
import { CONTROL_GROUP, FILE_NAMES, SLICE } from '../kinds/names/names.js';
import { DELEGATE, words, wordsOrBoolean } from '../kinds/names/words.js';
import { BPF_FILTERS, BPF_PROGRAMS } from '../kinds/network/bpf.js';
import { NFT_SETS } from '../kinds/network/nft-sets.js';
import { EXCEPT_ADDRESSES, PREFIXES } from '../kinds/network/prefixes.js';
import { EXCEPT_PORTS, SOCKET_RULES } from '../kinds/network/socket-rules.js';
import {
  ALLOWED_DEVICES,
  DEVICE_LIMIT,
  DEVICES,
  type DeviceUnit,
  deviceValue,
} from '../kinds/paths/devices.js';
import { oneOf } from '../kinds/scalars/enumeration.js';
import { cpus, integer, percent } from '../kinds/scalars/numbers.js';
import { size, TASKS } from '../kinds/scalars/size.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { on, row, toggle } from '../row.js';
import { LIMIT } from '../values/amounts.js';
import { SET } from '../values/signed-list.js';
import { FIXED, RESTRICTS, weakestFirst } from '../values/strictness.js';

const MAN = 'systemd.resource-control';
const RESOURCE = { man: MAN } as const;

/** Controllers of cgroup v2; those of v1 and systemd's own BPF ones change nothing there. */
const CONTROLLERS = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

const accounting = (name: string, since: number): Directive => toggle(name, since, RESOURCE);

/** `MemoryMax` and the like: bytes, or percent of the machine's memory. An empty value lifts a limit. */
function memory(
  name: string,
  since: number,
  options: { zero?: boolean; protection?: boolean } = {},
): Directive {
  const kind = size({ infinity: true, zero: options.zero === true || options.protection === true });
  return row(name, since, kind, '1G', {
    ...RESOURCE,
    reset: '',
    needs: ['memory'],
    ...(options.protection ? {} : { strictness: LIMIT }),
  });
}

const cpuSet = (name: string, since: number): Directive =>
  row(name, since, cpus(), '0', {
    ...RESOURCE,
    reset: '',
    merge: 'replace',
    needs: ['cpuset'],
  });

const weight = (
  name: string,
  since: number,
  need: Need,
  words: readonly { value: string; since: number }[] = [],
): Directive =>
  row(name, since, integer({ min: 1, max: 10_000, words }), 50, {
    ...RESOURCE,
    reset: '',
    bus: on(name, 't'),
    needs: [need],
  });

/** A value for each device; a later line for the same device takes the place of an earlier one. */
const perDevice = (name: string, property: string, value: DeviceUnit, example: string): Directive =>
  row(name, value === 'seconds' ? 240 : 230, deviceValue(value), [example], {
    ...RESOURCE,
    reset: '',
    merge: 'append',
    bus: on(property, 'a(st)'),
    needs: ['io'],
    ...(value === 'bytes' ? { strictness: DEVICE_LIMIT } : {}),
  });

const pressureWatch = (name: string, since: number): Directive =>
  row(name, since, oneOf(['auto', 'skip'], { boolean: true }), 'skip', RESOURCE);

const pressureThreshold = (name: string, since: number): Directive =>
  row(`${name}Sec`, since, timeSpan({ unit: 'seconds' }), '150ms', {
    ...RESOURCE,
    bus: on(`${name}USec`, 't'),
  });

const IDLE = [{ value: 'idle', since: 252 }];

/** Directives of systemd.resource-control(5): shares of the machine, devices and the network. */
export const resources = (): readonly Directive[] => [
  cpuSet('AllowedCPUs', 244),
  cpuSet('AllowedMemoryNodes', 244),
  row('BPFProgram', 249, BPF_PROGRAMS, ['egress:/sys/fs/bpf/web'], {
    ...RESOURCE,
    reset: '',
    merge: 'append',
    strictness: RESTRICTS,
    needs: ['cgroup2'],
    systemOnly: true,
  }),
  row('BindNetworkInterface', 260, INTERFACE, 'vrf-web', {
    ...RESOURCE,
    reset: '',
    strictness: FIXED,
    needs: ['bpf', 'cgroup2'],
    systemOnly: true,
  }),
  { ...accounting('CPUAccounting', 208), until: 258 },
  pressureThreshold('CPUPressureThreshold', 261),
  pressureWatch('CPUPressureWatch', 261),
  row('CPUQuota', 213, percent(), '150%', {
    ...RESOURCE,
    reset: '',
    strictness: LIMIT,
    bus: on('CPUQuotaPerSecUSec', 't'),
    needs: ['cpu'],
  }),
  row('CPUQuotaPeriodSec', 242, timeSpan({ unit: 'seconds', infinity: true }), '10ms', {
    ...RESOURCE,
    reset: '',
    bus: on('CPUQuotaPeriodUSec', 't'),
    needs: ['cpu'],
  }),
  row('CPUSetPartition', 261, oneOf(['isolated', 'member', 'root']), 'isolated', {
    ...RESOURCE,
    reset: '',
    needs: ['cpuset'],
  }),
  weight('CPUWeight', 232, 'cpu', IDLE),
  toggle('CoredumpReceive', 255, RESOURCE),
  row('Delegate', 218, wordsOrBoolean(CONTROLLERS), ['cpu', 'pids'], {
    ...RESOURCE,
    merge: 'replace',
    strictness: DELEGATE,
    reset: 'no',
    more: [{ property: 'DelegateControllers', signature: 'as', since: 236 }],
  }),
  row('DelegateSubgroup', 254, CONTROL_GROUP, 'control', { ...RESOURCE, reset: '' }),
  row('DeviceAllow', 208, DEVICES, ['/dev/null rw', 'char-rtc r'], {
    ...RESOURCE,
    reset: '',
    merge: 'replace',
    strictness: ALLOWED_DEVICES,
    systemOnly: true,
  }),
  row('DevicePolicy', 208, oneOf(['auto', 'closed', 'strict']), 'closed', {
    ...RESOURCE,
    strictness: weakestFirst(['auto', 'closed', 'strict'], 'auto'),
    impliedBy: 'PrivateDevices',
    systemOnly: true,
  }),
  row('DisableControllers', 240, words({ of: CONTROLLERS }), ['cpuset'], {
    ...RESOURCE,
    reset: '',
    merge: 'replace',
  }),
  accounting('IOAccounting', 230),
  perDevice('IODeviceLatencyTargetSec', 'IODeviceLatencyTargetUSec', 'seconds', '/dev/sda 25ms'),
  perDevice('IODeviceWeight', 'IODeviceWeight', 'weight', '/dev/sda 100'),
  pressureThreshold('IOPressureThreshold', 261),
  pressureWatch('IOPressureWatch', 261),
  perDevice('IOReadBandwidthMax', 'IOReadBandwidthMax', 'bytes', '/dev/sda 5M'),
  perDevice('IOReadIOPSMax', 'IOReadIOPSMax', 'bytes', '/dev/sda 1K'),
  weight('IOWeight', 230, 'io'),
  perDevice('IOWriteBandwidthMax', 'IOWriteBandwidthMax', 'bytes', '/dev/sda 1G'),
  perDevice('IOWriteIOPSMax', 'IOWriteIOPSMax', 'bytes', '/dev/sda 1K'),
  { ...accounting('IPAccounting', 235), needs: ['cgroup2'], systemOnly: true },
  row('IPAddressAllow', 235, PREFIXES, ['localhost', '10.0.0.0/8', 'fe80::/64'], {
    ...RESOURCE,
    reset: '',
    merge: 'replace',
    strictness: EXCEPT_ADDRESSES,
    needs: ['cgroup2'],
    systemOnly: true,
  }),
  row('IPAddressDeny', 235, PREFIXES, ['any'], {
    ...RESOURCE,
    reset: '',
    merge: 'append',
    strictness: RESTRICTS,
    needs: ['cgroup2'],
    systemOnly: true,
  }),
  row('IPEgressFilterPath', 243, BPF_FILTERS, ['/sys/fs/bpf/egress'], {
    ...RESOURCE,
    reset: '',
    merge: 'append',
    strictness: RESTRICTS,
    needs: ['cgroup2'],
    systemOnly: true,
  }),
  row('IPIngressFilterPath', 243, BPF_FILTERS, ['/sys/fs/bpf/ingress'], {
    ...RESOURCE,
    reset: '',
    merge: 'append',
    strictness: RESTRICTS,
    needs: ['cgroup2'],
    systemOnly: true,
  }),
  row('ManagedOOMMemoryPressure', 247, oneOf(['auto', 'kill']), 'kill', { ...RESOURCE, reset: '' }),
  row('ManagedOOMMemoryPressureDurationSec', 257, timeSpan({ unit: 'seconds', atLeastSecond: true }), '30s', {
    ...RESOURCE,
    reset: '',
    bus: on('ManagedOOMMemoryPressureDurationUSec', 't'),
  }),
  row('ManagedOOMMemoryPressureLimit', 248, percent({ max: 100 }), '50%', {
    ...RESOURCE,
    reset: '',
    bus: on('ManagedOOMMemoryPressureLimit', 'u'),
  }),
  row('ManagedOOMPreference', 248, oneOf(['avoid', 'none', 'omit']), 'avoid', RESOURCE),
  row('ManagedOOMSwap', 247, oneOf(['auto', 'kill']), 'kill', { ...RESOURCE, reset: '' }),
  { ...accounting('MemoryAccounting', 208), example: false },
  memory('MemoryHigh', 231),
  memory('MemoryLow', 231, { protection: true }),
  memory('MemoryMax', 231),
  memory('MemoryMin', 240, { protection: true }),
  pressureThreshold('MemoryPressureThreshold', 254),
  pressureWatch('MemoryPressureWatch', 254),
  memory('MemorySwapMax', 232, { zero: true }),
  memory('MemoryZSwapMax', 253, { zero: true }),
  { ...toggle('MemoryZSwapWriteback', 256, RESOURCE), example: false },
  row('NFTSet', 255, NFT_SETS, ['cgroup:inet:filter:web', 'user:inet:filter:web_user'], {
    ...RESOURCE,
    reset: '',
    merge: 'append',
    systemOnly: true,
  }),
  row('OOMPolicy', 243, oneOf(['continue', 'kill', 'stop']), 'kill', { man: 'systemd.service' }),
  row('OOMRules', 261, FILE_NAMES, ['web'], {
    ...RESOURCE,
    reset: '',
    merge: 'append',
  }),
  row('RestrictNetworkInterfaces', 250, INTERFACES, ['lo', 'eth0'], {
    ...RESOURCE,
    reset: '',
    merge: 'intersect',
    strictness: SET,
    needs: ['bpf', 'cgroup2'],
    systemOnly: true,
  }),
  row('Slice', 205, SLICE, 'web.slice', {
    ...RESOURCE,
    strictness: FIXED,
  }),
  row('SocketBindAllow', 249, SOCKET_RULES, ['ipv6:tcp:443', '8000-8080'], {
    ...RESOURCE,
    reset: '',
    merge: 'replace',
    strictness: EXCEPT_PORTS,
    needs: ['bpf', 'cgroup2'],
    systemOnly: true,
  }),
  row('SocketBindDeny', 249, SOCKET_RULES, ['any'], {
    ...RESOURCE,
    reset: '',
    merge: 'append',
    strictness: RESTRICTS,
    needs: ['bpf', 'cgroup2'],
    systemOnly: true,
  }),
  cpuSet('StartupAllowedCPUs', 250),
  cpuSet('StartupAllowedMemoryNodes', 250),
  weight('StartupCPUWeight', 232, 'cpu', IDLE),
  weight('StartupIOWeight', 230, 'io'),
  memory('StartupMemoryHigh', 254),
  memory('StartupMemoryLow', 254, { protection: true }),
  memory('StartupMemoryMax', 254),
  memory('StartupMemorySwapMax', 254, { zero: true }),
  memory('StartupMemoryZSwapMax', 254, { zero: true }),
  { ...accounting('TasksAccounting', 227), example: false },
  row('TasksMax', 227, TASKS, 64, {
    ...RESOURCE,
    reset: '',
    strictness: LIMIT,
    needs: ['pids'],
  }),
];
