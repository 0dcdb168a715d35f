import { groupBy, toBase64 } from '../../collections.js';
import type { Diagnostic } from '../../diagnostic.js';
import { RUN_MANUAL } from '../../machine/state/run-units.js';
import type { Plan, PlannedDirective } from '../../plan/plan.js';
import type { BusCommand } from '../../systemd/directives/kinds/commands/command.js';
import { findTransient } from '../../systemd/directives/rows/transient.js';
import { directiveProperties, settingProperties } from '../../systemd/directives/transient.js';
import { literalWord, type UnitProperty } from '../../systemd/unit/unit-property.js';
import type { TransientCommand } from './unit.js';

/** A unit that is to be made by StartTransientUnit. */
export interface TransientRequest {
  readonly description: string;
  /** The command line's own directives; those of the plan come after them. */
  readonly own: readonly PlannedDirective[];
  readonly plan: Plan;
  readonly command: TransientCommand;
  /** The bytes of the filter file, if the launcher is used. */
  readonly filter: Uint8Array | undefined;
  /** The folders in which the launcher looks for a program without a path; empty for its default ones. */
  readonly searchPath: readonly string[];
  /** `NAME=VALUE`. */
  readonly environment: readonly string[];
  /** Whether the unit is unloaded when it has ended, even if it failed. */
  readonly collect: boolean;
}

/** The properties of a transient unit, in their order, or diagnostics about values that properties can't have. */
export function transientProperties(
  request: TransientRequest,
): { readonly properties: readonly UnitProperty[] } | readonly Diagnostic[] {
  const { own, plan, description, environment, collect } = request;
  const wrapped = new Map(plan.commands.map(({ key, lines }) => [key, lines]));
  const written = [...groupBy([...own, ...plan.directives], ({ name }) => name)].map(([name, entries]) => {
    const properties = propertiesOf(
      name,
      wrapped.get(name) ?? entries.flatMap(({ values }) => values),
      plan.target.systemd,
    );
    return wrapped.has(name) ? withFilter(properties, request) : properties;
  });
  const problems = written.filter((one): one is Diagnostic => 'severity' in one);
  if (problems.length > 0) return problems;
  return {
    properties: [
      { name: 'Description', signature: 's', value: description },
      { name: 'Documentation', signature: 'as', value: [RUN_MANUAL] },
      ...(collect ? [{ name: 'CollectMode', signature: 's', value: 'inactive-or-failed' }] : []),
      ...(written as (readonly UnitProperty[])[]).flat(),
      ...(environment.length > 0 ? [{ name: 'Environment', signature: 'as', value: environment }] : []),
      commandProperty(request),
    ],
  };
}

function propertiesOf(
  name: string,
  values: readonly string[],
  systemd: number,
): readonly UnitProperty[] | Diagnostic {
  const written = settingProperties(name, values);
  if (written) return written;
  const row = findTransient(name);
  if (!row) throw new Error(`no property is known for ${name}=`);
  return directiveProperties(row, values, systemd);
}

/**
 * The properties of wrapped commands, with the filter in an argument of each launcher: the plan names no filter file.
 */
function withFilter(
  properties: readonly UnitProperty[] | Diagnostic,
  { filter }: TransientRequest,
): readonly UnitProperty[] | Diagnostic {
  if ('severity' in properties || filter === undefined) return properties;
  return properties.map((property) => ({
    ...property,
    value: (property.value as readonly BusCommand[]).map(([path, [launcher = path, ...rest], flags]) => [
      path,
      [launcher, `--filter-base64=${toBase64(filter)}`, ...rest],
      flags,
    ]),
  }));
}

/** ExecStart=: the command, or the launcher in front of it with the filter in an argument. */
function commandProperty({ command, plan, filter, searchPath }: TransientRequest): UnitProperty {
  const { program, args, expand } = command;
  // The manager expands variables in arguments, but not in the path of the program.
  const literal = (word: string) => (expand ? literalWord(word) : word);
  const { launcher } = plan.target;
  const behind = filter && [
    launcher,
    `--filter-base64=${toBase64(filter)}`,
    ...(searchPath.length > 0 ? [literal(`--search-path=${searchPath.join(':')}`)] : []),
    '--',
    literal(program),
  ];
  const argv = [...(behind ?? [literal(program)]), ...args];
  const flags = expand ? [] : ['no-env-expand'];
  return {
    name: 'ExecStartEx',
    signature: 'a(sasas)',
    value: [[behind ? launcher : program, argv, flags]],
  };
}
