/** Errors about processes that are more permissive than the policy. */

import { groupBy, shortList } from '../../collections.js';
import { type Diagnostic, error, printable } from '../../diagnostic.js';
import { systemctl } from '../../systemd/command-lines.js';
import type { ExpectedDirectives } from '../expected.js';
import { EVERY_CALL, type NamedCalls } from './name-calls.js';
import type { ThreadGroup } from './thread-group.js';

/** The most calls that one error names; the report has them all. */
const MOST_CALLS = 20;

/** Some processes, in short. */
export function namesOf(processes: readonly { readonly pid: number; readonly name: string }[]): string {
  const [first] = processes;
  const name = printable(first?.name || 'an exited process');
  return `${name} (${first?.pid})${processes.length > 1 ? ' and others' : ''}`;
}

/** The commands that end processes which a unit's stop leaves running. */
export const endsSurviving = ({
  unit,
  target: { scope },
}: Pick<ExpectedDirectives['plan'], 'unit' | 'target'>) =>
  `'${['stop', 'kill', 'start'].map((verb) => systemctl(scope, verb, unit)).join('; ')}' ends them`;

/** Errors about processes in which calls get a more permissive answer than the policy's. */
export function morePermissive(group: ThreadGroup): Diagnostic[] {
  const { heldTo } = group;
  const who = namesOf(group.processes);
  return group.differences.map(({ abi, calls, expected, got, someArguments }) => {
    const some = someArguments ? ' for some arguments' : '';
    const than = heldTo === 'systemd' ? "systemd's part of the policy" : 'the policy';
    const message = `${than} is not fully enforced in ${who}: ${shortList(calls, MOST_CALLS)} (${abi}) gets '${got}'${some}, not '${expected}'`;
    return error('looser', message, {
      hint: 'restart the service; processes that are started without the launcher lack its filter',
    });
  });
}

/**
 * Errors about a unit whose files or whose run are known not to be as planned. The main process is looser because of
 * that, and so are others in the same calls: this is one error. Further calls have another cause, and errors of their
 * own.
 * @param main 0 if there is no main process: then the first looser process stands for it
 */
export function morePermissiveSince(groups: readonly ThreadGroup[], main: number): Diagnostic[] {
  const loose = groups.filter((group) => !group.leftOver && group.differences.length > 0);
  const isMains = ({ processes }: ThreadGroup) => processes.some(({ pid }) => pid === main);
  const first = main === 0 ? loose[0] : loose.find(isMains);
  if (!first) return loose.flatMap(morePermissive);
  const others = loose.filter((group) => group !== first);
  const besides = others.map((group) => ({ ...group, differences: without(group.differences, first) }));
  const isMore = others.some((group, i) => countOf(besides[i]!) < countOf(group));
  return [summary(first, isMore), ...besides.flatMap(morePermissive)];
}

const countOf = (group: ThreadGroup): number => group.differences.flatMap(({ calls }) => calls).length;

function summary(first: ThreadGroup, isMore: boolean): Diagnostic {
  const byAbi = groupBy(first.differences, ({ abi }) => abi);
  const calls = [...byAbi].map(([abi, some]) => {
    const names = [...new Set(some.flatMap((one) => one.calls))];
    return `${shortList(names, MOST_CALLS)} (${abi})`;
  });
  const who = `${namesOf(first.processes)}${isMore && first.processes.length === 1 ? ' and others' : ''}`;
  return error('looser', `so the policy is not fully enforced in ${who}: ${calls.join(', ')}`);
}

/** Differences without the calls that another group is looser in, too. */
function without(differences: readonly NamedCalls[], first: ThreadGroup): NamedCalls[] {
  const isKnown = (abi: string, call: string) =>
    first.differences.some(
      (one) => one.abi === abi && (one.calls.includes(call) || one.calls.includes(EVERY_CALL)),
    );
  return differences
    .map((one) => ({ ...one, calls: one.calls.filter((call) => !isKnown(one.abi, call)) }))
    .filter(({ calls }) => calls.length > 0);
}
