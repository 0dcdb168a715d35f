/** Writes the policies that recordings prove: to a file, or for standard output. */
import { shortList } from '../collections.js';
import { ownCommand } from '../command-lines.js';
import { type Diagnostic, EXIT, error, note, printable, UserError } from '../diagnostic.js';
import { ledgerDiagnostics } from '../evidence/ledger/doubts.js';
import { type ProvedPolicy, provedPolicy, writeToFile } from '../learn/write-policy.js';
import type { Outcome } from '../outcome.js';
import { textDiff } from '../report/diff.js';
import type { Context } from '../system/context.js';

export interface WriteOptions {
  /** A file; true: standard output. */
  readonly write?: string | boolean;
  readonly action?: string;
  /** Whether IP addresses are confined to those that were seen. */
  readonly addresses?: boolean;
}

/** Writes the policy of one unit. Exit 2 if recordings can't be read. */
export async function writeLearned(
  context: Context,
  units: readonly string[],
  { write, action, addresses }: WriteOptions,
): Promise<Outcome> {
  if (units.length !== 1) {
    const message = '--write writes the policy of one unit';
    throw new UserError(
      error('usage', message, { hint: 'learn --show UNIT --write for each' }),
      EXIT.failure,
    );
  }
  const path = typeof write === 'string' ? write : undefined;
  const proved = await provedPolicy(context, units[0]!, { action, addresses });
  const { unit, policy, ledger, diagnostics } = proved;
  const before = path === undefined ? undefined : await writeToFile(context, path, proved);
  const told = [
    ...diagnostics,
    ...ledgerDiagnostics(ledger),
    ...proved.notes,
    ...tiersOf(proved),
    ...next(context, unit, path),
  ];
  return {
    exit: diagnostics.length > 0 ? EXIT.failure : EXIT.ok,
    json: { unit, policy: policy.text, file: path ?? null, calls: policy.calls },
    text: path === undefined ? policy.text : before === undefined ? '' : textDiff(path, before, policy.text),
    diagnostics: told,
    sources: new Map(),
  };
}

/** A note about how many calls are in each tier. */
function tiersOf({ policy: { calls } }: ProvedPolicy): Diagnostic[] {
  const names = (tier: string) => calls.filter((one) => one.tier === tier).map(({ name }) => name);
  const refused = names('refuse');
  const dangerous = refused.length > 0 ? `; refused though reachable: ${shortList(refused, 5)}` : '';
  const counts = `${names('allow').length} calls are allowed, ${names('log').length} let through and recorded`;
  return [note('tiers', `${counts}, all others refused${dangerous}`)];
}

function next({ placement: { scope } }: Context, unit: string, path: string | undefined): Diagnostic[] {
  if (path === undefined) return [];
  const command = ownCommand(scope, 'apply --check --diff', unit);
  return [note('written', `${printable(path)} is written`, { hint: `read it, then '${command}'` })];
}
