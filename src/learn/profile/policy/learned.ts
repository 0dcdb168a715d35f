import type { SortedCall } from './calls/tiers.js';
import type { LearnedDirectives } from './directives/directives.js';
import type { LearnedReady, NoReady } from './ready.js';
import type { RuledCall } from './rules/rule.js';

/** All that a policy says, before it is text. */
export interface LearnedPolicy {
  /** Calls by their tiers, in alphabetical order. */
  readonly calls: readonly SortedCall[];
  readonly rules: readonly RuledCall[];
  /** The calls that go once the service serves; the reason why they aren't known, or undefined where they aren't asked for. */
  readonly ready: LearnedReady | NoReady | undefined;
  readonly directives: LearnedDirectives;
  /** The daemon that a start script becomes, where it keeps the script's calls, and why: it can't have `[ready]`. */
  readonly script: { readonly daemon: string; readonly why: string } | undefined;
  /** ABIs besides the native one. */
  readonly architectures: readonly string[];
}
