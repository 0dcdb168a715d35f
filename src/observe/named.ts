/** Numbers of the kernel in a dump become the names of a recording. */
import { groupBy } from '../collections.js';
import { type Abi, type Machine, X32_BIT } from '../seccomp/syscalls/abi.js';
import { nameOf } from '../seccomp/syscalls/numbers.js';
import { CAPABILITIES } from '../systemd/directives/kinds/names/capabilities.js';
import type { ObservedAbi, ObservedUnit, WatchedArguments } from './observed.js';
import {
  LIFE_PHASES,
  type LifePhase,
  PATH_USES,
  type RecordedPeer,
  type Recording,
} from './recording/recording.js';
import { observedAbis } from './watch-list.js';

/** Facts that a dump lacks. */
export interface DumpFacts {
  readonly machine: Machine;
  /** In the order of the `watch` lines. */
  readonly watched: readonly WatchedArguments[];
  /** SHA-256 in hex of programs, by their path as the dump has it. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** The parts of a recording that the observer knows. */
export type NamedDump = Pick<
  Recording,
  | 'slices'
  | 'lives'
  | 'programs'
  | 'calls'
  | 'refused'
  | 'arguments'
  | 'paths'
  | 'peers'
  | 'capabilities'
  | 'forkFlags'
  | 'modes'
  | 'ringOperations'
  | 'lost'
  | 'blind'
>;

/** The ABI's name; a machine without such an ABI has only its own. */
const abiNamed = (machine: Machine, abi: ObservedAbi): Abi => observedAbis(machine).get(abi) ?? machine;

/** Losses by table; those that are found while naming are added. */
type Losses = Map<string, number>;

const lose = (lost: Losses, table: string, count: number): void => {
  if (count > 0) lost.set(table, (lost.get(table) ?? 0) + count);
};

/** Facts of the whole dump that its parts need. */
interface Naming {
  readonly machine: Machine;
  readonly lost: Losses;
  readonly programs: number;
}

/** The parts of a recording that a dump has. An element that a recording has no place for is counted in `lost`. */
export function namedDump(observed: ObservedUnit, { machine, watched, hashes }: DumpFacts): NamedDump {
  const lost: Losses = new Map(Object.entries(observed.lost).filter(([, count]) => count > 0));
  const { programs, indices } = namedPrograms(observed, hashes, lost);
  const naming = { machine, lost, programs: observed.programs.length };
  const used = (mask: number) => programsIn(mask, naming).flatMap((bit) => indices[bit] ?? []);
  const named = {
    slices: Math.max(observed.slices, ...observed.calls.map((call) => Math.max(call.slices, 1))),
    lives: observed.lives,
    programs,
    calls: namedCalls(observed, naming, used),
    refused: namedRefused(observed, naming, used),
    arguments: namedArguments(observed, watched, naming),
    paths: namedPaths(observed, lost),
    peers: namedPeers(observed),
    capabilities: namedCapabilities(observed, naming),
    forkFlags: namedForkFlags(observed, lost),
    modes: [...new Set(observed.modes)],
    ringOperations: [...new Set(observed.ringOperations)],
  };
  return { ...named, lost: Object.fromEntries(lost), blind: [...new Set(observed.blind)] };
}

const isSafe = (value: bigint): boolean => value <= BigInt(Number.MAX_SAFE_INTEGER);

/** Text of one byte a character as the UTF-8 that it is; a byte that is none becomes U+FFFD. */
export const decoded = (text: string): string =>
  new TextDecoder().decode(Uint8Array.from(text, (character) => character.charCodeAt(0)));

/** Numbers of the bits that are set. Masks may have more than 32 bits. */
const bitsOf = (mask: number): number[] =>
  Array.from({ length: 53 }, (_, bit) => bit).filter((bit) => Math.floor(mask / 2 ** bit) % 2 === 1);

const phasesOf = (mask: number): LifePhase[] => LIFE_PHASES.filter((_, bit) => (mask & (1 << bit)) !== 0);

/** Programs with a path from the root, and for each bit of a mask the index of its program. */
function namedPrograms({ programs }: ObservedUnit, hashes: ReadonlyMap<string, string>, lost: Losses) {
  const isNamed = programs.map(({ path, phases }) => phases !== 0 && path.startsWith('/'));
  lose(lost, 'programs', programs.filter(({ phases }, i) => phases !== 0 && !isNamed[i]).length);
  let next = 0;
  return {
    indices: isNamed.map((is) => (is ? [next++] : [])),
    programs: programs
      .filter((_, i) => isNamed[i])
      .map(({ path, phases }) => ({
        path: decoded(path),
        hash: hashes.get(path) ?? null,
        phases: phasesOf(phases),
      })),
  };
}

/** Bits of programs that have a place; without it the program isn't known, and the loss is told. */
function programsIn(mask: number, { programs, lost }: Naming): number[] {
  const bits = bitsOf(mask);
  const known = bits.filter((bit) => bit < programs);
  if (known.length < bits.length && !lost.has('programs')) lose(lost, 'programs', 1);
  return known;
}

/** The paths of the programs in a mask, from the root. */
export const programPaths = ({ programs }: ObservedUnit, mask: number): string[] =>
  bitsOf(mask).flatMap((bit) => {
    const path = programs[bit]?.path ?? '';
    return path.startsWith('/') ? [decoded(path)] : [];
  });

type NamesOfMask = (mask: number) => number[];

/** A call's number and name. Numbers of x32 lack bit 30, as the tables have them. */
export function callNamed(machine: Machine, { abi, nr }: { readonly abi: ObservedAbi; readonly nr: number }) {
  const architecture = abiNamed(machine, abi);
  const number = architecture === 'x32' ? (nr & ~X32_BIT) >>> 0 : nr;
  return { architecture, number, name: nameOf(architecture, number) ?? null };
}

const namedCalls = ({ calls }: ObservedUnit, { machine }: Naming, used: NamesOfMask): Recording['calls'] =>
  calls
    .filter(({ counts }) => counts.some((count) => count > 0))
    .map(({ first, last, slices, counts, programs, onceReady, ...call }) => ({
      ...callNamed(machine, call),
      count: Math.min(
        counts.reduce((sum, count) => sum + count, 0),
        Number.MAX_SAFE_INTEGER,
      ),
      first: Math.min(first, last),
      last,
      slices: Math.max(slices, 1),
      phases: Object.fromEntries(
        LIFE_PHASES.flatMap((phase, i) => (counts[i]! > 0 ? [[phase, counts[i]!] as const] : [])),
      ),
      programs: used(programs),
      onceReady: phasesOf(onceReady),
    }));

const namedRefused = (
  { refused }: ObservedUnit,
  { machine }: Naming,
  used: NamesOfMask,
): Recording['refused'] =>
  refused
    .filter(({ count, failed }) => count > 0 && !failed)
    .map(({ errno, count, programs, ...call }) => ({
      ...callNamed(machine, call),
      answer: errno === 0 ? ('kill' as const) : errno,
      count,
      programs: used(programs),
    }));

/** Values of a `watch` line that isn't known, or of another number of arguments, are losses. */
function namedArguments(
  observed: ObservedUnit,
  watched: readonly WatchedArguments[],
  { machine, lost }: Naming,
): Recording['arguments'] {
  return observed.arguments.flatMap(({ watch, phases, values, lost: more }) => {
    const line = watched[watch];
    const isFit = line && values.every((value) => value.length === line.arguments.length);
    if (!isFit) lose(lost, 'arguments', values.length + more);
    if (!isFit) return [];
    const { abi, name, arguments: which } = line;
    const architecture = abiNamed(machine, abi);
    return [{ architecture, name, arguments: which, values, phases: phasesOf(phases), lost: more }];
  });
}

function namedPaths({ paths }: ObservedUnit, lost: Losses): Recording['paths'] {
  const isPlaced = ({ path, cut, count }: ObservedUnit['paths'][number]) =>
    count > 0 && path !== '' && (cut || path.startsWith('/'));
  lose(lost, 'paths', paths.filter((one) => !isPlaced(one)).length);
  return paths.filter(isPlaced).map(({ use, path, phases, count, errno, device, cut }) => ({
    path: decoded(path),
    use: PATH_USES.find((one) => one === use)!,
    phases: phasesOf(phases),
    count,
    ...(errno ? { errno } : {}),
    ...(device === undefined ? {} : { device }),
    ...(cut ? { cut } : {}),
  }));
}

const namedPeers = ({ peers }: ObservedUnit): Recording['peers'] =>
  peers
    .filter(({ count }) => count > 0)
    .map(({ use, family, type, address, port, count, errno }) => ({
      use: use as RecordedPeer['use'],
      family,
      type,
      address: decoded(address),
      port,
      count,
      ...(errno ? { errno } : {}),
    }));

function namedCapabilities({ capabilities }: ObservedUnit, { machine, lost }: Naming) {
  return capabilities
    .filter(({ count }) => count > 0)
    .map(({ capability, granted, count, calls, lost: more }) => {
      const names = calls.map((one) => callNamed(machine, one).name);
      lose(lost, 'capabilities', more + names.filter((name) => name === null).length);
      const known = [
        ...groupBy(
          names.filter((name) => name !== null),
          (name) => name,
        ).keys(),
      ];
      return { name: CAPABILITIES[capability] ?? `CAP_${capability}`, granted, count, calls: known };
    });
}

function namedForkFlags({ forkFlags }: ObservedUnit, lost: Losses): number[] {
  const flags = [...new Set(forkFlags.map(BigInt))];
  lose(lost, 'forkFlags', flags.filter((value) => !isSafe(value)).length);
  return flags.filter(isSafe).map(Number);
}
