/** Filters that what runs of units was given, whether a policy confines them or not. */

import { inBatches } from '../../collections.js';
import { type Diagnostic, note, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { deniedBy, type Injection, injectedUnits, injectionsOf } from '../../machine/state/injections.js';
import { ASKED_AT_ONCE, type Service, stateOf } from '../../machine/state/service.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import { systemctl } from '../../systemd/command-lines.js';
import { parseUnitName } from '../../systemd/unit/name.js';
import type { Scope } from '../../systemd/unit/search.js';
import { templateOf } from './applied.js';

/** A unit's status, as far as it matters here. */
interface ReportedUnit {
  readonly unit: string;
  readonly dropIn?: string;
  readonly diagnostics: readonly Diagnostic[];
  readonly exit?: number;
}

/** A unit that has no drop-in of ours, but filters. */
export interface InjectedUnit {
  readonly unit: string;
  readonly recorded: readonly string[];
  readonly gaps: readonly string[];
  readonly missing: readonly string[];
  readonly drift: readonly [];
  readonly diagnostics: readonly Diagnostic[];
  readonly injected: readonly Injection[];
}

/** Codes of what is said of a unit that no policy confines. */
const UNCONFINED: readonly string[] = ['unconfined', 'not-a-service'];

/**
 * Adds to the status of units the filters that their present runs were given; a template has those of its instances.
 * @param isWhole whether units that have only filters are listed, too
 */
export async function withInjections<T extends ReportedUnit>(
  context: Context,
  all: readonly T[],
  isWhole: boolean,
): Promise<(T | (T & Pick<InjectedUnit, 'injected'>) | InjectedUnit)[]> {
  const present = await presentInjections(context);
  if (present.size === 0) return [...all];
  const { scope } = context.placement;
  const taken = new Set<string>();
  const reported = all.map((one) => {
    const own = [...present].filter(([name]) => name === one.unit || templateOf(name) === one.unit);
    for (const [name] of own) taken.add(name);
    const injected = own.flatMap(([, injections]) => injections);
    const notes = own.flatMap(([name, injections]) => untilRestart(scope, name, injections));
    return injected.length === 0 ? one : { ...one, ...besides(one, notes), injected };
  });
  const rest = isWhole ? [...present].filter(([name]) => !taken.has(name)) : [];
  const none = { recorded: [], gaps: [], missing: [], drift: [] } as const;
  return [
    ...reported,
    ...rest.map(([unit, injected]) => ({
      ...none,
      unit,
      injected,
      diagnostics: untilRestart(scope, unit, injected),
    })),
  ];
}

/** A unit without a policy is no finding where it has a filter. */
function besides({ dropIn, diagnostics, exit }: ReportedUnit, notes: readonly Diagnostic[]) {
  const isFree =
    dropIn === undefined &&
    diagnostics.length > 0 &&
    diagnostics.every(({ code }) => UNCONFINED.includes(code));
  const found = [...(isFree ? [] : diagnostics), ...notes];
  return { diagnostics: found, ...(isFree || exit === undefined ? { exit: undefined } : { exit }) };
}

/** A note on the calls that `tighten` refuses to what runs of a unit. */
function untilRestart(scope: Scope, unit: string, injected: readonly Injection[]): Diagnostic[] {
  const denied = deniedBy(injected).map((entry) => entry.replace(/:(.*)/, ' ($1)'));
  if (denied.length === 0) return [];
  const message = `sandbox-unit tighten refuses calls of ${unit} until its next start: ${denied.join(', ')}`;
  const isService = unit.endsWith('.service');
  const hint = isService ? `'${systemctl(scope, 'restart', unit)}' ends that` : undefined;
  return [note('tightened', message, { hint })];
}

/** Notes on the calls that `tighten` refuses to what runs of services. */
export async function untilRestartOf(context: Context, services: readonly Service[]): Promise<Diagnostic[]> {
  const { scope } = context.placement;
  const found: Diagnostic[] = [];
  for (const service of services)
    found.push(...untilRestart(scope, service.name, await injectionsOf(context, service)));
  return found;
}

/** An exception about a named unit, with notes on the calls that `tighten` refuses to what runs of it. */
export async function withUntilRestart(context: Context, unit: string, cause: unknown): Promise<unknown> {
  if (!(cause instanceof UserError)) return cause;
  const notes = await orElse(
    async () => untilRestartOf(context, (await namedUnit(context, unit)).services),
    [],
  );
  return notes.length === 0
    ? cause
    : new UserError([...cause.diagnostics, ...notes], cause.exit, cause.sources);
}

/** The filters of present runs, by the units' names. */
async function presentInjections(context: Context): Promise<ReadonlyMap<string, readonly Injection[]>> {
  const names = (await orElse(() => injectedUnits(context), [])).filter((text) => {
    const name = parseUnitName(text);
    return 'full' in name && name.full === text;
  });
  const found = await inBatches(names, ASKED_AT_ONCE, async (name) => {
    const state = await orElse(() => stateOf(context.system, name), undefined);
    return state ? injectionsOf(context, { name, state }) : [];
  });
  return new Map(names.flatMap((name, i) => (found[i]!.length > 0 ? [[name, found[i]!]] : [])));
}
