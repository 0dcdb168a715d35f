import { type Diagnostic, error } from '../diagnostic.js';
import type { Plan, PlannedCommands } from '../plan/plan.js';
import { abisOf } from '../syscalls/abi.js';
import { numbersOf } from '../syscalls/numbers.js';
import type { UnitProperties } from '../system/system.js';

/** One command as ExecStartEx and its like have it: path, arguments, flags, then times and results. */
type BusCommand = readonly [
  path: string,
  argv: readonly string[],
  flags: readonly string[],
  ...rest: unknown[],
];

/**
 * Holds what the manager has loaded against the plan: systemd ignores what it doesn't understand with no more than a
 * warning, so being written isn't being in force.
 */
export function readBack(plan: Plan, dropIn: string, properties: UnitProperties): Diagnostic[] {
  const loaded = properties.get('LoadState');
  if (loaded !== 'loaded') return [error('not-loaded', `systemd can't load ${plan.unit} now: ${loaded}`)];
  if (!(properties.get('DropInPaths') as string[]).includes(dropIn)) {
    return [error('not-loaded', `systemd doesn't read ${dropIn}`)];
  }
  return [
    ...plan.commands.flatMap((commands) => commandsBack(plan, commands, properties)),
    ...filterBack(plan, properties),
  ];
}

function commandsBack(
  plan: Plan,
  { key, wrapped }: PlannedCommands,
  properties: UnitProperties,
): Diagnostic[] {
  const commands = (properties.get(`${key}Ex`) ?? []) as BusCommand[];
  const behind = commands.filter(([path]) => path === plan.target.launcher).length;
  if (behind === wrapped) return [];
  const hint = 'does another drop-in set it after ours?';
  return [
    error('not-in-force', `${key}= has ${behind} commands behind the launcher, not ${wrapped}`, { hint }),
  ];
}

/** The calls in SystemCallFilter= as loaded, compared with those meant; only calls of the native table can be told. */
function filterBack(plan: Plan, properties: UnitProperties): Diagnostic[] {
  const filter = plan.systemCalls;
  if (!filter) return [];
  const native = numbersOf(abisOf(plan.target.machine)[0]!);
  const [allows, entries] = properties.get('SystemCallFilter') as [boolean, string[]];
  const got = new Set(entries.map((entry) => entry.replace(/:.*$/, '')));
  const wanted = new Set(
    filter.mode === 'allow' ? [...filter.passing, ...filter.refused.keys()] : filter.refused.keys(),
  );
  if (allows !== (filter.mode === 'allow') && got.size + wanted.size > 0) {
    return [error('not-in-force', `SystemCallFilter= is ${allows ? 'an allow' : 'a deny'} list in systemd`)];
  }
  const missing = [...wanted].filter((call) => native.has(call) && !got.has(call));
  const extra = [...got].filter((call) => native.has(call) && !wanted.has(call));
  // Its libseccomp may be older than its sets. What an allow list lacks is refused, and what the launcher refuses is too.
  const open = allows || plan.filter ? [] : missing;
  return [
    ...(open.length > 0
      ? [differs("systemd doesn't refuse, since its libseccomp doesn't know them", open)]
      : []),
    ...(extra.length > 0 ? [differs(`SystemCallFilter= also ${allows ? 'allows' : 'refuses'}`, extra)] : []),
  ];
}

const differs = (what: string, calls: readonly string[]) =>
  error('not-in-force', `${what}: ${calls.slice(0, 10).join(', ')}${calls.length > 10 ? ', …' : ''}`, {
    hint: 'enforcer = "launcher" leaves nothing to systemd',
  });
