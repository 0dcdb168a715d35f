/** Devices, and a value for each. */

import { parseSpan } from '../../../time-span.js';
import { isOn, lastOf, sinceReset, wordsOf } from '../../../unit/values.js';
import type { Strictness, ValueKind, ValueReading } from '../../directive.js';
import { parseSize, SECOND } from '../../values/amounts.js';
import { INFINITY, property, withoutSpecifiers } from '../../values/bus.js';
import { type Elements, listKind } from '../../values/list.js';
import { gives, list, takes } from '../../values/strictness.js';
import { absolutePath, checkSpecifiers, each, lines, quoteWord, reject } from '../../values/text.js';
import { formatInteger } from '../scalars/numbers.js';

/** A device and what follows it: `/dev/sda 5M`. A third word would be a path with a space, or a mistake: none is taken. */
const splitDevice = (line: string): string[] => line.split(/ +/);

/** A device once for each access that is allowed. */
const accesses = (device: string, letters: string): Elements =>
  [...letters].map((letter) => [device, letter]);

/** `DEVICE [rwm]`, an assignment each. Without letters all three are allowed. */
export const DEVICES: ValueKind = listKind({
  type: 'devices',
  signature: 'a(ss)',
  format: (reading, value) => {
    const expected = "'DEVICE rwm' with a node below /dev or a group such as 'char-rtc'";
    return each(lines(reading, value, expected), (line) => {
      const [device = '', letters = 'rwm', ...more] = splitDevice(line);
      if (more.length > 0 || !/^[rwm]{1,3}$/.test(letters) || new Set(letters).size !== letters.length) {
        return reject(reading, expected, line);
      }
      if (!checkSpecifiers(reading, device)) return undefined;
      if (/^(char|block)-[A-Za-z0-9_.*?[\]%/-]+$/.test(device)) return `${device} ${letters}`;
      if (!device.startsWith('/dev/')) return reject(reading, expected, line);
      const node = absolutePath(reading, device);
      return node === undefined ? undefined : `${quoteWord(node)} ${letters}`;
    });
  },
  elements: (text) => {
    const [device = '', letters = ''] = wordsOf(text);
    const plain = withoutSpecifiers(device);
    return plain === undefined ? [undefined] : accesses(plain, letters);
  },
  loaded: (value) => (value as [string, string][]).flatMap(([device, letters]) => accesses(device, letters)),
  write: ({ bus }, values) => {
    const pairs = values.map((text) => {
      const [device = '', letters = 'rwm'] = wordsOf(text);
      return [withoutSpecifiers(device), letters];
    });
    return pairs.some(([device]) => device === undefined) ? undefined : [property(bus, pairs)];
  },
});

/** Devices that DevicePolicy=closed allows by itself (systemd.resource-control(5)). */
const PSEUDO_DEVICES = ['full', 'null', 'ptmx', 'random', 'tty', 'urandom', 'zero'].map(
  (name) => `/dev/${name}`,
);

/** DeviceAllow= is an allow list as soon as it has an entry, or DevicePolicy= or PrivateDevices= closes the rest. */
export const ALLOWED_DEVICES: Strictness = gives(({ before, after, unit }) => {
  const policy = lastOf(unit, 'DevicePolicy');
  const closes = ['closed', 'strict'].includes(policy) || isOn(unit, 'PrivateDevices');
  const own = sinceReset(before).map(wordsOf);
  if (!closes && own.length === 0) return undefined;
  const asked = sinceReset(after).map(wordsOf);
  if (asked.length === 0 && !closes) return 'an empty list allows all devices';
  const allowed = ([device, access = 'rwm']: string[]) => {
    if (policy !== 'strict' && PSEUDO_DEVICES.includes(device ?? '')) return true;
    const letters = own.filter(([name]) => name === device).map(([, granted = 'rwm']) => granted);
    return [...access].every((letter) => letters.some((granted) => granted.includes(letter)));
  };
  const added = asked.filter((entry) => !allowed(entry)).map((entry) => entry.join(' '));
  return added.length === 0 ? undefined : `the unit doesn't allow ${list(added)}`;
});

/** The units of a value. */
export type DeviceUnit = 'weight' | 'bytes' | 'seconds';

const EXAMPLES: Readonly<Record<DeviceUnit, string>> = { weight: '100', bytes: '5M', seconds: '25ms' };

/** `PATH VALUE`, an assignment each: the device node, or any path on the device's file system. */
export const deviceValue = (unit: DeviceUnit): ValueKind =>
  listKind({
    type: 'device-value',
    signature: 'a(st)',
    keyed: true,
    format: (reading, value) => {
      const expected = `a path and a value such as '/dev/sda ${EXAMPLES[unit]}'`;
      return each(lines(reading, value, expected), (line) => {
        const [device = '', amount = '', ...more] = splitDevice(line);
        if (!isAmount(reading, amount, unit) || more.length > 0) return reject(reading, expected, line);
        const checked = absolutePath(reading, device);
        return checked === undefined ? undefined : `${quoteWord(checked)} ${amount}`;
      });
    },
    elements: (text) => {
      const [device = '', amount = ''] = wordsOf(text);
      const plain = withoutSpecifiers(device);
      return [plain === undefined ? undefined : [plain, amountOf(amount, unit)]];
    },
  });

function isAmount(reading: ValueReading, text: string, unit: DeviceUnit): boolean {
  switch (unit) {
    case 'weight':
      return formatInteger({ ...reading, problems: [] }, text, { min: 1, max: 10_000 }) !== undefined;
    case 'bytes':
      return text === 'infinity' || (parseSize(text, 1000) ?? 0n) > 0n;
    case 'seconds':
      return parseSpan(text, SECOND) !== undefined && !/\d *n/.test(text);
  }
}

function amountOf(text: string, unit: DeviceUnit): unknown {
  if (unit === 'weight') return Number(text);
  if (unit === 'seconds') return parseSpan(text, SECOND)! / 1000n;
  return text === 'infinity' ? INFINITY : parseSize(text, 1000);
}

/** IOReadBandwidthMax= and the like: a limit for each device, the last one for a device holds. */
export const DEVICE_LIMIT: Strictness = takes(({ before, after }) => {
  const own = limitsOf(before);
  if (after.includes('') && own.size > 0) return "it removes the unit's own limits";
  for (const [device, asked] of limitsOf(after)) {
    const limit = own.get(device);
    if (limit !== undefined && !(asked <= limit)) return `the unit's own limit for '${device}' is lower`;
  }
  return undefined;
});

/** By device; NaN for a number that can't be read, which is neither lower nor higher than another. */
function limitsOf(values: readonly string[]): Map<string, bigint | number> {
  const limits = new Map<string, bigint | number>();
  for (const [device = '', text = ''] of sinceReset(values).map(wordsOf)) {
    limits.set(
      device,
      text === 'infinity' ? Number.POSITIVE_INFINITY : (parseSize(text, 1000) ?? Number.NaN),
    );
  }
  return limits;
}
