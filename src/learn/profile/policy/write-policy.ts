import { ownLimits } from '../../../plan/calls/own-limits.js';
import { permits } from '../../../seccomp/syscalls/action.js';
import { limitBy } from '../../../seccomp/syscalls/resolve.js';
import { abisSeen, sortCalls } from './calls/tiers.js';
import { learnDirectives, refusedByDirectives } from './directives/directives.js';
import type { PolicyRequest } from './input.js';
import type { LearnedPolicy } from './learned.js';
import { namespacesSeen } from './namespaces.js';
import { daemonOfScript, executesNothing, withoutExecution } from './programs.js';
import { learnReady } from './ready.js';
import { argumentRules } from './rules/rules.js';
import { policyText } from './text/policy-text.js';

export interface WrittenPolicy extends LearnedPolicy {
  /** The policy as TOML. */
  readonly text: string;
}

/**
 * The policy that a profile proves, as a person would write it: seen calls are allowed, reachable ones are let through
 * and logged, all others are refused. Directives are those that nothing speaks against.
 */
export function writePolicy(request: PolicyRequest): WrittenPolicy {
  const learned = learnPolicy(request);
  return { ...learned, text: policyText(learned, request) };
}

function learnPolicy(request: PolicyRequest): LearnedPolicy {
  const { profile, reachable, effective, target, readyGap } = request;
  const daemon = daemonOfScript(profile, effective);
  // Only lines behind the launcher can be kept from executing programs.
  const made = executesNothing(profile, effective) ? withoutExecution(profile.calls) : profile.calls;
  const confined = { ...profile, calls: made };
  // RestrictNamespaces= answers clone3 so, too, since its flags are in memory.
  const hidden = new Set(namespacesSeen(profile) ? ['clone3'] : []);
  const own = ownLimits(effective, target.sets, target.systemd);
  const directives = learnDirectives(request);
  const refused = refusedByDirectives(directives, target.sets);
  const isRefusedByUnit = (call: string) => refused.has(call) || !permits(limitBy(own, call));
  const startsPrograms = request.traits?.has('starts') ?? false;
  const known = { reachable, sets: target.sets, hidden, isRefusedByUnit, startsPrograms };
  const calls = sortCalls(confined, known);
  const tiers = new Map(calls.map(({ name, tier }) => [name, tier]));
  return {
    calls,
    rules: argumentRules(confined, reachable, target.sets, (call) => tiers.get(call) === 'allow'),
    ready: learnReady(request, calls, known, readyGap === undefined ? daemon : undefined),
    directives,
    script: daemon !== undefined && readyGap !== undefined ? { daemon, why: readyGap } : undefined,
    architectures: abisSeen(profile.architecture, made).slice(1),
  };
}
