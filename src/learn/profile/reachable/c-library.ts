import { libcTable } from '../../../seccomp/syscalls/generated/libc.js';
import type { ElfImage } from '../../../systemd/formats/elf-image.js';
import { CallGraph } from './code/call-graph.js';

/** A C library, by its project. */
export type CLibrary = 'glibc' | 'musl';

const NAMES: readonly [library: CLibrary, name: RegExp][] = [
  ['glibc', /^(?:ld-linux[-\w]*|lib(?:c|pthread|rt|dl|m|mvec|resolv|util|anl|nsl))\.so\.\d+$/],
  ['musl', /^(?:libc\.musl[-\w]*\.so\.1|libc\.so|ld-musl-[-\w]+\.so\.1)$/],
];

/** The C library that a file of this name is of. */
export const cLibraryNamed = (name: string): CLibrary | undefined =>
  NAMES.find(([, pattern]) => pattern.test(name))?.[0];

/** Functions that free what only servers of Sun's RPC have; the end of each thread leads there in glibc 2.36 and earlier. */
const OF_RPC = ['svc_unregister', 'pmap_unset'];

/**
 * The call graph of a file of a C library. glibc's functions never use a variable from its middle; the functions of musl's
 * FILE are far behind its begin.
 */
export const cLibraryGraph = (library: CLibrary, image: ElfImage): CallGraph =>
  library === 'glibc' ? new CallGraph(image, 8, OF_RPC) : new CallGraph(image);

let tables: ReadonlyMap<string, ReadonlyMap<string, readonly string[]>> | undefined;

function table(library: CLibrary): ReadonlyMap<string, readonly string[]> {
  tables ??= parsed();
  return tables.get(library)!;
}

function parsed(): Map<string, Map<string, readonly string[]>> {
  const found = new Map<string, Map<string, readonly string[]>>();
  for (const row of libcTable.trimEnd().split('\n')) {
    const [names = '', calls = ''] = row.split(': ');
    const [library = '', ...functions] = names.split(' ');
    const rows = found.get(library) ?? new Map();
    found.set(library, rows);
    for (const name of functions) rows.set(name, calls.split(' '));
  }
  return found;
}

/** Calls that every program with a C library makes, or may make: by its start, its end, and its dynamic linker. */
export const callsOfStart = (library: CLibrary): readonly string[] => table(library).get('start') ?? [];

/**
 * Calls that a function of a C library leads to in some version and on some machine, without those of the start; empty for
 * what isn't one.
 */
export const callsOfFunction = (library: CLibrary, name: string): readonly string[] =>
  name === 'start' ? [] : (table(library).get(name) ?? []);
