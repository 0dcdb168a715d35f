import { inBatches } from '../../collections.js';
import type { Context } from '../context.js';
import { ASKED_AT_ONCE } from './service.js';

/**
 * Runs a step on each of many elements, as inBatches() does, with a line on the terminal about how many are done.
 * @param doing what is done to them: `looking at units`
 */
export async function counted<T, U>(
  { caller }: Pick<Context, 'caller'>,
  doing: string,
  elements: readonly T[],
  step: (element: T) => Promise<U>,
): Promise<U[]> {
  let done = 0;
  const counting = async (element: T): Promise<U> => {
    const result = await step(element);
    done += 1;
    return result;
  };
  return caller.during(
    () => `${doing}: ${done} of ${elements.length}`,
    () => inBatches(elements, ASKED_AT_ONCE, counting),
  );
}
