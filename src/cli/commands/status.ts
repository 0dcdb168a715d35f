import { activationNotices } from '../../apply/confirm/activation-notices.js';
import { waitingUnits } from '../../apply/confirm/pending.js';
import { recoverIfFree } from '../../apply/lock.js';
import { enabledAtBoot } from '../../apply/restart/enabled-at-boot.js';
import { type Diagnostic, EXIT, error, hasErrors, note, ofUnit, UserError } from '../../diagnostic.js';
import { Records } from '../../explain/records/records.js';
import { refusedSinceStart } from '../../explain/refused-since-start.js';
import type { Context } from '../../machine/context.js';
import { type AppliedRuns, appliedRunsOf } from '../../machine/state/applied-runs.js';
import { counted } from '../../machine/state/counted.js';
import { failedService } from '../../machine/state/failed-service.js';
import { confinedPlaces, type OwnDropIn, readOwnFiles, withLifetime } from '../../machine/state/own-files.js';
import { ownFilters } from '../../machine/state/own-filters.js';
import { runUnit, runUnits } from '../../machine/state/run-units.js';
import { type Service, servicesOf } from '../../machine/state/service.js';
import { keepUntrusted } from '../../machine/state/untrusted-runs.js';
import type { Outcome } from '../../outcome.js';
import { type DropInFacts, dropInFacts } from '../../plan/emit/drop-in-facts.js';
import { ownPolicy } from '../../prepare/load/find-policy.js';
import { fullName, noUnit, serviceName } from '../../prepare/load/load-unit.js';
import { namedUnit } from '../../prepare/load/named-unit.js';
import { waitingIn } from '../../prepare/load/waiting.js';
import { untrustedRuns } from '../../prepare/untrusted-launch.js';
import { ownCommand, systemctl } from '../../systemd/command-lines.js';
import { hasNameOfDropIn } from '../../systemd/paths/own-files.js';
import type { Placement } from '../../systemd/paths/placement.js';
import { isServiceName, isTemplate } from '../../systemd/unit/name.js';
import { PLAIN } from '../../theme.js';
import { loadedBy, namedPrograms } from '../../verify/drift/applied.js';
import { otherPolicyFound } from '../../verify/drift/applied-policy.js';
import { brokenFiles } from '../../verify/drift/broken-files.js';
import { Drift } from '../../verify/drift/drift.js';
import { driftCodes } from '../../verify/drift/drift-programs.js';
import { withInjections } from '../../verify/drift/injected.js';
import { NONE_UNAPPLIED, notApplied } from '../../verify/drift/not-applied.js';
import { openedPaths } from '../../verify/drift/opened-paths.js';
import { inForce, mostUrgent, type ServiceState, statesOf } from '../../verify/drift/service-state.js';
import { confinesNoMore, takenAway, unconfined, wasTakenAway } from '../../verify/drift/taken-away.js';
import { unitMode } from '../../verify/drift/unit-mode.js';
import { statusMetrics } from '../report/openmetrics.js';
import {
  distinct,
  statusJson,
  statusSummary,
  statusText,
  type UnitStatus,
  withDeadlines,
  withOneHint,
} from '../report/status.js';
import { runStatus } from '../run/run-status.js';
import { wrongUsage } from './usage.js';

export interface StatusOptions {
  /** Text for a collector of metrics. */
  readonly openmetrics?: boolean;
  /** Units of `run`, too. */
  readonly all?: boolean;
  /** Whether lines may be wider than the terminal. */
  readonly full?: boolean;
}

/** A unit with a drop-in of ours. */
interface ConfinedDropIn extends OwnDropIn {
  /** The instance that was asked for, if its template's drop-in confines it. */
  readonly instance?: string;
  /** The services that the drop-in is for, where they are known already. */
  readonly services?: readonly Service[];
}

/**
 * Says of each unit that is confined, or of those named, whether it is enforcing or permissive, by which policy, and
 * whether that is in force, and what has changed since; of all units also which have a policy that isn't applied. Exit 1 if
 * something has, if one that is named isn't confined, or lacks a file without which it won't start; exit 3 if one waits.
 * @throws UserError `systemd-version`, `usage`
 */
export async function status(
  context: Context,
  units: readonly string[],
  { openmetrics = false, all: withRuns = false, full = false }: StatusOptions = {},
): Promise<Outcome> {
  if (withRuns && units.length > 0)
    throw wrongUsage('status', '--all takes no unit names: it lists all units');
  // A folder that holds no system is an error before no unit is found to be confined there.
  if (context.offline) await context.system.manager();
  const records = new Records(context.system);
  if (units.length > 0 && !context.offline) records.begin();
  const left = await recoverIfFree(context);
  const activated = await activationNotices(context);
  const confined = await confinedPlaces(context);
  if (confined.size > 0 && !context.offline) records.begin();
  const gone = units.length > 0 ? [] : await takenAway(context, confined);
  // Folders of drop-ins may have any name.
  const names = units.length > 0 ? units : [...confined.keys(), ...gone].filter(isServiceName).sort();
  const known = { confined, drift: new Drift(context), records };
  const look = (text: string) =>
    units.length > 0 || gone.includes(text)
      ? statusNamed(context, text, known)
      : statusOf(context, confined.get(text)!, known);
  const looked = await counted(context, 'examining units', names, (text) => attempt(text, () => look(text)));
  const runs =
    withRuns && !context.offline
      ? (await runUnits(context)).map((one) => runStatus(context, one, records))
      : [];
  const found = [...looked, ...(await Promise.all(runs))];
  const injected = await withInjections(context, found, units.length === 0);
  const all = withDeadlines(context, injected, await waitingUnits(context));
  // Units that are rolled back, or about to be applied, are told as that.
  const isWhole = units.length === 0 && left.diagnostics.length === 0;
  const unapplied = isWhole ? await notApplied(context, [...confined.keys(), ...gone]) : NONE_UNAPPLIED;
  const columns = full ? PLAIN.columns : context.caller.theme.columns;
  const enabled = {
    diagnostics: await enabledAtBoot(context, units.length > 0 ? names.map(fullName) : undefined),
  };
  const diagnostics = distinct(
    [left, activated, enabled, ...all, unapplied].flatMap((one) => one.diagnostics),
  );
  const failed = [left, activated, ...all].some(({ exit }) => exit === EXIT.failure);
  const waits = activated.exit === EXIT.pending || all.some(({ deadline }) => deadline !== undefined);
  const otherwise = waits ? EXIT.pending : EXIT.ok;
  const exit = failed ? EXIT.failure : hasErrors(diagnostics) ? EXIT.findings : otherwise;
  return {
    exit,
    json: { units: all.map(statusJson), notApplied: unapplied.units },
    summary: () => statusSummary(all),
    text: openmetrics
      ? statusMetrics(all, { notApplied: unapplied.units, exit })
      : statusText(all, units.length === 0, { ...context.caller.theme, columns }),
    diagnostics,
    told: units.length === 0 ? withOneHint(context, all, diagnostics) : diagnostics,
    sources: new Map(),
  };
}

const NOTHING = { recorded: [], gaps: [], missing: [], drift: [] };

/** No finding: somebody has decided so. */
const gapsAllowed = (unit: string, { gaps }: DropInFacts): Diagnostic[] => {
  if (gaps.length === 0) return [];
  return [note('gaps-allowed', `${unit} was applied with --allow-gaps: ${gaps.join(', ')}`)];
};

/** The status of a unit, or why it can't be told: that doesn't keep others from being looked at. */
async function attempt(text: string, look: () => Promise<UnitStatus>): Promise<UnitStatus> {
  try {
    return await look();
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    const unit = fullName(text);
    return { unit, ...NOTHING, diagnostics: cause.diagnostics.map((d) => ofUnit(d, unit)), exit: cause.exit };
  }
}

interface StatusContext {
  readonly confined: ReadonlyMap<string, OwnDropIn>;
  readonly drift: Drift;
  readonly records: Records;
}

async function statusNamed(context: Context, text: string, known: StatusContext): Promise<UnitStatus> {
  const { confined } = known;
  const { name, exists: isThere, services } = await namedUnit(context, text);
  const own = confined.get(name);
  if (own) return statusOf(context, { ...own, services }, known);
  const shared = isThere && confined.get(serviceName(name).template ?? name);
  if (shared) return statusOf(context, { ...shared, instance: name, services }, known);
  if (!isThere) throw await noUnit(context, serviceName(text));
  const made = context.offline ? undefined : await runUnit(context, name);
  if (made) return runStatus(context, made, known.records);
  if (await wasTakenAway(context, name)) {
    const diagnostics = [await confinesNoMore(context, name)];
    return { unit: name, ...NOTHING, drift: ['drift-files'], diagnostics };
  }
  return { unit: name, ...NOTHING, diagnostics: [await unconfined(context, name)] };
}

/** The status of a unit whose drop-in is gone, so that the files that are left confine nothing. */
async function withoutDropIn(context: Context, confined: ConfinedDropIn): Promise<UnitStatus> {
  const { placement, offline } = context;
  const { instance, unit, path } = confined;
  const again = (await ownPolicy(context, serviceName(unit))) ? 'apply' : 'revert';
  const command = ownCommand(placement.scope, again, unit);
  const hint = offline ? undefined : `${systemctl(placement.scope, 'daemon-reload')} && ${command}`;
  const message = `${unit} is not confined: its drop-in is gone, although ${path} exists`;
  return {
    unit: instance ?? unit,
    ...NOTHING,
    drift: ['drift-files'],
    diagnostics: [error('drift-files', message, { hint })],
  };
}

/** The status of a unit whose drop-in has our name and isn't ours: its confinement isn't known. */
function notOurs({ offline, placement: { scope } }: Context, one: ConfinedDropIn): UnitStatus {
  const { instance, unit, path } = one;
  const hint = `remove it, or run '${ownCommand(scope, 'apply', unit)}' to replace it`;
  const message = `${unit}: ${path} has the name of sandbox-unit's drop-in, but sandbox-unit did not write it`;
  const diagnostics = [error('drift-files', message, { hint: offline ? undefined : hint })];
  return { unit: instance ?? unit, ...NOTHING, dropIn: path, drift: ['drift-files'], diagnostics };
}

async function statusOf(
  context: Context,
  confined: ConfinedDropIn,
  { drift, records }: Pick<StatusContext, 'drift' | 'records'>,
): Promise<UnitStatus> {
  const { unit, path: dropIn } = confined;
  if (!hasNameOfDropIn(dropIn)) return withoutDropIn(context, confined);
  const at = withLifetime(context, confined.lifetime);
  const files = await readOwnFiles(at, unit);
  const content = (path: string) => files.find((file) => file.path === path)?.content;
  const facts = dropInFacts(content(dropIn) ?? new Uint8Array());
  if (facts.policy === undefined) return notOurs(at, confined);
  const filters = ownFilters(dropIn, facts, files);
  const programs = namedPrograms(at.placement, files, facts);
  const services = await seenServices(context, confined);
  const appliedRuns = appliedRunsOf(unit, files);
  const states = services && (await statesOf(at, services, { appliedRuns, path: dropIn, facts }));
  const state = states && mostUrgent(states);
  const isThere = services === undefined || services.every(isLoaded);
  const { missing, broken } = await brokenFiles(at, { unit, facts, filters, programs });
  const { changed, unknown, exit } = isThere
    ? await drift.of(at, { unit, facts, files, services, state, programs })
    : { changed: [], unknown: [] };
  const untrusted = await untrustedRuns(at, loadedBy(at.placement, unit, programs), services ?? []);
  const opened =
    state === 'live'
      ? await openedPaths(at, services ?? [], {
          text: new TextDecoder().decode(content(dropIn)),
          systemd: facts.systemd,
        })
      : [];
  if (untrusted.length > 0) await keepUntrusted(at, unit, services ?? []);
  // Of what is broken it is told how.
  const drifted = changed.filter(({ code }) => code !== 'drift-files' || broken.length === 0);
  // Of what can't start that is told.
  const failed = broken.length === 0 ? failedOf(at.placement, { facts, services, state, appliedRuns }) : [];
  const mode = unitMode(facts, filters, context.offline ? undefined : context.machine);
  const sources = { records, isSilent: mode?.isSilent ?? true };
  const refused = await refusedSinceStart(at, services ?? [], sources);
  return {
    unit: confined.instance ?? unit,
    ...(mode ? { mode: mode.mode } : {}),
    ...(mode?.untilReady ? { modeUntilReady: mode.untilReady } : {}),
    recorded: mode?.recorded ?? [],
    ...(refused ? { refused } : {}),
    ...(state === undefined ? {} : { state: inForce(state, changed, [...untrusted, ...opened]) }),
    ...(isTemplate(serviceName(confined.instance ?? unit))
      ? { instances: services?.map(({ name }, i) => ({ name, state: states![i]! })) }
      : {}),
    ...(facts.policy === undefined ? {} : { policy: facts.policy }),
    dropIn,
    waiting: (await waitingIn(at, facts.policy)).map(({ name }) => name),
    gaps: facts.gaps,
    missing,
    drift: driftCodes(changed, programs, missing),
    untold: unknown.length > 0,
    diagnostics: [
      ...[...broken, ...drifted, ...untrusted, ...opened, ...unknown, ...failed],
      ...(await otherPolicyFound(at, unit, facts)),
      ...gapsAllowed(unit, facts),
    ],
    ...(exit === undefined ? {} : { exit }),
  };
}

interface DropInState {
  readonly facts: DropInFacts;
  readonly services: readonly Service[] | undefined;
  readonly state: ServiceState | undefined;
  readonly appliedRuns: AppliedRuns;
}

/** Services that have failed with what was written: not before the manager has read it. */
function failedOf(
  { scope }: Placement,
  { facts, services = [], state, appliedRuns }: DropInState,
): Diagnostic[] {
  if (state === 'reload-due' || state === 'not-read') return [];
  const refuses = !facts.permissive && (facts.launched || facts.tightened || facts.refuses === true);
  return services.flatMap((service) => failedService(service, { scope, appliedRuns, refuses }));
}

/** The services that a drop-in is for; undefined offline. */
async function seenServices(context: Context, { unit, services }: ConfinedDropIn) {
  if (context.offline) return undefined;
  return services ?? servicesOf(context, serviceName(unit));
}

const isLoaded = ({ state }: Service): boolean => state.loadState === 'loaded';
