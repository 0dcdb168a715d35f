import { type Diagnostic, type Location, warning } from '../../diagnostic.js';
import { permits } from '../../seccomp/syscalls/action.js';
import { callsOf, isOwnRefusal, verdictOn } from '../../seccomp/syscalls/resolve.js';
import type { CallEntry } from '../../seccomp/syscalls/section.js';
import type { CallContext } from './left-to-launcher.js';

export const REFUSED_BY_UNIT = "refused by the unit's own SystemCallFilter=";

/** The calls of an entry that the policy permits and the unit's own filter refuses. */
export function ownRefusals(entry: CallEntry, context: Pick<CallContext, 'named' | 'target'>): string[] {
  return callsOf(entry, context.target.sets).filter((call) => isOwnRefusal(verdictOn(context.named, call)));
}

/** A line, and the call or set that it names. */
export interface NamedLine {
  readonly name: string;
  readonly at: Location;
}

/** The lines that permit nothing, since another filter refuses every call that they name. */
export function refusedLines(context: Pick<CallContext, 'section' | 'named' | 'target'>): NamedLine[] {
  const { section, named, target } = context;
  const isRefused = (entry: CallEntry) => {
    const refused = ownRefusals(entry, context);
    return refused.length > 0 && refused.length === callsOf(entry, target.sets).length;
  };
  const entries = [...(section.allow ?? []), ...section.log].filter(isRefused);
  const rules = section.rules.filter(
    ({ syscall, action }) => permits(action.value) && isOwnRefusal(verdictOn(named, syscall.value)),
  );
  return [
    ...entries.map(({ name, at }) => ({ name, at })),
    ...rules.map(({ syscall, at }) => ({ name: syscall.value, at })),
  ];
}

/** Warnings about lines that permit nothing, since the unit's own filter refuses every call that they name. */
export const refusedByUnit = (context: Pick<CallContext, 'section' | 'named' | 'target'>): Diagnostic[] =>
  refusedLines(context).map(({ name, at }) =>
    warning('own-filter', `'${name}' stays ${REFUSED_BY_UNIT}`, {
      at,
      hint: "'inherit = false' in [syscalls] replaces the unit's filter with the policy's",
    }),
  );
