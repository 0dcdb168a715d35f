/** The policy that a unit's recordings prove. */

import { shortList } from '../collections.js';
import { type Diagnostic, EXIT, error, note, printable, UserError } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { sha256OfBytes } from '../machine/digest.js';
import { processesOf } from '../machine/state/control-group.js';
import { orElse } from '../machine/state/failures.js';
import type { UnitState } from '../machine/unit-state.js';
import type { Recording } from '../observe/recording/recording.js';
import { storedRecordings } from '../observe/recordings/store.js';
import { traitsOf } from '../plan/access-units.js';
import { injectorGaps } from '../plan/ready/injector.js';
import { ownValues } from '../plan/unit-values.js';
import { type LoadedUnit, loadUnit } from '../prepare/load/load-unit.js';
import { surroundingsOf } from '../prepare/load/surroundings.js';
import { type MachineFacts, probeMachine } from '../prepare/probe/target.js';
import { ownCommand } from '../systemd/command-lines.js';
import { ROOTS } from '../systemd/directives/values/mounts.js';
import { plannedPaths } from '../systemd/paths/own-files.js';
import { policyFolders } from '../systemd/paths/policies.js';
import { type EffectiveUnit, effectiveUnit } from '../systemd/unit/effective.js';
import { execKeys } from '../systemd/unit/exec/keys.js';
import type { UnitName } from '../systemd/unit/name.js';
import { HOST } from '../systemd/unit/view.js';
import { type RotationReload, rotationReload } from './log-rotation.js';
import { type Awaited, awaitedOf, checklist } from './profile/checklist.js';
import { makeProfile } from './profile/make-profile.js';
import type { PolicyOptions, ReachableCalls } from './profile/policy/input.js';
import { daemonOfScript } from './profile/policy/programs.js';
import { SEAL } from './profile/policy/text/policy-text.js';
import { type WrittenPolicy, writePolicy } from './profile/policy/write-policy.js';
import type { Profile } from './profile/profile.js';
import type { Reachable } from './profile/reachable/reachable.js';
import { servicePrograms } from './profile/reachable/service-programs.js';
import { amongNames, findCodeMaker } from './reachable/find-code-maker.js';
import { findReachable } from './reachable/find-reachable.js';
import { RootFiles } from './reachable/root-files.js';
import { refusedByDefaults } from './refused-by-defaults.js';
import { factsOf, plainPrograms } from './unit-facts.js';

export interface ProvedPolicy {
  readonly unit: string;
  readonly profile: Profile;
  readonly policy: WrittenPolicy;
  /** Evidence that lines of `[service]` wait for. */
  readonly awaited: readonly Awaited[];
  /** The most processes that a service of the unit has now; 0 where none runs. */
  readonly processes: number;
  /** A rotation of logs that reloads the service; undefined where none is seen to, or a reload stays as it is. */
  readonly rotation: RotationReload | undefined;
  /** Notes about calls that can be reached, and a warning about those that the host's defaults refuse. */
  readonly notes: readonly Diagnostic[];
}

/**
 * Writes the policy of a unit of this machine, from its recordings.
 * @param text the unit's name
 * @throws UserError `no-recording`, the errors of recordings that can't be read, and as loadUnit(), probeMachine() and
 *   assertMayBeReady()
 */
export async function provedPolicy(
  context: Context,
  text: string,
  options: PolicyOptions,
): Promise<ProvedPolicy> {
  const { system } = context;
  const unit = await loadUnit(context, text);
  const machine = await probeMachine(context);
  const { facts } = machine;
  const gap = readyGap(context, unit, machine);
  if (options.ready) assertMayBeReady(gap);
  const all = await wholeRecordings(context, unit.name);
  const profile = makeProfile(unit.name.full, all, facts.machine);
  if (profile.recordings === 0) throw noRecording(unit.name.full);
  if (profile.calls.length === 0) throw nothingSeen(context, unit.name.full);
  const states = unit.services.map(({ state }) => state);
  const effective = effectiveUnit(unit.files, execKeys(facts.systemd));
  const daemon = gap === undefined ? daemonOfScript(profile, effective) : undefined;
  const files = new RootFiles(system, HOST);
  const reached = await reachedBy(files, profile, effective);
  const events = checklist(profile, factsOf(effective));
  const awaited = awaitedOf(events);
  const written = writePolicy({
    profile,
    readyGap: gap?.message,
    checklist: events,
    awaited,
    reachable: callsIn(reached),
    reachableByDaemon:
      daemon === undefined ? undefined : await reachableByDaemon(files, profile, effective, daemon),
    reachUnknown: whyReachUnknown(reached),
    codeMaker: await codeMakerOf(files, profile, effective),
    plainPrograms: await plainPrograms(
      context,
      profile.programs.map(({ path }) => path),
    ),
    effective,
    surroundings: await surroundingsOf({ system, unit: unit.name, states, sets: () => true }),
    traits: traitsOf({ unit: unit.name, effective, target: facts }),
    target: facts,
    options,
  });
  const policy = { ...written, text: sealed(written.text) };
  const allowed = policy.calls.filter(({ tier }) => tier === 'allow').map(({ name }) => name);
  const refused = await refusedByDefaults(context, policy.text, allowed, facts.sets);
  return {
    unit: unit.name.full,
    ...{ profile, policy, awaited, notes: [...reachableNotes(reached), ...refused] },
    processes: options.ready ? await mostProcesses(context, states) : 0,
    rotation:
      policy.ready && 'deny' in policy.ready && policy.ready.reload === false
        ? await rotationReload(system, unit.name.full)
        : undefined,
  };
}

async function mostProcesses({ system }: Context, states: readonly UnitState[]): Promise<number> {
  const counts = await Promise.all(
    states.map(async (state) => (await orElse(() => processesOf(system, state), [])).length),
  );
  return Math.max(0, ...counts);
}

/** @throws UserError where one can't be read: calls that it has would be refused */
async function wholeRecordings(context: Context, unit: UnitName): Promise<Recording[]> {
  const { recordings, diagnostics } = await storedRecordings(context, unit);
  if (diagnostics.length > 0) throw new UserError(diagnostics, EXIT.failure);
  return recordings.map(({ recording }) => recording);
}

/**
 * Finds out whether a policy may be written after a watch, before the watch begins.
 * @param path the file; undefined for standard output
 * @param isReady whether it is to have `[ready]`
 * @throws UserError as provedPolicy() for recordings and `[ready]`, and as writeToFile() for the file that is there
 */
export async function assertWritable(
  context: Context,
  text: string,
  path: string | undefined,
  isReady = false,
): Promise<void> {
  const unit = await loadUnit(context, text);
  if (isReady) assertMayBeReady(readyGap(context, unit, await probeMachine(context)));
  await wholeRecordings(context, unit.name);
  if (path === undefined) return;
  await assertPlace(context, path);
  await earlierPolicy(context, path);
}

/** The folder where policies are found by the unit's name may be made, no other. @throws UserError `unwritable` */
async function assertPlace({ system, placement: { scope, home } }: Context, path: string) {
  const name = path.lastIndexOf('/') + 1;
  const folder = path.slice(0, name).replace(/(?!^)\/+$/, '') || '.';
  await system.assertWritable(folder, { make: folder === policyFolders(scope, home)[0] });
}

/** Directives by which programs and libraries aren't the host's. */
const OWN_FILES: readonly string[] = [...ROOTS, 'ExtensionDirectories', 'ExtensionImages', 'MountImages'];

const ownFiles = (effective: EffectiveUnit): string | undefined =>
  OWN_FILES.find((name) => !['', '/'].includes(effective.last('Service', name)?.value ?? ''));

/** The reason why programs of a unit may make code at run time; where their files aren't the host's, by their names alone. */
async function codeMakerOf(files: RootFiles, profile: Profile, effective: EffectiveUnit) {
  const service = servicePrograms(profile);
  const maker =
    ownFiles(effective) === undefined
      ? await findCodeMaker(files, service)
      : amongNames([...service.programs, ...service.mapped]);
  return maker && `${maker.path} contains ${maker.engine}, which generates code at run time`;
}

/** The calls that programs of a unit can reach: by default all that were seen. */
async function reachedBy(
  files: RootFiles,
  profile: Profile,
  effective: EffectiveUnit,
  some?: readonly string[],
): Promise<Reachable> {
  const own = ownFiles(effective);
  if (own !== undefined) return { unknown: `with ${own}=, the service sees other files than the host` };
  if (profile.lost.leavers)
    return { unknown: 'processes moved out of its control group and were not watched, as with logins' };
  const { programs, mapped } = servicePrograms(profile);
  return findReachable(files, { programs: some ?? programs, mapped });
}

const callsIn = (reached: Reachable): ReachableCalls => ('unknown' in reached ? 'unknown' : reached.calls);

/**
 * The calls that the daemon of a start script can reach by itself; undefined where they aren't asked for, or are unknown: a
 * runtime such as Java's loads libraries when its programs ask for them.
 */
async function reachableByDaemon(
  files: RootFiles,
  profile: Profile,
  effective: EffectiveUnit,
  path: string,
): Promise<ReachableCalls | undefined> {
  if (amongNames([path, ...servicePrograms(profile).mapped])) return undefined;
  return callsIn(await reachedBy(files, profile, effective, [path]));
}

/** The reason why calls may be reached that aren't known to be; undefined where there is none. */
function whyReachUnknown(reached: Reachable): string | undefined {
  if ('unknown' in reached) return reached.unknown;
  const { loaders } = reached;
  return loaders.length > 0 ? `${shortList(loaders, 3)} may load more files at run time` : undefined;
}

function reachableNotes(reached: Reachable): Diagnostic[] {
  const why = whyReachUnknown(reached);
  if (why === undefined) return [];
  return 'unknown' in reached
    ? [
        note(
          'reachable-unknown',
          `it is unknown which calls the program can make, so calls that were not seen are logged: ${why}`,
        ),
      ]
    : [note('reachable-unknown', `${why}; it is unknown which calls those make`)];
}

function nothingSeen({ placement: { scope } }: Context, unit: string): UserError {
  const hint = `'${ownCommand(scope, 'learn --restart', unit)}' watches its start, work and stop`;
  const message = `${unit} made no system call while it was watched, so there is nothing to learn`;
  return new UserError(error('no-recording', message, { hint }), EXIT.failure);
}

const noRecording = (unit: string): UserError =>
  new UserError(
    error('no-recording', `there is no recording of ${unit} for this kind of machine`, {
      hint: `'sandbox-unit learn ${unit}' makes one`,
    }),
    EXIT.failure,
  );

/** The last line of a learned policy: a file that was changed since belongs to its editor. */
const sealOf = (text: string): string => `${SEAL}${sha256OfBytes(new TextEncoder().encode(text))}\n`;

const sealed = (text: string): string => `${text}\n${sealOf(`${text}\n`)}`;

function isSealed(text: string): boolean {
  const end = text.lastIndexOf('\n', text.length - 2) + 1;
  return text.slice(end) === sealOf(text.slice(0, end));
}

/** The size of the largest policy, in bytes. */
const MAX_POLICY = 1 << 20;

/**
 * Writes a learned policy to a file. One that isn't learned, or was changed since, is left alone.
 * @returns the text that was there before; undefined if there was none
 * @throws UserError `not-written`, `unwritable`, and others where the file can't be written
 */
export async function writeToFile(
  context: Context,
  path: string,
  { policy }: ProvedPolicy,
): Promise<string | undefined> {
  await assertPlace(context, path);
  const before = await earlierPolicy(context, path);
  await context.system.replace(path, new TextEncoder().encode(policy.text), { mode: 0o644 });
  return before;
}

/** The learned policy in a file; undefined if there is none. @throws UserError `not-written` where it isn't as written */
async function earlierPolicy({ system }: Context, path: string): Promise<string | undefined> {
  const file = await system.read(path, { limit: MAX_POLICY });
  const before = file && new TextDecoder().decode(file.bytes);
  if (before !== undefined && !isSealed(before)) {
    const hint = '--write without a file prints the policy, so that you can compare the two';
    const message = `${printable(path)} exists and was not written by 'learn --write', or was edited since`;
    throw new UserError(error('not-written', message, { hint }), EXIT.failure);
  }
  return before;
}

/** The reason why a policy of a unit can't have `[ready]`; undefined where it can. */
export function readyGap(
  { placement }: Pick<Context, 'placement'>,
  { name, files }: Pick<LoadedUnit, 'name' | 'files'>,
  { facts }: MachineFacts,
): Diagnostic | undefined {
  const effective = effectiveUnit(files, execKeys(facts.systemd));
  const unit = { effective, target: facts, places: plannedPaths(placement, name.full) };
  return injectorGaps(unit, ownValues(effective), {})[0];
}

/** @throws UserError `gap-ready` for such a reason */
export function assertMayBeReady(gap: Diagnostic | undefined): void {
  if (gap === undefined) return;
  const hint = 'learn without --ready';
  throw new UserError(error(gap.code, gap.message, { hint }), EXIT.failure);
}
