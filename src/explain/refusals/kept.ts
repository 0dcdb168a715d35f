/** The file in which `watch` keeps what was refused to a unit since its start. */

import { type Diagnostic, error } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import {
  amount,
  flag,
  jsonOf,
  list,
  Misshapen,
  nullable,
  object,
  text,
  whole,
} from '../../observe/recording/shape.js';
import { refusalsPath } from '../../systemd/paths/records.js';
import { type NumberedCall, type ObservedCall, refusedCall } from '../records/observed.js';
import type { ServiceChange } from './by-directive.js';

/** A refusal as it is kept; texts are as `FoundRefusal` has them. */
export interface KeptRefusal {
  readonly kind: 'call' | 'path' | 'address' | 'capability';
  /** Tells it from the unit's others. */
  readonly key: string;
  readonly says: string;
  readonly cause: string;
  /** `FILE:LINE` of the policy; null for the unit's own lines. */
  readonly at: string | null;
  readonly certain: boolean;
  readonly change: string | null;
  /** The change of `[service]`, where it is one. */
  readonly allowing: ServiceChange | null;
  readonly isAlarm: boolean;
  readonly count: number;
  /** Milliseconds since 1970, to the second. */
  readonly first: number;
  readonly last: number;
  readonly programs: readonly string[];
  /** The call, where a filter refused it. */
  readonly call: NumberedCall | null;
}

/** The refusals of a unit's last run. */
export interface KeptRefusals {
  /** Since when the unit is watched without a pause, over all its runs: milliseconds since 1970. */
  readonly since: number;
  /** When it was last looked at. */
  readonly until: number;
  /** Refusals that had no room, in the kernel or here. */
  readonly lost: number;
  readonly refusals: readonly KeptRefusal[];
}

/** Milliseconds after which a running watch writes the file again, though nothing was refused. */
export const WRITE_AGAIN = 10_000;

/** Whether a watch sees all of the run that began at a time, has lost nothing of it, and goes on. */
export const isWholeRun = (
  { since, until, lost }: KeptRefusals,
  { start, now }: { readonly start: number; readonly now: number },
): boolean => lost === 0 && since <= start && now - until <= 3 * WRITE_AGAIN;

/** Calls that filters refused, as the kernel records them, and what else was refused. */
export function keptCalls({ refusals }: KeptRefusals): {
  readonly calls: readonly ObservedCall[];
  readonly others: readonly KeptRefusal[];
} {
  const calls = refusals.flatMap(({ call, first: from, last: time, count, programs }) =>
    call === null ? [] : [refusedCall(call, { from, time, count, programs })],
  );
  return { calls, others: refusals.filter(({ call }) => call === null) };
}

/** The most refusals of one kind each that are kept of a unit. */
export const MOST_KEPT = 256;

const LONGEST_TEXT = 8192;
const line = text(/^[^\n]*$/u, 'one line');
const bounded = (value: unknown, place: string): string => {
  const checked = line(value, place);
  if (checked.length > LONGEST_TEXT) throw new Misshapen(place, `at most ${LONGEST_TEXT} characters`);
  return checked;
};
const time = amount(Number.MAX_SAFE_INTEGER);

const CHANGE = object({ does: bounded, name: bounded }, { word: bounded, value: bounded });

function serviceChange(value: unknown, place: string): ServiceChange {
  const { does, name, word, value: weaker } = CHANGE(value, place);
  if (does === 'add' && word !== undefined) return { does, name, word };
  if (does === 'set' && weaker !== undefined) return { does, name, value: weaker };
  if (does === 'leave out') return { does, name };
  throw new Misshapen(place, 'a change of [service]');
}

const SHAPE = object({
  since: time,
  until: time,
  lost: whole(),
  refusals: list(
    object({
      kind: (value: unknown, place: string) => bounded(value, place) as KeptRefusal['kind'],
      ...{ key: bounded, says: bounded, cause: bounded, at: nullable(bounded), certain: flag },
      ...{ change: nullable(bounded), isAlarm: flag, count: whole(), first: time, last: time },
      programs: list(bounded, 32),
      allowing: nullable(serviceChange),
      call: nullable(object({ arch: whole(), nr: whole(), errno: whole() })),
    }),
    MOST_KEPT,
  ),
});

/** @throws UserError where it can't be written */
export const keepRefusals = (
  { system, placement }: Context,
  unit: string,
  kept: KeptRefusals,
): Promise<void> =>
  system.replace(refusalsPath(placement, unit), new TextEncoder().encode(JSON.stringify(kept)), {
    mode: 0o600,
  });

/**
 * Reads what was kept of a unit.
 * @returns undefined where no watch has kept anything; an error where the file can't be read
 */
export async function keptRefusals(
  { system, placement }: Context,
  unit: string,
): Promise<KeptRefusals | Diagnostic | undefined> {
  const path = refusalsPath(placement, unit);
  const file = await system.read(path, { limit: 8 << 20, trusted: true });
  if (file === undefined) return undefined;
  try {
    return SHAPE(jsonOf(file.bytes), '');
  } catch (cause) {
    if (!(cause instanceof Misshapen)) throw cause;
    return error('bad-file', `${path}: ${cause.message}`, { hint: 'restart the watch to replace it' });
  }
}

/** As keptRefusals(), of the run that began at a time in milliseconds since 1970; undefined also where an earlier one was watched. */
export async function keptOfRun(
  context: Context,
  unit: string,
  start: number,
): Promise<KeptRefusals | Diagnostic | undefined> {
  const kept = await keptRefusals(context, unit);
  return kept && 'refusals' in kept && kept.until < start ? undefined : kept;
}
