import type { Code } from '../../codes/subjects.js';
import { EXIT, error, UserError } from '../../diagnostic.js';
import { PACKAGED_HOME } from '../../paths/policies.js';
import { builtProgram, packagedProgram } from '../../paths/programs.js';
import type { Context } from '../../system/context.js';
import { exists } from './exists.js';

/**
 * The path of a program of the native helper: in the program's own folder, or where a package has put it.
 * @param code of the error if the program isn't there
 */
async function nativeProgram({ program, home, machine }: Context, name: string, code: Code): Promise<string> {
  for (const path of [builtProgram(home, machine, name), packagedProgram(name)]) {
    if (await exists(program, path)) return path;
  }
  const hint = wayToNativeHelper(home);
  throw new UserError(error(code, `there is no program '${name}'`, { hint }), EXIT.failure);
}

/** The way to a program of the native helper that is missing. @param home the program's own folder */
export const wayToNativeHelper = (home: string): string =>
  home === PACKAGED_HOME
    ? "install the package 'sandbox-unit-launcher' of that kind of machine there"
    : `make -C ${home}/native-helper`;

/** @throws UserError `no-helper` */
export const filterReader = (context: Context): Promise<string> =>
  nativeProgram(context, 'read-filters', 'no-helper');

/** @throws UserError `observer-failed` */
export const observerProgram = (context: Context): Promise<string> =>
  nativeProgram(context, 'observe', 'observer-failed');

/** The program that loads filters into running services. @throws UserError `no-helper` */
export const injectorProgram = (context: Context): Promise<string> =>
  nativeProgram(context, 'tighten', 'no-helper');

/** @throws UserError `no-helper` */
export const descriptorSender = (context: Context): Promise<string> =>
  nativeProgram(context, 'send-descriptors', 'no-helper');

/** @throws UserError `no-helper` */
export const terminalRelay = (context: Context): Promise<string> =>
  nativeProgram(context, 'pty-relay', 'no-helper');
