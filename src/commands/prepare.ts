import { type Change, changes } from '../apply/changes.js';
import { type Diagnostic, hasErrors } from '../diagnostic.js';
import { type EmittedFile, emitFiles } from '../emit/files.js';
import { dropInPath, filterPath, INSTALLED_LAUNCHER } from '../emit/paths.js';
import { wrappedPrograms } from '../plan/commands.js';
import { makePlan } from '../plan/make-plan.js';
import type { Plan } from '../plan/plan.js';
import { checkSyscalls } from '../policy/check.js';
import { checkExpectations } from '../policy/expect.js';
import type { ProofSummary } from '../report.js';
import { effectiveUnit } from '../unit/effective.js';
import { VERSION } from '../version.js';
import { buildFilter } from './build-filter.js';
import type { Context } from './context.js';
import { launcherFile } from './launcher-file.js';
import { findPolicy, findTemplate, type LoadedPolicy, loadPolicy, type PolicyPlace } from './load-policy.js';
import { type LoadedUnit, loadUnit } from './load-unit.js';
import { probeTarget } from './probe-target.js';

export interface PrepareOptions {
  readonly policy?: string;
  readonly template?: string;
  /** Go on although nobody enforces some lines. */
  readonly allowGaps?: boolean;
}

/** All that can be known of applying a policy to a unit before anything is done. */
export interface Prepared {
  readonly unit: LoadedUnit;
  readonly policy: LoadedPolicy;
  readonly plan: Plan;
  readonly proofs: readonly ProofSummary[];
  readonly files: readonly EmittedFile[];
  readonly changes: readonly Change[];
  /** If one is an error nothing may be applied. */
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: ReadonlyMap<string, string>;
}

/** Goes the whole way from a policy and a unit to the files and the changes that they mean. Nothing is written. */
export async function prepare(context: Context, name: string, options: PrepareOptions): Promise<Prepared> {
  const unit = await loadUnit(context, name);
  const policy = await loadPolicy(context, await choosePolicy(context, unit, options), { trusted: true });
  const effective = effectiveUnit(unit.files);
  const probed = await probeTarget(context, wrappedPrograms(policy.policy, effective));
  const { target } = probed;
  const checked = checkSyscalls(policy.policy, target.sets, [target.machine]);
  const early = [...policy.diagnostics, ...checked, ...unit.diagnostics, ...probed.diagnostics];
  const filterFile = filterPath(context.placement, unit.name.full);
  const plan = makePlan({
    unit: unit.name,
    effective,
    policy: policy.policy,
    target,
    filterFile,
    usable: !hasErrors(early),
  });
  const found = [...early, ...(options.allowGaps ? plan.diagnostics.map(tolerate) : plan.diagnostics)];
  const expectations = (plan.filter?.policies ?? []).flatMap((meaning) =>
    checkExpectations(policy.policy, meaning),
  );
  const diagnostics = [...found, ...expectations];
  const built = plan.filter && !hasErrors(diagnostics) ? buildFilter(plan.filter) : undefined;
  const origin = { version: VERSION, policyHash: await hashOf(policy.sources) };
  const files = hasErrors(diagnostics) ? [] : emitFiles(plan, built?.file, context.placement, origin);
  if (built && target.launcher === INSTALLED_LAUNCHER)
    files.unshift(await launcherFile(context, target.machine));
  const current = hasErrors(diagnostics) ? new Map() : await readCurrent(context, unit.name.full, files);
  return {
    unit,
    policy,
    plan,
    proofs: built?.proofs ?? [],
    files,
    changes: changes(files, current),
    diagnostics,
    sources: policy.sources,
  };
}

/** A gap as a warning. */
const tolerate = (d: Diagnostic): Diagnostic =>
  d.code.startsWith('gap-') ? { ...d, severity: 'warning' } : d;

async function choosePolicy(
  context: Context,
  unit: LoadedUnit,
  options: PrepareOptions,
): Promise<PolicyPlace> {
  if (options.policy !== undefined) return { system: context.program, path: options.policy };
  if (options.template !== undefined) return findTemplate(context, options.template);
  return findPolicy(context, unit.name);
}

/** SHA-256 over the texts of a policy and of all that it extends, in hex. */
async function hashOf(sources: ReadonlyMap<string, string>): Promise<string> {
  const text = [...sources.values()].map((source) => `${source.length}:${source}`).join('');
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What stands where the files shall go, and where ours may stand from before. */
async function readCurrent(
  context: Context,
  unit: string,
  files: readonly EmittedFile[],
): Promise<Map<string, Uint8Array>> {
  const current = new Map<string, Uint8Array>();
  const paths = [...files.map(({ path }) => path), ...ownPaths(context, unit)];
  for (const path of new Set(paths)) {
    const file = await context.system.read(path, { limit: MAX_CURRENT_SIZE });
    if (file) current.set(path, file.bytes);
  }
  return current;
}

/** Where files of ours for a unit may be. */
export const ownPaths = (context: Context, unit: string): string[] => [
  filterPath(context.placement, unit),
  dropInPath(context.placement, unit),
];

/** Larger than any file of ours, in bytes. */
const MAX_CURRENT_SIZE = 4 << 20;
