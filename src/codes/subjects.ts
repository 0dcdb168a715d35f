import { CHANGES, LIVE, STATUS, TRIALS, VERIFY } from './changes.js';
import type { Entries } from './entry.js';
import { LEARNING, REFUSALS } from './learning.js';
import { FACTS, MACHINE, TRANSIENT, UNITS } from './machines.js';
import { DIRECTIVES, GAPS, POLICY_MEANING, POLICY_TEXT, PROGRAMS } from './policies.js';

/** Every code of a diagnostic, by subject, in a reader's order. */
export const SUBJECTS = [
  { heading: 'The text of a policy', entries: POLICY_TEXT },
  { heading: 'The meaning of a policy', entries: POLICY_MEANING },
  { heading: 'Gaps: lines that nothing would enforce', entries: GAPS },
  { heading: 'Directives', entries: DIRECTIVES },
  { heading: 'Programs, and what a policy takes from them', entries: PROGRAMS },
  { heading: 'Units and their files', entries: UNITS },
  { heading: 'The machine, its service manager and its files', entries: MACHINE },
  { heading: 'Changes: apply, revert and confirm', entries: CHANGES },
  { heading: 'Restarts and trials', entries: TRIALS },
  { heading: 'Filters for running processes: apply --live and tighten', entries: LIVE },
  { heading: 'Status: changes since a policy was applied, and scores', entries: STATUS },
  { heading: 'Findings of verify', entries: VERIFY },
  { heading: 'Refused calls, and their records', entries: REFUSALS },
  { heading: 'Watching services, and policies from recordings', entries: LEARNING },
  { heading: 'Commands of run', entries: TRANSIENT },
  { heading: 'Other hosts: facts, and files made for them', entries: FACTS },
] as const satisfies readonly { readonly heading: string; readonly entries: Entries }[];

type NamesOf<T> = T extends unknown ? keyof T : never;

/** A stable name in kebab-case, for scripts: `unknown-syscall`. */
export type Code = NamesOf<(typeof SUBJECTS)[number]['entries']>;
