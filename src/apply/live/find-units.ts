/** Units whose processes are to be given a filter, whether a policy confines them or not. */

import { EXIT, error, UserError } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { type Service, stateOf } from '../../machine/state/service.js';
import { noUnit } from '../../prepare/load/load-unit.js';
import { systemctl } from '../../systemd/command-lines.js';
import { isTemplate, parseUnitName, type UnitName } from '../../systemd/unit/name.js';

/** Types of units that have processes of their own. */
const WITH_PROCESSES: readonly string[] = ['service', 'scope'];

/** The scope of the service manager itself, whose filter all that it starts would inherit. */
const MANAGER = 'init.scope';

const cant = (message: string, hint?: string) =>
  new UserError(error('not-tightened', message, { hint }), EXIT.failure);

/**
 * A service or a scope that runs, by a name or an alias.
 * @throws UserError `invalid-unit-name`, `no-unit`, `not-running`, `unit-template`, and `not-tightened` for other types
 */
export async function runningUnit(context: Context, text: string): Promise<Service> {
  const { system, placement } = context;
  const name = parseUnitName(text);
  if ('severity' in name) throw new UserError(name, EXIT.failure);
  if (!WITH_PROCESSES.includes(name.type)) throw wrongType(name);
  if (isTemplate(name)) throw await namesInstance(context, name);
  const state = await stateOf(system, name.full);
  if (state.loadState === 'not-found') {
    if (name.type === 'service') throw await noUnit(context, name);
    throw new UserError(error('no-unit', `there is no unit ${name.full}`), EXIT.failure);
  }
  const full = state.id || name.full;
  if (full === MANAGER)
    throw cant(`${MANAGER} is the service manager itself: everything that it starts would get the filter`);
  if (['', '/'].includes(state.controlGroup)) {
    const hint =
      name.type === 'service' ? `'${systemctl(placement.scope, 'status', full)}' shows why` : undefined;
    throw new UserError(error('not-running', `${full} isn't running: it has no process`, { hint }));
  }
  return { name: full, state };
}

const wrongType = ({ full, type }: UnitName): UserError =>
  cant(
    `'${full}' can't be tightened: a ${type} has no processes of its own`,
    type === 'slice'
      ? "name its units: 'systemd-cgls' lists them"
      : 'only services and scopes can be tightened',
  );

async function namesInstance({ system }: Context, name: UnitName): Promise<UserError> {
  const instances = name.type === 'service' ? await system.instances(name) : [];
  const hint = `name an instance: ${instances[0] ?? name.full.replace('@.', '@NAME.')}`;
  const message = `${name.full} is a template, and doesn't run itself`;
  return new UserError(error('unit-template', message, { hint }), EXIT.failure);
}
