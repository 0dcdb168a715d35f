/** A policy's paths of directives, and whether a service of theirs can rename a folder above a closed path. */
export interface RenamingCase {
  readonly service: Readonly<Record<string, readonly string[]>>;
  /** The folder that the service would rename. */
  readonly folder: string;
  /** What the plan says, without the folder; undefined where it can't be renamed. */
  readonly says?: string;
}

const CLOSED = '/srv/a/b';
const WRITABLE = { ReadWritePaths: ['/srv'] };

const movable = (directive: string, hint = 'narrow ReadWritePaths='): string =>
  `the service can get around ${directive}= for ${CLOSED}: it may rename /srv/a; protect /srv/a itself, or ${hint}`;

const MOUNT = 'mount the folder over itself: BindPaths = ["/srv/a"]';

/** As services were seen that own all of /srv, with ProtectSystem=strict and without. */
export const RENAMING_CASES: readonly RenamingCase[] = [
  ...['BindReadOnlyPaths', 'InaccessiblePaths', 'ReadOnlyPaths', 'TemporaryFileSystem'].map((directive) => ({
    service: { ...WRITABLE, [directive]: [CLOSED] },
    folder: '/srv/a',
    says: `${movable(directive)}, or ${MOUNT}`,
  })),
  {
    service: { BindPaths: ['/srv'], ReadOnlyPaths: [CLOSED] },
    folder: '/srv/a',
    says: movable('ReadOnlyPaths', 'narrow BindPaths='),
  },
  // systemd drops the second mount, as one that adds nothing to the first.
  {
    service: { ReadWritePaths: ['/srv', '/srv/a'], ReadOnlyPaths: [CLOSED] },
    folder: '/srv/a',
    says: `${movable('ReadOnlyPaths')}, or ${MOUNT}`,
  },
  { service: { ...WRITABLE, ReadOnlyPaths: ['/srv/a'] }, folder: '/srv/a' },
  { service: { ReadWritePaths: ['/srv/a'], ReadOnlyPaths: [CLOSED] }, folder: '/srv/a' },
  { service: { ...WRITABLE, BindPaths: ['/srv/a'], ReadOnlyPaths: [CLOSED] }, folder: '/srv/a' },
  { service: { ...WRITABLE, ExecPaths: ['/srv/a'], ReadOnlyPaths: [CLOSED] }, folder: '/srv/a' },
  { service: { ...WRITABLE, ReadOnlyPaths: ['/srv/a', '/srv/a/b/c'] }, folder: '/srv/a/b' },
];

/** The policy's [service] of a case. */
export const renamingPolicy = ({ service }: RenamingCase): string =>
  `[service]\n${Object.entries(service)
    .map(([name, paths]) => `${name} = ${JSON.stringify(paths)}\n`)
    .join('')}`;
