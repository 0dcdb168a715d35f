/** The recordings of a unit: the profile that they make, those of other hosts, and their end. */

import {
  type Diagnostic,
  EXIT,
  error,
  failure,
  hasErrors,
  note,
  printable,
  UserError,
} from '../../../diagnostic.js';
import { checklist } from '../../../learn/profile/checklist.js';
import { estimate } from '../../../learn/profile/estimate.js';
import { incompleteTables, profileDiagnostics } from '../../../learn/profile/incomplete-tables.js';
import { makeProfile, profileMachine } from '../../../learn/profile/make-profile.js';
import { type LearnedUnit, learnedUnit } from '../../../learn/unit-facts.js';
import type { Context } from '../../../machine/context.js';
import type { Recording } from '../../../observe/recording/recording.js';
import {
  countsFor,
  forgetRecordings,
  keepRecording,
  readRecording,
  storedRecordings,
} from '../../../observe/recordings/store.js';
import { type Outcome, printed } from '../../../outcome.js';
import { ownCommand, shellWord } from '../../../systemd/command-lines.js';
import type { UnitName } from '../../../systemd/unit/name.js';
import { type Merged, mergedJson, mergedText } from '../../report/learn/merged.js';
import { profileText } from '../../report/learn/profile.js';
import { profileJson } from '../../report/learn/profile-json.js';
import { onlyUnit } from '../usage.js';

/** Shows the profile of a unit. Exit 1 if there are no recordings, 2 if one can't be read. */
export async function show(context: Context, operands: readonly string[]): Promise<Outcome> {
  const unit = await learnedUnit(context, onlyUnit(operands));
  const { recordings, diagnostics } = await storedRecordings(context, unit.name);
  const all = recordings.map(({ recording }) => recording);
  const machine = profileMachine(all, context.machine);
  if (machine === undefined) return nothingRecorded(context, unit.name, diagnostics);
  const profile = makeProfile(unit.name.full, all, machine);
  const shown = {
    profile,
    estimate: estimate(profile, all),
    checklist: checklist(profile, unit.facts),
    incomplete: incompleteTables(profile),
  };
  const exit = hasErrors(diagnostics) ? EXIT.failure : EXIT.ok;
  const told = [...diagnostics, ...profileDiagnostics(profile), ...withoutFacts(unit)];
  return { ...printed(profileText(shown, context.caller.theme), profileJson(shown), told), exit };
}

const withoutFacts = ({ facts, why }: LearnedUnit): Diagnostic[] =>
  facts ? [] : [note('unreadable', `${why}: its commands aren't on the checklist`)];

function nothingRecorded(
  { placement }: Context,
  { full }: UnitName,
  diagnostics: readonly Diagnostic[],
): Outcome {
  const [watch, merge] = ['learn', 'learn --merge FILE'].map((words) =>
    ownCommand(placement.scope, words, full),
  );
  const hint = `'${watch}' makes one, '${merge}' adds one from another host`;
  const none = error('no-recording', `there is no recording of ${full}`, { hint });
  return diagnostics.length > 0
    ? { ...printed('', { unit: full }, diagnostics), exit: EXIT.failure }
    : { ...printed('', { unit: full }, [none]), exit: EXIT.findings };
}

/** Adds recordings to those of a unit: all of them, or none if one is wrong. Exit 1 then. */
export async function merge(context: Context, operands: readonly string[]): Promise<Outcome> {
  const files = operands.slice(0, -1);
  if (files.length === 0) {
    const hint = `'${ownCommand(context.placement.scope, 'learn --merge FILE', operands[0]!)}'`;
    throw failure('usage', 'a file or the unit is missing', { hint });
  }
  const { name } = await learnedUnit(context, operands.at(-1)!);
  const read = await readAll(context, files, name);
  const diagnostics = read.flatMap((one) => one.diagnostics);
  if (diagnostics.length > 0) {
    const exit = Math.max(...read.map((one) => one.exit));
    return { ...printed('', { unit: name.full, merged: [] }, diagnostics), exit };
  }
  const merged: Merged[] = [];
  for (const { file, recording } of read) {
    merged.push({ file, recording: recording!, ...(await keepRecording(context, recording!)) });
  }
  return printed(mergedText(merged), mergedJson(name.full, merged));
}

interface Read {
  readonly file: string;
  readonly exit: number;
  readonly recording?: Recording;
  readonly diagnostics: readonly Diagnostic[];
}

async function readAll(context: Context, files: readonly string[], unit: UnitName): Promise<Read[]> {
  const read: Read[] = [];
  for (const file of files) {
    try {
      const recording = await readRecording(context, file);
      const diagnostics = misplaced(context, file, recording, unit);
      read.push({ file, recording, diagnostics, exit: diagnostics.length > 0 ? EXIT.findings : EXIT.ok });
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
      read.push({ file, diagnostics: cause.diagnostics, exit: cause.exit });
    }
  }
  return read;
}

/** The error about a recording of another unit, or of another kind of manager. */
function misplaced(
  { placement }: Context,
  file: string,
  { unit, scope }: Recording,
  name: UnitName,
): Diagnostic[] {
  const other = (scopes: string) =>
    `'${ownCommand(scope, `learn --merge ${shellWord(file)}`, unit)}' ${scopes}`;
  if (!countsFor(unit, name)) {
    const hint = other('adds it');
    return [error('bad-file', `${printable(file)} is a recording of ${unit}, not of ${name.full}`, { hint })];
  }
  if (scope === placement.scope) return [];
  const says = scope === 'user' ? 'of a user manager' : 'of the system manager';
  return [
    error('bad-file', `${printable(file)} is a recording of a unit ${says}`, { hint: other('adds it') }),
  ];
}

/** Removes all recordings of a unit. */
export async function forget(context: Context, operands: readonly string[]): Promise<Outcome> {
  const { name } = await learnedUnit(context, onlyUnit(operands));
  const forgotten = await forgetRecordings(context, name);
  const count = forgotten.length === 1 ? '1 recording' : `${forgotten.length} recordings`;
  const text = forgotten.length === 0 ? `${name.full}: no recordings\n` : `${name.full}: removed ${count}\n`;
  return printed(text, { unit: name.full, forgotten });
}
