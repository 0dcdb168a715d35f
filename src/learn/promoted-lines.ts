/** Lines of a learned policy that wait until more was seen, and those of them that recordings prove by now. */

import type { Context } from '../machine/context.js';
import type { TextEdit } from '../policy/edit.js';
import type { Policy } from '../policy/policy.js';
import { elements, type NewLines, serviceEdits } from '../policy/service-lines.js';
import type { TomlValue } from '../policy/toml-text.js';
import { WAITING, waitingLines } from '../policy/waiting-lines.js';
import type { Prepared } from '../prepare/prepare.js';
import type { Awaited } from './profile/checklist.js';
import { WAITING as CAN_WAIT } from './profile/policy/directives/directives.js';
import { isException, withPartner } from './profile/policy/directives/kept.js';
import { startPreLines } from './profile/policy/text/policy-text.js';
import { type ProvedPolicy, provedPolicy } from './write-policy.js';

/** A line that waits, and isn't stated. */
export interface LeftLine {
  readonly name: string;
  /** Without a period at its end. */
  readonly reason: string;
}

export interface PromotedLines {
  readonly stated: NewLines;
  readonly left: readonly LeftLine[];
  /** Names of lines that wait on. */
  readonly waiting: readonly string[];
  readonly awaited: readonly Awaited[];
  /** The number of commands that are added to those before the start. */
  readonly beforehand: number;
  readonly edits: readonly TextEdit[];
}

/**
 * Looks at the lines whose comments still stand in a policy's own file. All recordings of the unit count.
 * @param now whether lines are stated though more was to be seen
 * @returns undefined where none waits
 * @throws UserError as provedPolicy()
 */
export async function promotedLines(
  context: Context,
  { plan, policy: { policy, sources } }: Prepared,
  now: boolean,
): Promise<PromotedLines | undefined> {
  const text = sources.get(plan.policyFile)!;
  const names = new Set(waitingLines(text).map(({ name }) => name));
  if (names.size === 0) return undefined;
  const isWanted = (name: string) =>
    names.has(name) || (isException(name) && names.has(withPartner(name)[0]!));
  const omitted = new Set(CAN_WAIT.filter((name) => !isWanted(name)));
  const proved = await provedPolicy(context, plan.unit, { now, omitted });
  const unseen = now ? [] : proved.awaited.filter(({ seen }) => !seen);
  const waits = {
    stated: new Map(),
    left: [],
    waiting: [...names],
    awaited: proved.awaited,
    beforehand: 0,
    edits: [],
  };
  return unseen.length > 0 ? waits : linesOf({ policy, text }, proved, { names, isWanted });
}

function linesOf(
  { policy, text }: { readonly policy: Policy; readonly text: string },
  { policy: { directives }, awaited }: ProvedPolicy,
  { names, isWanted }: { readonly names: ReadonlySet<string>; readonly isWanted: (name: string) => boolean },
): PromotedLines {
  const hasExec = policy.startPre.length > 0 || /^[ \t]*\[[ \t]*exec[ \t]*\]/m.test(text);
  const needsExec = directives.beforehand.length > 0;
  // Commands of the policy's own stay as they are: files in /run can't be made before the start.
  const blocked = new Set(needsExec && hasExec ? withPartner('ProtectSystem') : []);
  const proved = directives.proved.filter(({ name }) => isWanted(name) && !blocked.has(name));
  const stated = new Map(
    proved.map(({ name, value, why }) => [name, { value: withOwn(policy, name, value), why }]),
  );
  const isAdded = needsExec && stated.has('ProtectSystem');
  const reasonOf = (name: string) =>
    blocked.has(name)
      ? 'the service writes to files in /run, and [exec] is there already'
      : (directives.unproved.find((one) => one.name === name)?.reason ??
        'the unit has it, or it would refuse nothing');
  return {
    stated,
    left: [...names].filter((name) => !stated.has(name)).map((name) => ({ name, reason: reasonOf(name) })),
    waiting: [],
    awaited,
    beforehand: isAdded ? directives.beforehand.length : 0,
    edits: [
      ...serviceEdits(policy, stated),
      { kind: 'cut', like: WITH_GAP },
      ...(isAdded
        ? [{ kind: 'insert', text: startPreLines(directives).join('\n'), before: undefined } as const]
        : []),
    ],
  };
}

/** The comment with the empty line above it. */
const WITH_GAP = new RegExp(WAITING.source.replace('^', '^\\n?'), 'm');

/** Exceptions of the policy's own stay, as `explain --write` made them. */
function withOwn(policy: Policy, name: string, value: TomlValue): TomlValue {
  const own = policy.service.find((one) => one.name === name);
  if (!own || !isException(name)) return value;
  return [...new Set([...elements({ value }), ...elements(own)])];
}
