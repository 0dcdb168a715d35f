/**
 * `[ready]`: the calls that a service keeps once it serves. Its filter comes on top of those of the start, and the kernel takes
 * the strictest answer of all: it can only take away. A line goes from policy/parse/calls.ts by seccomp/syscalls/ready.ts (a section with
 * `@harmless` in its allow list) and resolved.ts (the calls before, by the filter itself, and by both) into a filter file of stage
 * `ready`. native-helper/tighten loads that into every thread of the unit's control group.
 */

import { formatAction } from '../../seccomp/syscalls/action-text.js';
import { callsOf } from '../../seccomp/syscalls/resolve.js';
import type { CallEntry, ReadySection } from '../../seccomp/syscalls/section.js';
import { cantBeMade, openAbis } from '../calls/left-to-launcher.js';
import type { ListEntry, PlanLine } from '../plan.js';
import type { ResolvedReady } from './resolved.js';

const HOW = 'filter, once it serves';

/**
 * A plan line for each entry and rule of `[ready]`.
 * @param gap the reason why nothing enforces them; undefined where the filter is loaded
 */
export function readyLines(ready: ReadySection, meaning: ResolvedReady, gap: string | undefined): PlanLine[] {
  const action = meaning.section.action!.value;
  const line = (calls: readonly string[], one: Pick<PlanLine, 'at' | 'subject' | 'entry'>): PlanLine => ({
    ...one,
    ...enforcement(calls, meaning, gap),
    phase: 'ready',
  });
  const entries = (list: ListEntry['list'], of: readonly CallEntry[]) =>
    of.map((entry) => {
      const answer = list === 'deny' ? { action: formatAction(entry.action ?? action) } : undefined;
      const subject = `${list} ${entry.name}${answer ? `:${answer.action}` : ''}`;
      const calls = callsOf(entry, meaning.target.sets);
      return line(calls, { at: entry.at, subject, entry: { list, name: entry.name, ...answer } });
    });
  const rules = ready.rules.map(({ syscall, action: { value }, at }) =>
    line([syscall.value], { at, subject: `rule ${syscall.value}: ${formatAction(value)}` }),
  );
  return [
    ...entries('allow', ready.allow ?? []),
    ...entries('deny', ready.deny),
    ...entries('log', ready.log),
    ...rules,
  ];
}

function enforcement(
  calls: readonly string[],
  { named, target }: ResolvedReady,
  gap: string | undefined,
): Pick<PlanLine, 'enforcedBy' | 'how' | 'reason'> {
  if (calls.every((call) => cantBeMade(call, { named, target }))) {
    const reason = `no such call on ${openAbis({ named, target }).join(', ')}`;
    return { enforcedBy: 'not needed', how: '', reason };
  }
  if (gap !== undefined) return { enforcedBy: 'nobody', how: '', reason: gap };
  return { enforcedBy: 'tighten', how: HOW };
}
