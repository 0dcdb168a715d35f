import { type Diagnostic, EXIT, error, hasErrors, UserError, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { readFiles } from '../../machine/state/own-files.js';
import { ownLimits } from '../../plan/calls/own-limits.js';
import type { EmittedFile } from '../../plan/emit/files.js';
import { overridden } from '../../plan/ineffective/by-later-drop-ins.js';
import { searchPath } from '../../plan/launcher/commands.js';
import type { Plan, PlannedDirective } from '../../plan/plan.js';
import { buildFilter, proofWarnings } from '../../prepare/build-filter.js';
import { findDropIns } from '../../prepare/load/find-unit.js';
import { programChanges } from '../../prepare/load/installed-programs.js';
import type { LoadedPolicy } from '../../prepare/load/load-policy.js';
import { planOn } from '../../prepare/plan.js';
import type { PrepareOptions } from '../../prepare/prepare.js';
import { probeMachine } from '../../prepare/probe/target.js';
import { untrustedLaunch } from '../../prepare/untrusted-launch.js';
import { ownDropInPaths } from '../../systemd/paths/own-files.js';
import { type EffectiveUnit, effectiveUnit } from '../../systemd/unit/effective.js';
import type { UnitName } from '../../systemd/unit/name.js';
import { parseUnitFile } from '../../systemd/unit/unit-file.js';
import type { UnitProperty } from '../../systemd/unit/unit-property.js';
import { withoutText } from '../report/plan.js';
import {
  assertNoUnit,
  descriptionOf,
  environmentOf,
  findCommand,
  unitName,
  unitSettings,
} from './command.js';
import type { RunOptions } from './options.js';
import { namingOption, runPolicy } from './policy.js';
import { transientProperties } from './properties.js';
import { type RunTimer, timerOf } from './timer.js';
import {
  confines,
  isTransient,
  type TransientCommand,
  transientDirectives,
  transientUnitFile,
} from './unit.js';

/** All facts about a run before it starts. */
export interface PreparedRun {
  readonly unit: UnitName;
  /** Empty if a diagnostic is an error. */
  readonly properties: readonly UnitProperty[];
  /** The timer that starts the unit, where one is asked for. */
  readonly timer?: RunTimer | undefined;
  /** The launcher, if it has yet to be installed. */
  readonly files: readonly EmittedFile[];
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/** Prepares a run, all the way from a command line to the properties of a transient unit. Nothing is written. */
export async function prepareRun(
  context: Context,
  words: readonly string[],
  options: RunOptions & PrepareOptions,
): Promise<PreparedRun> {
  const prepared = await prepareUnit(context, words, options).catch((cause) => {
    if (!(cause instanceof UserError)) throw cause;
    const named = cause.diagnostics.map(namingOption);
    throw new UserError(named, cause.exit, cause.sources);
  });
  const diagnostics = prepared.diagnostics.map(namingOption);
  return { ...prepared, diagnostics };
}

async function prepareUnit(
  context: Context,
  words: readonly string[],
  options: RunOptions & PrepareOptions,
): Promise<PreparedRun> {
  const probing = probeMachine(context);
  // Errors in the command line come before those about the machine.
  probing.catch(() => undefined);
  const unit = await unitName(context, options);
  const settings = unitSettings(context, options);
  const policy = await runPolicy(context, options);
  const names = settings.map(({ name }) => name);
  if (!mayConfineByPolicy(policy) && !names.some(mayConfine)) throw nothingConfines();
  const environment = environmentOf(context, options);
  const command = findCommand(context, words, options, names.concat(servicesOf(policy)));
  const timer = timerOf(options, unit, descriptionOf(options, command));
  const machine = await probing;
  if (options.unit !== undefined) await assertNoUnit(context, unit, timer?.unit);
  const { directives, diagnostics } = transientDirectives(settings, machine.facts, options);
  const known = [...policy.diagnostics, ...machine.diagnostics, ...diagnostics];
  if (hasErrors(diagnostics)) return refused(unit, known, policy);
  const { effective, text } = await effectiveRun(context, unit, command, directives);
  const sources = new Map([...policy.sources, [unit.full, text]]);
  const given = { unit, effective, loaded: policy, machine, places: undefined, known, options };
  const planned = await planOn(context, given);
  const { plan } = planned;
  const found = [
    ...known,
    ...planned.checked,
    ...planned.found.filter((d) => !isSkippedWord(d, unit)),
    ...skippedWords(effective, plan, unit),
    ...undone(effective, directives),
    ...(await untrustedLaunch(context, plan, effective)),
  ];
  if (hasErrors(found)) return refused(unit, found, { sources });
  const built = plan.filter && buildFilter(ofOneMachine(plan.filter));
  const properties = transientProperties({
    description: descriptionOf(options, command),
    own: directives,
    plan,
    command,
    filter: built?.file,
    searchPath: command.program.includes('/') ? [] : searchPath(policy.policy, effective),
    environment,
    collect: options.collect === true || options.shell === true,
  });
  if (!('properties' in properties)) return refused(unit, [...found, ...properties], { sources });
  return {
    unit,
    ...properties,
    timer,
    files: built ? await missingLauncher(context, plan) : [],
    diagnostics: [
      ...found,
      ...withoutLauncher(plan),
      ...proofWarnings(built?.proofs ?? [], policy.policy.syscalls?.at),
    ],
    sources,
  };
}

/** A warning about commands without the launcher, of the command line or of drop-ins for the unit's name or type. */
function withoutLauncher(plan: Plan): Diagnostic[] {
  const { without } = plan;
  if (without.length === 0) return [];
  const runs = without.length === 1 ? 'runs' : 'run';
  return [warning('without-launcher', `${without.join(', ')} ${runs} ${withoutText(plan)}`)];
}

const refused = (
  unit: UnitName,
  diagnostics: readonly Diagnostic[],
  { sources }: Pick<LoadedPolicy, 'sources'>,
): PreparedRun => ({ unit, properties: [], files: [], diagnostics, sources });

/**
 * Whether a policy may confine anything. True for one with errors, which are told later; an action or a stage alone
 * confines nothing.
 */
function mayConfineByPolicy({ policy, diagnostics }: LoadedPolicy): boolean {
  const { syscalls, service } = policy;
  const calls = syscalls && [syscalls.deny, syscalls.log, syscalls.rules].some((list) => list.length > 0);
  return (
    hasErrors(diagnostics) ||
    service.length > 0 ||
    calls === true ||
    syscalls?.allow !== undefined ||
    syscalls?.architectures !== undefined
  );
}

/** Whether a directive may confine the command. True for a misspelt name, which is told later. */
const mayConfine = (name: string): boolean => confines(name) || !isTransient(name);

const nothingConfines = () =>
  new UserError(
    error('no-policy', 'no policy or directive confines the command', {
      hint: 'give --deny, --allow, --policy, --template, or a directive with --property; systemd-run runs commands without any',
    }),
    EXIT.findings,
  );

const servicesOf = ({ policy }: LoadedPolicy): string[] => policy.service.map(({ name }) => name);

/** The unit that is to be made, with the drop-ins that systemd has for its name: templates', and those of its type. */
async function effectiveRun(
  context: Context,
  unit: UnitName,
  command: TransientCommand,
  directives: readonly PlannedDirective[],
) {
  const { file, text } = transientUnitFile(unit.full, command, directives);
  // A drop-in of ours may have been left behind: systemd would read it, too.
  const own = ownDropInPaths(context.placement, unit.full);
  const paths = [...(await findDropIns(context, unit, [])), ...own];
  const dropIns = (await readFiles(context, paths)).map(({ path, content }) => parseUnitFile(path, content));
  return { effective: effectiveUnit([file, ...dropIns]), text };
}

/** Errors about words in the command line's own filter that systemd would skip. */
function skippedWords(effective: EffectiveUnit, { target }: Plan, unit: UnitName): Diagnostic[] {
  const ignored = ownLimits(effective, target.sets, target.systemd)?.ignored ?? [];
  return ignored
    .filter((one) => isSkippedWord(one, unit))
    .map(({ code, message, hint }) => error(code, message, { hint }));
}

const isSkippedWord = ({ code, at }: Diagnostic, { full }: UnitName): boolean =>
  code === 'own-filter-word-ignored' && at?.file === full;

/** Errors about drop-ins that override the command line's own directives or its command. */
const undone = (effective: EffectiveUnit, directives: readonly PlannedDirective[]): Diagnostic[] =>
  overridden(effective, undefined, {
    directives,
    commands: [{ key: 'ExecStart', lines: [], wrapped: 0 }],
  });

/** The filter for one machine: the launcher gets it in its command line, which has no room for others. */
const ofOneMachine = (filter: NonNullable<Plan['filter']>) => ({
  ...filter,
  policies: filter.policies.slice(0, 1),
  ...(filter.start ? { start: filter.start.slice(0, 1) } : {}),
});

async function missingLauncher(context: Context, { target }: Plan): Promise<EmittedFile[]> {
  const found = await programChanges(context, target.machine, [target.launcher]);
  return found.flatMap(({ kind, after }) => (kind === 'unchanged' ? [] : (after ?? [])));
}
