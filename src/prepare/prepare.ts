import { isSameBytes } from '../collections.js';
import { type Diagnostic, error, hasErrors } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { type AppliedRuns, appliedRunsOf, noAppliedRuns } from '../machine/state/applied-runs.js';
import { filesHash, HASHING } from '../machine/state/files-hash.js';
import { readOwnFiles } from '../machine/state/own-files.js';
import { changes, type FileChange } from '../plan/emit/changes.js';
import { type EmittedFile, emitFiles } from '../plan/emit/files.js';
import { toleratedGaps } from '../plan/gaps.js';
import type { Plan } from '../plan/plan.js';
import { ownCommand } from '../systemd/command-lines.js';
import { plannedPaths } from '../systemd/paths/own-files.js';
import { VERSION } from '../version.js';
import {
  type CompiledFilter,
  compileFilter,
  compileReadyFilter,
  type ProofSummary,
  proofsOf,
  proofWarnings,
  writtenProofs,
} from './build-filter.js';
import { fileMasks } from './file-masks.js';
import { type Gathered, gather, type PrepareOptions, readSettings } from './gather.js';
import { INPUT } from './load/input-policy.js';
import { programChanges, programsOf } from './load/installed-programs.js';
import type { LoadedPolicy } from './load/load-policy.js';
import type { LoadedUnit } from './load/load-unit.js';
import { planOn } from './plan.js';
import type { MachineFacts } from './probe/target.js';
import { untrustedLaunch } from './untrusted-launch.js';

export type { PrepareOptions } from './gather.js';

/** All facts about applying a policy to a unit, before anything is changed. */
export interface Prepared {
  readonly unit: LoadedUnit;
  readonly policy: LoadedPolicy;
  readonly plan: Plan;
  /** Whether policy and unit could be read without an error. If not, the plan lacks the system calls. */
  readonly planned: boolean;
  readonly proofs: readonly ProofSummary[];
  readonly files: readonly EmittedFile[];
  readonly changes: readonly FileChange[];
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
  machine?: () => Promise<MachineFacts>,
): Promise<Prepared> {
  return context.caller.during(`${name}: planning`, async () =>
    makePrepared(context, await gather(context, name, options, machine)),
  );
}

/** @throws UserError as prepare() */
export async function makePrepared(context: Context, gathered: Gathered): Promise<Prepared> {
  const { unit, policy } = gathered;
  const made = await makeFiles(context, gathered);
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
  const others = await otherwise(context, gathered, made.files);
  if (others.length > 0) return refused([...diagnostics, ...others]);
  const programs = await programChanges(context, plan.target.machine, programsOf(plan));
  const own = await readOwnFiles(context, unit.name.full);
  const pending = [...programs, ...changes(made.files, own, context)];
  const proofs = made.filters.flatMap(pending.every(isWritten) ? writtenProofs : proofsOf);
  return {
    ...common,
    diagnostics: [
      ...diagnostics,
      ...proofWarnings(proofs, (policy.policy.syscalls ?? policy.policy.ready)?.at),
    ],
    proofs,
    files: pending.flatMap(({ after }) => after ?? []),
    changes: pending,
    appliedRuns: appliedRunsOf(unit.name.full, own),
  };
}

/**
 * Whether a file that root alone can change is there to the byte. Where a unit's drop-in is, too, whose header has this version
 * and the hashes of all that it is made of, this version has proven the unit's filters before it wrote them.
 */
const isWritten = ({ kind, before, after }: FileChange): boolean =>
  kind === 'unchanged' && isSameBytes(before!.content, after!.content);

/** Whether a policy means the same without the files beside it. */
const isByItself = ({ policy }: LoadedPolicy): boolean =>
  policy.extends.every(({ value }) => !value.includes('/') && !value.endsWith('.toml'));

interface PreparedFiles extends Pick<Prepared, 'plan' | 'planned' | 'files' | 'diagnostics'> {
  /** Those among the files; nothing is written before they are proven. */
  readonly filters: readonly CompiledFilter[];
}

/** The plan, and the files for the unit alone; no files if there is an error. */
async function makeFiles(context: Context, gathered: Gathered): Promise<PreparedFiles> {
  const { unit, policy, options, machine, policyFile, pathInHeader } = gathered;
  const { effective, surroundings, hashes } = gathered.settings;
  const { full } = unit.name;
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
  if (hasErrors(diagnostics)) return { plan, planned, diagnostics, filters: [], files: [] };
  const start = plan.filter && compileFilter(plan.filter);
  const ready = plan.ready && compileReadyFilter(plan.ready.filter);
  const origin = {
    version: VERSION,
    policy: pathInHeader,
    text: options.policy === INPUT || isByItself(policy) ? policy.sources.get(policy.policy.file) : undefined,
    ...hashes,
    gaps: toleratedGaps(found),
  };
  const bytes = { start: start?.file, ready: ready?.file };
  const files = emitFiles(plan, bytes, context.placement, origin, HASHING);
  return { plan, planned, diagnostics, filters: [start, ready].filter((one) => one !== undefined), files };
}

/**
 * Errors about instances of a template for which the plan comes to other files: the template's drop-in won't do for
 * them.
 */
async function otherwise(
  context: Context,
  gathered: Gathered,
  files: readonly EmittedFile[],
): Promise<Diagnostic[]> {
  const { unit: template } = gathered;
  const shared = new Set(template.files.map(({ path }) => path));
  const found: Diagnostic[] = [];
  for (const { name, files: own } of template.instances) {
    const diagnostics = own.flatMap((file) => file.diagnostics);
    const unit = { ...template, files: own, diagnostics, state: undefined };
    const settings = await readSettings(context, unit, gathered);
    const made = await makeFiles(context, { ...gathered, unit, settings });
    if (!hasErrors(made.diagnostics) && filesHash(made.files) === filesHash(files)) continue;
    const other = own.find(({ path }) => !shared.has(path)) ?? own[0]!;
    const message = `the drop-in of ${template.name.full} does not fit ${name.full}, which has settings of its own`;
    const hint = `run '${ownCommand(context.placement.scope, 'apply', name.full)}' first: its own drop-in replaces the template's`;
    found.push(error('by-template', message, { at: other.assignments[0]?.at, hint }));
  }
  return found;
}
