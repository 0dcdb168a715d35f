/** The recordings of a unit: the profile that they make, those of other hosts, and their end. */

import { type Diagnostic, EXIT, error, hasErrors, note, printable, UserError } from '../../../diagnostic.js';
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
import type { Outcome } from '../../../outcome.js';
import { ownCommand, shellWord } from '../../../systemd/command-lines.js';
import type { UnitName } from '../../../systemd/unit/name.js';
import { type Merged, mergedJson, mergedText } from '../../report/learn/merged.js';
import { profileText } from '../../report/learn/profile.js';
import { profileJson } from '../../report/learn/profile-json.js';
import { onlyUnit } from '../only-unit.js';

const outcome = (
  exit: number,
  json: Outcome['json'],
  text: string,
  diagnostics: readonly Diagnostic[] = [],
): Outcome => ({ exit, json, text, diagnostics, sources: new Map() });

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
    doubts: incompleteTables(profile),
  };
  const exit = hasErrors(diagnostics) ? EXIT.failure : EXIT.ok;
  const told = [...diagnostics, ...profileDiagnostics(profile), ...withoutFacts(unit)];
  return outcome(exit, profileJson(shown), profileText(shown, context.caller.theme), told);
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
  const isUnread = diagnostics.length > 0;
  return outcome(
    isUnread ? EXIT.failure : EXIT.findings,
    { unit: full },
    '',
    isUnread ? diagnostics : [none],
  );
}

/** Adds recordings to those of a unit: all of them, or none if one is wrong. Exit 1 then. */
export async function merge(context: Context, operands: readonly string[]): Promise<Outcome> {
  const files = operands.slice(0, -1);
  if (files.length === 0) {
    const hint = `'${ownCommand(context.placement.scope, 'learn --merge FILE', operands[0]!)}'`;
    throw new UserError(error('usage', 'a file or the unit is missing', { hint }), EXIT.failure);
  }
  const { name } = await learnedUnit(context, operands.at(-1)!);
  const read = await readAll(context, files, name);
  const diagnostics = read.flatMap((one) => one.diagnostics);
  if (diagnostics.length > 0) {
    const exit = Math.max(...read.map((one) => one.exit));
    return outcome(exit, { unit: name.full, merged: [] }, '', diagnostics);
  }
  const merged: Merged[] = [];
  for (const { file, recording } of read) {
    merged.push({ file, recording: recording!, ...(await keepRecording(context, recording!)) });
  }
  return outcome(EXIT.ok, mergedJson(name.full, merged), mergedText(merged));
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
    const hint = other('adds it to those');
    return [error('bad-file', `${printable(file)} is of ${unit}, not of ${name.full}`, { hint })];
  }
  if (scope === placement.scope) return [];
  const says = scope === 'user' ? "of a user's own manager" : "of the system's manager";
  return [error('bad-file', `${printable(file)} is of a unit ${says}`, { hint: other('adds it') })];
}

/** Removes all recordings of a unit. */
export async function forget(context: Context, operands: readonly string[]): Promise<Outcome> {
  const { name } = await learnedUnit(context, onlyUnit(operands));
  const forgotten = await forgetRecordings(context, name);
  const count = forgotten.length === 1 ? '1 recording' : `${forgotten.length} recordings`;
  const text = forgotten.length === 0 ? `${name.full}: no recordings\n` : `${name.full}: removed ${count}\n`;
  return outcome(EXIT.ok, { unit: name.full, forgotten }, text);
}
