import { errorNumber, withoutSpecifiers } from '../../directives/bus/elements.js';
import { wordsOf } from '../../unit/values.js';

type Get = (property: string) => unknown;
type Holds = (values: readonly string[], get: Get) => boolean;

const lastText = (values: readonly string[]): string => values.at(-1) ?? '';

/** Directives that the plan writes and no policy sets by their own names. */
const SETTINGS: ReadonlyMap<string, Holds> = new Map<string, Holds>([
  [
    'RequiresMountsFor',
    (values, get) => {
      const loaded = get('RequiresMountsFor') as string[];
      const ours = values.flatMap(wordsOf).map(withoutSpecifiers);
      return ours.every((path) => path === undefined || loaded.includes(path));
    },
  ],
  [
    'SystemCallArchitectures',
    (values, get) => {
      const loaded = new Set(get('SystemCallArchitectures') as string[]);
      const ours = new Set(
        lastText(values)
          .split(' ')
          .filter((name) => name !== ''),
      );
      return loaded.size === ours.size && [...ours].every((name) => loaded.has(name));
    },
  ],
  ['SystemCallErrorNumber', (values, get) => get('SystemCallErrorNumber') === errorNumber(lastText(values))],
  [
    'SyslogIdentifier',
    (values, get) => {
      const name = withoutSpecifiers(lastText(values));
      return name === undefined || get('SyslogIdentifier') === name;
    },
  ],
]);

/**
 * Whether the manager has loaded what a drop-in assigns to a directive that isn't in the table of `[service]`;
 * SystemCallFilter= and SystemCallLog= have filterDifferences() and logDifferences().
 */
export function isSettingLoaded(name: string, values: readonly string[], get: Get): boolean {
  const holds = SETTINGS.get(name);
  return holds === undefined || get(name) === undefined || holds(values, get);
}
