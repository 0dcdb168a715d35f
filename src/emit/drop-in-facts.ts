import { namesFilter, programNamesIn } from '../paths.js';
import {
  gapsInDropIn,
  hashInDropIn,
  isPermissiveDropIn,
  type Origin,
  policyOfDropIn,
  systemdOfDropIn,
} from './files.js';

/** What a drop-in of ours says by itself. */
export interface DropInFacts extends Partial<Pick<Origin, 'policyHash' | 'unitHash' | 'filesHash'>> {
  /** The policy that it was made from; undefined where its header has none. */
  readonly policy: string | undefined;
  /** The version of systemd that it was made for. */
  readonly systemd: string | undefined;
  /** Whether its header says that it refuses nothing. */
  readonly permissive: boolean;
  /** The codes of gaps that were allowed when it was made. */
  readonly gaps: readonly string[];
  /** Whether SystemCallFilter= in it refuses something; undefined where it leaves that alone. */
  readonly refuses: boolean | undefined;
  /** The names in its SystemCallLog=. */
  readonly recorded: readonly string[];
  /** Whether commands in it, or the programs that it mounts, are started by the launcher. */
  readonly launched: boolean;
  /** Whether what ExecStart= starts has a filter from its start on, the launcher's or systemd's. */
  readonly filtered: boolean;
  /** Whether no process may gain privileges by it. */
  readonly noNewPrivileges: boolean;
  /** The files of `[exec] programs` that it mounts, without their folder. */
  readonly programFiles: readonly string[];
}

/** Reads a drop-in of ours; what is commented out doesn't count. */
export function dropInFacts(content: Uint8Array): DropInFacts {
  const lines = new TextDecoder().decode(content).split('\n');
  const live = lines.filter((line) => !/^\s*[#;]/.test(line));
  const valuesOf = (key: string) =>
    live.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1).trim());
  const filters = valuesOf('SystemCallFilter');
  const refuses = filters.length === 0 ? undefined : filters.at(-1) !== '';
  const isBehindLauncher = live.some((line) => line.startsWith('ExecStart=') && namesFilter(line));
  const programFiles = [...new Set(live.flatMap(programNamesIn))];
  return {
    policy: policyOfDropIn(content),
    ...hashes(content),
    systemd: systemdOfDropIn(content),
    permissive: isPermissiveDropIn(content),
    gaps: gapsInDropIn(content),
    refuses,
    recorded: valuesOf('SystemCallLog').flatMap((value) => value.split(/\s+/).filter((name) => name !== '')),
    launched: programFiles.length > 0 || live.some((line) => line.startsWith('Exec') && namesFilter(line)),
    filtered: refuses === true || isBehindLauncher,
    noNewPrivileges: valuesOf('NoNewPrivileges').at(-1) === 'yes',
    programFiles,
  };
}

function hashes(content: Uint8Array): Pick<DropInFacts, 'policyHash' | 'unitHash' | 'filesHash'> {
  const names = ['policyHash', 'unitHash', 'filesHash'] as const;
  const found = names.map((name) => [name, hashInDropIn(content, name)] as const);
  return Object.fromEntries(found.filter(([, hash]) => hash !== undefined));
}
