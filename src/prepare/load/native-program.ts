import type { Code } from '../../codes/subjects.js';
import { EXIT, error, UserError } from '../../diagnostic.js';
import { packagedProgram } from '../../paths/programs.js';
import type { Context } from '../../system/context.js';
import { exists } from './exists.js';

/**
 * The path of a program of the native helper: in the program's own folder, or where a package has put it.
 * @param code of the error if the program isn't there
 */
async function nativeProgram({ program, home, machine }: Context, name: string, code: Code): Promise<string> {
  const built = `${home}/native-helper/build/${machine}/${name}`;
  for (const path of [built, packagedProgram(name)]) {
    if (await exists(program, path)) return path;
  }
  const hint = `make -C ${home}/native-helper`;
  throw new UserError(error(code, `there is no ${name}: ${built}`, { hint }), EXIT.failure);
}

/** @throws UserError `no-reader` */
export const filterReader = (context: Context): Promise<string> =>
  nativeProgram(context, 'read-filters', 'no-reader');

/** @throws UserError `no-reader` */
export const recordReader = (context: Context): Promise<string> =>
  nativeProgram(context, 'read-records', 'no-reader');

/** @throws UserError `no-observer` */
export const observerProgram = (context: Context): Promise<string> =>
  nativeProgram(context, 'observe', 'no-observer');

/** @throws UserError `no-sender` */
export const descriptorSender = (context: Context): Promise<string> =>
  nativeProgram(context, 'send-descriptors', 'no-sender');

/** @throws UserError `no-relay` */
export const terminalRelay = (context: Context): Promise<string> =>
  nativeProgram(context, 'pty-relay', 'no-relay');
