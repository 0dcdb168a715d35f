import type { SyscallSets } from '../../src/seccomp/syscalls/sets.js';
import { effectiveUnit } from '../../src/systemd/unit/effective.js';
import { EXEC_KEYS } from '../../src/systemd/unit/exec/keys.js';
import type { ExecCommand } from '../../src/systemd/unit/exec/line.js';
import { parseUnitName, type UnitName } from '../../src/systemd/unit/name.js';
import { ownErrorNumber, ownSyscallFilter } from '../../src/systemd/unit/own-filter.js';
import { dropInDirectories, selectDropIns, UNIT_PATH } from '../../src/systemd/unit/search.js';
import { parseUnitFile } from '../../src/systemd/unit/unit-file.js';
import { execArguments } from './exec-arguments.js';
import { ownSyscallLog } from './own-log.js';

/** Properties of a service as systemd has them after it has read these files. */

type Files = ReadonlyMap<string, { readonly bytes: Uint8Array }>;

interface Settings {
  readonly systemd: number;
  readonly sets: SyscallSets;
}

/** The folders of unit files, of the system and of a user. */
export const DIRECTORIES: readonly string[] = [
  ...UNIT_PATH,
  '/home/user/.config/systemd/user',
  '/usr/lib/systemd/user',
];

export const missingUnit = (name: string): Map<string, unknown> =>
  new Map<string, unknown>([
    ['Id', name],
    ['LoadState', 'not-found'],
    ['FragmentPath', ''],
    ['DropInPaths', []],
  ]);

/** Undefined where the unit has no file. */
export function loadedProperties(
  files: Files,
  id: string,
  { systemd, sets }: Settings,
): Map<string, unknown> | undefined {
  const name = parseUnitName(id) as UnitName;
  const fragment = [id, ...(name.template ? [name.template] : [])]
    .flatMap((file) => DIRECTORIES.map((directory) => `${directory}/${file}`))
    .find((path) => files.has(path));
  if (fragment === undefined) return undefined;
  const dropIns = selectDropIns(
    dropInDirectories(name, [], DIRECTORIES).map((directory) => ({
      directory,
      fileNames: namesIn(files, directory),
    })),
  );
  const unit = effectiveUnit(
    [fragment, ...dropIns].map((path) => parseUnitFile(path, files.get(path)!.bytes)),
  );
  const filter = ownSyscallFilter(unit, sets, systemd);
  const entries = [...(filter?.entries ?? [])].map(([call, { errno }]) =>
    errno === undefined ? call : `${call}:${errno}`,
  );
  const log = ownSyscallLog(unit, sets);
  const number = ownErrorNumber(unit);
  return new Map<string, unknown>([
    ['Id', id],
    ['LoadState', 'loaded'],
    ['FragmentPath', fragment],
    ['DropInPaths', dropIns],
    ['Transient', false],
    ['ConditionResult', true],
    ['RemainAfterExit', false],
    ['Type', unit.last('Service', 'Type')?.value ?? 'simple'],
    ['LogExtraFields', unit.all('Service', 'LogExtraFields').map(({ value }) => encode(value))],
    ['CanReload', unit.execCommands('ExecReload').length > 0],
    ['SystemCallFilter', [filter?.mode === 'allow', entries.sort()]],
    ['SystemCallLog', [log?.inverted === false, [...(log?.calls ?? [])]]],
    ['SystemCallErrorNumber', number === 'kill' ? 2 ** 31 - 2 : number],
    ...EXEC_KEYS.map((key): [string, unknown] => [`${key}Ex`, unit.execCommands(key).map(busCommand)]),
  ]);
}

const encode = (text: string) => new TextEncoder().encode(text);

const namesIn = (files: Files, directory: string) =>
  [...files.keys()]
    .filter((path) => path.startsWith(`${directory}/`) && !path.slice(directory.length + 1).includes('/'))
    .map((path) => path.slice(directory.length + 1));

/** One command of the property ExecStartEx: path, arguments, flags. */
const busCommand = ({ path, argv0, prefixes, rest }: ExecCommand) => [
  path.value,
  [argv0?.value ?? path.value, ...execArguments(rest)],
  Object.entries(FLAGS).flatMap(([prefix, flag]) => (prefixes.includes(prefix) ? [flag] : [])),
];

/** Names of prefixes (exec_command_flags_to_strv() of systemd). */
const FLAGS = { '-': 'ignore-failure', '+': 'privileged', '!': 'no-setuid', ':': 'no-env-expand' };

/** Fields of a run, as systemd exports them for journald; undefined where there are none. */
export function exportedFields(loaded: ReadonlyMap<string, unknown> | undefined): Uint8Array | undefined {
  const fields = (loaded?.get('LogExtraFields') ?? []) as readonly Uint8Array[];
  return fields.length === 0 ? undefined : exportedBytes(fields.map((one) => new TextDecoder().decode(one)));
}

/** Each field behind its length, 64 bits in little endian. */
export function exportedBytes(fields: readonly string[]): Uint8Array {
  const withLength = (field: Uint8Array) => {
    const length = new DataView(new ArrayBuffer(8));
    length.setBigUint64(0, BigInt(field.length), true);
    return [...new Uint8Array(length.buffer), ...field];
  };
  return Uint8Array.from(fields.map(encode).flatMap(withLength));
}
