/** Diagnostics about directives in a unit's processes. */

import { shortList } from '../../collections.js';
import { codeOf, type Diagnostic, error, printable, type UserError, warning } from '../../diagnostic.js';
import type { ExpectedDirectives } from '../expected.js';
import { endsSurviving, namesOf } from '../kernel/more-permissive.js';
import type { CheckedDirective, ProcessFinding, Relation } from './finding.js';

/** The processes of a finding, in short. */
const whose = ({ processes }: ProcessFinding): string =>
  processes.length === 0 ? 'the control group' : namesOf(processes);

const ofRelation = (
  { findings }: CheckedDirective,
  relation: Relation,
  isLeftOver = false,
): ProcessFinding[] => findings.filter((one) => one.relation === relation && one.isLeftOver === isLeftOver);

const place = ({ at }: CheckedDirective) => (at ? { at } : {});

export const looserDirective = (held: CheckedDirective): Diagnostic[] =>
  ofRelation(held, 'looser').map((one) =>
    error('looser-directive', `${held.directive}= is not in force in ${whose(one)}: ${printable(one.seen)}`, {
      ...place(held),
      hint: 'it may be overridden by a line of the unit such as BindPaths=, by another directive of the policy or by a privileged helper; if the service is older than the policy or than a replaced path, restart it',
    }),
  );

export const survivingDirective = ({ plan }: ExpectedDirectives, held: CheckedDirective): Diagnostic[] =>
  ofRelation(held, 'looser', true).map((one) => {
    const message = `${held.directive}= is not in force in ${whose(one)}, running since before ${plan.unit} was started`;
    return error('left-over', message, { ...place(held), hint: endsSurviving(plan) });
  });

/**
 * The directive that closes what another leaves open: a mount that is only read can still be executed from, and one of /run
 * in its own place would show the host's files again below the folder where systemd lays out the service's.
 */
const closing = ({ directive }: CheckedDirective): string =>
  directive === 'NoExecPaths' ? `${directive}=` : 'BindReadOnlyPaths=, /run in ReadOnlyPaths=';

export const leavesOpen = (held: CheckedDirective): Diagnostic[] =>
  ofRelation(held, 'open').map((one) =>
    warning('leaves-open', `${held.directive}= does not cover everything: ${printable(one.seen)}`, {
      ...place(held),
      hint: `list that path, or paths below it, in ${closing(held)}, or in InaccessiblePaths= if the service needs nothing there; a restart covers what was mounted since the start`,
    }),
  );

export function unreadable({ plan }: ExpectedDirectives, cause: UserError): Diagnostic {
  const message = `cannot tell whether the directives are in force in all processes of ${plan.unit}: ${cause.message}`;
  const isLarge = codeOf(cause) === 'too-large';
  const hint = isLarge
    ? "'findmnt --task PID' lists the mounts of a process"
    : 'run it as root, and outside of any container';
  return error('processes-unreadable', message, { hint });
}

/**
 * An error about directives that no process shows to hold.
 * @param why the reason; without one it is that no process shows such a directive
 */
export function seenNowhere(
  { plan }: ExpectedDirectives,
  directives: readonly CheckedDirective[],
  why?: string,
): Diagnostic {
  const names = shortList(directives.map(({ directive }) => `${directive}=`));
  const reason = why === undefined ? 'no process shows that' : printable(why);
  return error('processes-unseen', `cannot verify ${names} of ${plan.unit}: ${reason}`, {
    ...place(directives[0]!),
    hint: 'systemd reports them as set; to test one, try what it forbids',
  });
}
