/** The JavaScript engine, for a command that is over soon: it optimizes less, and compiles nothing a second time. */
import { lstatSync } from 'node:fs';
import * as modules from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { compiledFolder } from '../systemd/paths/placement.js';
import { makeTrustedDirectory } from './files/trust.js';

/** The first version of Node that keeps compiled code (module.enableCompileCache), where it is asked to. */
const KEEPS_CODE = 22;

/**
 * How much code, in bytes, a function runs before V8 looks at whether to optimize it (default: 67584). A third of the
 * processor time of `plan` would go into optimizing what is then hardly run; what lasts for seconds is optimized all the same.
 */
const BUDGET = 1_000_000;

/** Prepares the engine, before the program is loaded. The flag is one of Node 20's V8; others don't know it. */
export function prepareEngine(environment: Readonly<Record<string, string | undefined>>): void {
  const [major] = process.versions.node.split('.').map(Number);
  if (major === 20) setFlagsFromString(`--interrupt-budget=${BUDGET}`);
  else if (major! >= KEEPS_CODE) keepCompiled(environment.XDG_RUNTIME_DIR);
}

/** Node's function; absent before 22.1, whose types these are. */
const { enableCompileCache } = modules as { readonly enableCompileCache?: (folder: string) => unknown };

/** Has Node keep compiled code until the next boot, in a folder that no other user can write to; or not at all. */
function keepCompiled(runtimeDirectory: string | undefined) {
  const isRoot = process.geteuid?.() === 0;
  if (!isRoot && !isOwn(runtimeDirectory)) return;
  const folder = compiledFolder(isRoot ? '/run' : runtimeDirectory!);
  // Node makes a folder of its own in this one, and asks for no mode.
  const before = process.umask(0o077);
  try {
    makeTrustedDirectory(folder);
    enableCompileCache?.(folder);
  } catch {
    // It would only be faster.
  }
  process.umask(before);
}

/** Whether a folder is the caller's alone. */
export function isOwn(folder: string | undefined): boolean {
  const stat = folder?.startsWith('/') ? lstatSync(folder, { throwIfNoEntry: false }) : undefined;
  return stat?.isDirectory() === true && stat.uid === process.geteuid?.() && (stat.mode & 0o077) === 0;
}
