import { numbersOf } from '../../../seccomp/syscalls/numbers.js';
import type { ElfImage } from '../../../systemd/formats/elf-image.js';
import { type CLibrary, callsOfFunction, callsOfStart, cLibraryGraph, cLibraryNamed } from './c-library.js';
import { CallGraph } from './code/call-graph.js';
import { type ReachedCode, reach } from './reach.js';

/** An ELF file, as the program sees it. */
export interface LoadedFile {
  readonly path: string;
  readonly image: ElfImage;
}

/** The files of a program. */
export interface ProgramFiles {
  readonly program: LoadedFile;
  /** Its dynamic linker and all libraries that it needs, in the order in which they are searched for names. */
  readonly libraries: readonly LoadedFile[];
  /** Files that it is known to load by itself. */
  readonly plugins: readonly LoadedFile[];
}

/** The system calls that a program can reach; or why they are unknown. */
export type Reachable =
  | {
      readonly calls: ReadonlySet<string>;
      /** Files that load others while they run, or ask for names (dlopen(3), dlsym(3)): of those only plugins count. */
      readonly loaders: readonly string[];
    }
  | { readonly unknown: string };

/** Calls whose number a library computes, by the library's name: libseccomp asks the kernel by which number it knows them. */
const COMPUTED: ReadonlyMap<string, readonly string[]> = new Map([['libseccomp.so.2', ['seccomp', 'prctl']]]);

/** Functions that load files, or look for names in those that are loaded, while a program runs. */
export const LOADERS = ['dlopen', 'dlmopen', 'dlsym', 'dlvsym', '__libc_dlopen_mode'];

/** Finds the calls that a program and its libraries can reach, by their code and by the table of C libraries. */
export function reachableCalls({ program, libraries, plugins }: ProgramFiles): Reachable {
  const go = [program, ...libraries, ...plugins].find(({ image }) => image.isGo);
  if (go !== undefined)
    return { unknown: `${go.path} is written in Go, which computes the numbers of system calls at run time` };
  const [first, others, loaded] = [known(program), libraries.map(known), plugins.map(known)];
  const reached = reach({
    program: first.graph,
    libraries: others.map(graphOf),
    plugins: loaded.map(graphOf),
  });
  const files = [first, ...others, ...loaded];
  const open = files.find(({ graph, library, computed }) => !library && !computed && reached.open.has(graph));
  if (open !== undefined) return { unknown: `${open.path} computes the numbers of its system calls` };
  return result(files, reached);
}

const graphOf = ({ graph }: KnownFile) => graph;

interface KnownFile extends LoadedFile {
  readonly graph: CallGraph;
  readonly library: CLibrary | undefined;
  readonly computed: readonly string[] | undefined;
}

/** Graphs of files that several programs share. */
const graphs = new WeakMap<ElfImage, CallGraph>();

function known({ path, image }: LoadedFile): KnownFile {
  const name = image.name ?? path.slice(path.lastIndexOf('/') + 1);
  const library = cLibraryNamed(name);
  const graph = graphs.get(image) ?? (library ? cLibraryGraph(library, image) : new CallGraph(image));
  graphs.set(image, graph);
  return { path, image, graph, library, computed: COMPUTED.get(name) };
}

function result(files: readonly KnownFile[], reached: ReachedCode): Reachable {
  const numbers = numbersOf(files[0]!.image.machine);
  const found = new Set<string>();
  for (const [name, number] of numbers) if (reached.numbers.has(number)) found.add(name);
  for (const call of fromTables(files, reached)) if (numbers.has(call)) found.add(call);
  const loaders = files.filter(
    ({ library, graph }) => !library && usesAny(reached.uses.get(graph)!, LOADERS),
  );
  return { calls: found, loaders: loaders.map(({ path }) => path) };
}

function fromTables(files: readonly KnownFile[], reached: ReachedCode): string[] {
  const libraries = [...new Set(files.flatMap(({ library }) => library ?? []))];
  const used = [...namesUsed(files, reached)];
  return [
    ...libraries.flatMap(callsOfStart),
    ...libraries.flatMap((library) => used.flatMap((name) => callsOfFunction(library, name))),
    ...files.flatMap(({ graph, computed = [] }) => (reached.open.has(graph) ? computed : [])),
  ];
}

/** Names that others than the C library itself use. */
const namesUsed = (files: readonly KnownFile[], { uses }: ReachedCode): Set<string> =>
  new Set(files.flatMap(({ library, graph }) => (library ? [] : [...uses.get(graph)!])));

const usesAny = (used: ReadonlySet<string>, names: readonly string[]) => names.some((name) => used.has(name));
