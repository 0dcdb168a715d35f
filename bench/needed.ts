/**
 * The names of a list that can't be left out. Whole halves are tried before single names, since most can.
 * @param works whether a list is enough; one that is longer than an enough one must be enough too
 * @throws Error when not even the whole list works
 */
export function needed(
  all: readonly string[],
  works: (list: readonly string[]) => boolean,
): readonly string[] {
  if (!works(all)) throw new Error('not even the whole list is enough');
  /** The list less what of a part of it can be left out. */
  const without = (list: readonly string[], part: readonly string[]): readonly string[] => {
    const rest = list.filter((name) => !part.includes(name));
    if (works(rest)) return rest;
    if (part.length === 1) return list;
    const middle = part.length >> 1;
    return without(without(list, part.slice(0, middle)), part.slice(middle));
  };
  return without(all, all);
}
