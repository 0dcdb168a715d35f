/** Directives that the plan writes and no policy sets by their own names. */

import { errnoNumber } from '../../seccomp/syscalls/errno.js';
import type { UnitProperty } from '../unit/unit-property.js';
import { wordsOf } from '../unit/values.js';
import type { Get } from './directive.js';
import { withoutSpecifiers } from './values/bus.js';
import { signedList } from './values/signed-list.js';

/** A setting: how it goes to systemd by the bus, and how it is read back. */
interface BusSetting {
  /** The properties of a transient unit that mean these right-hand sides, none of which is empty. */
  readonly write?: (values: readonly string[]) => readonly UnitProperty[];
  /** Whether the manager has what right-hand sides say. */
  readonly isLoaded?: (values: readonly string[], get: Get) => boolean;
}

/** SECCOMP_ERROR_NUMBER_KILL of systemd, what the bus has for `SystemCallErrorNumber=kill` since 247. */
const KILL_NUMBER = 2 ** 31 - 2;

const errorNumber = (text: string): number =>
  text === 'kill' ? KILL_NUMBER : (errnoNumber(text) ?? Number(text));

const lastText = (values: readonly string[]): string => values.at(-1) ?? '';

const lineByLine = (name: string) => (values: readonly string[]) =>
  values.map((line) => ({ name, signature: '(bas)', value: signedList(line) }));

const mountsFor: BusSetting = {
  isLoaded: (values, get) => {
    const loaded = get('RequiresMountsFor') as string[];
    const ours = values.flatMap(wordsOf).map(withoutSpecifiers);
    return ours.every((path) => path === undefined || loaded.includes(path));
  },
};

const architectures: BusSetting = {
  write: (values) => [{ name: 'SystemCallArchitectures', signature: 'as', value: values.flatMap(wordsOf) }],
  isLoaded: (values, get) => {
    const loaded = new Set(get('SystemCallArchitectures') as string[]);
    const ours = new Set(
      lastText(values)
        .split(' ')
        .filter((name) => name !== ''),
    );
    return loaded.size === ours.size && [...ours].every((name) => loaded.has(name));
  },
};

const errorNumberSetting: BusSetting = {
  write: (values) => [
    { name: 'SystemCallErrorNumber', signature: 'i', value: errorNumber(lastText(values)) },
  ],
  isLoaded: (values, get) => get('SystemCallErrorNumber') === errorNumber(lastText(values)),
};

const logIdentifier: BusSetting = {
  isLoaded: (values, get) => {
    const name = withoutSpecifiers(lastText(values));
    return name === undefined || get('SyslogIdentifier') === name;
  },
};

const type: BusSetting = { isLoaded: (values, get) => get('Type') === lastText(values) };

export const SETTINGS: ReadonlyMap<string, BusSetting> = new Map<string, BusSetting>([
  ['RequiresMountsFor', mountsFor],
  ['SyslogIdentifier', logIdentifier],
  ['SystemCallArchitectures', architectures],
  ['SystemCallErrorNumber', errorNumberSetting],
  ['SystemCallFilter', { write: lineByLine('SystemCallFilter') }],
  ['SystemCallLog', { write: lineByLine('SystemCallLog') }],
  ['Type', type],
]);
