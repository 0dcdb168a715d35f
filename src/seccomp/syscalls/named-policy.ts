import { type Action, permits, stricter } from './action.js';
import type { RuleEntry } from './section.js';

/** A policy's verdict on a call by its name: rules first, then `otherwise`. */
export interface NamedVerdict {
  readonly rules: readonly RuleEntry[];
  readonly otherwise: Action;
  /** The answer of the filter that the unit has by itself: ALLOW, or the action by which it refuses the call. */
  readonly limit: Action;
}

/** A policy's meaning by the names of calls, before any machine's numbers. */
export interface NamedPolicy {
  /** `allow`: calls that no list or filter names are refused; `deny`: they pass. */
  readonly mode: 'allow' | 'deny';
  /** Verdicts on every call that a list, a rule or the unit's own filter names. */
  readonly verdicts: ReadonlyMap<string, NamedVerdict>;
  /** The action for known calls that aren't in `verdicts`, the unit's own limit included. */
  readonly unnamed: Action;
  /** The answer of the unit's own filter to these calls. */
  readonly unnamedLimit: Action;
  /** The action for numbers that no table knows. */
  readonly unlisted: Action;
  /** Open ABIs besides the native one. */
  readonly architectures: readonly string[];
  /** ABIs through which every call passes and is recorded: those that a permissive policy would close. */
  readonly recordedArchitectures: readonly string[];
}

/** The actions that a call may get, whatever its arguments. */
export const answers = ({ rules, otherwise, limit }: NamedVerdict): Action[] =>
  [otherwise, ...rules.map((rule) => rule.action.value)].map((action) => stricter(action, limit));

/** Whether the call passes for some arguments. */
export const mayPass = (verdict: NamedVerdict): boolean => answers(verdict).some(permits);
