import { EXIT, error, UserError } from '../diagnostic.js';
import { PACKAGED_READER } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import { exists } from './exists.js';

/**
 * The path of read-filters: in the program's own folder, or where a package has put it.
 * @throws UserError `no-reader`
 */
export async function filterReader({ program, home, machine }: Context): Promise<string> {
  const built = `${home}/native-helper/build/${machine}/read-filters`;
  for (const path of [built, PACKAGED_READER]) {
    if (await exists(program, path)) return path;
  }
  const hint = `make -C ${home}/native-helper`;
  throw new UserError(error('no-reader', `there is no reader of filters: ${built}`, { hint }), EXIT.failure);
}
