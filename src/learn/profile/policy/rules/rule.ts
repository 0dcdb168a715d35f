export interface RuleCondition {
  readonly arg: number;
  readonly op: 'in' | 'ge' | 'bits-any';
  /** Names of constants or numbers. */
  readonly operands: readonly string[];
}

export interface LearnedRule {
  readonly syscall: string;
  readonly when: readonly RuleCondition[];
  /** `refuse` is the policy's action. */
  readonly action: 'allow' | 'log' | 'refuse';
}

/** The end of a comment on rules of which the last logs all values that no other decides on; and after a promotion. */
export const OTHERS_LOGGED = 'Others are let through and logged.';
export const OTHERS_REFUSED = 'Others are refused.';

/** Rules on one call. */
export interface RuledCall {
  readonly call: string;
  /** A sentence about what the rules decide. */
  readonly comment: string;
  /** The rules let through all that passes: the call needs no place in `allow`. */
  readonly decides: boolean;
  readonly rules: readonly LearnedRule[];
  /** The errno of a call for which no rule holds, where it isn't the policy's action. */
  readonly otherwise?: string;
}
