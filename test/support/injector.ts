/** The program that loads the filter of `[ready]`, in boxes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGED_INJECTOR } from '../../src/systemd/paths/programs.js';
import type { Box } from './box.js';
import { MACHINE, NATIVE } from './native.js';

/** As it was built. */
export const INJECTOR_HERE = join(NATIVE, 'build', MACHINE ?? '', 'tighten');

/** Installs it where a package does. */
export const installInjector = (box: Box): Promise<void> =>
  box.writeFile(PACKAGED_INJECTOR, readFileSync(INJECTOR_HERE), '0755');
