import type { SyscallsSection } from '../policy/policy.js';
import { type Action, ALLOW, ENOSYS, errnoOf, LOG, permits } from '../syscalls/action.js';
import { formatAction } from '../syscalls/action-text.js';
import {
  answers,
  mayPass,
  mildest,
  type NamedPolicy,
  type NamedVerdict,
  type OwnLimits,
  refusal,
  verdictOn,
} from '../syscalls/resolve.js';
import { callsInSets } from '../syscalls/sets.js';
import type { Target } from './target.js';

/** What is known while the calls are planned. */
export interface CallContext {
  readonly section: SyscallsSection;
  readonly target: Target;
  readonly own: OwnLimits | undefined;
  readonly named: NamedPolicy;
  readonly type: string;
}

/** Why systemd can't give a call what the policy says. */
export interface LeftCall {
  readonly reason: string;
  /** What systemd gives it instead: ALLOW where it must let it through. */
  readonly answer: Action;
}

/** What systemd can't enforce: calls; and reasons that concern the policy as a whole. */
export interface Left {
  readonly calls: ReadonlyMap<string, LeftCall>;
  readonly reasons: readonly string[];
}

/** Goes through all that a policy says of calls, and keeps what systemd can't do in its version. */
export function leftToLauncher(context: CallContext): Left {
  const { section, named } = context;
  const calls = new Map<string, LeftCall>();
  const everyCall = new Set([...named.verdicts.keys(), 'execve', 'write']);
  for (const call of everyCall) {
    const why = whyNotSystemd(call, verdictOn(named, call), context);
    if (why) calls.set(call, why);
  }
  const reasons: string[] = [];
  if (section.enforcer?.value === 'launcher') reasons.push('enforcer = "launcher"');
  if (section.allow && refusal(section) === LOG)
    reasons.push("systemd can't only log what an allow list refuses");
  if (section.unknown && named.mode === 'allow' && section.unknown.value !== unlistedBySystemd(context)) {
    reasons.push(`systemd answers unknown numbers with '${formatAction(unlistedBySystemd(context))}'`);
  }
  return { calls, reasons };
}

/** Why systemd can't give a call what the policy says, in this version; undefined if it can. */
function whyNotSystemd(call: string, verdict: NamedVerdict, context: CallContext): LeftCall | undefined {
  const { target, type, named } = context;
  const { systemd } = target;
  const lets = (reason: string): LeftCall => ({ reason, answer: ALLOW });
  if (mayPass(verdict)) return verdict.rules.length > 0 ? lets(ARGUMENTS) : undefined;
  const action = mildest(verdict);
  if (call === 'execve') return lets('systemd itself needs it to start the program');
  if (call === 'write' && (systemd >= 256 || type === 'exec')) {
    return lets(`systemd ${systemd} needs it itself, and lets it through`);
  }
  if (!callsInSets(target.sets).has(call)) {
    // An allow list refuses it as it refuses unknown numbers.
    return named.mode === 'deny' ? lets(`systemd ${systemd} doesn't know it`) : undefined;
  }
  const limits = named.mode === 'allow' ? whyNotInAllowList(verdict, systemd, named.unnamed) : undefined;
  const varies = answers(verdict).some((answer) => answer !== action);
  return limits ?? (varies ? { reason: ARGUMENTS, answer: action } : undefined);
}

const ARGUMENTS = "systemd doesn't look at arguments";

/** An allow list of systemd gives one action to all that it refuses, and has exceptions within limits. */
function whyNotInAllowList(verdict: NamedVerdict, systemd: number, usual: Action): LeftCall | undefined {
  const action = mildest(verdict);
  if (action === usual) return undefined;
  // Of two errnos the launcher's, whose filter is the newer one, is what the program sees. Else systemd would be too
  // strict, and lets the call through, unless the unit has refused it before.
  const bothErrnos = errnoOf(usual) !== undefined && errnoOf(action) !== undefined;
  const answer = bothErrnos || !permits(verdict.limit) ? usual : ALLOW;
  if (systemd < 248) {
    return { reason: `systemd ${systemd} has no errno for one call of an allow list`, answer };
  }
  if (systemd < 255 || action !== ENOSYS) return undefined;
  return {
    reason: `systemd ${systemd} can't start a service with ENOSYS for one call of an allow list`,
    answer,
  };
}

/** What systemd's own allow list gives numbers that it doesn't know. */
const unlistedBySystemd = ({ target, named }: CallContext): Action =>
  target.systemd >= 255 ? ENOSYS : named.unnamed;
