import { unavailable } from './available.js';
import { inRepository, REPOSITORY } from './repository.js';
import { type RunOptions, type RunResult, run } from './run.js';
import { debianTree, type TreeName } from './tree.js';

export interface LayerOptions extends Omit<RunOptions, 'env'> {
  /** Which Debian; default `toolchain`: compilers, libseccomp, linters. */
  readonly tree?: TreeName;
  /** Folders shown read-write at their own paths, beside the repository. */
  readonly folders?: readonly string[];
  /** Beside HOME, LANG and PATH. */
  readonly env?: Readonly<Record<string, string>>;
}

const ENVIRONMENT = {
  HOME: '/root',
  LANG: 'C.UTF-8',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/** Why no layer can be had on this machine, or undefined: `test('…', { skip: layerAvailable() }, …)`. */
export const layerAvailable = (tree: TreeName = 'toolchain'): string | undefined => unavailable(tree);

/** The command line that {@link inLayer} runs. */
export function layerCommand(argv: readonly string[], options: LayerOptions = {}): string[] {
  const { tree = 'toolchain', folders = [], cwd = REPOSITORY } = options;
  const script = inRepository('test/support/layer.sh');
  return ['bash', script, debianTree(tree), cwd, REPOSITORY, ...folders, '--', ...argv];
}

/**
 * Runs a command, as root, in a throw-away layer over a Debian tree: what needs more than a C compiler is installed
 * there and not on this machine. The repository is at its own path, read-write; `cwd` is in it by default.
 * What the command writes elsewhere is lost, but for `folders`.
 * @throws Error when it can't be started or takes too long; a failing command is a result, not an error.
 */
export async function inLayer(argv: readonly string[], options: LayerOptions = {}): Promise<RunResult> {
  const { cwd: _, ...rest } = options;
  return run(layerCommand(argv, options), { ...rest, env: { ...ENVIRONMENT, ...options.env } });
}
