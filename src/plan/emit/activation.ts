/** A unit's manifest: by it the script `activate` puts the unit's files into force on a host without Node. */

/** A file, and the SHA-256 hash of its content, in hex. */
interface Hashed {
  readonly path: string;
  readonly hash: string;
}

export interface Activation {
  /** The files that the unit shall have. */
  readonly files: readonly (Hashed & { readonly mode: number })[];
  /** The files of ours that it shall have no more. */
  readonly gone: readonly string[];
  /** The unit's own files, for which these were made. */
  readonly madeFor: readonly Hashed[];
  /** How long its services must stay up, in milliseconds. */
  readonly settle: number;
  /** Whether its main processes have a filter from their start on. */
  readonly filtered: boolean;
  /** Whether its services are reloaded, too. */
  readonly reload: boolean;
  /** Commands that must succeed then, each as a line of a shell. */
  readonly probes: readonly string[];
  readonly probeAs: string | undefined;
  /** How long each may take, in milliseconds. */
  readonly probeTimeout: number;
}

/** The manifest's lines: a key and a value; the first has the version, the last shows that it is whole. */
export function manifestText(activation: Activation): string {
  const { files, gone, madeFor, settle, filtered, reload, probes, probeAs, probeTimeout } = activation;
  const lines = [
    'sandbox-unit 1',
    ...files.map(({ path, mode, hash }) => `file ${mode.toString(8).padStart(4, '0')} ${hash} ${path}`),
    ...gone.map((path) => `gone ${path}`),
    ...madeFor.map(({ path, hash }) => `made-for ${hash} ${path}`),
    `settle ${settle / 1000}`,
    ...(filtered ? ['filtered yes'] : []),
    ...(reload ? ['reload yes'] : []),
    ...(probeAs === undefined ? [] : [`probe-as ${probeAs}`]),
    `probe-timeout ${probeTimeout / 1000}`,
    ...probes.map((line) => `probe ${line}`),
    'end',
  ];
  return `${lines.join('\n')}\n`;
}
