import { ownCommand } from '../command-lines.js';
import { type Diagnostic, error, hasErrors } from '../diagnostic.js';
import { type Change, changes } from '../emit/changes.js';
import { type EmittedFile, emitFiles, policyOfDropIn } from '../emit/files.js';
import { dropInPath, keptPolicyPath, plannedPaths } from '../paths/own-files.js';
import { toleratedGaps } from '../plan/gaps.js';
import type { Plan } from '../plan/plan.js';
import type { Surroundings } from '../plan/request.js';
import { type AppliedRuns, appliedRunsOf, noAppliedRuns } from '../state/applied-runs.js';
import { filesHash, withHashes } from '../state/files-hash.js';
import { markUntrusted, readOwnFiles, readTrusted } from '../state/own-files.js';
import type { Context } from '../system/context.js';
import { effectiveUnit } from '../unit/effective.js';
import { execKeys } from '../unit/exec/keys.js';
import { normalize } from '../unit/path.js';
import { VERSION } from '../version.js';
import { buildFilter, buildReadyFilter, type ProofSummary, proofWarnings } from './build-filter.js';
import { fileMasks } from './file-masks.js';
import { defaultsHash, policyHash, unitHash } from './hashes.js';
import { findPolicy, namedPolicy } from './load/find-policy.js';
import { findTemplate, type PolicyPlace } from './load/find-template.js';
import { INPUT, inputPolicy } from './load/input-policy.js';
import { programFiles, programsOf } from './load/installed-programs.js';
import { type LoadedPolicy, loadPolicy } from './load/load-policy.js';
import { type LoadedUnit, loadUnit, serviceName } from './load/load-unit.js';
import { listensOf, surroundingsOf } from './load/surroundings.js';
import { type PlanOptions, planOn } from './plan.js';
import { type MachineFacts, probeMachine } from './probe/target.js';
import { untrustedLaunch } from './untrusted-launch.js';

export interface PrepareOptions extends PlanOptions {
  /** A path, or `-` for standard input. */
  readonly policy?: string;
  readonly template?: string;
  /** Whether a policy that is named is only looked at: its path is no change then, however the unit was confined. */
  readonly check?: boolean;
}

/** All facts about applying a policy to a unit, before anything is changed. */
export interface Prepared {
  readonly unit: LoadedUnit;
  readonly policy: LoadedPolicy;
  readonly plan: Plan;
  /** Whether policy and unit could be read without an error. If not, the plan lacks the system calls. */
  readonly planned: boolean;
  readonly proofs: readonly ProofSummary[];
  readonly files: readonly EmittedFile[];
  readonly changes: readonly Change[];
  /** The files of ours that exist, and since when. */
  readonly appliedRuns: AppliedRuns;
  /** Nothing may be applied if one of them is an error. */
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Prepares a change, all the way from a policy and a unit to the files and how these differ from the present ones.
 * Nothing is written.
 * @param machine facts about the machine, for those who prepare several units
 * @throws UserError if the unit, the policy or a program to be installed can't be read, or if the filter is too long
 */
export async function prepare(
  context: Context,
  name: string,
  options: PrepareOptions,
  machine: () => Promise<MachineFacts> = () => probeMachine(context),
): Promise<Prepared> {
  return context.caller.during(`${name}: making its plan`, () => prepared(context, name, options, machine));
}

async function prepared(
  context: Context,
  name: string,
  options: PrepareOptions,
  machine: () => Promise<MachineFacts>,
): Promise<Prepared> {
  // Offline, a folder that holds no system is an error before a unit or a policy is missed there.
  const known = context.offline ? await machine() : undefined;
  const unit = await loadUnit(context, name);
  const policy = await loadPolicy(context, await choosePolicy(context, unit, name, options), {
    trusted: true,
    confines: true,
  });
  const given = {
    ...{ policy, options, machine: known ?? (await machine()) },
    policyFile: policyFileOf(context, unit, policy, options),
    pathInHeader: await pathInHeader(context, unit, policy, options),
  };
  const made = await makeFiles(context, unit, given);
  const { plan, planned, diagnostics } = made;
  const common = { unit, policy, plan, planned, sources: policy.sources };
  const refused = (found: readonly Diagnostic[]): Prepared => ({
    ...common,
    diagnostics: found,
    proofs: [],
    files: [],
    changes: [],
    appliedRuns: noAppliedRuns(unit.name.full),
  });
  if (hasErrors(diagnostics)) return refused(diagnostics);
  const others = await otherwise(context, unit, given, made.files);
  if (others.length > 0) return refused([...diagnostics, ...others]);
  const programs = await programFiles(context, plan.target.machine, programsOf(plan));
  const files = [...programs, ...made.files];
  const there = await readOwnFiles(context, unit.name.full);
  const own = await markUntrusted(context, there);
  const current = [
    ...own,
    ...(await readTrusted(
      context,
      programs.map(({ path }) => path),
    )),
  ];
  const { proofs } = made;
  return {
    ...common,
    diagnostics: [
      ...diagnostics,
      ...proofWarnings(proofs, (policy.policy.syscalls ?? policy.policy.ready)?.at),
    ],
    proofs,
    files,
    changes: changes(files, current, context),
    appliedRuns: appliedRunsOf(unit.name.full, there),
  };
}

interface Given {
  readonly policy: LoadedPolicy;
  readonly options: PrepareOptions;
  readonly machine: MachineFacts;
  /** The policy's path, as the plan has it, and as the drop-in's header names it. */
  readonly policyFile: string;
  readonly pathInHeader: string;
}

/** The path of a policy's file. A text that isn't in a file of the unit's machine has the one at which it will be kept. */
const policyFileOf = (
  context: Context,
  { name }: LoadedUnit,
  { policy }: LoadedPolicy,
  options: PrepareOptions,
): string => (isKept(context, options) ? keptPolicyPath(context.placement, name.full) : policy.file);

/** Whether the policy's text goes to the unit's machine along with its drop-in. */
const isKept = ({ system, policies }: Context, { policy }: PrepareOptions): boolean =>
  policy === INPUT || policies !== system;

/** Whether a policy means the same without the files beside it. */
const isByItself = ({ policy }: LoadedPolicy): boolean =>
  policy.extends.every(({ value }) => !value.includes('/') && !value.endsWith('.toml'));

/** The path of the policy in the header of the drop-in, by which later commands find it. */
async function pathInHeader(
  context: Context,
  unit: LoadedUnit,
  policy: LoadedPolicy,
  options: PrepareOptions,
): Promise<string> {
  const path = policyFileOf(context, unit, policy, options);
  if (!options.check || options.policy === undefined) return path;
  const [dropIn] = await readTrusted(context, [dropInPath(context.placement, unit.name.full)]);
  return (dropIn && policyOfDropIn(dropIn.content)) ?? path;
}

interface Made extends Pick<Prepared, 'plan' | 'planned' | 'proofs' | 'files' | 'diagnostics'> {}

/** The plan, and the files for the unit alone; no files if there is an error. */
async function makeFiles(context: Context, unit: LoadedUnit, given: Given): Promise<Made> {
  const { policy, options, machine, policyFile, pathInHeader } = given;
  const { full } = unit.name;
  const effective = effectiveUnit(unit.files, execKeys(machine.facts.systemd));
  const surroundings = await surroundingsFor(context, unit, policy);
  const {
    plan: made,
    planned,
    checked,
    found,
  } = await planOn(context, {
    unit: unit.name,
    effective,
    type: unit.state?.type,
    surroundings,
    loaded: policy,
    machine,
    places: plannedPaths(context.placement, full),
    known: [...policy.diagnostics, ...unit.diagnostics, ...machine.diagnostics],
    options,
  });
  const plan = { ...made, policyFile };
  const early = [...policy.diagnostics, ...checked, ...unit.diagnostics, ...machine.diagnostics];
  const beforehand = options.applied
    ? []
    : [
        ...(await untrustedLaunch(context, plan, effective, unit.state)),
        ...(await fileMasks(context, plan, policy.policy)),
      ];
  const diagnostics = [...early, ...found, ...beforehand];
  if (hasErrors(diagnostics)) return { plan, planned, diagnostics, proofs: [], files: [] };
  const isProven = !options.applied;
  const built = plan.filter && buildFilter(plan.filter, { isProven });
  const ready = plan.ready && buildReadyFilter(plan.ready.filter, { isProven });
  const filters = { start: built?.file, ready: ready?.file };
  const origin = {
    version: VERSION,
    policy: pathInHeader,
    text: options.policy === INPUT || isByItself(policy) ? policy.sources.get(policy.policy.file) : undefined,
    policyHash: await policyHash(policy.sources),
    defaultsHash: await defaultsHash(policy.sources, context.placement),
    unitHash: await unitHash(effective, unit.instances, surroundings),
    gaps: toleratedGaps(found),
  };
  const files = await withHashes(emitFiles(plan, filters, context.placement, origin), context.placement);
  return { plan, planned, diagnostics, proofs: [...(built?.proofs ?? []), ...(ready?.proofs ?? [])], files };
}

/** Facts that other units' files decide; undefined offline, where no manager tells them. */
async function surroundingsFor(
  { system }: Context,
  { name, state, services }: LoadedUnit,
  { policy }: LoadedPolicy,
): Promise<Surroundings | undefined> {
  if (!state) return undefined;
  const all = [state, ...services.map((one) => one.state)];
  const sets = (directive: string) => policy.service.some((one) => one.name === directive);
  const asked = { system, unit: name, states: all };
  return { ...(await surroundingsOf({ ...asked, sets })), listens: await listensOf(asked) };
}

/**
 * Errors about instances of a template for which the plan comes to other files: the template's drop-in won't do for
 * them.
 */
async function otherwise(
  context: Context,
  template: LoadedUnit,
  given: Given,
  files: readonly EmittedFile[],
): Promise<Diagnostic[]> {
  const shared = new Set(template.files.map(({ path }) => path));
  const found: Diagnostic[] = [];
  for (const { name, files: own } of template.instances) {
    const as = { ...template, files: own, diagnostics: own.flatMap((file) => file.diagnostics) };
    const made = await makeFiles(context, { ...as, state: undefined }, given);
    if (!hasErrors(made.diagnostics) && (await filesHash(made.files)) === (await filesHash(files))) continue;
    const other = own.find(({ path }) => !shared.has(path)) ?? own[0]!;
    const message = `${name.full} has lines of its own, for which the drop-in of ${template.name.full} won't do`;
    const hint = `'${ownCommand(context.placement.scope, 'apply', name.full)}' first: a drop-in of its own is read in the place of the template's`;
    found.push(error('instance-differs', message, { at: other.assignments[0]?.at, hint }));
  }
  return found;
}

async function choosePolicy(
  context: Context,
  unit: LoadedUnit,
  asked: string,
  options: PrepareOptions,
): Promise<PolicyPlace> {
  if (options.policy !== undefined) {
    const { policy } = options;
    if (policy === INPUT) return inputPolicy(context);
    return { ...namedPolicy(context, unit.name, absolutePath(context, policy)), written: policy };
  }
  if (options.template !== undefined) return findTemplate(context, options.template);
  return findPolicy(context, unit.name, serviceName(asked));
}

/** The absolute path of a policy: a drop-in names it for readers in any folder. */
function absolutePath({ caller }: Context, path: string): string {
  if (path.startsWith('/') || caller.directory === undefined) return path;
  return normalize(`${caller.directory}/${path}`);
}
