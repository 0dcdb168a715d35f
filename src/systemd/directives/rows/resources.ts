import type { Directive } from '../directive.js';
import { INTERFACE, INTERFACES } from '../kinds/names/interfaces.js';
import { CONTROL_GROUP, FILE_NAMES, SLICE } from '../kinds/names/names.js';
import { DELEGATE, words, wordsOrBoolean } from '../kinds/names/words.js';
import { BPF_FILTERS, BPF_PROGRAMS } from '../kinds/network/bpf.js';
import { NFT_SETS } from '../kinds/network/nft-sets.js';
import { EXCEPT_ADDRESSES, PREFIXES } from '../kinds/network/prefixes.js';
import { EXCEPT_PORTS, SOCKET_RULES } from '../kinds/network/socket-rules.js';
import { ALLOWED_DEVICES, DEVICE_LIMIT, DEVICES, deviceValue } from '../kinds/paths/devices.js';
import { BOOLEAN, oneOf } from '../kinds/scalars/enumeration.js';
import { cpus, integer, percent } from '../kinds/scalars/numbers.js';
import { size, TASKS } from '../kinds/scalars/size.js';
import { timeSpan } from '../kinds/scalars/time-span.js';
import { group } from '../row.js';
import { LIMIT } from '../values/amounts.js';
import { SET } from '../values/signed-list.js';
import { FIXED, RESTRICTS, weakestFirst } from '../values/strictness.js';

const RESOURCE = { man: 'systemd.resource-control' } as const;

/** An empty value takes back what is before it: a limit, a share, a list. */
const RESET = { ...RESOURCE, reset: '' } as const;

/** Controllers of cgroup v2; those of v1 and systemd's own BPF ones change nothing there. */
const CONTROLLERS = ['cpu', 'cpuset', 'io', 'memory', 'pids'];

const WEIGHT = { min: 1, max: 10_000 };
const IDLE = [{ value: 'idle', since: 252 }];
const PARTITIONS = ['isolated', 'member', 'root'];
const DEVICE_WORDS = ['auto', 'closed', 'strict'];

/** Directives of systemd.resource-control(5): shares of the machine, devices and the network. */
export const resources = (): readonly Directive[] => {
  // Bytes, or percent of the machine's memory.
  const [LIMITED, FROM_ZERO] = [size({ infinity: true }), size({ infinity: true, zero: true })];
  const [CPUS, CPU_WEIGHT, IO_WEIGHT] = [cpus(), integer({ ...WEIGHT, words: IDLE }), integer(WEIGHT)];
  const [SPAN, SPAN_WITHOUT_END] = [
    timeSpan({ unit: 'seconds' }),
    timeSpan({ unit: 'seconds', infinity: true }),
  ];
  const [WATCH, KILL] = [oneOf(['auto', 'skip'], { boolean: true }), oneOf(['auto', 'kill'])];
  const PER_DEVICE = deviceValue('bytes');
  return [
    ...group(
      RESOURCE,
      ['CPUAccounting', 208, BOOLEAN, true, { until: 258 }],
      ['CPUPressureThresholdSec', 261, SPAN, '150ms'],
      ['CPUPressureWatch', 261, WATCH, 'skip'],
      ['CoredumpReceive', 255, BOOLEAN, true],
      ['IOAccounting', 230, BOOLEAN, true],
      ['IOPressureThresholdSec', 261, SPAN, '150ms'],
      ['IOPressureWatch', 261, WATCH, 'skip'],
      ['IPAccounting', 235, BOOLEAN, true, { needs: ['cgroup2'], systemOnly: true }],
      ['ManagedOOMPreference', 248, oneOf(['avoid', 'none', 'omit']), 'avoid'],
      ['MemoryAccounting', 208, BOOLEAN, false],
      ['MemoryPressureThresholdSec', 254, SPAN, '150ms'],
      ['MemoryPressureWatch', 254, WATCH, 'skip'],
      ['MemoryZSwapWriteback', 256, BOOLEAN, false],
      ['OOMPolicy', 243, oneOf(['continue', 'kill', 'stop']), 'kill', { man: 'systemd.service' }],
      ['Slice', 205, SLICE, 'web.slice', { strictness: FIXED }],
      ['TasksAccounting', 227, BOOLEAN, false],
    ),
    ...group(
      RESET,
      ['DelegateSubgroup', 254, CONTROL_GROUP, 'control'],
      ['ManagedOOMMemoryPressure', 247, KILL, 'kill'],
      ['ManagedOOMMemoryPressureDurationSec', 257, timeSpan({ unit: 'seconds', atLeastSecond: true }), '30s'],
      ['ManagedOOMMemoryPressureLimit', 248, percent({ max: 100 }), '50%', { bus: { signature: 'u' } }],
      ['ManagedOOMSwap', 247, KILL, 'kill'],
      ['OOMRules', 261, FILE_NAMES, ['web'], { merge: 'append' }],
      ['TasksMax', 227, TASKS, 64, { strictness: LIMIT, needs: ['pids'] }],
    ),
    ...group(
      { ...RESET, needs: ['cpu'] },
      ['CPUQuota', 213, percent(), '150%', { strictness: LIMIT, bus: { property: 'CPUQuotaPerSecUSec' } }],
      ['CPUQuotaPeriodSec', 242, SPAN_WITHOUT_END, '10ms'],
      ['CPUWeight', 232, CPU_WEIGHT, 50, { bus: { signature: 't' } }],
      ['StartupCPUWeight', 232, CPU_WEIGHT, 50, { bus: { signature: 't' } }],
    ),
    ...group(
      { ...RESET, merge: 'replace', needs: ['cpuset'] },
      ['AllowedCPUs', 244, CPUS, '0'],
      ['AllowedMemoryNodes', 244, CPUS, '0'],
      ['CPUSetPartition', 261, oneOf(PARTITIONS), 'isolated', { merge: 'scalar' }],
      ['StartupAllowedCPUs', 250, CPUS, '0'],
      ['StartupAllowedMemoryNodes', 250, CPUS, '0'],
    ),
    ...group(
      { ...RESET, needs: ['memory'], strictness: LIMIT },
      ['MemoryHigh', 231, LIMITED, '1G'],
      ['MemoryMax', 231, LIMITED, '1G'],
      ['MemorySwapMax', 232, FROM_ZERO, '1G'],
      ['MemoryZSwapMax', 253, FROM_ZERO, '1G'],
      ['StartupMemoryHigh', 254, LIMITED, '1G'],
      ['StartupMemoryMax', 254, LIMITED, '1G'],
      ['StartupMemorySwapMax', 254, FROM_ZERO, '1G'],
      ['StartupMemoryZSwapMax', 254, FROM_ZERO, '1G'],
    ),
    // Protection from others is no limit.
    ...group(
      { ...RESET, needs: ['memory'] },
      ['MemoryLow', 231, FROM_ZERO, '1G'],
      ['MemoryMin', 240, FROM_ZERO, '1G'],
      ['StartupMemoryLow', 254, FROM_ZERO, '1G'],
    ),
    ...group(
      { ...RESET, needs: ['io'], bus: { signature: 't' } },
      ['IOWeight', 230, IO_WEIGHT, 50],
      ['StartupIOWeight', 230, IO_WEIGHT, 50],
    ),
    // A value for each device; a later line for the same device takes the place of an earlier one.
    ...group(
      { ...RESET, merge: 'append', needs: ['io'] },
      ['IODeviceLatencyTargetSec', 240, deviceValue('seconds'), ['/dev/sda 25ms']],
      ['IODeviceWeight', 230, deviceValue('weight'), ['/dev/sda 100']],
      ['IOReadBandwidthMax', 230, PER_DEVICE, ['/dev/sda 5M'], { strictness: DEVICE_LIMIT }],
      ['IOReadIOPSMax', 230, PER_DEVICE, ['/dev/sda 1K'], { strictness: DEVICE_LIMIT }],
      ['IOWriteBandwidthMax', 230, PER_DEVICE, ['/dev/sda 1G'], { strictness: DEVICE_LIMIT }],
      ['IOWriteIOPSMax', 230, PER_DEVICE, ['/dev/sda 1K'], { strictness: DEVICE_LIMIT }],
    ),
    ...group(
      { ...RESOURCE, merge: 'replace' },
      ['Delegate', 218, wordsOrBoolean(CONTROLLERS), ['cpu', 'pids'], DELEGATED],
      ['DisableControllers', 240, words({ of: CONTROLLERS }), ['cpuset'], { reset: '' }],
    ),
    // Where BPF programs are attached, only the system's manager may.
    ...group(
      { ...RESET, merge: 'append', strictness: RESTRICTS, needs: ['cgroup2'], systemOnly: true },
      ['BPFProgram', 249, BPF_PROGRAMS, ['egress:/sys/fs/bpf/web']],
      ['IPAddressAllow', 235, PREFIXES, ['localhost', '10.0.0.0/8', 'fe80::/64'], EXCEPTED_ADDRESSES],
      ['IPAddressDeny', 235, PREFIXES, ['any']],
      ['IPEgressFilterPath', 243, BPF_FILTERS, ['/sys/fs/bpf/egress']],
      ['IPIngressFilterPath', 243, BPF_FILTERS, ['/sys/fs/bpf/ingress']],
    ),
    ...group(
      { ...RESET, needs: ['bpf', 'cgroup2'], systemOnly: true },
      ['BindNetworkInterface', 260, INTERFACE, 'vrf-web', { strictness: FIXED }],
      ['RestrictNetworkInterfaces', 250, INTERFACES, ['lo', 'eth0'], { merge: 'intersect', strictness: SET }],
      ['SocketBindAllow', 249, SOCKET_RULES, ['ipv6:tcp:443', '8000-8080'], EXCEPTED_PORTS],
      ['SocketBindDeny', 249, SOCKET_RULES, ['any'], { merge: 'append', strictness: RESTRICTS }],
    ),
    ...group(
      { ...RESET, systemOnly: true },
      [
        'DeviceAllow',
        208,
        DEVICES,
        ['/dev/null rw', 'char-rtc r'],
        { merge: 'replace', strictness: ALLOWED_DEVICES },
      ],
      ['NFTSet', 255, NFT_SETS, ['cgroup:inet:filter:web', 'user:inet:filter:web_user'], { merge: 'append' }],
    ),
    ...group({ ...RESOURCE, impliedBy: 'PrivateDevices', systemOnly: true }, [
      'DevicePolicy',
      208,
      oneOf(DEVICE_WORDS),
      'closed',
      { strictness: weakestFirst(DEVICE_WORDS, 'auto') },
    ]),
  ];
};

const DELEGATED = {
  reset: 'no',
  strictness: DELEGATE,
  more: { end: 'Controllers', signature: 'as', since: 236 },
} as const;

const EXCEPTED_ADDRESSES = { merge: 'replace', strictness: EXCEPT_ADDRESSES } as const;
const EXCEPTED_PORTS = { merge: 'replace', strictness: EXCEPT_PORTS } as const;
