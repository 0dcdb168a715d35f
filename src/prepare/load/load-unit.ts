import { type Diagnostic, didYouMean, EXIT, failure, printable, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { ownPlaces } from '../../machine/state/own-files.js';
import { type Service, servicesOf } from '../../machine/state/service.js';
import type { UnitState } from '../../machine/unit-state.js';
import { ownCommand, systemctl } from '../../systemd/command-lines.js';
import { hasNameOfDropIn } from '../../systemd/paths/own-files.js';
import { effectiveUnit } from '../../systemd/unit/effective.js';
import { isTemplate, parseUnitName, type UnitName } from '../../systemd/unit/name.js';
import type { UnitFile } from '../../systemd/unit/unit-file.js';
import {
  dropInPathsFor,
  type FoundTemplate,
  findDropIns,
  findTemplateUnit,
  findUnit,
  plainInstance,
  serviceNames,
} from './find-unit.js';
import { type OwnInstance, ownInstances, readFiles } from './unit-files.js';

/** A unit as its packager and administrator wrote it, without what we added. */
export interface LoadedUnit {
  readonly name: UnitName;
  /** The fragment, then the drop-ins in the order in which systemd reads them. */
  readonly files: readonly UnitFile[];
  readonly diagnostics: readonly Diagnostic[];
  /**
   * The unit as the manager has it; an instance without files of its own for a template. Undefined offline.
   */
  readonly state: UnitState | undefined;
  /** The services that the unit's drop-in is for; none offline. */
  readonly services: readonly Service[];
  /** A template's instances with files of their own, for which its drop-in must do, too. */
  readonly instances: readonly OwnInstance[];
}

/**
 * Parses a service's name from the command line.
 * @throws UserError `not-a-service`, or the error in the name
 */
export function serviceName(text: string): UnitName {
  const name = parseUnitName(text);
  if ('severity' in name) throw new UserError(name, EXIT.failure);
  if (name.type !== 'service') {
    throw failure('not-a-service', `'${name.full}' is not a service`, {
      hint: 'only services have a sandbox',
    });
  }
  return name;
}

/** The full name of a unit for results, whether the unit exists or not. */
export function fullName(text: string): string {
  const name = parseUnitName(text);
  return 'full' in name ? name.full : printable(text);
}

/**
 * Reads a unit's files: those that the manager names, or, offline, those that it would find.
 * @throws UserError `no-unit`, `unit-changed`, `not-loaded`, `unit-transient`
 */
export async function loadUnit(context: Context, text: string): Promise<LoadedUnit> {
  const name = serviceName(text);
  if (context.offline) return loadOffline(context, name);
  if (isTemplate(name)) return loadTemplate(context, name);
  const state = await loadedState(context, name, name);
  const canonical = serviceName(state.id);
  const services = [{ name: canonical.full, state }];
  const files = await loadFiles(context, canonical, state);
  return { name: canonical, state, services, instances: [], ...files };
}

/** Loads a template as an instance that has nothing besides. */
async function loadTemplate(context: Context, given: UnitName): Promise<LoadedUnit> {
  const found = await findTemplateUnit(context, given);
  const { name } = found;
  const state = await loadedState(context, name, instanceForLoading(found));
  const services = await servicesOf(context, name);
  const stale = services.find((one) => one.state.needDaemonReload);
  if (stale) throw await unitChanged(context, stale.name, stale.state);
  const files = await loadFiles(context, name, state);
  return { name, state, services, instances: await ownInstances(context, found), ...files };
}

/**
 * The state of a unit that a drop-in can confine.
 * @param asked the name that the manager knows it by
 */
async function loadedState(context: Context, name: UnitName, asked: UnitName): Promise<UnitState> {
  const state = await context.system.unit(asked.full);
  if (state.loadState === 'not-found') throw await noUnit(context, name);
  assertLoadable(context, name.full, state);
  if (state.needDaemonReload) throw await unitChanged(context, name.full, state);
  return state;
}

/**
 * The instance by which a template is loaded.
 * @throws UserError `invalid-unit-name` if no instance could be loaded
 */
function instanceForLoading(template: FoundTemplate): UnitName {
  const instance = plainInstance(template);
  if (instance) return instance;
  throw failure('invalid-unit-name', `the name ${template.name.full} is too long for an instance`);
}

/** The files of a unit without what we added, as the manager has read them. @param folders as findDropIns() takes them */
export async function loadFiles(
  context: Context,
  name: UnitName,
  state: UnitState,
  folders?: ReadonlySet<string>,
): Promise<Pick<LoadedUnit, 'files' | 'diagnostics'>> {
  const dropIns = await othersDropIns(context, name, state, folders);
  return readFiles(context, [state.fragmentPath, ...dropIns]);
}

/** The error about files that have changed. systemd says so, too, of a drop-in that it can't read to the end. */
async function unitChanged(context: Context, name: string, state: UnitState): Promise<UserError> {
  const { files } = await readFiles(context, [state.fragmentPath, ...state.dropInPaths]);
  const found = [...files.flatMap((file) => file.diagnostics), ...effectiveUnit(files).diagnostics];
  const cut = found.find(({ code }) => code === 'unit-file-cut-short');
  const message = `the files of ${name} have changed since systemd read them`;
  const command = `run '${systemctl(context.placement.scope, 'daemon-reload')}'`;
  const reload = context.isRecorded
    ? `${command} on the host, gather the facts again, then retry`
    : `${command}, then try again`;
  const hint = cut ? `systemd stops reading the file at this line: correct it; then ${reload}` : reload;
  return failure('unit-changed', message, { at: cut?.at, hint });
}

/** The drop-ins that the manager reads. In the place of ours stand those that ours hides, as a template's. */
async function othersDropIns(
  context: Context,
  name: UnitName,
  state: UnitState,
  folders: ReadonlySet<string> | undefined,
): Promise<readonly string[]> {
  const loaded = state.dropInPaths;
  const own = await dropInPathsFor(context, name);
  if (!loaded.some((path) => own.includes(path))) return loaded;
  const aliases = state.names.filter((alias) => alias !== name.full);
  const found = await findDropIns(context, name, aliases.map(serviceName), folders);
  const hidden = found.filter(hasNameOfDropIn);
  return loaded.flatMap((path) => (own.includes(path) ? hidden : [path]));
}

/** @throws UserError if a drop-in can't confine the unit */
function assertLoadable(context: Context, name: string, state: UnitState) {
  const { loadState, fragmentPath: fragment } = state;
  if (loadState === 'masked') {
    const unmask = fragment.startsWith('/run/') ? 'unmask --runtime' : 'unmask';
    const hint = systemctl(context.placement.scope, unmask, name);
    throw failure('not-loaded', `${name} is masked: it can't run`, { hint });
  }
  if (state.transient || fragment.includes('/systemd/transient/')) {
    throw failure('unit-transient', `${name} is transient: it and its drop-ins are gone when it stops`);
  }
  if (fragment === '') throw failure('no-unit', `${name} has no unit file`);
}

/**
 * The error for a name that no unit has.
 * @param more text behind the name
 */
export async function noUnit(context: Context, { full }: UnitName, more = ''): Promise<UserError> {
  const stem = (name: string) => name.replace(/\.service$/, '');
  const files = await serviceNames(context);
  if (files.includes(full)) {
    const hint = `a file of that name exists, but systemd does not load it: '${systemctl(context.placement.scope, 'status', full)}' shows more`;
    return failure('no-unit', `there is no unit ${full}${more}`, { hint });
  }
  const list = `'${systemctl(context.placement.scope, 'list-unit-files --type=service')}' lists the services`;
  // In `foo.servce` the suffix is misspelt.
  const meant = didYouMean(stem(full), files.map(stem)) ?? didYouMean(stem(full), files);
  const isConfined = (await ownPlaces(context)).some(({ unit }) => unit === full);
  const free = `its drop-in still exists: '${ownCommand(context.placement.scope, 'revert', full)}' removes it`;
  const hint = isConfined ? free : (meant ?? (context.offline ? undefined : list));
  return failure('no-unit', `there is no unit ${full}${more}`, { hint });
}

/**
 * Loads a unit by its files alone.
 * @throws UserError `no-unit`
 */
export async function loadOffline(context: Context, given: UnitName): Promise<LoadedUnit> {
  const { name, fragment, dropIns } = await findUnit(context, given);
  if (fragment === undefined) throw await noUnit(context, name);
  const files = await readFiles(context, [fragment, ...dropIns]);
  const instances = isTemplate(name)
    ? await ownInstances(context, await findTemplateUnit(context, name))
    : [];
  return { name, state: undefined, services: [], instances, ...files };
}
