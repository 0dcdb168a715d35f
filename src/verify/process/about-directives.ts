/** Diagnostics about directives in a unit's processes. */

import { shortList } from '../../collections.js';
import { codeOf, type Diagnostic, error, printable, type UserError, warning } from '../../diagnostic.js';
import { systemctl } from '../../systemd/command-lines.js';
import type { ExpectedDirectives } from '../expected.js';
import type { HeldDirective, HeldFinding, Relation } from './finding.js';

/** The processes of a finding, in short. */
function whose({ processes }: HeldFinding): string {
  const [first] = processes;
  if (!first) return 'the control group';
  return `${printable(first.name)} (${first.pid})${processes.length > 1 ? ' and others' : ''}`;
}

const ofRelation = ({ findings }: HeldDirective, relation: Relation, isLeftOver = false): HeldFinding[] =>
  findings.filter((one) => one.relation === relation && one.isLeftOver === isLeftOver);

const place = ({ at }: HeldDirective) => (at ? { at } : {});

export const looserDirective = (held: HeldDirective): Diagnostic[] =>
  ofRelation(held, 'looser').map((one) =>
    error('looser-directive', `${held.directive}= doesn't hold in ${whose(one)}: ${printable(one.seen)}`, {
      ...place(held),
      hint: 'look for what overrides it: a line of the unit such as BindPaths=, another directive of the policy, or a privileged helper; restart a service that was started before the policy, or before a path was replaced',
    }),
  );

export const survivingDirective = ({ plan }: ExpectedDirectives, held: HeldDirective): Diagnostic[] =>
  ofRelation(held, 'looser', true).map((one) => {
    const message = `${held.directive}= doesn't hold in ${whose(one)}, left over from before ${plan.unit} was started`;
    const commands = ['stop', 'kill', 'start'].map((verb) => systemctl(plan.target.scope, verb, plan.unit));
    return error('left-over', message, { ...place(held), hint: `'${commands.join('; ')}' ends it` });
  });

/**
 * The directive that closes what another leaves open: a mount that is only read can still be executed from, and one of /run
 * in its own place would show the host's files again below the folder where systemd lays out the service's.
 */
const closing = ({ directive }: HeldDirective): string =>
  directive === 'NoExecPaths' ? `${directive}=` : 'BindReadOnlyPaths=, /run in ReadOnlyPaths=';

export const leavesOpen = (held: HeldDirective): Diagnostic[] =>
  ofRelation(held, 'open').map((one) =>
    warning('leaves-open', `${held.directive}= leaves a part open: ${printable(one.seen)}`, {
      ...place(held),
      hint: `name that path, or those below it, in ${closing(held)}, or in InaccessiblePaths= if nothing there is needed; a restart closes what was mounted since the start`,
    }),
  );

export function unreadable({ plan }: ExpectedDirectives, cause: UserError): Diagnostic {
  const message = `cannot tell whether the directives hold in all processes of ${plan.unit}: ${cause.message}`;
  const isLarge = codeOf(cause) === 'too-large';
  const hint = isLarge
    ? "'findmnt --task PID' lists the mounts of a process"
    : 'run it as root, and outside of any container';
  return error('processes-unreadable', message, { hint });
}

const MOST_NAMED = 5;

/**
 * An error about directives that no process shows to hold.
 * @param why the reason; without one it is that no process shows such a directive
 */
export function seenNowhere(
  { plan }: ExpectedDirectives,
  directives: readonly HeldDirective[],
  why?: string,
): Diagnostic {
  const names = shortList(
    directives.map(({ directive }) => `${directive}=`),
    MOST_NAMED,
  );
  const reason = why === undefined ? 'no process shows it' : printable(why);
  return error('processes-unseen', `${names} of ${plan.unit} can't be seen to hold: ${reason}`, {
    ...place(directives[0]!),
    hint: 'only systemd reports that it does; try what it forbids',
  });
}
