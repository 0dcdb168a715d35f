import type { Action } from './action.js';
import type { RuleEntry } from './section.js';

/** What a policy says of one call by its name: rules first, then `otherwise`. */
export interface NamedVerdict {
  readonly rules: readonly RuleEntry[];
  readonly otherwise: Action;
  /** What the unit's own filter says: ALLOW, or how it refuses the call. */
  readonly limit: Action;
}

/** A policy's meaning by the names of calls, before any machine's numbers. */
export interface NamedPolicy {
  /** `allow`: calls that no list or filter names are refused; `deny`: they pass. */
  readonly mode: 'allow' | 'deny';
  /** Every call that some list, rule or own filter speaks of. */
  readonly verdicts: ReadonlyMap<string, NamedVerdict>;
  /** For calls that are known but not in `verdicts`. */
  readonly unnamed: Action;
  /** What the unit's own filter says of them. */
  readonly unnamedLimit: Action;
  /** For numbers that no table knows. */
  readonly unlisted: Action;
  /** Further ABIs than the native one. */
  readonly architectures: readonly string[];
  /** ABIs through which every call passes, and is recorded: closed ones of a permissive policy. */
  readonly recordedArchitectures: readonly string[];
}

/** What a unit refuses by itself, before the policy is applied. */
export interface OwnLimits {
  /** ALLOW, or how the unit's own filter refuses this call. */
  limit(call: string): Action;
  /** The calls that its lines name. */
  readonly calls: readonly string[];
  /** For calls that its lines don't name. */
  readonly unnamed: Action;
  readonly unlisted: Action;
  /** Undefined where the unit leaves all ABIs open. */
  readonly architectures: readonly string[] | undefined;
}
