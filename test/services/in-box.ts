/** A service with its script of work, in a machine to throw away. */
import { readdirSync } from 'node:fs';
import { Box } from '../support/box.js';
import { inRepository } from '../support/repository.js';
import { splitLines } from '../support/run.js';
import { COMMAND } from '../support/service.js';
import type { TreeName } from '../support/tree.js';

/** Scripts by folder: each is for services of the tree of Debian's packages beside it. */
const FOLDERS = {
  loads: 'services',
  'more-loads': 'more-services',
  'template-loads': 'services',
  'ready-loads': 'ready-services',
  'learned-loads': 'ready-services',
} as const satisfies Record<string, TreeName>;
type Folder = keyof typeof FOLDERS;

const namesIn = (folder: Folder): string[] =>
  readdirSync(inRepository(`test/services/${folder}`))
    .map((file) => file.replace(/\.sh$/, ''))
    .filter((name) => name !== 'common')
    .sort();

/** Releases of Debian that have the services of `loads`. */
export type Release = 'trixie' | 'bookworm';

/** Names of the services that are learned unless others are named. */
export const LEARNED: readonly string[] = [
  ...namesIn('loads'),
  ...namesIn('learned-loads'),
  ...['samba', 'slapd'],
];

/** Names of the services that the templates for any daemon are tried on. */
export const ALL: readonly string[] = [...namesIn('loads'), ...namesIn('more-loads')];

const folderOf = (name: string): Folder =>
  (Object.keys(FOLDERS) as Folder[]).find((folder) => namesIn(folder).includes(name))!;

/** A service in its box. */
export interface BoxedService {
  readonly box: Box;
  readonly unit: string;
  /** A command line for sh(1) that runs a verb of its script. */
  readonly verb: (words: string) => string;
}

/**
 * Boots a machine for a service, prepares it, and does something with it.
 * @param name of a script
 * @param release one that has the service
 * @throws Error where it can't be prepared
 */
export async function withService<Result>(
  name: string,
  use: (service: BoxedService) => Promise<Result>,
  release: Release = 'trixie',
): Promise<Result> {
  const folder = folderOf(name);
  const box = await Box.boot({ name, tree: release === 'bookworm' ? 'bookworm-services' : FOLDERS[folder] });
  try {
    const verb = (words: string) => `sh ${inRepository(`test/services/${folder}/${name}.sh`)} ${words}`;
    const unit = (await succeed(box, 'sh', '-c', verb('unit'))).trim();
    await succeed(box, 'sh', '-c', verb('prepare'));
    return await use({ box, unit, verb });
  } finally {
    await box.stop();
  }
}

export const succeed = (box: Box, ...argv: string[]) => box.succeed(argv);

/** Runs the command, which may find something; its JSON. @throws Error where it could not run */
export async function command<Said>({ box }: BoxedService, ...words: string[]): Promise<Said> {
  const { status, stdout, stderr } = await box.exec([...COMMAND, ...words, '--json']);
  if (status === 0 || status === 1) return JSON.parse(stdout);
  throw new Error(`${words.join(' ')}: status ${status}: ${stdout}${stderr}`);
}

/** The package of a service's main process, and its version. */
export async function packageOf(service: BoxedService): Promise<string> {
  const { MainPID } = await show(service, 'MainPID');
  const query = `owner=$(dpkg-query --search "$(readlink /proc/${MainPID}/exe)")
    dpkg-query --show --showformat='\${Package} \${Version}' "\${owner%%:*}"`;
  return succeed(service.box, 'sh', '-ec', query);
}

export interface Diagnosed {
  readonly severity: string;
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Other work, then each step of a service's life with more work behind it. One that fails ends it. */
export async function lifeOf(service: BoxedService): Promise<string> {
  const { unit, verb } = service;
  const { CanReload } = await show(service, 'CanReload');
  const steps = [
    ...(CanReload === 'yes' ? [['reload', verb('reload')]] : []),
    ['log rotation', verb('rotate')],
    ['restart', `systemctl restart ${unit}`],
    ['stop and start', `systemctl stop ${unit}; systemctl start ${unit}`],
  ];
  const lines = steps.map(([name, step]) => `export STEP='${name}'; ${step}; ${verb('other-load')}`);
  return ['set -e', verb('other-load 5'), ...lines].join('\n');
}

/** Problems that systemd and `verify` find with a service that has lived. @param before its restarts before that */
export async function afterLife(service: BoxedService, before: { NRestarts?: string }): Promise<string[]> {
  const { box, unit } = service;
  const now = await show(service, 'ActiveState', 'NRestarts');
  const verify = await box.exec([...COMMAND, 'verify', unit]);
  return [
    ...(now.ActiveState === 'active' && now.NRestarts === before.NRestarts
      ? []
      : [`it has failed: ${now.ActiveState}`]),
    ...(verify.status === 0 ? [] : [`verify: ${verify.stdout}${verify.stderr}`]),
  ];
}

export async function show(
  { box, unit }: BoxedService,
  ...names: string[]
): Promise<Readonly<Record<string, string>>> {
  const text = await succeed(box, 'systemctl', 'show', `--property=${names.join(',')}`, unit);
  return Object.fromEntries(splitLines(text).map((line) => line.split('=')));
}
