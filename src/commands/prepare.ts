import { type Change, changes } from '../apply/changes.js';
import { type Diagnostic, hasErrors } from '../diagnostic.js';
import { type EmittedFile, emitFiles } from '../emit/files.js';
import { dropInPath, filterPath, programsFolder } from '../emit/paths.js';
import type { Plan } from '../plan/plan.js';
import type { ProofSummary } from '../report.js';
import type { Context } from '../system/context.js';
import { type EffectiveUnit, effectiveUnit } from '../unit/effective.js';
import { VERSION } from '../version.js';
import { buildFilter, proofWarnings } from './build-filter.js';
import { findTemplate, type PolicyPlace } from './find-template.js';
import { filesHash, policyHash, unitHash } from './hashes.js';
import { launcherFiles } from './launcher-file.js';
import { findPolicy, type LoadedPolicy, loadPolicy } from './load-policy.js';
import { type LoadedUnit, loadUnit } from './load-unit.js';
import { readOwnFiles, readTrusted } from './own-files.js';
import { type PlanOptions, planOn } from './plan-on.js';
import { type MachineFacts, probeMachine } from './probe-target.js';

export interface PrepareOptions extends PlanOptions {
  readonly policy?: string;
  readonly template?: string;
}

/** All that can be known of applying a policy to a unit before anything is done. */
export interface Prepared {
  readonly unit: LoadedUnit;
  readonly policy: LoadedPolicy;
  readonly plan: Plan;
  /** Whether policy and unit could be made out. If not, the plan lacks the system calls. */
  readonly planned: boolean;
  readonly proofs: readonly ProofSummary[];
  readonly files: readonly EmittedFile[];
  readonly changes: readonly Change[];
  /** When the files of ours that there are were written, in milliseconds since 1970; 0 where there are none. */
  readonly written: number;
  /** If one is an error nothing may be applied. */
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/**
 * Goes the whole way from a policy and a unit to the files and the changes that they mean. Nothing is written.
 * @param machine what is known of the machine, for those who prepare several units
 */
export async function prepare(
  context: Context,
  name: string,
  options: PrepareOptions,
  machine: () => Promise<MachineFacts> = () => probeMachine(context),
): Promise<Prepared> {
  // In a folder that holds no system a unit and a policy would be demanded in vain.
  const known = context.offline ? await machine() : undefined;
  const unit = await loadUnit(context, name);
  const policy = await loadPolicy(context, await choosePolicy(context, unit, options), { trusted: true });
  const effective = effectiveUnit(unit.files);
  const given = { effective, options, machine: known ?? (await machine()) };
  const { plan, planned, diagnostics } = await planFor(context, unit, policy, given);
  const common = { unit, policy, plan, planned, diagnostics, sources: policy.sources };
  if (hasErrors(diagnostics)) return { ...common, proofs: [], files: [], changes: [], written: 0 };
  const built = plan.filter && buildFilter(plan.filter);
  const made = await emit(context, { plan, effective, policy }, built?.file);
  const launcher = plan.filter ? await launcherFiles(context, plan.target) : [];
  const files = [...launcher, ...made];
  const own = await readOwnFiles(context, unit.name.full);
  const current = [
    ...own,
    ...(await readTrusted(
      context,
      launcher.map(({ path }) => path),
    )),
  ];
  const written = Math.max(0, ...own.map(({ modified }) => modified));
  const proofs = built?.proofs ?? [];
  return {
    ...common,
    diagnostics: [...diagnostics, ...proofWarnings(proofs, policy.policy.syscalls?.at)],
    proofs,
    files,
    changes: changes(files, current),
    written,
  };
}

interface Given {
  readonly effective: EffectiveUnit;
  readonly options: PrepareOptions;
  readonly machine: MachineFacts;
}

async function planFor(
  context: Context,
  unit: LoadedUnit,
  loaded: LoadedPolicy,
  { effective, options, machine }: Given,
) {
  const { full } = unit.name;
  const { plan, planned, checked, found } = await planOn(context, {
    unit: unit.name,
    effective,
    type: unit.properties?.get('Type') as string | undefined,
    loaded,
    machine,
    places: {
      dropIn: dropInPath(context.placement, full),
      filterFile: filterPath(context.placement, full),
      programsFolder: programsFolder(context.placement, full),
    },
    known: [...loaded.diagnostics, ...unit.diagnostics, ...machine.diagnostics],
    options,
  });
  const early = [...loaded.diagnostics, ...checked, ...unit.diagnostics, ...machine.diagnostics];
  return { plan, planned, diagnostics: [...early, ...found] };
}

async function choosePolicy(
  context: Context,
  unit: LoadedUnit,
  options: PrepareOptions,
): Promise<PolicyPlace> {
  if (options.policy !== undefined) return { system: context.program, path: options.policy };
  if (options.template !== undefined) return findTemplate(context, options.template);
  return findPolicy(context, unit.name);
}

/** The unit's files, which say what they were made from, themselves among that. */
async function emit(
  { placement }: Context,
  { plan, effective, policy }: Pick<Prepared, 'plan' | 'policy'> & Pick<Given, 'effective'>,
  filter: Uint8Array | undefined,
): Promise<EmittedFile[]> {
  const origin = {
    version: VERSION,
    policyHash: await policyHash(policy.sources),
    unitHash: await unitHash(effective),
  };
  const bare = emitFiles(plan, filter, placement, origin);
  return emitFiles(plan, filter, placement, { ...origin, filesHash: await filesHash(bare) });
}
