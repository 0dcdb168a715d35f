/** Capabilities that files of a unit's programs give, and that a policy takes from these programs. */

import { type Diagnostic, error, printable, warning } from '../diagnostic.js';
import { capabilitySet } from '../directives/kinds/names/capabilities.js';
import { runsAsRoot } from '../directives/kinds/names/user.js';
import { EXEC_KEYS } from '../unit/exec/keys.js';
import type { ExecCommand } from '../unit/exec/line.js';
import type { UnitValues } from '../unit/values.js';
import { type Calls, createTakersOf, type OnUnit } from './doorways/lock-outs.js';
import { ownValues } from './unit-values.js';

/**
 * An error where the kernel would not execute a program, since its file gives it a capability that the policy's bounding
 * set lacks; a warning where no_new_privs makes the file's capabilities ineffective (capabilities(7)).
 * @param values the planned values of all directives
 */
export function lostFileCapabilities(request: OnUnit, values: UnitValues, calls: Calls): Diagnostic[] {
  const commands = EXEC_KEYS.flatMap((key) => request.effective.execCommands(key)).filter(
    ({ prefixes, path }) => !prefixes.includes('+') && request.target.commands?.get(path.value)?.gives,
  );
  const once = [...new Map(commands.map((command) => [command.path.value, command])).values()];
  return once.flatMap((command) => {
    const refused = refusedCommand(request, values, command);
    return refused.length > 0 ? refused : withoutGain(request, values, { calls, command });
  });
}

const BOUNDING = 'CapabilityBoundingSet';

function refusedCommand(
  { policy, effective, target }: OnUnit,
  values: UnitValues,
  command: ExecCommand,
): Diagnostic[] {
  const { names, effective: atStart } = target.commands!.get(command.path.value)!.gives!;
  const lackedIn = (unit: UnitValues) => {
    const bounding = capabilitySet(unit.get(BOUNDING) ?? [], true);
    return names.filter((name) => !bounding.has(name));
  };
  const lacked = lackedIn(values);
  if (!atStart || lacked.length === 0 || lackedIn(ownValues(effective)).length > 0) return [];
  const severe = command.prefixes.includes('-') ? warning : error;
  const path = printable(command.path.value, 80);
  const message = `${path} can't be executed: its file gives it ${lacked.join(', ')}, which ${BOUNDING}= takes`;
  const at = policy.service.find(({ name }) => name === BOUNDING)?.at ?? command.at;
  const hint = `leave ${lacked.join(', ')} in ${BOUNDING}, or take it from the file: setcap -r ${path}`;
  return [severe('unreachable-program', message, { at, hint })];
}

function withoutGain(
  request: OnUnit,
  values: UnitValues,
  { calls, command }: { readonly calls: Calls; readonly command: ExecCommand },
): Diagnostic[] {
  if (runsAsRoot({ unit: values })) return [];
  const { names } = request.target.commands!.get(command.path.value)!.gives!;
  const ambient = capabilitySet(values.get('AmbientCapabilities') ?? [], false);
  const lost = names.filter((name) => !ambient.has(name));
  const [line] = lost.length > 0 ? createTakersOf(request, calls)('gain') : [];
  if (!line) return [];
  const message = `${printable(command.path.value, 80)} gets no ${lost.join(', ')} from its file: '${line.subject}' makes that ineffective`;
  const hint = `AmbientCapabilities = [${lost.map((name) => `"${name}"`).join(', ')}] with loosen = ["AmbientCapabilities"] gives it all the same`;
  return [warning('capabilities-lost', message, { at: line.at, hint })];
}
