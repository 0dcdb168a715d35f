import type { NamedCalls } from './name-calls.js';
import type { ExpectedLayer } from './without-launcher.js';

/** The result of holding filters against what they should do. */
export interface Compared {
  /**
   * `equal` if they refuse all that they should, `looser` if they let a call of that through, `unknown` if neither is
   * known: they lack the program that our files have for them.
   */
  readonly calls: 'equal' | 'looser' | 'unknown';
  /** The calls that they let through. */
  readonly differences: readonly NamedCalls[];
}

/** Threads with as many filters, which are held to the same, and come to the same. */
export interface ThreadGroup extends Compared {
  readonly processes: readonly { readonly pid: number; readonly name: string; readonly threads: number }[];
  /** The number of filters that each of them has. */
  readonly filters: number;
  readonly heldTo: ExpectedLayer;
  /** Whether they run since before the unit was started, looser than its policy. */
  readonly leftOver: boolean;
}
