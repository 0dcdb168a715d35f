import { whyIncomplete } from './incomplete.js';
import type { ProfilePart } from './input.js';

const key = (positions: readonly number[]): string => positions.join(' ');

/**
 * The values of arguments that a call was seen with; undefined where some may be missing, because they had no room or
 * weren't looked at on an ABI that made the call. Empty if the call wasn't made.
 * @param positions the arguments that were recorded together
 */
export function valuesSeen(
  profile: ProfilePart,
  call: string,
  positions: readonly number[],
): readonly (readonly bigint[])[] | undefined {
  const made = new Set(
    profile.calls.filter(({ name }) => name === call).map(({ architecture }) => architecture),
  );
  if (made.size === 0) return [];
  const rows = profile.arguments.filter(
    (row) => row.name === call && key(row.arguments) === key(positions) && made.has(row.architecture),
  );
  const isWhole = [...made].every((abi) => rows.some(({ architecture }) => architecture === abi));
  if (!isWhole || rows.some(({ lost }) => lost > 0)) return undefined;
  if (whyIncomplete(profile, 'arguments') !== undefined) return undefined;
  return rows.flatMap(({ values }) => values.map((tuple) => tuple.map(BigInt)));
}

/** The values of one argument, in 32 bits, each once; undefined as for {@link valuesSeen}. */
export function valuesOf(
  profile: ProfilePart,
  call: string,
  position: number,
): readonly bigint[] | undefined {
  const alone = valuesSeen(profile, call, [position]);
  const tuples = alone ?? withOthers(profile, call, position);
  return tuples && [...new Set(tuples.map(([value]) => BigInt.asUintN(32, value!)))];
}

/** The values of an argument that was recorded together with others. */
function withOthers(profile: ProfilePart, call: string, position: number): bigint[][] | undefined {
  const rows = profile.arguments.filter((row) => row.name === call && row.arguments.includes(position));
  const found = rows.map((row) => ({ row, tuples: valuesSeen(profile, call, row.arguments) }));
  const whole = found.find(({ tuples }) => tuples !== undefined);
  return whole?.tuples?.map((tuple) => [tuple[whole.row.arguments.indexOf(position)]!]);
}
