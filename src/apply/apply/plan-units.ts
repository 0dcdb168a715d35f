import { shortList } from '../../collections.js';
import { type Diagnostic, note, UserError, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failureOf } from '../../machine/state/failures.js';
import { gather } from '../../prepare/gather.js';
import { findTemplateUnit, findUnit } from '../../prepare/load/find-unit.js';
import { fullName, serviceName } from '../../prepare/load/load-unit.js';
import { MAX_UNIT_SIZE } from '../../prepare/load/unit-files.js';
import type { MachineFacts } from '../../prepare/probe/target.js';
import { ownCommand, systemctl } from '../../systemd/command-lines.js';
import { ownDropInPaths } from '../../systemd/paths/own-files.js';
import { isTemplate, type UnitName } from '../../systemd/unit/name.js';
import { type NotChanged, type Pending, type PendingApply, planEach } from '../unit-result.js';
import { unplanned } from './in-force.js';
import type { ApplyOptions } from './plan.js';

/** A unit that a policy is to be applied to. */
export interface UnitToApply {
  readonly unit: string;
  /** How the unit was applied before, for what the command line leaves open. */
  readonly again?: Pick<ApplyOptions, 'permissive' | 'allowGaps'>;
}

/** Things that all units of one `apply` share. */
interface Planning {
  readonly options: ApplyOptions;
  /** Texts that diagnostics point into. */
  readonly sources: Map<string, string>;
  readonly machine: () => Promise<MachineFacts>;
}

export interface PlannedUnits {
  readonly units: readonly (NotChanged | Pending | PendingApply)[];
  /** Notes about all of them, from before they were planned. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Plans units for `apply` by the files that there are: where systemd has yet to read some, it reads them first. With
 * `check` it doesn't, and a unit of which that is so counts as one to be changed.
 */
export async function planUnits(
  context: Context,
  units: readonly UnitToApply[],
  planning: Planning,
): Promise<PlannedUnits> {
  const { check = false, reload = true } = planning.options;
  const plan = () =>
    planEach(units, ({ unit, again }) => {
      return planUnit(context, unit, { ...planning, options: { ...again, ...planning.options } });
    });
  const planned = await plan();
  const stale = planned.filter(isUnread);
  if (stale.length === 0 || !reload) return { units: planned, diagnostics: [] };
  if (check) {
    const all = planned.map((one) => (isUnread(one) ? reloadFirst(context, one) : one));
    return { units: all, diagnostics: [] };
  }
  const unreadable = await unreadableFiles(context, stale);
  const failures = unreadable.length > 0 ? unreadable : await failureOf(() => context.system.reload());
  if (failures.length > 0) return { units: planned, diagnostics: failures };
  const names = stale.map(({ unit }) => unit);
  const message = `systemd was reloaded, because the files of ${shortList(names)} had changed`;
  return { units: await plan(), diagnostics: [note('reload-due', message)] };
}

async function planUnit(
  context: Context,
  unit: string,
  { options, sources, machine }: Planning,
): Promise<NotChanged | PendingApply> {
  try {
    const gathered = await context.caller.during(`${unit}: reading its files`, () =>
      gather(context, unit, options, machine),
    );
    for (const [file, text] of gathered.policy.sources) sources.set(file, text);
    const { json, check, live, restart } = options;
    // A plan is shown, or decides what processes are given.
    const looked = json || check || live ? undefined : await unplanned(context, gathered, restart !== false);
    if (looked?.staying) return looked.staying;
    const { planApply } = await import('./plan.js');
    return await planApply(context, gathered, options, looked?.seen);
  } catch (cause) {
    if (!(cause instanceof UserError)) throw cause;
    for (const [file, text] of cause.sources) sources.set(file, text);
    const { exit, diagnostics } = cause;
    return { unit: fullName(unit), state: 'refused', changes: [], diagnostics, exit };
  }
}

/** Whether systemd has other files of a unit than there are. A file with an error stays so after a reload, too. */
const isUnread = ({ state, diagnostics }: NotChanged | PendingApply): boolean =>
  state === 'refused' && diagnostics.some(({ code, at }) => code === 'unit-changed' && at === undefined);

/** A unit that `apply` would have systemd read first. */
function reloadFirst({ placement: { scope } }: Context, { unit }: NotChanged | PendingApply): Pending {
  const message = `the files of ${unit} have changed since systemd read them: its plan can be made only after a reload`;
  const hint = `'${ownCommand(scope, 'apply', unit)}' reloads systemd first; '${systemctl(scope, 'daemon-reload')}' does only that`;
  const diagnostics = [warning('unit-changed', message, { hint })];
  return { unit, state: 'pending', changes: [], services: [], diagnostics };
}

/** Why files of units can't be read. A manager that reads a pipe would wait for ever. */
async function unreadableFiles(
  context: Context,
  stale: readonly (NotChanged | PendingApply)[],
): Promise<Diagnostic[]> {
  const found = stale.map(async ({ unit }) => {
    const names = await namesWithFiles(context, serviceName(unit));
    return Promise.all(names.map((name) => unreadableOf(context, name)));
  });
  return (await Promise.all(found)).flat(2);
}

/** A unit, and the instances of a template that have files of their own. */
const namesWithFiles = async (context: Context, name: UnitName): Promise<readonly UnitName[]> =>
  isTemplate(name) ? [name, ...(await findTemplateUnit(context, name)).instances] : [name];

async function unreadableOf(context: Context, name: UnitName): Promise<readonly Diagnostic[]> {
  const { fragment, dropIns } = await findUnit(context, name);
  const paths = [...(fragment === undefined ? [] : [fragment]), ...dropIns];
  return failureOf(async () => {
    for (const path of [...paths, ...ownDropInPaths(context.placement, name.full)])
      await context.system.read(path, { limit: MAX_UNIT_SIZE });
  });
}
