import { CHANGES } from './changes.js';
import { DIRECTIVES } from './directives.js';
import type { Entries } from './entry.js';
import { FACTS } from './facts.js';
import { GAPS } from './gaps.js';
import { LEARNING } from './learning.js';
import { LIVE } from './live.js';
import { MACHINE } from './machine.js';
import { POLICY_MEANING } from './policy-meaning.js';
import { POLICY_TEXT } from './policy-text.js';
import { PROGRAMS } from './programs.js';
import { REFUSALS } from './refusals.js';
import { STATUS } from './status.js';
import { TRANSIENT } from './transient.js';
import { TRIALS } from './trials.js';
import { UNITS } from './units.js';
import { VERIFY } from './verify.js';

/** Every code of a diagnostic, by subject, in a reader's order. */
export const SUBJECTS = [
  { heading: 'The text of a policy', entries: POLICY_TEXT },
  { heading: 'The meaning of a policy', entries: POLICY_MEANING },
  { heading: 'Lines that nobody would enforce', entries: GAPS },
  { heading: 'Directives that open something, or do not hold', entries: DIRECTIVES },
  { heading: 'Programs, and what a policy takes from them', entries: PROGRAMS },
  { heading: 'Units and their files', entries: UNITS },
  { heading: 'The machine, its service manager and its files', entries: MACHINE },
  { heading: 'Changes: apply, revert and confirm', entries: CHANGES },
  { heading: 'Restarts and trials', entries: TRIALS },
  { heading: 'Filters for processes that run: apply --live and tighten', entries: LIVE },
  { heading: 'Changes since a policy was applied, and scores', entries: STATUS },
  { heading: 'Findings of verify', entries: VERIFY },
  { heading: 'Refused calls, and their records', entries: REFUSALS },
  { heading: 'Watching services, and policies from what was seen', entries: LEARNING },
  { heading: 'Commands of run', entries: TRANSIENT },
  { heading: 'Other hosts: facts, and files made for them', entries: FACTS },
] as const satisfies readonly { readonly heading: string; readonly entries: Entries }[];

type NamesOf<T> = T extends unknown ? keyof T : never;

/** A stable name in kebab-case, for scripts: `unknown-syscall`. */
export type Code = NamesOf<(typeof SUBJECTS)[number]['entries']>;
