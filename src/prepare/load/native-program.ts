import { EXIT, error, UserError } from '../../diagnostic.js';
import { PACKAGED_HOME } from '../../paths/policies.js';
import { builtProgram, packagedProgram } from '../../paths/programs.js';
import type { Context } from '../../system/context.js';
import { exists } from './exists.js';

/** Programs of the native helper that the command itself starts. */
type NativeProgram = 'observe' | 'pty-relay' | 'read-filters' | 'send-descriptors' | 'tighten';

/**
 * The path of a program of the native helper: in the program's own folder, or where a package has put it.
 * @throws UserError `no-helper`
 */
export async function nativeProgram(
  { program, home, machine }: Context,
  name: NativeProgram,
): Promise<string> {
  for (const path of [builtProgram(home, machine, name), packagedProgram(name)]) {
    if (await exists(program, path)) return path;
  }
  const hint = wayToNativeHelper(home);
  throw new UserError(error('no-helper', `there is no program '${name}'`, { hint }), EXIT.failure);
}

/** The way to a program of the native helper that is missing. @param home the program's own folder */
export const wayToNativeHelper = (home: string): string =>
  home === PACKAGED_HOME
    ? "install the package 'sandbox-unit-launcher' there, for that kind of machine"
    : `make -C ${home}/native-helper`;
