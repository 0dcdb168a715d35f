import type { Tier } from './calls/tiers.js';
import type { LearnedPolicy } from './learned.js';

/** A line of a learned policy with its evidence, for programs. */
export interface PolicyLine {
  /** The key or section that has it; `none` for a call that is refused as any other, and a directive that isn't stated. */
  readonly part:
    | 'allow'
    | 'log'
    | 'deny'
    | 'rules'
    | 'ready-deny'
    | 'service'
    | 'exec'
    | 'unit-deny'
    | 'none';
  /** The call, the set, the directive, or the program. */
  readonly name: string;
  /** The value of a directive. */
  readonly value?: string | boolean | readonly string[];
  /** The end of a sentence that says by what it is proved, or why it isn't. */
  readonly evidence: string;
}

const PARTS: Readonly<Record<Tier, PolicyLine['part']>> = {
  allow: 'allow',
  log: 'log',
  fallback: 'deny',
  refuse: 'none',
};

/** All lines of a policy, in the order of its parts. A call whose rules decide has its line there. */
export function policyLines(learned: LearnedPolicy): PolicyLine[] {
  const { calls, rules, ready, directives, program, unitDeny } = learned;
  const decided = new Map(rules.filter(({ decides }) => decides).map((rule) => [rule.call, rule]));
  return [
    ...calls
      .filter(({ name }) => !decided.has(name))
      .map(({ name, tier, evidence }) => ({ part: PARTS[tier], name, evidence })),
    ...rules.map(({ call, comment }) => ({ part: 'rules' as const, name: call, evidence: comment })),
    ...(ready && 'deny' in ready ? ready.deny : []).map((name) => ({
      part: 'ready-deny' as const,
      name,
      evidence: 'made until the service was ready, and not since',
    })),
    ...directives.proved.map(({ name, value, why }) => ({
      part: 'service' as const,
      name,
      value,
      evidence: why,
    })),
    ...directives.unproved.map(({ name, reason }) => ({ part: 'none' as const, name, evidence: reason })),
    ...(program === undefined
      ? []
      : [{ part: 'exec' as const, name: program, evidence: 'the start script becomes it' }]),
    ...unitDeny.map((name) => ({
      part: 'unit-deny' as const,
      name,
      evidence: 'no program of the unit made a call of it',
    })),
  ];
}
