/** Capabilities of files as getcap(8) prints them. */

/** Capabilities that a program's file gives (capabilities(7)). */
export interface FileCapabilities {
  /** `CAP_NET_RAW`. */
  readonly names: readonly string[];
  /** Whether the program has them from its start: the kernel doesn't execute it where one of them can't be had. */
  readonly effective: boolean;
}

/**
 * Reads lines such as `/usr/bin/ping cap_net_raw=ep`, or `/usr/bin/ping = cap_net_raw+ep` of libcap before 2.41, for
 * these files. Whatever isn't of this form is left out.
 */
export function parseFileCapabilities(
  text: string,
  files: readonly string[],
): ReadonlyMap<string, FileCapabilities> {
  const found = files.flatMap((file) => {
    const line = text.split('\n').find((one) => one.startsWith(`${file} `));
    const clauses = (line?.slice(file.length).trim().replace(/^= /, '') ?? '').split(' ').flatMap(clauseOf);
    const names = clauses.flatMap((clause) => clause.names);
    return names.length > 0
      ? [[file, { names, effective: clauses.some(({ effective }) => effective) }] as const]
      : [];
  });
  return new Map(found);
}

/** A clause of cap_from_text(3) that permits capabilities. */
function clauseOf(clause: string): FileCapabilities[] {
  const [, list, flags] = /^(cap_[a-z_]+(?:,cap_[a-z_]+)*)[=+]([eip]+)$/.exec(clause) ?? [];
  if (list === undefined || !flags?.includes('p')) return [];
  return [{ names: list.toUpperCase().split(','), effective: flags.includes('e') }];
}
