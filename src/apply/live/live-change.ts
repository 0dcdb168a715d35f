/** A policy for the processes that run: whether filters alone can do it, and which. */

import { shortList } from '../../collections.js';
import { type Diagnostic, error, hasErrors, note } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { runsAsBefore } from '../../machine/state/applied-runs.js';
import type { Service } from '../../machine/state/service.js';
import { isUp } from '../../machine/state/service-run.js';
import type { Plan } from '../../plan/plan.js';
import { buildReadyFilter } from '../../prepare/build-filter.js';
import type { Prepared } from '../../prepare/prepare.js';
import { probeProblems } from '../../prepare/probe/programs.js';
import { ownCommand, systemctl } from '../../systemd/command-lines.js';
import { hasNameOfDropIn } from '../../systemd/paths/own-files.js';
import type { Scope } from '../../systemd/unit/search.js';
import { parseUnitFile } from '../../systemd/unit/unit-file.js';
import { isRestartDue } from '../restart/may-restart.js';
import { failing } from '../restart/outlook.js';
import type { Filter } from './inject.js';
import { inOwnGroup } from './tighten-unit.js';

/** A change of a unit that its services get as they run. */
export interface LiveChange {
  /** The services that run without it. */
  readonly services: readonly Service[];
  /** Their filters, in the order in which they are loaded: together they are the policy. */
  readonly filters: readonly Filter[];
}

/** The findings before anything is written. */
export interface PlannedLive {
  /** Undefined where nothing that runs is to be changed. */
  readonly live: LiveChange | undefined;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Plans the change of the services that run as they did before the policy.
 * @param isSure whether no confirmation is asked for where people and machines get in by the unit
 */
export async function planLive(
  context: Context,
  prepared: Prepared,
  { isSure }: { readonly isSure: boolean },
): Promise<PlannedLive> {
  const {
    plan,
    unit,
    policy: { policy },
  } = prepared;
  const { scope } = context.placement;
  const up = unit.services.filter(({ state }) => isUp(state));
  const way = `'${ownCommand(scope, 'apply', plan.unit)}' writes the policy for its next start`;
  if (up.length === 0)
    return refused(notLive(`${plan.unit} isn't running: it has no process to load the filter into`, way));
  const due: Service[] = [];
  for (const service of up) if (await isRestartDue(context, prepared, service)) due.push(service);
  if (due.length === 0) return { live: undefined, diagnostics: [] };
  const restarts = `'${ownCommand(scope, 'apply', plan.unit)}' applies it with a restart`;
  const problems = [
    ...(plan.isAccess && !isSure ? [mayLockOut(plan.unit)] : []),
    ...unfit(plan).map((why) => notLive(`${plan.unit} can't be changed while it runs: ${why}`, restarts)),
    ...(await changedDirectives(context, prepared, due)),
  ];
  if (problems.length > 0) return refused(...problems);
  const found = [...(await probeProblems(context, policy))];
  for (const service of due) {
    const inGroup = await inOwnGroup(context, service, 'apply --live');
    found.push(...inGroup, ...failing(context, 'apply', service));
  }
  if (hasErrors(found)) return { live: undefined, diagnostics: found };
  return {
    live: { services: due, filters: filtersOf(plan) },
    diagnostics: [...found, ...due.map((service) => wouldKeep(scope, service))],
  };
}

const refused = (...diagnostics: readonly Diagnostic[]): PlannedLive => ({ live: undefined, diagnostics });

const notLive = (message: string, hint: string): Diagnostic => error('not-live', message, { hint });

const mayLockOut = (unit: string): Diagnostic =>
  notLive(
    `people or machines log in through ${unit}: a filter that locks them out can't be removed`,
    '--no-confirm accepts that; without --live an unconfirmed change is rolled back',
  );

/** No filter can be taken away: neither the one that is added, nor an earlier one that refuses more. */
const wouldKeep = (scope: Scope, { name }: Service): Diagnostic =>
  note(
    'keeps-filter',
    `${name} keeps this filter and its earlier ones until its next start, even after a roll-back`,
    { hint: `'${systemctl(scope, 'restart', name)}' leaves it with the policy's filter alone` },
  );

/** Reasons for which a plan can't be one for processes that run. */
function unfit({ meaning, ready, mode }: Plan): string[] {
  if (meaning === undefined && ready === undefined) return ['the policy has neither [syscalls] nor [ready]'];
  return mode === 'permissive' ? ['a permissive policy refuses no call'] : [];
}

/** Two where `[ready]` has rules on top of `[syscalls]`: their answers are joined by the kernel, not by us. */
function filtersOf({ meaning, ready, filter, target: { machine } }: Plan): Filter[] {
  const noNewPrivileges = (filter ?? ready?.filter)?.noNewPrivileges ?? false;
  const own = (policy: NonNullable<typeof meaning>) => ({ noNewPrivileges, log: false, policies: [policy] });
  const planned = [...(meaning ? [own(meaning)] : []), ...(ready ? [ready.filter] : [])];
  return planned.map((one) => ({ file: buildReadyFilter(one).file, machine }));
}

/** Directives by which systemd and the launcher come to a filter, and those that only a start has use for. */
const OF_CALLS =
  /^(?:SystemCall(?:Filter|ErrorNumber|Log|Architectures)|Exec(?:Condition|Start|Reload|Stop)\w*|Type|SyslogIdentifier|LogExtraFields|RequiresMountsFor)$/;

/** Directives that the launcher may need, where the policy says nothing of them. */
const OF_LAUNCHER: readonly string[] = ['NoNewPrivileges', 'ExecPaths', 'BindReadOnlyPaths'];

/** Errors about directives that a start alone can change. */
async function changedDirectives(
  context: Context,
  { plan, policy, changes, appliedRuns, files }: Prepared,
  due: readonly Service[],
): Promise<Diagnostic[]> {
  const after = files.find(({ path }) => hasNameOfDropIn(path));
  const before = changes.find(({ path }) => hasNameOfDropIn(path))?.before;
  let isOld = false;
  for (const service of due) isOld ||= await runsAsBefore(context, appliedRuns, service);
  // A run from before the drop-in has none of its lines.
  const [was, becomes] = [isOld ? undefined : before?.content, after?.content].map(linesOf);
  const named = new Set(policy.policy.service.map(({ name }) => name));
  const counts = (key: string) => !OF_CALLS.test(key) && (named.has(key) || !OF_LAUNCHER.includes(key));
  const keys = [...new Set([...was!.keys(), ...becomes!.keys()])].filter(counts);
  const changed = keys.filter((key) => was!.get(key) !== becomes!.get(key)).sort();
  if (changed.length === 0) return [];
  const message = `--live changes only system calls: ${shortList(changed)} of ${plan.unit} need a restart`;
  const at = policy.policy.service.find(({ name }) => changed.includes(name))?.at;
  return [error('not-live', message, { at, hint: apart(context, plan.unit) })];
}

const apart = ({ placement: { scope } }: Context, unit: string): string =>
  `'${ownCommand(scope, 'apply', unit)}' restarts it; '${ownCommand(scope, 'tighten --deny CALLS', unit)}' refuses calls at once`;

/** The values of a drop-in by their keys, as text. */
function linesOf(content: Uint8Array | undefined): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const { key, value } of content ? parseUnitFile('', content).assignments : [])
    lines.set(key, `${lines.get(key) ?? ''}${value}\n`);
  return lines;
}
