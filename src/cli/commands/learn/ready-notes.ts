/** Diagnostics about `[ready]` of a learned policy. */

import { shortList } from '../../../collections.js';
import { type Diagnostic, note, printable, warning } from '../../../diagnostic.js';
import type { LearnedReady, NoReady } from '../../../learn/profile/policy/ready.js';
import { counted } from '../../../learn/profile/policy/text/spans.js';
import type { ProvedPolicy } from '../../../learn/write-policy.js';
import type { Context } from '../../../machine/context.js';
import { ownCommand, systemctl } from '../../../systemd/command-lines.js';

/** The most calls that a message names. */
const MOST_CALLS = 12;

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
  const calls = `${counted(withoutReload.length, 'call')}: ${shortList(withoutReload, MOST_CALLS)}`;
  const hint =
    withoutReload.length > 0
      ? `with --no-reload, [ready] refuses ${calls}; the service is then restarted instead of reloaded`
      : isUnseen
        ? again
        : 'watching the same work again will not help: learn without --ready';
  return warning('ready-unknown', `the policy has no [ready]: ${why}`, { hint });
}

const lost = ({ unit }: ProvedPolicy, { deny }: LearnedReady): Diagnostic[] => [
  note(
    'ready',
    `[ready] refuses ${counted(deny.length, 'call')} that only the start of ${unit} makes: ${shortList(deny.map(lostName), MOST_CALLS)}`,
  ),
];

const lostName = (call: string): string => (call === 'clone' ? 'clone (except for threads)' : call);

const left = ({ left: ofWork, leftToReload }: LearnedReady, again: string): Diagnostic[] => [
  ...(ofWork.length > 0
    ? [
        note(
          'ready-unknown',
          `the watch was shorter than a day and had no exercise: [ready] still allows ${shortList(ofWork, MOST_CALLS)}`,
          { hint: again },
        ),
      ]
    : []),
  ...(leftToReload.length > 0
    ? [
        note(
          'ready-unknown',
          `[ready] still allows calls that a reload with another configuration may need: ${shortList(leftToReload, MOST_CALLS)}`,
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
        warning(
          'ready-reload',
          `no reload of ${unit} was watched: a reload may need a call that [ready] refuses`,
          {
            hint: `${again}; with --no-reload the service is restarted instead`,
          },
        ),
      ]
    : []),
  ...(rotation
    ? [
        warning(
          'ready-reload',
          `${printable(rotation.file)} reloads the service with '${printable(rotation.command)}', but [ready] refuses calls of a reload`,
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
      ? `[ready] lets ${unit} start no process: a worker that dies is not replaced`
      : `[ready] lets ${unit} start no process: if one of its ${processes} processes dies, it is not replaced`;
  const hint =
    reload === false
      ? 'without --no-reload it keeps the calls of a reload, which can also start workers'
      : 'remove fork, vfork, clone3, the rule on clone, and calls of new processes such as setuid from [ready]';
  return [(processes === 0 ? note : warning)('indispensable', message, { hint })];
}
