import { halfDone } from '../../apply/lock.js';
import { obstacleTo } from '../../apply/restart/may-restart.js';
import { type Diagnostic, EXIT, error, hasErrors } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { runsAsBefore } from '../../machine/state/applied-runs.js';
import { restartDue } from '../../machine/state/notes.js';
import { ownDropIns } from '../../machine/state/own-files.js';
import { keepUntrusted } from '../../machine/state/untrusted-runs.js';
import type { UnitState } from '../../machine/unit-state.js';
import type { Outcome } from '../../outcome.js';
import type { FileChange } from '../../plan/emit/changes.js';
import { isUntrustedOnly } from '../../plan/launcher/launch-paths.js';
import { confinedUnit, type ExpectedUnit } from '../../prepare/confined.js';
import type { PrepareOptions } from '../../prepare/prepare.js';
import { untrustedStarts } from '../../prepare/untrusted-launch.js';
import { ownCommand, systemctl } from '../../systemd/command-lines.js';
import { dropInPath, hasNameOfDropIn, namesFilter, namesReadyFilter } from '../../systemd/paths/own-files.js';
import type { Theme } from '../../theme.js';
import { untilRestartOf, withUntilRestart } from '../../verify/drift/injected.js';
import { applyAgain, modeBefore, notWritten } from '../../verify/drift/not-written.js';
import { unconfined } from '../../verify/drift/taken-away.js';
import { type ExpectedPolicy, expectedOf } from '../../verify/expected.js';
import { notConfined } from '../../verify/kernel/confinement.js';
import { type Enforcement, NO_ENFORCEMENT, readKernel } from '../../verify/kernel/enforcement.js';
import { morePermissiveSince } from '../../verify/kernel/more-permissive.js';
import { plannedDropIn } from '../../verify/manager/in-force.js';
import { differences, readBack } from '../../verify/manager/read-back.js';
import {
  type DirectiveProof,
  NO_PROOF,
  notHolding,
  proveDirectives,
} from '../../verify/process/prove-directives.js';
import { directivesJson, directivesText } from '../report/directives.js';
import { enforcementText } from '../report/verify.js';

/**
 * Holds the state of a unit against its policy: its files, the manager's properties, and the kernel's answers to every
 * call of every thread. Exit 1 if anything isn't as the policy says, 2 if that can't be seen.
 */
export async function verify(
  context: Context,
  [unit]: readonly string[],
  options: PrepareOptions,
): Promise<Outcome> {
  const prepared = await confinedUnit(context, unit!, options).catch(async (cause) => {
    throw await withUntilRestart(context, unit!, cause);
  });
  const isThere = prepared.appliedRuns.files.length > 0;
  const starts = isThere ? await untrustedStarts(context, prepared, prepared.target) : [];
  if (starts.length > 0 || hasErrors(prepared.diagnostics)) {
    const diagnostics = [...prepared.diagnostics, ...starts];
    return refused(context, { ...prepared, diagnostics });
  }
  if (!isThere) {
    const half = await leftHalfDone(context, prepared.unit.name.full);
    const missing = half.length > 0 ? half : await notThere(context, prepared);
    const diagnostics = [...prepared.diagnostics, ...missing];
    return { ...outcome(prepared, EXIT.findings, nothing(context), missing), diagnostics };
  }
  const state = prepared.unit.state!;
  const dropIn = dropInPath(context.placement, prepared.unit.name.full);
  const { planned, expected } = await expectedPolicyOf(context, prepared);
  // A file that differs in comments alone is in force all the same.
  const pending = prepared.changes.filter(({ kind, commentsOnly }) => kind !== 'unchanged' && !commentsOnly);
  const due = await notRestarted(context, prepared, pending);
  const otherwise = differences(planned.dropIn, state, planned.target.scope);
  const loaded = [
    ...(await notWritten(context, prepared, pending, dropIn)),
    ...due,
    // An error tells of a drop-in that isn't the planned one: its loaded lines would all differ.
    ...(pending.some(({ path }) => path === dropIn) ? [] : readBack(planned, state, otherwise)),
    ...(await leftHalfDone(context, prepared.unit.name.full)),
  ];
  const kernel = await readKernel(context, expected, state);
  const isPermissive = isLetThrough(prepared, dropIn);
  const isKnown = !isPermissive && (due.length > 0 || changesCalls(pending));
  const seen = { state, kernel, isKnown };
  const differing = new Set(otherwise.map(({ directive }) => directive));
  const proof = await proveDirectives(context, { plan: expected, unit: state }, differing, kernel);
  const main = await wrongMain(context, expected, seen);
  const wrong = [
    ...loaded,
    ...main.filter((one) => !isHidden(one)),
    // A permissive unit is held against what it lets through by `verify --permissive`.
    ...(isPermissive ? [] : looser(seen)),
    ...notHolding(proof, due.length > 0),
  ];
  const besides = await untilRestartOf(context, prepared.unit.services);
  const unproven = onceNotRunning([...main.filter(isHidden), ...kernel.unproven, ...proof.unproven]);
  const exit = wrong.length > 0 ? EXIT.findings : hasErrors(unproven) ? EXIT.failure : EXIT.ok;
  return {
    ...outcome(prepared, exit, { kernel, proof, theme: context.caller.theme }, loaded),
    diagnostics: [...prepared.diagnostics, ...wrong, ...unproven, ...proof.open, ...besides],
  };
}

/** The expected policy of a unit that has files, and its drop-in. */
async function expectedPolicyOf(context: Context, confined: ExpectedUnit) {
  const { name, target, unit, files } = confined;
  const planned = plannedDropIn(context, { plan: { unit: name, target }, unit, files });
  return { planned, expected: await expectedOf(confined, planned.dropIn) };
}

/**
 * The outcome after errors of the preparation. A service that others may have started is neither known to be confined
 * nor known not to be, unless nothing was ever applied.
 */
async function refused(context: Context, prepared: ExpectedUnit): Promise<Outcome> {
  const { unit, diagnostics } = prepared;
  const isDoubtful = isUntrustedOnly(diagnostics.filter(({ severity }) => severity === 'error'));
  const isThere = (await ownDropIns(context)).some((one) => one.unit === unit.name.full);
  if (isThere || !isDoubtful) {
    if (isDoubtful) await keepUntrusted(context, unit.name.full, unit.services);
    const exit = isDoubtful ? EXIT.failure : EXIT.findings;
    return outcome(prepared, exit, nothing(context), []);
  }
  const missing = await notThere(context, prepared);
  const found = outcome(prepared, EXIT.findings, nothing(context), missing);
  return { ...found, diagnostics: [...missing, ...diagnostics] };
}

const leftHalfDone = async (context: Context, unit: string): Promise<Diagnostic[]> =>
  (await halfDone(context, unit)).map((one) => ({ ...one, severity: 'error' }));

/** Whether the unit is permissive, although it is asked to be enforcing. */
const isLetThrough = ({ mode, changes }: ExpectedUnit, dropIn: string): boolean =>
  mode === 'enforcing' && modeBefore(changes, dropIn) === 'permissive';

interface UnitEnforcement {
  readonly state: UnitState;
  readonly kernel: Enforcement;
  /** Whether another error already tells why the unit's processes can't be as the policy says. */
  readonly isKnown?: boolean;
}

function looser({ state, kernel: { groups, wrong, surviving }, isKnown }: UnitEnforcement): Diagnostic[] {
  return [...(isKnown ? morePermissiveSince(groups, state.mainPid) : wrong), ...surviving];
}

/** Errors about the main process, less those that an earlier `looser` error implies. */
async function wrongMain(
  { system }: Context,
  expected: ExpectedPolicy,
  { state, kernel, isKnown }: UnitEnforcement,
): Promise<Diagnostic[]> {
  const pid = state.mainPid;
  const isSaid = kernel.groups.some(
    ({ calls, processes }) => calls === 'looser' && processes.some((one) => one.pid === pid),
  );
  return isKnown && isSaid ? [] : notConfined(system, expected, state);
}

/** Whether an error tells that a process can't be looked at, and not what is wrong with it. */
const isHidden = ({ code }: Diagnostic): boolean => code === 'processes-unreadable';

/** Of errors that no process is there the first. */
const onceNotRunning = (found: readonly Diagnostic[]): Diagnostic[] =>
  found.filter(
    (one, i) => one.code !== 'not-running' || found.findIndex(({ code }) => code === one.code) === i,
  );

/** Whether pending changes affect calls: filters, and lines of the drop-in about commands, calls and mounts. */
const changesCalls = (pending: readonly FileChange[]): boolean =>
  pending.some(({ path, before, after }) => {
    if (!hasNameOfDropIn(path)) return namesFilter(path) || namesReadyFilter(path);
    const lines = (content?: Uint8Array) =>
      new TextDecoder()
        .decode(content)
        .split('\n')
        .filter((line) => /^(Exec|SystemCall|Bind)/.test(line))
        .join();
    return lines(before?.content) !== lines(after?.content);
  });

/** The findings about a unit's processes. */
interface InForce {
  readonly kernel: Enforcement;
  readonly proof: DirectiveProof;
  /** The way in which they are shown. */
  readonly theme: Theme;
}

const NOTHING = { kernel: NO_ENFORCEMENT, proof: NO_PROOF };

const nothing = ({ caller }: Context): InForce => ({ ...NOTHING, theme: caller.theme });

function outcome(
  { name: unit, policyFile, diagnostics, sources }: ExpectedUnit,
  exit: number,
  { kernel: { groups }, proof: { directives }, theme }: InForce,
  loaded: readonly Diagnostic[],
): Outcome {
  const json = {
    unit,
    policy: policyFile,
    enforced: exit === EXIT.ok,
    loaded: loaded.length === 0,
  };
  return {
    exit,
    json: { ...json, groups, directives: directivesJson(directives) },
    text: `${enforcementText({ unit, policyFile }, exit, groups, theme)}${directivesText(directives, theme)}`,
    diagnostics,
    sources,
  };
}

/** Errors that no file of ours is where `apply` would write it. */
async function notThere(
  context: Context,
  { name: unit, target }: ExpectedUnit,
): Promise<readonly Diagnostic[]> {
  const elsewhere = (await ownDropIns(context)).find((one) => one.unit === unit);
  if (!elsewhere) return [await unconfined(context, unit)];
  const options = elsewhere.lifetime === 'runtime' ? ' --runtime' : '';
  const hint = ownCommand(target.scope, `verify${options}`, unit);
  const message = `${unit} is confined by ${elsewhere.path}, which this command does not check`;
  return [error('not-applied', message, { hint })];
}

/**
 * An error if the service runs since before its files were as they are.
 * @param pending changes that `apply` would make: it restarts the service, too
 */
async function notRestarted(
  context: Context,
  prepared: ExpectedUnit,
  pending: readonly FileChange[],
): Promise<Diagnostic[]> {
  const { name: unit, target } = prepared;
  const service = { name: unit, state: prepared.unit.state! };
  if (!(await runsAsBefore(context, prepared.appliedRuns, service))) return [];
  const obstacle = await obstacleTo(context, service);
  const restart = `'${systemctl(target.scope, 'restart', unit)}'`;
  const hint = `${restart}, or ${await applyAgain(context, prepared)}, which also tests it`;
  const due = restartDue(unit, obstacle ?? (pending.length > 0 ? undefined : hint));
  return [{ ...due, severity: 'error' }];
}
