/** Tells whether a unit's files are what its policy makes, by the hashes that they have of all that they were made of. */
import { type Diagnostic, hasErrors } from '../diagnostic.js';
import type { Context } from '../machine/context.js';
import { areAsMade } from '../machine/state/files-hash.js';
import { readOwnFiles } from '../machine/state/own-files.js';
import { type ExistingFile, isPending } from '../plan/emit/changes.js';
import { type DropInFacts, dropInFacts, headerOf } from '../plan/emit/drop-in-facts.js';
import { isMadeFor } from '../plan/emit/files.js';
import { overriddenIn } from '../plan/ineffective/by-later-drop-ins.js';
import { lacksAbility } from '../plan/service.js';
import { dropInPath } from '../systemd/paths/own-files.js';
import type { Target } from '../systemd/target/target.js';
import { VERSION } from '../version.js';
import type { Gathered } from './gather.js';
import { programChanges } from './load/installed-programs.js';
import { findProgram } from './probe/target.js';

/** The files of a unit, which are what its policy makes. */
export interface WrittenFiles {
  readonly files: readonly ExistingFile[];
  readonly facts: DropInFacts;
  readonly target: Target;
  readonly diagnostics: readonly Diagnostic[];
}

/** Undefined where something has changed since the files were made, so that only a plan tells what they should be. */
export async function asWritten(context: Context, gathered: Gathered): Promise<WrittenFiles | undefined> {
  const { unit, policy, machine, settings } = gathered;
  const files = await readOwnFiles(context, unit.name.full);
  const dropIn = files.find(({ path }) => path === dropInPath(context.placement, unit.name.full));
  if (!dropIn) return undefined;
  const { effective, hashes } = settings;
  const diagnostics = [
    ...[...policy.diagnostics, ...unit.diagnostics],
    ...[...machine.diagnostics, ...effective.diagnostics],
  ];
  const facts = dropInFacts(dropIn.content);
  const target = {
    ...machine.facts,
    ...(facts.tightened ? { injector: await findProgram(context, 'tighten') } : {}),
  };
  const isSame =
    isMadeOfSame(facts, dropIn, gathered) &&
    facts.policyHash === hashes.policyHash &&
    facts.unitHash === hashes.unitHash &&
    files.every(({ mode, untrusted }) => mode === 0o644 && !untrusted) &&
    areAsMade(facts, files) &&
    !hasErrors(diagnostics) &&
    overriddenIn(effective, dropIn).length === 0 &&
    // A kernel that was booted since may lack what they need.
    !lacksAbility(policy.policy, target) &&
    (await hasPrograms(context, facts, dropIn, target));
  return isSame ? { files, facts, target, diagnostics } : undefined;
}

/** Whether a drop-in was made by this program, for this systemd and with these options. */
const isMadeOfSame = (
  { policy, permissive, gaps, systemd }: DropInFacts,
  { content }: ExistingFile,
  { pathInHeader, options, machine }: Gathered,
): boolean =>
  headerOf(content).version === VERSION &&
  isMadeFor(systemd, machine.facts.version) &&
  policy === pathInHeader &&
  permissive === (options.permissive ?? false) &&
  gaps.length === 0;

/** Whether the programs that a drop-in names are those that would be named and installed now. */
async function hasPrograms(
  context: Context,
  { launched, tightened }: DropInFacts,
  { content }: ExistingFile,
  { machine, launcher, injector }: WrittenFiles['target'],
): Promise<boolean> {
  const paths = [...(launched ? [launcher] : []), ...(tightened ? [injector] : [])];
  const text = new TextDecoder().decode(content);
  const isNamed = paths.every((path) => text.includes(path));
  return isNamed && !isPending(await programChanges(context, machine, paths));
}
