import { fromBase64, inBatches } from '../../collections.js';
import type { Instruction } from '../../seccomp/filter/bpf.js';
import { decodeFilterFile } from '../../seccomp/filter/filter-file.js';
import { type OwnAnswers, ownAnswers } from '../../seccomp/filter/own-answers.js';
import { Unprovable } from '../../seccomp/filter/prove-numbers.js';
import type { Machine } from '../../seccomp/syscalls/abi.js';
import { transientFolder } from '../../systemd/paths/placement.js';
import { isServiceName } from '../../systemd/unit/name.js';
import type { Context } from '../context.js';
import { commandsOf, type UnitState } from '../unit-state.js';
import { ASKED_AT_ONCE } from './service.js';

/** The page that `run` names in Documentation= of its units, by which they are known. */
export const RUN_MANUAL = 'man:sandbox-unit-run(1)';

/** A loaded unit that `run` has made. */
export interface RunUnit {
  readonly unit: string;
  readonly state: UnitState;
  /** Whether its processes have a filter from their start on, the launcher's or systemd's. */
  readonly filtered: boolean;
}

/** The most bytes of a transient unit's file: more than a command line with the largest filter takes. */
export const MAX_TRANSIENT_SIZE = 4 << 20;

/** The loaded units that `run` has made, sorted. */
export async function runUnits(context: Context): Promise<RunUnit[]> {
  const { system, placement } = context;
  const names = (await system.list(transientFolder(placement))).filter(isServiceName).sort();
  const found = await inBatches(names, ASKED_AT_ONCE, (unit) => runUnit(context, unit));
  return found.flatMap((one) => one ?? []);
}

/** A loaded unit, if `run` has made it. @param unit the full name, checked */
export async function runUnit({ system, placement }: Context, unit: string): Promise<RunUnit | undefined> {
  const path = `${transientFolder(placement)}/${unit}`;
  const file = await system.read(path, { limit: MAX_TRANSIENT_SIZE, head: true });
  const lines = new TextDecoder().decode(file?.bytes).split('\n');
  const isOurs = lines.some((line) => line.startsWith('Documentation=') && line.includes(RUN_MANUAL));
  return isOurs ? { unit, state: await system.unit(unit), filtered: lines.some(isFilter) } : undefined;
}

const IN_ARGUMENT = '--filter-base64=';

const isFilter = (line: string): boolean =>
  /^SystemCallFilter=./.test(line) || (line.startsWith('ExecStart') && line.includes(IN_ARGUMENT));

/** The launcher's filter of a unit. */
export interface LaunchersFilter {
  /** Undefined without a launcher, and where it isn't a program of ours. */
  readonly program: readonly Instruction[] | undefined;
  /** Whether it lets calls fail with an errno, or may. */
  readonly isSilent: boolean;
}

/** The filter that the launcher has in its argument. */
export function launchersFilter(state: UnitState, machine: Machine): LaunchersFilter {
  const words = commandsOf(state, 'ExecStart').flatMap(({ argv }) => argv.slice(1, 2));
  const word = words.find((one) => one.startsWith(IN_ARGUMENT));
  if (word === undefined) return { program: undefined, isSilent: false };
  const bytes = fromBase64(word.slice(IN_ARGUMENT.length));
  const filter = bytes && decodeFilterFile(bytes);
  const program = filter && 'programs' in filter ? filter.programs.get(machine) : undefined;
  const answers = program && answersOf(program, machine);
  return answers ? { program, isSilent: answers.fails } : { program: undefined, isSilent: true };
}

function answersOf(program: readonly Instruction[], machine: Machine): OwnAnswers | undefined {
  try {
    return ownAnswers(program, machine);
  } catch (cause) {
    if (!(cause instanceof Unprovable)) throw cause;
    return undefined;
  }
}
