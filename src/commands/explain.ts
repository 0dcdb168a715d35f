import { isKilledByFilter } from '../apply/failure.js';
import { refusedCalls, type Sought } from '../apply/refused-calls.js';
import { createRefusers } from '../apply/refusers.js';
import { type Diagnostic, EXIT, error, hasErrors, note } from '../diagnostic.js';
import type { Ground } from '../explain/cause.js';
import { type Explanation, explainCalls, isFinding } from '../explain/explanation.js';
import { interpretersOf } from '../plan/commands.js';
import { ownCommand } from '../plan/own-command.js';
import { ownLimits } from '../plan/own-limits.js';
import type { Plan } from '../plan/plan.js';
import type { OwnLimits } from '../syscalls/resolve.js';
import type { Context } from '../system/context.js';
import type { UnitProperties } from '../system/system.js';
import { effectiveUnit } from '../unit/effective.js';
import { parseUnitFile } from '../unit/unit-file.js';
import { otherPolicyApplied } from './applied-policy.js';
import { changing, halfDone } from './exclusively.js';
import { explanationsJson, explanationsText } from './explain-report.js';
import type { Outcome } from './outcome.js';
import type { Prepared, PrepareOptions } from './prepare.js';
import { prepareConfined } from './prepare-confined.js';

export interface ExplainOptions extends PrepareOptions {
  /** Run the service once with all refused calls let through and recorded. */
  readonly record?: boolean;
}

/** What was seen of a unit's calls. */
export interface Looked {
  readonly explanations: readonly Explanation[];
  /** Since when, in milliseconds since 1970. */
  readonly since: number;
  /** Whether the kernel left out some of its records. */
  readonly suppressed: boolean;
  /** Whether its records can be read at all. */
  readonly readable: boolean;
}

/** What a run that was recorded has shown, and what is to be said of the run itself. */
export interface Run extends Looked {
  readonly diagnostics: readonly Diagnostic[];
  /** Whether it ended early, or the unit may not be as it was before. */
  readonly failed: boolean;
}

/**
 * Names the calls of a service that a filter refused or recorded, the line of the policy that decided, and the smallest
 * change that would let each through. Exit 1 if one was refused, 2 if that can't be seen.
 */
export async function explain(
  context: Context,
  [unit]: readonly string[],
  options: ExplainOptions,
): Promise<Outcome> {
  if (!options.record) return explainUnder(context, unit!, options);
  return changing(context, {}, () => explainUnder(context, unit!, options));
}

async function explainUnder(context: Context, unit: string, options: ExplainOptions): Promise<Outcome> {
  const prepared = await prepareConfined(context, unit, { ...options, allowGaps: true });
  const { plan, sources } = prepared;
  const about = { unit: plan.unit, policy: plan.policyFile };
  if (!prepared.planned) {
    const { diagnostics } = prepared;
    return { exit: EXIT.findings, json: { ...about, refusals: [] }, text: '', diagnostics, sources };
  }
  const { explanations, since, suppressed, readable, failed, diagnostics } = options.record
    ? await (await import('./record-run.js')).recordRun(context, prepared, options)
    : await lookBack(context, prepared);
  const refused = explanations.some(isFinding);
  const wrong = readable && hasErrors(diagnostics) ? EXIT.findings : EXIT.ok;
  return {
    exit: failed ? EXIT.failure : refused ? EXIT.findings : readable ? wrong : EXIT.failure,
    json: { ...about, since: new Date(since).toISOString(), refusals: explanationsJson(explanations) },
    text: readable ? explanationsText(plan.unit, explanations, sources, plan.target.machine) : '',
    diagnostics: suppressed ? [SUPPRESSED, ...diagnostics] : diagnostics,
    sources,
  };
}

/** What the logs have of the unit. */
async function lookBack(context: Context, prepared: Prepared): Promise<Run> {
  const properties = prepared.unit.properties!;
  const looked = await explainUnit(context, prepared, properties, { since: windowOf(prepared, properties) });
  const diagnostics = !looked.readable
    ? [UNREADABLE]
    : looked.explanations.length === 0
      ? [nothing(prepared.plan, isKilledByFilter(properties))]
      : otherPolicyApplied(context, prepared);
  const half = await halfDone(context, prepared.unit.name.full);
  return { ...looked, diagnostics: [...half, ...diagnostics], failed: false };
}

/** Since the policy was written, or, where the service has run on since before, since it was started last. */
function windowOf({ written }: Prepared, properties: UnitProperties): number {
  const started = startOf(properties);
  return written > 0 && written < started ? Math.floor(written) : started;
}

/** The kernel's records have the time of its last tick, which is up to 10 ms ago. */
const TICK = 10;

/**
 * When a service was started last, in milliseconds since 1970. A service that waits for its next start has left the
 * inactive state again since.
 * @param before the service before: of a main process that was there then the start doesn't count
 */
export function startOf(properties: UnitProperties, before?: UnitProperties): number {
  const at = (name: string) => Number(properties.get(name) ?? 0);
  const main = at('ExecMainStartTimestamp');
  const isNew = main > Number(before?.get('ExecMainStartTimestamp') ?? 0);
  const started = isNew ? Math.min(main, at('InactiveExitTimestamp')) : at('InactiveExitTimestamp');
  return Math.max(0, Math.floor(started / 1000) - TICK);
}

/** What a unit's processes were refused since a time, by the logs or by what was heard, explained by its policy. */
export async function explainUnit(
  { system }: Context,
  { unit, policy, plan }: Prepared,
  properties: UnitProperties,
  from: Pick<Sought, 'since' | 'heard'>,
): Promise<Looked> {
  const { target } = plan;
  const { calls, suppressed, readable } = await refusedCalls(system, {
    ...{ unit: plan.unit, scope: target.scope, properties, ...from },
    programs: [...target.programs].flatMap(([path, { file }]) =>
      path.startsWith('/') ? [path, ...interpretersOf(file)] : [],
    ),
  });
  const limits = (more: string): OwnLimits | undefined => {
    const added = parseUnitFile('added.conf', new TextEncoder().encode(more));
    return ownLimits(effectiveUnit([...unit.files, added]), target.sets, target.systemd);
  };
  const ground: Ground = {
    ...{ policy: policy.policy, machine: target.machine, sets: target.sets, own: limits('') },
    refusers: createRefusers(properties, target),
  };
  const relaxed = (call: string) => limits(`[Service]\nSystemCallFilter=${call}\n`);
  return { explanations: explainCalls(calls, ground, relaxed), since: from.since, suppressed, readable };
}

const SUPPRESSED = note('records-suppressed', 'the kernel left out some of its records: too many at a time', {
  hint: 'auditd, where it runs, gets them all',
});

export const UNREADABLE = error(
  'records-unreadable',
  "the kernel's records of refused calls can't be read here",
  {
    hint: "it takes root, and in a container they are in the host's log",
  },
);

const nothing = ({ unit, target }: Plan, killed: boolean): Diagnostic => {
  const message = killed
    ? `${unit} was killed for a refused call, and nothing recorded which`
    : `no call of ${unit} was recorded`;
  const command = ownCommand(target.scope, 'explain --record', unit);
  return note('no-record', message, {
    hint: `calls that fail with an errno leave no record, nor do all that are many at a time: '${command}' runs it once with all of them recorded and none refused`,
  });
};
