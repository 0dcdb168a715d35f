/** Diagnostics about `[ready]` of a learned policy. */

import { shortList } from '../../../collections.js';
import { type Diagnostic, note, printable, warning } from '../../../diagnostic.js';
import type { LearnedReady, NoReady } from '../../../learn/profile/policy/ready.js';
import { counted } from '../../../learn/profile/policy/text/spans.js';
import type { ProvedPolicy } from '../../../learn/write-policy.js';
import type { Context } from '../../../machine/context.js';
import { ownCommand, systemctl } from '../../../systemd/command-lines.js';

/** The most calls that a message names. */
const MOST_NAMED = 12;

/** Notes and warnings about the calls that `[ready]` takes away, and what it lacks. */
export function readyNotes(context: Context, proved: ProvedPolicy): Diagnostic[] {
  const { scope } = context.placement;
  const { ready } = proved.policy;
  if (ready === undefined) return [];
  const again = `'${ownCommand(scope, 'learn --restart --exercise COMMAND --ready --write FILE', proved.unit)}' watches it again`;
  return 'why' in ready
    ? [noReady(ready, again)]
    : [
        ...lost(proved, ready),
        ...left(ready, again),
        ...reloads(context, proved, ready, again),
        ...noRespawn(proved, ready),
      ];
}

function noReady({ why, withoutReload, isUnseen }: NoReady, again: string): Diagnostic {
  const calls = `${counted(withoutReload.length, 'call')}: ${shortList(withoutReload, MOST_NAMED)}`;
  const hint =
    withoutReload.length > 0
      ? `with --no-reload the service loses ${calls}; it is then restarted instead of reloaded`
      : isUnseen
        ? again
        : 'another watch of this work would show no more: learn without --ready';
  return warning('ready-unknown', `the policy has no [ready]: ${why}`, { hint });
}

const lost = ({ unit }: ProvedPolicy, { deny }: LearnedReady): Diagnostic[] => [
  note(
    'ready',
    `once ${unit} serves it loses ${counted(deny.length, 'call')} of its start: ${shortList(deny.map(lostName), MOST_NAMED)}`,
  ),
];

const lostName = (call: string): string => (call === 'clone' ? 'clone (but for threads)' : call);

const left = ({ left: ofWork, leftToReload }: LearnedReady, again: string): Diagnostic[] => [
  ...(ofWork.length > 0
    ? [
        note(
          'ready-unknown',
          `less than a day and no exercise was watched: [ready] still allows ${shortList(ofWork, MOST_NAMED)}`,
          { hint: again },
        ),
      ]
    : []),
  ...(leftToReload.length > 0
    ? [
        note(
          'ready-unknown',
          `[ready] still allows calls that a reload with another configuration may need: ${shortList(leftToReload, MOST_NAMED)}`,
          { hint: '--no-reload refuses them; the service is then restarted instead of reloaded' },
        ),
      ]
    : []),
];

/** Warnings about reloads that nobody watched, and about those that come all the same. */
const reloads = (
  { placement: { scope } }: Context,
  { unit, rotation }: ProvedPolicy,
  { isReloadUnseen }: LearnedReady,
  again: string,
): Diagnostic[] => [
  ...(isReloadUnseen
    ? [
        warning('ready-reload', `no reload of ${unit} was watched: it may need a call that [ready] refuses`, {
          hint: `${again}; with --no-reload the service is restarted instead`,
        }),
      ]
    : []),
  ...(rotation
    ? [
        warning(
          'ready-reload',
          `${printable(rotation.file)} reloads the service by '${printable(rotation.command)}', and [ready] has no calls for a reload`,
          { hint: `use '${systemctl(scope, 'try-restart', unit)}' there instead` },
        ),
      ]
    : []),
];

/** The diagnostic about processes that can't be replaced; none where one process is all of the service. */
function noRespawn({ unit, processes }: ProvedPolicy, { startsNone, reload }: LearnedReady): Diagnostic[] {
  if (!startsNone || processes === 1) return [];
  const message =
    processes === 0
      ? `once ${unit} serves it starts no process: a worker that dies is not replaced`
      : `${unit} has ${processes} processes, and once it serves it starts none: one that dies is not replaced`;
  const hint =
    reload === false
      ? 'without --no-reload it keeps the calls of a reload, which start workers, too'
      : 'take fork, vfork, clone3 and the rule on clone out of [ready], and what a new process calls, as setuid';
  return [(processes === 0 ? note : warning)('indispensable', message, { hint })];
}
