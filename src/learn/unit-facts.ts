import { UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { orElse } from '../machine/state/failures.js';
import { loadUnit, serviceName } from '../prepare/load/load-unit.js';
import { namedUnit } from '../prepare/load/named-unit.js';
import { type EffectiveUnit, effectiveUnit } from '../systemd/unit/effective.js';
import { EXEC_KEYS } from '../systemd/unit/exec/keys.js';
import type { UnitName } from '../systemd/unit/name.js';
import type { UnitFacts } from './profile/checklist.js';

/** A service whose recordings are asked for; it need not be on this machine. */
export interface LearnedUnit {
  readonly name: UnitName;
  /** Undefined if the unit can't be read here. */
  readonly facts: UnitFacts | undefined;
  /** The reason for that. */
  readonly why?: string;
}

/**
 * The unit of a name or an alias, with its commands as they are without us. A unit that isn't here has the
 * name as it was given.
 * @throws UserError `not-a-service`, or the error in the name
 */
export async function learnedUnit(context: Context, text: string): Promise<LearnedUnit> {
  const given = serviceName(text);
  const known = await orElse(() => namedUnit(context, text), undefined);
  const name = known ? serviceName(known.name) : given;
  try {
    const { files } = await loadUnit(context, text);
    return { name, facts: factsOf(effectiveUnit(files)) };
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    return { name, facts: undefined, why: cause.diagnostics[0]!.message };
  }
}

/**
 * The line of each command of a service as written, by its key; a line with several commands is there as often.
 * @throws UserError as loadUnit()
 */
export async function linesOfCommands(
  context: Context,
  unit: string,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const effective = effectiveUnit((await loadUnit(context, unit)).files);
  const lines = new Map(effective.assignments.map(({ key, value, at }) => [at, `${key}=${value}`]));
  const linesOf = (key: string) => effective.execCommands(key).map(({ at }) => lines.get(at)!);
  return new Map(EXEC_KEYS.map((key) => [key, linesOf(key)]));
}

export const factsOf = (unit: EffectiveUnit): UnitFacts => ({
  commands: commandsOf(unit),
  // A oneshot service is at work while it starts.
  serves: unit.last('Service', 'Type')?.value !== 'oneshot',
});

/** The command lines of a unit as written, without those that an empty line takes back. */
export function commandsOf(unit: EffectiveUnit): string[] {
  const lines = (key: string) => unit.list('Service', key).filter(({ value }) => value !== '');
  return EXEC_KEYS.flatMap((key) => lines(key).map(({ value }) => `${key}=${value}`));
}

/** S_ISUID and S_ISGID (inode(7)). */
const SET_ID = 0o6000;

/** Those of some programs that have neither a set-user-ID nor a set-group-ID bit; one that can't be read may have it. */
export async function plainPrograms(
  { system }: Context,
  paths: readonly string[],
): Promise<ReadonlySet<string>> {
  const plain = new Set<string>();
  for (const path of paths) {
    const file = await orElse(() => system.read(path, { limit: 1, head: true }), undefined);
    if (file && (file.mode & SET_ID) === 0) plain.add(path);
  }
  return plain;
}
