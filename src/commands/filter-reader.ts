import { EXIT, error, UserError } from '../diagnostic.js';
import { PACKAGED_READER, PACKAGED_RECORD_READER } from '../emit/paths.js';
import type { Context } from '../system/context.js';
import { exists } from './exists.js';

/**
 * The path of read-filters: in the program's own folder, or where a package has put it.
 * @throws UserError `no-reader`
 */
export const filterReader = (context: Context): Promise<string> =>
  find(context, 'read-filters', PACKAGED_READER);

/** The same of read-records. */
export const recordReader = (context: Context): Promise<string> =>
  find(context, 'read-records', PACKAGED_RECORD_READER);

async function find({ program, home, machine }: Context, name: string, packaged: string): Promise<string> {
  const built = `${home}/native-helper/build/${machine}/${name}`;
  for (const path of [built, packaged]) {
    if (await exists(program, path)) return path;
  }
  const hint = `make -C ${home}/native-helper`;
  throw new UserError(error('no-reader', `there is no ${name}: ${built}`, { hint }), EXIT.failure);
}
