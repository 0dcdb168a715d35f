/** Sees whether files that are as they shall be are in force: they may be overridden, bypassed, or younger than the service. */

import type { Diagnostic } from '../../diagnostic.js';
import type { Context } from '../../machine/context.js';
import { appliedRunsOf, runsAsBefore } from '../../machine/state/applied-runs.js';
import { failedService } from '../../machine/state/failed-service.js';
import type { Service } from '../../machine/state/service.js';
import { asWritten, type WrittenFiles } from '../../prepare/as-written.js';
import type { Gathered } from '../../prepare/gather.js';
import type { Prepared } from '../../prepare/prepare.js';
import { untrustedStarts } from '../../prepare/untrusted-launch.js';
import { systemctl } from '../../systemd/command-lines.js';
import { mainByFiles } from '../../verify/expected.js';
import { type ExpectedMain, notConfined } from '../../verify/kernel/confinement.js';
import { notInForce } from '../../verify/manager/in-force.js';
import { preflight } from '../restart/preflight.js';
import type { NotChanged } from '../unit-result.js';

/** A unit's files, and what its services shall have of them. */
interface ExpectedFiles
  extends Pick<Prepared, 'unit' | 'files' | 'appliedRuns'>,
    Pick<WrittenFiles, 'target'> {
  readonly main: ExpectedMain;
  /** Whether its policy refuses calls. */
  readonly refuses: boolean;
}

/** Differences of a unit whose files are as they shall be; where systemd has other lines only those. */
export interface UnitDifferences {
  /** Errors about what systemd has otherwise. */
  readonly otherwise: readonly Diagnostic[];
  /** Errors about services that were started with these files, and lack their filter. */
  readonly open: readonly Diagnostic[];
  /** How services have failed. */
  readonly failed: readonly Diagnostic[];
  /** Services that run without these files. */
  readonly due: readonly Service[];
}

export async function seenInForce(context: Context, expected: ExpectedFiles): Promise<UnitDifferences> {
  const { unit, main, target, appliedRuns, refuses } = expected;
  const otherwise = notInForce(context, { ...expected, plan: { unit: main.unit, target } }, unit);
  const seen = { otherwise, open: [] as Diagnostic[], failed: [] as Diagnostic[], due: [] as Service[] };
  for (const service of otherwise.length > 0 ? [] : unit.services) {
    const { name, state } = service;
    seen.failed.push(...failedService(service, { scope: target.scope, appliedRuns, refuses }));
    if (await runsAsBefore(context, appliedRuns, service)) seen.due.push(service);
    else {
      const open = await notConfined(context.system, { ...main, unit: name }, state);
      seen.open.push(...open.map((one) => withRestart(context, name, one)));
    }
  }
  return seen;
}

/** Adds the restart as the way out of a missing filter: the service was started before its files were there. */
const withRestart = ({ placement }: Context, unit: string, open: Diagnostic): Diagnostic => ({
  ...open,
  hint: open.hint ?? systemctl(placement.scope, 'restart', unit),
});

/** A unit whose files are as its policy makes them. */
interface Unplanned {
  readonly seen: UnitDifferences;
  /** Set where only that is to be said of it; else a plan tells what has to be done and said. */
  readonly staying: NotChanged | undefined;
}

/**
 * Looks at a unit without a plan; undefined where its files may have to change.
 * @param restart false where a service would be left as it runs
 */
export async function unplanned(
  context: Context,
  gathered: Gathered,
  restart: boolean,
): Promise<Unplanned | undefined> {
  const { name, services } = gathered.unit;
  const written = services.length > 0 ? await asWritten(context, gathered) : undefined;
  if (!written || written.facts.permissive) return undefined;
  const { files, facts, target, diagnostics } = written;
  const appliedRuns = appliedRunsOf(name.full, files);
  const { syscalls, ready } = gathered.policy.policy;
  const main = mainByFiles(name.full, facts, files);
  const expected = {
    ...gathered,
    files,
    appliedRuns,
    main,
    target,
    refuses: (syscalls ?? ready) !== undefined,
  };
  const seen = await seenInForce(context, expected);
  const said = [
    ...[...seen.otherwise, ...seen.open, ...seen.failed],
    ...(await preflight(context, { ...expected, changes: [] }, { restart })),
    ...(await untrustedStarts(context, expected, target)),
  ];
  if (said.length > 0 || seen.due.length > 0) return { seen, staying: undefined };
  return { seen, staying: { unit: name.full, state: 'unchanged', changes: [], diagnostics, services } };
}
