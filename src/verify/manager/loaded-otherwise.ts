import { groupBy } from '../../collections.js';
import { findDirective } from '../../directives/table.js';
import { namesFilter } from '../../paths.js';
import type { UnitProperties } from '../../system/system.js';
import { EXEC_KEYS } from '../../unit/exec/keys.js';
import type { UnitFile } from '../../unit/unit-file.js';
import { sinceReset } from '../../unit/values.js';
import { type CallList, filterHolds, logHolds, type Reader } from './loaded-calls.js';
import { isLoadedLine, type LoadedCommand } from './loaded-commands.js';
import { isLoaded, isSettingLoaded } from './loaded-values.js';

/**
 * The directives that the manager has otherwise than a drop-in of ours says, as far as isLoaded(), filterHolds() and
 * logHolds() can tell.
 * @param dropIn which the manager says it has read
 */
export function loadedOtherwise(dropIn: UnitFile, properties: UnitProperties, reader: Reader): string[] {
  const lines = dropIn.assignments.filter(({ section }) => section === 'Service');
  const byKey = [...groupBy(lines, ({ key }) => key)];
  const get = (name: string) => properties.get(name);
  return byKey.flatMap(([key, all]) => {
    const values = all.map(({ value }) => value);
    return holds(key, values, get, { dropIn, reader }) ? [] : [key];
  });
}

type Get = (property: string) => unknown;

interface Read {
  readonly dropIn: UnitFile;
  readonly reader: Reader;
}

function holds(key: string, values: readonly string[], get: Get, { dropIn, reader }: Read): boolean {
  if (EXEC_KEYS.includes(key)) return commandsHold(key, values, get);
  if (key === 'SystemCallFilter') return filterHolds(dropIn, get(key) as CallList, reader);
  if (key === 'SystemCallLog') return logHolds(values, get(key) as CallList | undefined, reader);
  const row = findDirective(key);
  return row ? isLoaded(row, values, get) : isSettingLoaded(key, values, get);
}

function commandsHold(key: string, values: readonly string[], get: Get): boolean {
  const loaded = get(`${key}Ex`) as readonly LoadedCommand[] | undefined;
  if (loaded === undefined) return true;
  const behind = loaded.filter(([, argv]) => argv[1]?.startsWith('--filter=')).length;
  const lines = sinceReset(values);
  return (
    behind === lines.filter(namesFilter).length &&
    loaded.length === lines.length &&
    lines.every((line, i) => !namesFilter(line) || isLoadedLine(line, loaded[i]))
  );
}
