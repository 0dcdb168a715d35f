import { mountsPrograms, namesFilter, namesReadyFilter } from '../paths/own-files.js';
import { gapsInDropIn, hashInDropIn, isPermissiveDropIn, policyOfDropIn, systemdOfDropIn } from './files.js';

const HASHES = ['policyHash', 'defaultsHash', 'unitHash', 'filesHash', 'textHash'] as const;
type Hash = (typeof HASHES)[number];

/** The facts that a drop-in of ours states. */
export interface DropInFacts extends Readonly<Partial<Record<Hash, string | undefined>>> {
  /** The policy's path in the header; undefined where the header has none. */
  readonly policy: string | undefined;
  /** The version of systemd in the header. */
  readonly systemd: string | undefined;
  /** Whether the header says that the policy is permissive. */
  readonly permissive: boolean;
  /** The codes of gaps that were allowed when the drop-in was made. */
  readonly gaps: readonly string[];
  /** Whether its SystemCallFilter= refuses calls; undefined where it has no such line. */
  readonly refuses: boolean | undefined;
  /** The names in its SystemCallLog=. */
  readonly recorded: readonly string[];
  /** Whether the launcher starts commands of the drop-in, or programs that one of an earlier version mounts. */
  readonly launched: boolean;
  /** Whether the launcher starts the processes of ExecStart=. */
  readonly startsLaunched: boolean;
  /** Whether the processes of ExecStart= have a filter from their start on, the launcher's or systemd's. */
  readonly filtered: boolean;
  /** Whether the filter of `[ready]` is loaded once the service serves. */
  readonly tightened: boolean;
  /** Whether its last NoNewPrivileges= line is `yes`. */
  readonly noNewPrivileges: boolean;
}

/** Reads a drop-in of ours; commented lines don't count. */
export function dropInFacts(content: Uint8Array): DropInFacts {
  const lines = new TextDecoder().decode(content).split('\n');
  const live = lines.filter((line) => !/^\s*[#;]/.test(line));
  const valuesOf = (key: string) =>
    live.filter((line) => line.startsWith(`${key}=`)).map((line) => line.slice(key.length + 1).trim());
  const filters = valuesOf('SystemCallFilter');
  const refuses = filters.length === 0 ? undefined : filters.at(-1) !== '';
  const isBehindLauncher = live.some((line) => line.startsWith('ExecStart=') && namesFilter(line));
  return {
    policy: policyOfDropIn(content),
    ...hashes(content),
    systemd: systemdOfDropIn(content),
    permissive: isPermissiveDropIn(content),
    gaps: gapsInDropIn(content),
    refuses,
    recorded: valuesOf('SystemCallLog').flatMap((value) => value.split(/\s+/).filter((name) => name !== '')),
    launched: live.some((line) => (line.startsWith('Exec') && namesFilter(line)) || mountsPrograms(line)),
    startsLaunched: isBehindLauncher,
    filtered: refuses === true || isBehindLauncher,
    tightened: live.some((line) => line.startsWith('ExecStartPost=') && namesReadyFilter(line)),
    noNewPrivileges: valuesOf('NoNewPrivileges').at(-1) === 'yes',
  };
}

function hashes(content: Uint8Array): Pick<DropInFacts, Hash> {
  const found = HASHES.map((name) => [name, hashInDropIn(content, name)] as const);
  return Object.fromEntries(found.filter(([, hash]) => hash !== undefined));
}
