/**
 * The observer's dump of a unit, as its JSON line has it: numbers as the kernel has them, for system calls without names.
 * Times are seconds since the observer was ready. Bytes that aren't printable ASCII are \u00XX in texts.
 */
export interface ObservedUnit {
  readonly dump: number;
  /** How often the control group was made since the observer was ready. */
  readonly lives: number;
  readonly slices: number;
  /** Paths of executables, in the order of the bits of `programs` masks. One that sets up has no phases, and no calls. */
  readonly programs: readonly { readonly path: string; readonly phases: number }[];
  readonly calls: readonly {
    readonly abi: ObservedAbi;
    readonly nr: number;
    readonly first: number;
    readonly last: number;
    readonly slices: number;
    /** Counts by phase: start, serving, reload, stop. */
    readonly counts: readonly [number, number, number, number];
    /** A bit a program; the highest for programs without room. */
    readonly programs: number;
    /** A bit a phase in which it was made once the service was ready: see `RecordedCall`. */
    readonly onceReady: number;
  }[];
  readonly refused: readonly {
    readonly abi: ObservedAbi;
    readonly nr: number;
    /** The errno; 0 for SIGSYS. */
    readonly errno: number;
    readonly count: number;
    readonly programs: number;
    /** False where a filter may have refused it that the process has loaded after it had left the control group. */
    readonly certain?: boolean;
    /** Whether it began: no filter refused it. */
    readonly failed?: boolean;
    /** Whether it was refused before the control group was made anew; told only where no more than refusals is watched. */
    readonly before?: boolean;
  }[];
  /** By the number of the `watch` line, from 0 on. Values are decimal strings; of a pair both. */
  readonly arguments: readonly {
    readonly watch: number;
    readonly phases: number;
    readonly values: readonly (readonly string[])[];
    readonly lost: number;
  }[];
  readonly paths: readonly {
    readonly use: string;
    /** A bit a phase. */
    readonly phases: number;
    readonly path: string;
    readonly count: number;
    readonly errno?: number;
    readonly device?: string;
    readonly cut?: boolean;
    /** Of what was refused: a bit a program; a capability that was lacking; whether the process opens files as root. */
    readonly programs?: number;
    readonly lacked?: number;
    readonly root?: boolean;
  }[];
  readonly peers: readonly {
    readonly use: string;
    readonly family: number;
    readonly type: number;
    readonly address: string;
    readonly port: number | null;
    readonly count: number;
    readonly errno?: number;
  }[];
  readonly capabilities: readonly {
    readonly capability: number;
    readonly granted: boolean;
    readonly count: number;
    readonly calls: readonly { readonly abi: ObservedAbi; readonly nr: number }[];
    readonly lost: number;
  }[];
  readonly forkFlags: readonly string[];
  readonly modes: readonly number[];
  readonly ringOperations: readonly number[];
  /** By table: `paths`, `peers`, `programs`, `memory`, `misses` … */
  readonly lost: Readonly<Record<string, number>>;
  readonly blind: readonly string[];
}

export type ObservedAbi = 'native' | 'compat' | 'x32';

/** A `watch` line of the observer: the arguments of a call whose values it was to keep. */
export interface WatchedArguments {
  readonly abi: ObservedAbi;
  readonly name: string;
  /** Which arguments of the call, from 0 on. */
  readonly arguments: readonly number[];
}
