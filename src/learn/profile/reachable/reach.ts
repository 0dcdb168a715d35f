import type { CallGraph } from './code/call-graph.js';

/** Files in the order in which the dynamic linker looks for names in them. */
export type LoadedFiles = readonly CallGraph[];

export interface ReachedCode {
  /** Numbers of the system calls that their own code makes. */
  readonly numbers: ReadonlySet<number>;
  /** Names that are used, by the files that use them. */
  readonly uses: ReadonlyMap<CallGraph, ReadonlySet<string>>;
  /** Names that no file defines. */
  readonly undefinedNames: ReadonlySet<string>;
  /** Files with a system call whose number is unknown. */
  readonly open: ReadonlySet<CallGraph>;
}

/** A part of a file. */
interface FilePart {
  readonly file: CallGraph;
  readonly part: number;
}

/** Files by what is used of them, in the order in which the dynamic linker looks for names in them. */
export interface UsedFiles {
  /** Of a program all code counts. */
  readonly program?: CallGraph | undefined;
  /** Of libraries counts what runs when they are loaded, and what others use of them. */
  readonly libraries: LoadedFiles;
  /** So, and all that they export: who loads them asks for names while it runs (dlsym(3)). */
  readonly plugins?: LoadedFiles;
}

/** Follows the call graphs from where they begin. */
export function reach({ program, libraries, plugins = [] }: UsedFiles): ReachedCode {
  const files = [...(program ? [program] : []), ...libraries, ...plugins];
  const starts = [...libraries, ...plugins].map((file) => ({ file, parts: file.partsAt(beginnings(file)) }));
  const exported = plugins.map((file) => ({
    file,
    parts: file.partsAt([...file.image.exports.values()].flat()),
  }));
  const all = program ? [{ file: program, parts: program.all() }] : [];
  return new ReachSearch(files).from([...all, ...starts, ...exported]);
}

/** Follows the call graphs from a name of the files, as if it were all that is used of them. */
export const reachFrom = (files: LoadedFiles, name: string): ReachedCode =>
  new ReachSearch(files).from(
    files.map((file) => ({ file, parts: file.partsAt(file.image.exports.get(name) ?? []) })),
  );

function beginnings({ image }: CallGraph): number[] {
  return image.entry === 0 ? [...image.initializers] : [image.entry, ...image.initializers];
}

class ReachSearch {
  private readonly files: LoadedFiles;
  private readonly numbers = new Set<number>();
  private readonly undefinedNames = new Set<string>();
  private readonly uses: ReadonlyMap<CallGraph, Set<string>>;
  private readonly reached: ReadonlyMap<CallGraph, Set<number>>;
  private readonly resolved = new Set<string>();
  private readonly todo: FilePart[] = [];

  constructor(files: LoadedFiles) {
    this.files = files;
    this.reached = new Map(files.map((file) => [file, new Set()]));
    this.uses = new Map(files.map((file) => [file, new Set()]));
  }

  from(starts: readonly { readonly file: CallGraph; readonly parts: readonly number[] }[]): ReachedCode {
    for (const { file, parts } of starts) for (const part of parts) this.add({ file, part });
    for (let place = this.todo.pop(); place !== undefined; place = this.todo.pop()) this.follow(place);
    const open = new Set(this.files.filter((file) => !this.findPassed(file)));
    const { numbers, uses, undefinedNames } = this;
    return { numbers, uses, undefinedNames, open };
  }

  private add(place: FilePart): void {
    const reached = this.reached.get(place.file)!;
    if (reached.has(place.part)) return;
    reached.add(place.part);
    this.todo.push(place);
  }

  private follow({ file, part }: FilePart): void {
    const { calls, steps } = file.facts(part);
    for (const number of calls) this.numbers.add(number);
    for (const to of steps) {
      if (typeof to === 'number') {
        this.add({ file, part: to });
      } else {
        this.uses.get(file)!.add(to);
        this.resolve(to);
      }
    }
  }

  /** The first file that has a name defines it. */
  private resolve(name: string): void {
    if (this.resolved.has(name)) return;
    this.resolved.add(name);
    const file = this.files.find(({ image }) => image.exports.has(name));
    if (file === undefined) this.undefinedNames.add(name);
    else for (const part of file.partsAt(file.image.exports.get(name)!)) this.add({ file, part });
  }

  /** @returns whether the numbers of all system calls of a file are known */
  private findPassed(file: CallGraph): boolean {
    const { numbers, open } = file.passedNumbers(this.reached.get(file)!);
    for (const found of numbers.values()) for (const number of found) this.numbers.add(number);
    return open.size === 0;
  }
}
