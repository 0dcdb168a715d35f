import type { Plan } from '../plan/plan.js';
import type { System, UnitProperties } from '../system/system.js';

/** What it finds is in its log: on its standard error, without escape codes, whatever the caller's environment says. */
const LOG = ['SYSTEMD_LOG_TARGET=console', 'SYSTEMD_LOG_LEVEL=info', 'SYSTEMD_LOG_COLOR=0'];

/** How long that may take, in milliseconds: a path may be on a server that doesn't answer. */
const TIMEOUT = 10_000;

/** As the bus has it: with the result when it was last looked at. */
type Condition = readonly [
  name: string,
  trigger: boolean,
  negate: boolean,
  parameter: string,
  result: number,
];

/**
 * What keeps a unit from being started again: a line of `Condition…=` or `Assert…=` that doesn't hold now, as
 * systemd-analyze(1) evaluates it. Undefined where all hold, or that can't be told.
 */
export async function unmetCondition(
  system: System,
  scope: Plan['target']['scope'],
  properties: UnitProperties,
): Promise<string | undefined> {
  const expressions = ['Conditions', 'Asserts'].flatMap((name) =>
    expressionsOf((properties.get(name) ?? []) as readonly Condition[]),
  );
  if (expressions.length === 0) return undefined;
  const user = scope === 'user' ? ['--user'] : [];
  const argv = ['env', ...LOG, 'systemd-analyze', ...user, 'condition', ...expressions];
  const { status, stderr } = await system.run(argv, { timeout: TIMEOUT });
  if (status !== 1) return undefined;
  // Each list is looked at up to what decides, asserts first.
  const [decided = ''] = stderr.split(/^Asserts failed\.$/m);
  return [...decided.matchAll(/^test\.service: (.+) failed\.$/gm)].at(-1)?.[1];
}

/** Lines to be evaluated, with the parameters as the manager has expanded them. */
function expressionsOf(conditions: readonly Condition[]): string[] {
  // One of those with '|' is enough: without one of them nothing can be said of the others.
  const isOpen = conditions.some((one) => one[1] && isOfManager(one));
  return conditions
    .filter((one) => !isOfManager(one) && !(one[1] && isOpen))
    .map(([name, trigger, negate, parameter]) => {
      const marks = `${trigger ? '|' : ''}${negate ? '!' : ''}`;
      return `${name}=${marks}${parameter.replaceAll('%', '%%')}`;
    });
}

/** The manager's own environment and credentials are none that others can see. */
const isOfManager = ([name]: Condition): boolean => /(?:Environment|Credential)$/.test(name);
