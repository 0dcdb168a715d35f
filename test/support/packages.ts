/** The packages of this repository, made and looked at in a layer that has Debian's tools for it. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { inLayer, layerAvailable } from './layer.js';

/** Kinds of machines that there are packages for. */
export const PACKAGED_MACHINES = ['x86-64', 'arm64'] as const;

type Machine = (typeof PACKAGED_MACHINES)[number];

export type PackageKind = 'deb' | 'rpm';

/** Why no packages can be made here, or undefined. */
export const packagesObstacle = (): string | undefined => layerAvailable('clang');

async function inFolder(folder: string, argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { tree: 'clang', folders: [folder], env } as const;
  const { status, stdout, stderr } = await inLayer(argv, options);
  return { status, said: stdout + stderr };
}

/**
 * Makes both packages for one kind of machine.
 * @param folder which is made
 * @param env has SOURCE_DATE_EPOCH, and what else packaging/build takes
 * @throws AssertionError with what the tools say
 */
export async function makePackages(
  folder: string,
  machine: Machine,
  kinds: readonly PackageKind[],
  env: Readonly<Record<string, string>>,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { status, said } = await inFolder(folder, ['packaging/build', folder, machine, ...kinds], env);
  assert.equal(status, 0, said);
}

/** Looks for mistakes in all packages of a folder. Returns what lintian and rpmlint find, one a line; empty if nothing. */
export async function lintPackages(folder: string): Promise<string> {
  const lintian = ['lintian', '--allow-root', '--no-cfg', '--display-info', '--pedantic'];
  const rpmlint = ['rpmlint', '--config', 'packaging/rpm/rpmlint.toml'];
  const [deb, rpm] = await Promise.all([
    inFolder(folder, ['sh', '-c', `exec "$@" ${folder}/*.deb`, 'sh', ...lintian]),
    inFolder(folder, ['sh', '-c', `exec "$@" ${folder}/*.rpm`, 'sh', ...rpmlint]),
  ]);
  const isFine = rpm.status === 0 && / 0 errors, 0 warnings, /.test(rpm.said);
  const refused = deb.status === 0 ? '' : `lintian ends with ${deb.status}\n`;
  return deb.said + refused + (isFine ? '' : rpm.said);
}
