import { type Diagnostic, warning } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { failuresOf } from '../../machine/state/failures.js';
import { filesHash } from '../../machine/state/files-hash.js';
import { readOwnFiles } from '../../machine/state/own-files.js';
import type { Service } from '../../machine/state/service.js';
import { systemctl } from '../../systemd/command-lines.js';
import { type AppliedUnit, failuresOfEach, noting, type Transaction } from '../changed-unit.js';
import { againstInjecting, inject } from '../live/inject.js';
import type { LiveChange } from '../live/live-change.js';
import { keepInjection } from '../live/tighten-unit.js';
import type { StepResult } from '../runner.js';
import { onServices } from './restart.js';

/** Gives services the policy as they run. A service that goes down by that is restarted by the undo of a restart. */
export const tightenServices = (transaction: Transaction) =>
  onServices<AppliedUnit>(transaction, (one) => tightenNow(transaction, one));

async function tightenNow(
  { context, signals }: Transaction,
  { unit, failures }: StepResult<AppliedUnit>,
): Promise<StepResult<AppliedUnit>> {
  const { live } = unit;
  if (failures.length > 0 || unit.now.length === 0 || live === undefined) return { unit, failures };
  const files = filesHash(await readOwnFiles(context, unit.unit));
  const injected: string[] = [];
  const notes: Diagnostic[] = [];
  const found = await failuresOfEach(unit.now, async (name) => {
    signals.assertNone();
    const service = { name, state: await context.system.unit(name) };
    // No signal ends the wait: the program's end in the middle would be that of the processes.
    const said = await failuresOf(() =>
      giveAll(context, service, { ...live, files }, () => injected.push(name)),
    );
    notes.push(...said.filter(({ severity }) => severity !== 'error'));
    return said.filter(({ severity }) => severity === 'error');
  });
  const all = [...new Set([...unit.injected, ...injected])];
  return { unit: { ...noting(unit, notes), injected: all }, failures: found };
}

/**
 * Gives a service the filters, one after the other. Of several all are tried before the first is loaded.
 * @param given is called when its processes have one
 */
async function giveAll(
  context: Context,
  service: Service,
  { filters, files }: LiveChange & { readonly files: string },
  given: () => void,
): Promise<readonly Diagnostic[]> {
  const kept = (whole = {}) => keepInjection(context, service, { by: 'apply', deny: [], ...whole });
  const against = filters.length > 1 ? await againstInjecting(context, service, filters) : [];
  if (against.length > 0) return against;
  let loaded = 0;
  for (const filter of filters) {
    const { failures } = await inject(context, service, filter);
    if (failures.length > 0) return loaded === 0 ? failures : [...failures, ...(await kept())];
    loaded++;
    given();
  }
  return kept({ files });
}

/** Warnings about services that run on with filters of a change that is taken back. */
export async function keptFilters(
  { system, placement: { scope } }: Context,
  { injected, record }: AppliedUnit,
): Promise<readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const name of injected) {
    const { invocationId } = await system.unit(name);
    if (!record.runs.some((run) => run.unit === name && run.invocation === invocationId)) continue;
    const hint = `'${systemctl(scope, 'restart', name)}' removes it`;
    found.push(
      warning('keeps-filter', `${name} keeps running with the filter until it is restarted`, { hint }),
    );
  }
  return found;
}
