/** Writes the policies that recordings prove: to a file, or for standard output. */

import { shortList } from '../../../collections.js';
import { type Diagnostic, EXIT, note, printable, warning } from '../../../diagnostic.js';
import { profileDiagnostics } from '../../../learn/profile/incomplete-tables.js';
import { dangerousSeen } from '../../../learn/profile/policy/calls/tiers.js';
import { type ProvedPolicy, provedPolicy, writeToFile } from '../../../learn/write-policy.js';
import type { Context } from '../../../machine/context.js';
import type { Outcome } from '../../../outcome.js';
import { bundledSets } from '../../../seccomp/syscalls/sets.js';
import { ownCommand, shellWord } from '../../../systemd/command-lines.js';
import { painted, textDiff } from '../../report/diff.js';
import { onlyUnit } from '../usage.js';
import { readyNotes } from './ready-notes.js';
import { earlyWarning, waitingNote } from './waiting-notes.js';

export interface WritePolicyOptions {
  /** A file; true: standard output. */
  readonly write?: string | boolean;
  readonly action?: string;
  /** Whether IP addresses are confined to those that were seen. */
  readonly addresses?: boolean;
  /** Whether lines of `[service]` are stated that wait for more than was seen. */
  readonly now?: boolean;
  /** Whether the policy has `[ready]`. */
  readonly ready?: boolean;
  /** False with --no-reload: `[ready]` takes the reload away. */
  readonly reload?: boolean;
}

/** The file that is to be written; undefined for standard output. */
export const fileOf = ({ write }: WritePolicyOptions): string | undefined =>
  typeof write === 'string' ? write : undefined;

/** Writes the policy of one unit. */
export async function writeLearned(
  context: Context,
  units: readonly string[],
  options: WritePolicyOptions,
): Promise<Outcome> {
  const path = fileOf(options);
  const { action, addresses, now } = options;
  const ready = options.ready ? { reload: options.reload ?? true } : undefined;
  const proved = await provedPolicy(context, onlyUnit(units), { action, addresses, now, ready });
  const { unit, policy, profile } = proved;
  const before = path === undefined ? undefined : await writeToFile(context, path, proved);
  const told = [
    ...profileDiagnostics(profile),
    ...proved.notes,
    ...tiersOf(proved),
    ...dangersOf(context, proved),
    ...openRun(proved),
    ...waitingNote(context, {
      unit,
      waiting: policy.directives.waiting.map(({ name }) => name),
      awaited: proved.awaited,
    }),
    ...(now ? earlyWarning(proved.awaited, policy.directives.proved.length) : []),
    ...readyNotes(context, proved),
    ...next(context, unit, path),
  ];
  return {
    exit: EXIT.ok,
    json: {
      ...{ unit, text: policy.text, file: path ?? null, tiers: policy.calls },
      ...(policy.ready && 'deny' in policy.ready ? { ready: policy.ready.deny } : {}),
    },
    text:
      path === undefined
        ? policy.text
        : before === undefined
          ? ''
          : painted(textDiff(path, before, policy.text), context.caller.theme),
    diagnostics: told,
    sources: new Map(),
  };
}

/** A note about how many calls are in each tier. */
function tiersOf({ policy: { calls } }: ProvedPolicy): Diagnostic[] {
  const names = (tier: string) => calls.filter((one) => one.tier === tier).map(({ name }) => name);
  const refused = names('refuse');
  const dangerous =
    refused.length > 0 ? `; refused although the program can reach them: ${shortList(refused, 5)}` : '';
  const counts = `${names('allow').length} calls are allowed, ${names('log').length} are allowed and logged`;
  return [note('tiers', `${counts}, all others are refused${dangerous}`)];
}

/** A warning about calls that are allowed, and that an attacker wants first: the service may not need what it tried. */
function dangersOf(
  { placement: { scope } }: Context,
  { unit, policy: { calls, script } }: ProvedPolicy,
): Diagnostic[] {
  const seen = dangerousSeen(calls, bundledSets());
  if (seen.length === 0) return [];
  const message = `the policy allows calls that are most useful to attackers, because they were seen: ${shortList(seen, 12)}`;
  const shown = `'${ownCommand(scope, 'learn --show', unit)}' shows when, and by which program`;
  const kept = script && `${printable(script.daemon)} keeps the calls of its start script: ${script.why}`;
  const hint = [kept, shown].filter(Boolean).join('; ');
  return [warning('opens', message, { hint })];
}

function openRun({ policy: { directives }, unit }: ProvedPolicy): Diagnostic[] {
  if (directives.openRun === undefined) return [];
  const message = `${unit} may write anywhere in /run, where other programs of root look for programs to start: ${printable(directives.openRun)}`;
  const hint =
    'set RuntimeDirectory= in a drop-in, have the service write to that folder, then watch it again';
  return [warning('opens', message, { hint })];
}

function next({ placement: { scope } }: Context, unit: string, path: string | undefined): Diagnostic[] {
  if (path === undefined) return [];
  const isFound = path.endsWith(`/sandbox-unit/${unit}.toml`);
  const named = isFound ? '' : ` --policy ${shellWord(path)}`;
  const command = ownCommand(scope, `apply --check --diff${named}`, unit);
  return [note('written', `${printable(path)} was written`, { hint: `review it, then run '${command}'` })];
}
