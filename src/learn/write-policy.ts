/** The policy that a unit's recordings prove. */

import { shortList } from '../collections.js';
import { type Diagnostic, EXIT, error, note, printable, UserError } from '../diagnostic.js';
import type { Ledger } from '../evidence/ledger/ledger.js';
import { makeLedger } from '../evidence/ledger/make-ledger.js';
import type { PolicyOptions } from '../evidence/policy/input.js';
import { daemonOfScript } from '../evidence/policy/programs.js';
import { type WrittenPolicy, writePolicy } from '../evidence/policy/write-policy.js';
import type { Reachable } from '../evidence/reachable/reachable.js';
import { loadUnit } from '../prepare/load/load-unit.js';
import { surroundingsOf } from '../prepare/load/surroundings.js';
import { probeMachine } from '../prepare/probe/target.js';
import type { Context } from '../system/context.js';
import { type EffectiveUnit, effectiveUnit } from '../unit/effective.js';
import { execKeys } from '../unit/exec/keys.js';
import { HOST } from '../unit/view.js';
import { findReachable } from './reachable/find-reachable.js';
import { RootFiles } from './reachable/root-files.js';
import { storedRecordings } from './recordings/store.js';

export interface ProvedPolicy {
  readonly unit: string;
  readonly ledger: Ledger;
  readonly policy: WrittenPolicy;
  /** Errors about recordings that can't be read. */
  readonly diagnostics: readonly Diagnostic[];
  /** Notes about calls that can be reached. */
  readonly notes: readonly Diagnostic[];
}

/**
 * Writes the policy of a unit of this machine, from its recordings.
 * @param text the unit's name
 * @throws UserError `no-recording`, and as loadUnit() and probeMachine()
 */
export async function provedPolicy(
  context: Context,
  text: string,
  options: PolicyOptions,
): Promise<ProvedPolicy> {
  const { system } = context;
  const unit = await loadUnit(context, text);
  const { recordings, diagnostics } = await storedRecordings(context, unit.name);
  const { facts } = await probeMachine(context);
  const all = recordings
    .map(({ recording }) => recording)
    .filter(({ host }) => host.architecture === facts.machine);
  if (all.length === 0) throw noRecording(unit.name.full, diagnostics);
  const ledger = makeLedger(unit.name.full, all, facts.machine);
  const states = unit.services.map(({ state }) => state);
  const effective = effectiveUnit(unit.files, execKeys(facts.systemd));
  const reached = await reachedBy(context, ledger, effective);
  const policy = writePolicy({
    evidence: ledger,
    reachable: 'unknown' in reached ? 'unknown' : reached.calls,
    reachDoubt: reachDoubtOf(reached),
    effective,
    surroundings: await surroundingsOf({ system, unit: unit.name, states, sets: () => true }),
    target: { ...facts, programs: new Map() },
    options,
  });
  return { unit: unit.name.full, ledger, policy, diagnostics, notes: reachableNotes(reached) };
}

/** The calls that the confined programs of a unit can reach; of a start script only the daemon that it becomes is one. */
async function reachedBy({ system }: Context, ledger: Ledger, effective: EffectiveUnit): Promise<Reachable> {
  const daemon = daemonOfScript(ledger, effective);
  const root = effective.last('Service', 'RootDirectory')?.value ?? '';
  if (root !== '' && root !== '/') return { unknown: 'the service has a root of its own' };
  if (ledger.lost.leavers)
    return { unknown: 'processes have left its control group unwatched, as logins do' };
  const mapped = ledger.paths.filter(({ use }) => use === 'map-executable').map(({ path }) => path);
  const programs = daemon === undefined ? ledger.programs.map(({ path }) => path) : [daemon];
  return findReachable(new RootFiles(system, HOST), { programs, mapped });
}

/** The reason why calls may be reached that aren't known to be; undefined where there is none. */
function reachDoubtOf(reached: Reachable): string | undefined {
  if ('unknown' in reached) return reached.unknown;
  const { loaders } = reached;
  return loaders.length > 0 ? `${shortList(loaders, 3)} may load other files while running` : undefined;
}

function reachableNotes(reached: Reachable): Diagnostic[] {
  const doubt = reachDoubtOf(reached);
  if (doubt === undefined) return [];
  return 'unknown' in reached
    ? [note('reachable-unknown', `any call that was not seen may be reachable, and is recorded: ${doubt}`)]
    : [note('loads-others', `${doubt}: what these can do is not known`)];
}

const noRecording = (unit: string, diagnostics: readonly Diagnostic[]): UserError =>
  new UserError(
    diagnostics.length > 0
      ? diagnostics
      : error('no-recording', `there is no recording of ${unit} that counts here`, {
          hint: `'sandbox-unit learn ${unit}' makes one`,
        }),
    EXIT.failure,
  );

/** Begins the description of learned policies: a file with another one is somebody's own. */
const LEARNED = /^description = "[^"\n]*, learned from its work: /m;

/** The largest policy, in bytes. */
const MAX_POLICY = 1 << 20;

/**
 * Writes a learned policy to a file. One that isn't learned is left alone.
 * @returns the text that was there before; undefined if there was none
 * @throws UserError `policy-exists`, and where the file can't be written
 */
export async function writeToFile(
  { system }: Context,
  path: string,
  { policy }: ProvedPolicy,
): Promise<string | undefined> {
  const file = await system.read(path, { limit: MAX_POLICY });
  const before = file && new TextDecoder().decode(file.bytes);
  if (before !== undefined && !LEARNED.test(before)) {
    const hint = 'without a file --write prints the policy: write it beside that one, and compare';
    const message = `${printable(path)} is there, and isn't a learned policy`;
    throw new UserError(error('policy-exists', message, { hint }), EXIT.failure);
  }
  await system.replace(path, new TextEncoder().encode(policy.text), { mode: 0o644 });
  return before;
}
