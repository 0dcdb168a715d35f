import { mountsPrograms, namesFilter, namesReadyFilter } from '../../systemd/paths/own-files.js';
import { GAPS, HASHES, PERMISSIVE } from './files.js';

/** The header of a drop-in of ours; what isn't in it is undefined. */
export interface Header extends Readonly<Partial<Record<keyof typeof HASHES, string | undefined>>> {
  /** The version of this program. */
  readonly version: string | undefined;
  readonly policy: string | undefined;
  /** The version of systemd. */
  readonly systemd: string | undefined;
  /** Whether the policy is permissive. */
  readonly permissive: boolean;
  /** The codes of gaps that were allowed when the drop-in was made. */
  readonly gaps: readonly string[];
}

/** Reads the header of a drop-in of ours. */
export function headerOf(content: Uint8Array): Header {
  const text = new TextDecoder().decode(content);
  const find = (line: string) => new RegExp(`^# ${line}$`, 'm').exec(text)?.slice(1) ?? [];
  const [version, policy] = find(String.raw`Made by sandbox-unit (\S+) from (.+)`);
  const [systemd] = find(String.raw`For systemd (\S+)`);
  const [gaps] = find(`${GAPS}([a-z-]+(?:, [a-z-]+)*)`);
  const hashes = Object.entries(HASHES).flatMap(([key, name]) => {
    const [hash] = find(`${name}: sha256:([0-9a-f]{64})`);
    return hash === undefined ? [] : [[key, hash]];
  });
  return {
    ...{ version, policy, systemd, ...Object.fromEntries(hashes) },
    permissive: text.split('\n').includes(`# ${PERMISSIVE}`),
    gaps: gaps?.split(', ') ?? [],
  };
}

/** The facts that a drop-in of ours states. */
export interface DropInFacts extends Header {
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
    ...headerOf(content),
    refuses,
    recorded: valuesOf('SystemCallLog').flatMap((value) => value.split(/\s+/).filter((name) => name !== '')),
    launched: live.some((line) => (line.startsWith('Exec') && namesFilter(line)) || mountsPrograms(line)),
    startsLaunched: isBehindLauncher,
    filtered: refuses === true || isBehindLauncher,
    tightened: live.some((line) => line.startsWith('ExecStartPost=') && namesReadyFilter(line)),
    noNewPrivileges: valuesOf('NoNewPrivileges').at(-1) === 'yes',
  };
}
