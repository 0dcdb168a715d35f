import { groupBy, shortList } from '../../collections.js';
import type { Location } from '../../diagnostic.js';
import { LOG, permits } from '../../seccomp/syscalls/action.js';
import { formatAction } from '../../seccomp/syscalls/action-text.js';
import { mayPass } from '../../seccomp/syscalls/named-policy.js';
import { callsOf, isOwnRefusal, limitBy, refusal, verdictOn } from '../../seccomp/syscalls/resolve.js';
import type { CallEntry } from '../../seccomp/syscalls/section.js';
import { LOST_TO_PREFIXES } from '../launcher/exec-prefix.js';
import type { Enforcer, PlanLine } from '../plan.js';
import {
  type CallContext,
  cantBeMade,
  isLauncherAlone,
  type LeftToLauncher,
  openAbis,
} from './left-to-launcher.js';
import { ownRefusals, REFUSED_BY_UNIT } from './refused-by-unit.js';
import { isRecorded } from './systemd-filter.js';

/** The most calls that one reason names. */
const MOST_CALLS = 3;

/**
 * A plan line for each entry of `[syscalls]`, and lines for refusals that no entry names.
 * @param launched whether the launcher loads the policy
 */
export function callLines(context: CallContext, left: LeftToLauncher, launched: boolean): PlanLine[] {
  const { section } = context;
  const entries = (kind: 'allow' | 'deny' | 'log', list: readonly CallEntry[]) =>
    list.map((entry) => entryLine(kind, entry, context, left, launched));
  const byLauncher = { enforcedBy: launched ? 'launcher' : 'nobody', how: launched ? 'filter' : '' } as const;
  const rules = section.rules.map((rule): PlanLine => {
    const subject = `rule ${rule.syscall.value}: ${formatAction(rule.action.value)}`;
    if (cantBeMade(rule.syscall.value, context)) return notNeeded(rule.at, subject, context);
    const why = left.calls.get(rule.syscall.value);
    const isOwn = isOwnRefusal(verdictOn(context.named, rule.syscall.value)) ? [REFUSED_BY_UNIT] : [];
    if (why) return { at: rule.at, subject, ...byLauncher, reason: [why.reason, ...isOwn].join('; ') };
    const enforcedBy = enforcer(true, launched, false);
    return { at: rule.at, subject, enforcedBy, how: 'SystemCallFilter=', reason: REFUSED_BY_UNIT };
  });
  const wholes = left.wholes.map(
    ({ reason, at }): PlanLine => ({ at, subject: 'all of [syscalls]', ...byLauncher, reason }),
  );
  return [
    ...entries('allow', section.allow ?? []),
    ...entries('deny', section.deny),
    ...entries('log', section.log),
    ...rules,
    ...omittedLines(context, left, byLauncher),
    ...wholes,
  ];
}

/** The lines without an enforcer: the main commands of the unit have no sandbox. */
export const unenforced = (lines: readonly PlanLine[]): PlanLine[] =>
  lines.map((line) =>
    line.enforcedBy === 'not needed'
      ? line
      : { ...line, enforcedBy: 'nobody', how: '', reason: LOST_TO_PREFIXES },
  );

/** Plan lines for refusals that no entry names: by the unit's own filter, or since nothing allows the call. */
function omittedLines(
  { section, target, own, named }: CallContext,
  left: LeftToLauncher,
  byLauncher: Pick<PlanLine, 'enforcedBy' | 'how'>,
): PlanLine[] {
  const denied = section.deny.flatMap((entry) => callsOf(entry, target.sets));
  const mentioned = new Set([...denied, ...section.rules.map((rule) => rule.syscall.value)]);
  const omitted = [...left.calls].filter(
    ([call]) => !mentioned.has(call) && !mayPass(verdictOn(named, call)),
  );
  const groups = groupBy(omitted, ([call, { reason }]) => {
    const isOwn = !permits(limitBy(own, call));
    return `${isOwn ? "the unit's own filter" : 'calls that nothing allows'}\n${reason}`;
  });
  return [...groups].map(([key, calls]): PlanLine => {
    const [subject, reason] = key.split('\n') as [string, string];
    const names = calls.map(([call]) => call);
    return { at: section.at, subject, ...byLauncher, reason: `${shortList(names, MOST_CALLS)}: ${reason}` };
  });
}

function entryLine(
  kind: 'allow' | 'deny' | 'log',
  entry: CallEntry,
  context: CallContext,
  left: LeftToLauncher,
  launched: boolean,
): PlanLine {
  const calls = callsOf(entry, context.target.sets);
  const action =
    kind === 'deny' ? { action: formatAction(entry.action ?? refusal(context.section)) } : undefined;
  const subject = `${kind} ${entry.name}${action ? `:${action.action}` : ''}`;
  const own = { entry: { list: kind, name: entry.name, ...action } };
  if (calls.every((call) => cantBeMade(call, context)))
    return { ...notNeeded(entry.at, subject, context), ...own };
  const alone = isLauncherAlone(context);
  // Another line reports a call that is denied or has a rule.
  const isOther = (call: string) => {
    const verdict = verdictOn(context.named, call);
    return kind === 'allow' && (!mayPass(verdict) || verdict.rules.length > 0);
  };
  const leftOver = calls.filter((call) => left.calls.has(call) && !isOther(call));
  const isRefused = kind === 'deny' && !context.section.permissive;
  const reasons = [
    ...(alone ? [] : reasonsFor(leftOver, calls, (call) => left.calls.get(call)!.reason)),
    ...reasonsFor(isRefused ? [] : ownRefusals(entry, context), calls, () => REFUSED_BY_UNIT),
  ];
  const records = refusal(context.section) === LOG;
  const bySystemd = !alone && leftOver.length < calls.length && !(kind === 'allow' && records);
  const enforcedBy = enforcer(bySystemd, launched, leftOver.length > 0 || alone);
  const logs = kind === 'log' || (kind === 'deny' && isRecorded(context.section, entry));
  const directive = logs ? 'SystemCallLog=' : 'SystemCallFilter=';
  const how = [...(bySystemd ? [directive] : []), ...(launched ? ['filter'] : [])].join(', ');
  return {
    at: entry.at,
    subject,
    ...own,
    enforcedBy,
    how,
    ...(reasons.length > 0 ? { reason: reasons.join('; ') } : {}),
  };
}

/** A plan line for an entry whose calls no open ABI has. */
function notNeeded(at: Location, subject: string, context: CallContext): PlanLine {
  const reason = `no such call on ${openAbis(context).join(', ')}`;
  return { at, subject, enforcedBy: 'not needed', how: '', reason };
}

function enforcer(systemd: boolean, launched: boolean, needsLauncher: boolean): Enforcer {
  if (launched) return systemd ? 'systemd and launcher' : 'launcher';
  return needsLauncher ? 'nobody' : 'systemd';
}

/** The reasons, each with its calls unless it holds for the whole entry. */
const reasonsFor = (
  some: readonly string[],
  calls: readonly string[],
  why: (call: string) => string,
): string[] =>
  [...groupBy(some, why)].map(([reason, names]) =>
    names.length === calls.length ? reason : `${shortList(names, MOST_CALLS)}: ${reason}`,
  );
