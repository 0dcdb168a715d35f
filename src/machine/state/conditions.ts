import type { Scope } from '../../systemd/unit/search.js';
import type { System } from '../system.js';
import type { UnitCondition, UnitState } from '../unit-state.js';

/**
 * The environment for systemd-analyze: its findings are in its log, on standard error and without escape codes,
 * whatever the caller's environment says.
 */
const LOG = ['SYSTEMD_LOG_TARGET=console', 'SYSTEMD_LOG_LEVEL=info', 'SYSTEMD_LOG_COLOR=0'];

/** The most time for systemd-analyze, in milliseconds: a path may be on a server that doesn't answer. */
const TIMEOUT = 10_000;

/**
 * The line of `Condition…=` or `Assert…=` that keeps a unit from being started again: it isn't met, as
 * systemd-analyze(1) evaluates it. Undefined if all are met, or if that is unknown.
 */
export async function unmetCondition(
  system: System,
  scope: Scope,
  state: UnitState,
): Promise<string | undefined> {
  const expressions = [state.conditions, state.asserts].flatMap(expressionsOf);
  if (expressions.length === 0) return undefined;
  const user = scope === 'user' ? ['--user'] : [];
  const argv = ['env', ...LOG, 'systemd-analyze', ...user, 'condition', ...expressions];
  const { status, stderr } = await system.run(argv, { timeout: TIMEOUT });
  if (status !== 1) return undefined;
  // systemd-analyze looks at each list up to the line that decides, asserts first.
  const [decided = ''] = stderr.split(/^Asserts failed\.$/m);
  return [...decided.matchAll(/^test\.service: (.+) failed\.$/gm)].at(-1)?.[1];
}

/** The lines to be evaluated, with the parameters as the manager has expanded them. */
function expressionsOf(conditions: readonly UnitCondition[]): string[] {
  // One line with '|' that holds is enough: if one of them can't be evaluated, the others decide nothing.
  const isOpen = conditions.some((one) => one.trigger && isOfManager(one));
  return conditions
    .filter((one) => !isOfManager(one) && !(one.trigger && isOpen))
    .map(({ name, trigger, negate, parameter }) => {
      const marks = `${trigger ? '|' : ''}${negate ? '!' : ''}`;
      return `${name}=${marks}${parameter.replaceAll('%', '%%')}`;
    });
}

/** Whether a condition is about the manager's own environment or credentials, which others can't see. */
const isOfManager = ({ name }: UnitCondition): boolean => /(?:Environment|Credential)$/.test(name);
