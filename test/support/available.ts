import { spawnSync } from 'node:child_process';
import { debianTree, type TreeName } from './tree.js';

/** Commands that boxes and layers are made with, and the Debian package of each. */
const COMMANDS = {
  unshare: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
  mount: 'mount',
  mmdebstrap: 'mmdebstrap',
};

const TRIAL = `
mount -t tmpfs tmpfs /run
mkdir /run/lower /run/upper /run/work /run/root
mount -t overlay overlay /run/root -o lowerdir=/run/lower,upperdir=/run/upper,workdir=/run/work
mount -t cgroup2 cgroup2 /sys/fs/cgroup`;

function missingCommand(): string | undefined {
  const names = Object.keys(COMMANDS) as (keyof typeof COMMANDS)[];
  const found = spawnSync('sh', [
    '-c',
    names.map((name) => `command -v ${name} >&2 || echo ${name}`).join('\n'),
  ]);
  const name = found.stdout.toString().split('\n')[0] as keyof typeof COMMANDS | '';
  return name ? `'${name}' is missing: apt-get install ${COMMANDS[name]}` : undefined;
}

function checkRights(): string | undefined {
  if (process.env.SANDBOX_UNIT_PURE === 'true') return 'npm run test:pure boots no machine';
  if (process.getuid?.() !== 0) return 'needs root, to make namespaces and mounts';
  const missing = missingCommand();
  if (missing) return missing;
  const trial = spawnSync('unshare', ['--mount', '--propagation', 'private', 'sh', '-ec', TRIAL]);
  if (trial.status === 0) return undefined;
  return `needs a kernel and rights for overlayfs and cgroup2: ${trial.stderr.toString().trim().split('\n')[0]}`;
}

let rights: { readonly reason: string | undefined } | undefined;

/**
 * Why boxes or layers over this tree are impossible on this machine (no root, no overlayfs, no network to fetch
 * Debian …), or undefined when they are possible. Builds the tree if it isn't there.
 */
export function unavailable(tree: TreeName): string | undefined {
  rights ??= { reason: checkRights() };
  if (rights.reason) return rights.reason;
  try {
    debianTree(tree);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}
