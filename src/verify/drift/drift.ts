/**
 * Drift. A drop-in's header has hashes of all that it was made from: the texts of the policy and of the host's defaults, the
 * unit's own lines, systemd's version, the files of the unit, and its own text. Only where one differs the plan is made anew, and
 * what comes to the same files is no drift. The header also has the codes of gaps that `--allow-gaps` let through: a plan that is
 * made anew lets through no others.
 */

import { once, remember, shortList } from '../../collections.js';
import { type Diagnostic, error, note, printable, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { orElse } from '../../machine/state/failures.js';
import { areAsMade } from '../../machine/state/files-hash.js';
import type { Service } from '../../machine/state/service.js';
import { hasLoaded } from '../../machine/state/started-with.js';
import type { DropInFacts } from '../../plan/emit/drop-in-facts.js';
import { type EmittedFile, isMadeFor } from '../../plan/emit/files.js';
import { againHint, isSearched } from '../../prepare/apply-again.js';
import { defaultsHash, hasSameTexts, policyHash, unitHash } from '../../prepare/hashes.js';
import { hostDefaults } from '../../prepare/load/find-defaults.js';
import { findPolicy, namedPolicy } from '../../prepare/load/find-policy.js';
import type { PolicyPlace } from '../../prepare/load/find-template.js';
import { dropInFolders } from '../../prepare/load/find-unit.js';
import type { LoadedPolicy } from '../../prepare/load/load-policy.js';
import { loadFiles, loadOffline, serviceName } from '../../prepare/load/load-unit.js';
import { surroundingsOf } from '../../prepare/load/surroundings.js';
import { ownCommand, systemctl } from '../../systemd/command-lines.js';
import { dropInPath, hasNameOfDropIn, mountsPrograms } from '../../systemd/paths/own-files.js';
import { type InstalledProgram, isInstalledProgram } from '../../systemd/paths/programs.js';
import { type EffectiveUnit, effectiveUnit } from '../../systemd/unit/effective.js';
import { isTemplate, type UnitName } from '../../systemd/unit/name.js';
import { isReadAfter } from '../../systemd/unit/search.js';
import { parseUnitFile } from '../../systemd/unit/unit-file.js';
import { type InstalledUnit, isDenied, type Suspect } from './applied.js';
import { installedChange } from './drift-programs.js';

/** How a unit differs from what was applied. */
interface Drifted {
  /** An error for each thing that has changed: `drift-…`, `overridden`. */
  readonly changed: readonly Diagnostic[];
  /** Diagnostics about changes that can't be seen. */
  readonly unknown: readonly Diagnostic[];
  readonly exit?: number;
}

/**
 * Finds what has changed since policies were applied, so that units aren't confined as their policies say, or won't be
 * when they are applied again. What is the same for all units is learnt once.
 */
export class Drift {
  readonly #context: Context;
  readonly #manager = once(() => this.#context.system.manager());
  readonly #defaults = once(() => hostDefaults(this.#context, true));
  readonly #machine = once(async () =>
    (await import('../../prepare/probe/target.js')).probeMachine(this.#context),
  );
  readonly #folders = once(() => dropInFolders(this.#context));
  readonly #installed = remember((name: InstalledProgram) => installedChange(this.#context, name));

  constructor(context: Context) {
    this.#context = context;
  }

  /** Looks for drift of each kind. A kind that can't be looked at doesn't hide the others. */
  async of(context: Context, applied: InstalledUnit): Promise<Drifted> {
    const { unit, files } = applied;
    const read = readUnit(context, applied, this.#folders);
    const dropIn = files.find(({ path }) => path === dropInPath(context.placement, unit));
    const looks = await Promise.allSettled([
      // It comes first, since others may follow from it.
      ...(dropIn ? [read.then(({ effective }) => overriddenLines(effective, dropIn))] : []),
      this.#edited(context, applied),
      read.then(({ hash }) => this.#outdated(context, applied, hash)),
      ...(dropIn ? [notLoaded(context, applied, dropIn)] : []),
      // A package's programs are the package's.
      ...applied.programs
        .filter(({ path }) => isInstalledProgram(context.placement, path))
        .map(({ name }) => this.#installed(name)),
    ]);
    const found = looks.flatMap((look) => (look.status === 'fulfilled' ? look.value : []));
    // Lines that other drop-ins override are loaded otherwise for that.
    const isOverridden = found.some(({ code }) => code === 'overridden');
    const changed = found.filter(({ code }) => !isOverridden || code !== 'drift-loaded');
    const failures = looks.flatMap((look) => (look.status === 'rejected' ? [look.reason] : []));
    return { changed, ...unknownBy(context, unit, failures) };
  }

  /** Drift of the policy, the unit and systemd, if it makes other files. */
  async #outdated(context: Context, applied: InstalledUnit, hash: string): Promise<Diagnostic[]> {
    const suspects = await this.#suspects(context, applied, hash);
    if (suspects.length === 0) return [];
    const { confirmed } = await import('./confirm-drift.js');
    return confirmed(context, applied, suspects, this.#machine);
  }

  /** Changes of the policy, the unit and systemd since the files were made, which may make other files now. */
  async #suspects(context: Context, { unit, facts, files }: InstalledUnit, hash: string): Promise<Suspect[]> {
    const { version } = await this.#manager();
    const policy = await policyChange(context, serviceName(unit), facts, this.#defaults);
    // Files of `[exec] programs`, which a version before this one made: the same policy makes none.
    const early = files.some(({ path }) => mountsPrograms(path));
    const changed = policy ?? (early ? 'support for [exec] programs was removed' : undefined);
    return [
      ...(changed === undefined ? [] : [{ code: 'drift-policy', why: changed } as const]),
      ...(facts.unitHash !== hash
        ? [{ code: 'drift-unit', why: `the files of ${unit} have changed` } as const]
        : []),
      ...(isMadeFor(facts.systemd, version)
        ? []
        : [
            {
              code: 'drift-systemd',
              why: `systemd has changed from ${facts.systemd} to ${version}`,
            } as const,
          ]),
    ];
  }

  async #edited(context: Context, { unit, facts, files, state }: InstalledUnit): Promise<Diagnostic[]> {
    const open = files.find(({ mode, untrusted }) => untrusted || (mode & 0o022) !== 0);
    if (!open && areAsMade(facts, files)) return [];
    const what = open
      ? `other users can change ${open.path}`
      : 'its drop-in, or a file that belongs to it, was changed after its policy was applied';
    const again = againHint(context, unit, facts);
    const hint =
      state === 'reload-due' && again
        ? `${systemctl(context.placement.scope, 'daemon-reload')} && ${again}`
        : again;
    return [error('drift-files', `${unit}: ${what}`, { hint })];
  }
}

/** A unit without ours; what its files have cost the manager to read isn't asked for again. */
async function readUnit(
  context: Context,
  { unit, files: own, services }: InstalledUnit,
  folders: () => Promise<ReadonlySet<string>>,
) {
  const name = serviceName(unit);
  const { files, instances } =
    !services || isTemplate(name)
      ? await loadOffline(context, name)
      : { instances: [], ...(await loadFiles(context, name, services[0]!.state, await folders())) };
  const effective = effectiveUnit(files);
  const surroundings =
    services &&
    (await surroundingsOf({
      system: context.system,
      unit: name,
      states: services.map(({ state }) => state),
      sets: (directive) => own.some((file) => hasNameOfDropIn(file.path) && setsIn(file, directive)),
    }));
  return { effective, hash: unitHash(effective, instances, surroundings) };
}

/** Errors about lines of a drop-in of ours that others override. Few units have drop-ins that come after ours. */
async function overriddenLines(effective: EffectiveUnit, dropIn: EmittedFile): Promise<Diagnostic[]> {
  if (!effective.assignments.some(({ at }) => isReadAfter(at.file, dropIn.path))) return [];
  const { overriddenIn } = await import('../../plan/ineffective/by-later-drop-ins.js');
  return overriddenIn(effective, dropIn);
}

/** Few files name the directive, and to read one as systemd does takes long. */
const setsIn = ({ path, content }: EmittedFile, name: string): boolean =>
  new TextDecoder().decode(content).includes(name) &&
  parseUnitFile(path, content).assignments.some(({ key }) => key === name);

/** @param failures what was thrown: but for UserErrors it is thrown again */
function unknownBy(context: Context, unit: string, failures: readonly unknown[]): Omit<Drifted, 'changed'> {
  const unknown: Diagnostic[] = [];
  let exit: number | undefined;
  for (const cause of failures) {
    if (!(cause instanceof UserError)) throw cause;
    if (isDenied(context, cause.diagnostics)) unknown.push(denied(context, unit, cause.diagnostics));
    else {
      unknown.push(...cause.diagnostics);
      exit = Math.max(exit ?? 0, cause.exit);
    }
  }
  return { unknown, ...(exit === undefined ? {} : { exit }) };
}

function denied({ offline, placement }: Context, unit: string, diagnostics: readonly Diagnostic[]) {
  const { message } = diagnostics.find(({ code }) => code === 'unreadable')!;
  const hint = offline ? undefined : `run '${ownCommand(placement.scope, 'status', unit)}' as root`;
  return note('drift-unknown', `not all changes of ${unit} can be seen: ${message}`, { hint });
}

/** How a unit's policy differs from the one that was applied, if it does. */
async function policyChange(
  context: Context,
  unit: UnitName,
  facts: DropInFacts,
  defaults: () => Promise<PolicyPlace | undefined>,
): Promise<string | undefined> {
  const { policy } = facts;
  if (policy === undefined) return 'its policy is unknown';
  try {
    const place = isSearched(context, unit.full, policy)
      ? await findPolicy(context, unit)
      : namedPolicy(context, unit, policy);
    if (place.path !== policy) return `another policy, ${place.path}, comes first`;
    const isSame = async () => hasSameTexts(context, place, facts.policyHash, await defaults());
    // Why texts can't be read, loadPolicy() says.
    if (await orElse(isSame, false)) return undefined;
    const { loadPolicy } = await import('../../prepare/load/load-policy.js');
    const loaded = await loadPolicy(context, place, { trusted: true });
    if (isDenied(context, loaded.diagnostics)) throw new UserError(loaded.diagnostics);
    return changedTexts(context, loaded, facts, policy);
  } catch (cause) {
    if (!(cause instanceof UserError) || isDenied(context, cause.diagnostics)) throw cause;
    return `its policy can't be read (${cause.diagnostics[0]!.message})`;
  }
}

/**
 * Errors if the manager has other values than the drop-in that it says it has read. Where it has the hash of the drop-in's files,
 * it has read that text, whose values were read back when the policy was applied.
 */
async function notLoaded(
  context: Context,
  { unit, facts, services = [], state }: InstalledUnit,
  { path, content }: EmittedFile,
): Promise<Diagnostic[]> {
  if (services.length === 0 || state === 'reload-due' || state === 'no-unit') return [];
  if (state === 'not-read') return [await notRead(unit, path, services)];
  const asked = services.filter((service) => !hasLoaded(service.state, facts.filesHash));
  if (asked.length === 0) return [];
  const { differences } = await import('../manager/read-back.js');
  const { scope } = context.placement;
  const dropIn = parseUnitFile(path, content);
  return asked.flatMap(({ name, state }) => {
    const names = [...new Set(differences(dropIn, state, scope).map(({ directive }) => directive))];
    const message = `${name}: the values that systemd has loaded differ from the drop-in: ${shortList(names, MOST_DIRECTIVES)}`;
    const hint = `run '${systemctl(scope, 'daemon-reload')}', and restart what is running`;
    return names.length === 0 ? [] : [error('drift-loaded', message, { hint })];
  });
}

/** Directives that one line names. */
const MOST_DIRECTIVES = 3;

async function notRead(unit: string, path: string, services: readonly Service[]): Promise<Diagnostic> {
  const { inItsPlace } = await import('../manager/read-back.js');
  const read = services.flatMap(({ state }) => state.dropInPaths);
  return error('drift-loaded', `${unit}: systemd doesn't read ${path}`, { hint: inItsPlace(read, path) });
}

/** How the texts of a policy differ from those that were applied, if they do. @param applied the policy's path in the drop-in */
function changedTexts(
  { placement }: Context,
  { policy, sources }: Pick<LoadedPolicy, 'policy' | 'sources'>,
  facts: DropInFacts,
  applied: string,
): string | undefined {
  if (policyHash(sources) === facts.policyHash) return undefined;
  const defaults = defaultsHash(sources, placement);
  // Whether its own texts have changed, too, is unknown then.
  if (defaults !== facts.defaultsHash && policy.defaults?.value !== false)
    return "the host's defaults that it uses have changed";
  const others = sources.size - (defaults === undefined ? 0 : 1);
  return `${printable(applied)}${others > 1 ? ' or a policy that it extends' : ''} has changed`;
}
