import type { Relation } from '../../filter/compare/relation.js';
import type { NamedDifference } from './name-differences.js';
import type { Measure } from './without-launcher.js';

/** The result of comparing filters with what they are held to. */
export interface Compared {
  /**
   * `looser` if any call is, `unknown` if that can't be told, else `stricter` if any is or may be, else `otherwise` or
   * `equal`.
   */
  readonly calls: 'equal' | Relation | 'unknown';
  readonly differences: readonly NamedDifference[];
  /** Ranges of numbers that were compared, and those of them in which only samples were. */
  readonly ranges: number;
  readonly sampled: number;
  /** The number of filters that the differences leave out: they can only refuse more. */
  readonly uncompared: number;
}

/** Threads with the same filters that are held to the same. */
export interface ThreadGroup extends Compared {
  readonly processes: readonly { readonly pid: number; readonly name: string; readonly threads: number }[];
  /** The number of filters that each of them has. */
  readonly filters: number;
  readonly heldTo: Measure;
  /** Whether they run since before the unit was started, looser than its policy. */
  readonly leftOver: boolean;
}
