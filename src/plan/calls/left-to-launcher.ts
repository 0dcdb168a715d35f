import type { Location } from '../../diagnostic.js';
import { type Abi, abisOf } from '../../seccomp/syscalls/abi.js';
import {
  type Action,
  ALLOW,
  ENOSYS,
  errnoOf,
  LOG,
  permits,
  stricter,
} from '../../seccomp/syscalls/action.js';
import { formatAction } from '../../seccomp/syscalls/action-text.js';
import {
  answers,
  mayPass,
  type NamedPolicy,
  type NamedVerdict,
} from '../../seccomp/syscalls/named-policy.js';
import { isAbsent, numbersOf } from '../../seccomp/syscalls/numbers.js';
import { mildest, refusal, verdictOn } from '../../seccomp/syscalls/resolve.js';
import type { SyscallsSection } from '../../seccomp/syscalls/section.js';
import { callsInSets } from '../../seccomp/syscalls/sets.js';
import type { Target } from '../../systemd/target/target.js';

/** Facts that the planning of calls needs; `type` is the value of Type=. */
export interface CallContext {
  readonly section: SyscallsSection;
  readonly target: Target;
  readonly own: NamedPolicy | undefined;
  readonly named: NamedPolicy;
  readonly type: string;
}

/** A call that systemd can't answer as the policy says. */
export interface CallLeft {
  readonly reason: string;
  /** systemd's answer instead: ALLOW where systemd must let the call through. */
  readonly answer: Action;
}

/** A reason why systemd can't enforce the policy as a whole, and the line that causes it. */
export interface PolicyLeft {
  readonly reason: string;
  readonly at: Location;
}

/** Everything in a policy that systemd can't enforce: calls, and reasons about the policy as a whole. */
export interface LeftToLauncher {
  readonly calls: ReadonlyMap<string, CallLeft>;
  /** systemd's answers to such calls that the machine doesn't have: these need no enforcer. */
  readonly absent: ReadonlyMap<string, Action>;
  readonly wholes: readonly PolicyLeft[];
  /** Whether an allow list of systemd's would answer some call more strictly than the policy does. */
  readonly tooStrict: boolean;
}

/** Whether the policy leaves all of `[syscalls]` to the launcher. */
export const isForLauncher = ({ enforcer, stage, permissive }: SyscallsSection): boolean =>
  enforcer?.value === 'launcher' || stage?.value === 'entry' || permissive === true;

/** Whether systemd enforces nothing of `[syscalls]`: the policy says so, or systemd loads no filters. */
export const isLauncherAlone = ({ section, target }: Pick<CallContext, 'section' | 'target'>): boolean =>
  isForLauncher(section) || target.abilities.lacks.has('seccomp');

/** A machine, and a policy of its calls. */
interface Calls {
  readonly target: Pick<Target, 'machine' | 'sets'>;
  readonly named: NamedPolicy;
}

/** The native ABI, and the others that the policy opens. */
export const openAbis = ({ target, named }: Calls): Abi[] =>
  abisOf(target.machine).filter((abi, i) => i === 0 || named.architectures.includes(abi));

/** Whether no open ABI has the call. */
export const cantBeMade = (call: string, context: Calls): boolean =>
  isAbsent(call, openAbis(context), context.target.sets);

/** Finds everything in a policy that the target's version of systemd can't enforce. */
export function leftToLauncher(context: CallContext): LeftToLauncher {
  const { named } = context;
  const calls = new Map<string, CallLeft>();
  const absent = new Map<string, Action>();
  const everyCall = new Set([...named.verdicts.keys(), 'execve', 'write']);
  for (const call of everyCall) {
    const why = whyNotSystemd(call, verdictOn(named, call), context);
    if (!why) continue;
    if (cantBeMade(call, context)) absent.set(call, why.answer);
    else calls.set(call, why);
  }
  return { calls, absent, wholes: wholesOf(context), tooStrict: isTooStrict(context, calls) };
}

function wholesOf(context: CallContext): PolicyLeft[] {
  const { section, named, target } = context;
  const { allow, enforcer, stage, action, unknown } = section;
  const wholes: PolicyLeft[] = [];
  const lack = target.abilities.lacks.get('seccomp');
  if (lack) return [{ reason: lack.reason, at: section.at }];
  if (section.permissive) {
    wholes.push({ reason: '--permissive: refused calls are let through and recorded', at: section.at });
  }
  if (enforcer?.value === 'launcher') wholes.push({ reason: 'enforcer = "launcher"', at: enforcer.at });
  if (stage?.value === 'entry') {
    const reason = 'stage = "entry": systemd\'s filters apply from the exec on';
    wholes.push({ reason, at: stage.at });
  }
  if (allow && action && refusal(section) === LOG && !section.permissive) {
    wholes.push({ reason: 'systemd has no allow list that only logs all other calls', at: action.at });
  }
  const answer = unlistedBySystemd(context);
  if (unknown && named.mode === 'allow' && named.unlisted !== answer) {
    const reason = `systemd's allow list answers unknown numbers with '${formatAction(answer)}'`;
    wholes.push({ reason, at: unknown.at });
  }
  return wholes;
}

/** Whether systemd's allow list would be too strict; false if the unit's own filter is one, since that stays. */
function isTooStrict(context: CallContext, calls: LeftToLauncher['calls']): boolean {
  const { section, named, own, target } = context;
  if (named.mode !== 'allow' || !permits(own?.unlisted ?? ALLOW)) return false;
  const harder = (wanted: Action) => stricter(wanted, unlistedBySystemd(context)) !== wanted;
  const known = callsInSets(target.sets);
  return (
    (section.unknown !== undefined && harder(named.unlisted)) ||
    [...calls.keys()].some((call) => !known.has(call) && answers(verdictOn(named, call)).some(harder))
  );
}

/** The reason why systemd can't answer a call as the policy says, in this version; undefined if it can. */
function whyNotSystemd(call: string, verdict: NamedVerdict, context: CallContext): CallLeft | undefined {
  const { target, type, named } = context;
  const { systemd } = target;
  if (!callsInSets(target.sets).has(call)) return whyUnknown(call, verdict, context);
  const lets = (reason: string): CallLeft => ({ reason, answer: ALLOW });
  if (mayPass(verdict)) return verdict.rules.length > 0 ? lets(ARGUMENTS) : undefined;
  const action = mildest(verdict);
  if (call === 'execve') return lets('systemd itself needs it to start the program');
  if (call === 'write' && (systemd >= 256 || type === 'exec')) {
    return lets(`systemd ${systemd} needs it itself, and lets it through`);
  }
  const limits = named.mode === 'allow' ? whyNotInAllowList(verdict, systemd, named.unnamed) : undefined;
  const varies = answers(verdict).some((answer) => answer !== action);
  return limits ?? (varies ? { reason: ARGUMENTS, answer: action } : undefined);
}

/** The reason for a call that systemd doesn't know: its name is ignored, and its number is an unknown one. */
function whyUnknown(call: string, verdict: NamedVerdict, context: CallContext): CallLeft | undefined {
  const { section, target, named } = context;
  const answer = named.mode === 'deny' ? ALLOW : unlistedBySystemd(context);
  const exists = abisOf(target.machine).some((abi) => numbersOf(abi).has(call));
  // An allow list refuses a call that no line names in any case; by which action doesn't matter.
  const meant = named.mode === 'deny' || isWritten(section, call);
  if (!exists || !meant || answers(verdict).every((action) => action === answer)) return undefined;
  return { reason: `systemd ${target.systemd} doesn't know it`, answer };
}

const isWritten = ({ allow, deny, log, rules }: SyscallsSection, call: string): boolean =>
  [...(allow ?? []), ...deny, ...log].some(({ name }) => name === call) ||
  rules.some(({ syscall }) => syscall.value === call);

const ARGUMENTS = "systemd doesn't look at arguments";

/** The reason why an allow list of systemd's can't give a call its own action; undefined if it can. */
function whyNotInAllowList(verdict: NamedVerdict, systemd: number, usual: Action): CallLeft | undefined {
  const action = mildest(verdict);
  if (action === usual) return undefined;
  // The program sees the launcher's errno if both filters return one, since the launcher's is newer. Any other action
  // of systemd's could be too strict: systemd lets the call through, unless the unit's own filter refuses it.
  const bothErrnos = errnoOf(usual) !== undefined && errnoOf(action) !== undefined;
  const answer = bothErrnos || !permits(verdict.limit) ? usual : ALLOW;
  if (systemd < 248) {
    return { reason: `systemd ${systemd} can't set an errno for a single call of an allow list`, answer };
  }
  if (systemd < 255 || action !== ENOSYS) return undefined;
  // Commands without the launcher have systemd's filter alone. Another errno keeps libraries from falling back: with it
  // for clone3 no thread can be made.
  return {
    reason: `systemd ${systemd} can't start a service with ENOSYS for a single call of an allow list`,
    answer: permits(verdict.limit) ? ALLOW : answer,
  };
}

/**
 * The answer of an allow list of systemd's to numbers that systemd doesn't know.
 * @param action the list's action for refused calls
 */
export const unlistedInAllowList = (systemd: number, action: Action): Action =>
  systemd >= 255 ? ENOSYS : action;

const unlistedBySystemd = ({ target, named }: CallContext): Action =>
  unlistedInAllowList(target.systemd, named.unnamed);
