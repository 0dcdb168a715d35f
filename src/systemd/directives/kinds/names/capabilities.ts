import { didYouMean } from '../../../../diagnostic.js';
import type { Get, Strictness, ValueKind } from '../../directive.js';
import { bitsOf, INFINITY, property } from '../../values/bus.js';
import { minus, signed, signedKind } from '../../values/signed-list.js';
import { gives, list } from '../../values/strictness.js';
import { runsAsRoot } from './user.js';

/** CAP_* of linux/capability.h, in the order of their numbers. */
export const CAPABILITIES: readonly string[] = (
  'CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE ' +
  'NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT ' +
  'SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE ' +
  'AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ ' +
  'PERFMON BPF CHECKPOINT_RESTORE'
)
  .split(' ')
  .map((name) => `CAP_${name}`);

/** Capabilities, with `~` in front of the list: all but these. */
export const CAPABILITY_LIST: ValueKind = signedKind({
  type: 'capabilities',
  signature: 't',
  expected: 'names of capabilities',
  isGood: (word) => CAPABILITIES.includes(word),
  meant: (word) => didYouMean(word, CAPABILITIES) ?? didYouMean(`CAP_${word}`, CAPABILITIES),
  // All of them: "all but nothing".
  special: (_, value) => (value === '~' ? ['~'] : undefined),
  permitted: (row, values) => ({ only: true, names: capabilitySet(values, row.name === BOUNDING) }),
  loaded: (value) => ({ only: true, names: capabilitiesIn(value) }),
  taken: (get: Get) => takenCapabilities((name) => get(name) === true),
  // A list that begins with `~` leaves those that no table knows.
  write: (row, values) => {
    const known = BigInt(CAPABILITIES.length);
    const others = values[0]!.startsWith('~') ? (INFINITY >> known) << known : 0n;
    const names = [...capabilitySet(values, row.name === BOUNDING)];
    const mask = names.reduce((all, name) => all | (1n << BigInt(CAPABILITIES.indexOf(name))), others);
    return [property(row.bus, mask)];
  },
});

/** The capabilities of a mask on the bus. */
export function capabilitiesIn(mask: unknown): ReadonlySet<string> {
  const bits = bitsOf(mask);
  return new Set(CAPABILITIES.filter((_, number) => bits.includes(number)));
}

const BOUNDING = 'CapabilityBoundingSet';

/** Capabilities that directives take out of the bounding set when the unit is loaded, by directive. */
export const TAKEN: ReadonlyMap<string, readonly string[]> = new Map([
  ['PrivateDevices', ['CAP_MKNOD', 'CAP_SYS_RAWIO']],
  ['ProtectClock', ['CAP_SYS_TIME', 'CAP_WAKE_ALARM']],
  ['ProtectKernelLogs', ['CAP_SYSLOG']],
  ['ProtectKernelModules', ['CAP_SYS_MODULE']],
]);

/** Capabilities that the directives of a unit take. */
export const takenCapabilities = (isOn: (directive: string) => boolean): readonly string[] =>
  [...TAKEN].flatMap(([by, names]) => (isOn(by) ? names : []));

/** systemd takes names in any case, and numbers. */
function capabilityName(word: string): string | undefined {
  if (/^\d{1,2}$/.test(word)) return CAPABILITIES[Number(word)];
  return CAPABILITIES.find((name) => name === word.toUpperCase());
}

/** CapabilityBoundingSet= (all are in it at first) and AmbientCapabilities= (none is). */
export function capabilitySet(values: readonly string[], bounding: boolean): ReadonlySet<string> {
  let set: Set<string> | undefined;
  for (const value of values) {
    const [negated, words] = signed(value);
    const names = words.map(capabilityName).filter((name) => name !== undefined);
    const unset = bounding ? set === undefined : set === undefined || set.size === 0;
    if (names.length === 0 || unset) {
      set = new Set(negated ? minus(CAPABILITIES, new Set(names)) : names);
    } else {
      for (const name of names) negated ? set!.delete(name) : set!.add(name);
    }
  }
  return set ?? new Set(bounding ? CAPABILITIES : []);
}

/** Ambient capabilities reach a service that doesn't run as root; root has its bounding set anyway. */
export const AMBIENT: Strictness = gives((comparison) => {
  const bounding = capabilitySet(comparison.unit.get(BOUNDING) ?? [], true);
  const own = capabilitySet(comparison.before, false);
  const has = (name: string) => own.has(name) || (runsAsRoot(comparison) && bounding.has(name));
  const asked = capabilitySet([...comparison.before, ...comparison.emitted], false);
  const names = [...asked].filter((name) => !has(name));
  return names.length === 0 ? undefined : `it adds ${list(names)}`;
});
