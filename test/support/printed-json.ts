/** What `--json` prints, held against the schemas of schemas/. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { askedBy } from '../../src/cli/command-line/asked.js';
import { VERBS } from '../../src/cli/commands/verbs.js';
import { type Outcome, shown } from '../../src/outcome.js';
import { type Schema, schemaErrors } from './json-schema.js';
import { inRepository } from './repository.js';

/** The names of all schemas, sorted. */
export const schemaNames = (): string[] =>
  readdirSync(inRepository('schemas'))
    .map((file) => file.replace(/\.json$/, ''))
    .sort();

/** A part of a schema's file, by its JSON pointer, with what it refers to in its place. */
export function schemaPart(file: string, pointer = ''): Schema {
  const text = readFileSync(inRepository('schemas', file), 'utf8');
  const steps = pointer.split('/').slice(1);
  const part = steps.reduce(
    (at, step) => at[step] ?? assert.fail(`${file} has no ${pointer}`),
    JSON.parse(text),
  );
  return JSON.parse(JSON.stringify(part), (_, value) => {
    if (typeof value?.$ref !== 'string') return value;
    const { $ref, ...rest } = value;
    const [other, inner] = ($ref as string).split('#');
    return { ...schemaPart(other || file, inner), ...rest };
  });
}

/** The names of verbs as schemas have them. */
const VERB_NAMES = VERBS.flatMap((verb) =>
  'verbs' in verb ? verb.verbs.map(({ name }) => `${verb.name}-${name}`) : [verb.name],
);
/** The schemas of outputs. `facts` prints lines of a form of their own, and `watch` text. */
export const KINDS = [
  ...VERB_NAMES.filter((name) => name !== 'facts' && name !== 'watch'),
  ...['generate-hosts', 'learn-show', 'summary'],
].sort();

const schemas = new Map<string, Schema>();

/** Fails where a value isn't as a schema says. */
export function assertOf(name: string, value: unknown): void {
  const schema = schemas.get(name) ?? schemaPart(`${name}.json`);
  schemas.set(name, schema);
  const errors = schemaErrors(schema, value);
  assert.deepEqual(errors, [], `not as ${name}.json says: ${JSON.stringify(value)}`);
}

/** Fails where a command line has printed JSON that isn't as its schema says. */
export function assertPrinted(words: readonly string[], stdout: string): void {
  const [verb = '', second] = words;
  const { json, jsonForm } = askedBy(words);
  const isShow = words.includes('--show') && !words.includes('--write');
  const variant = isShow ? 'show' : words.includes('--hosts') ? 'hosts' : second;
  const kind = KINDS.find((one) => one === `${verb}-${variant}`) ?? verb;
  if (!json || !stdout.startsWith('{') || !KINDS.includes(kind)) return;
  assertOf(jsonForm === 'summary' ? jsonForm : kind, JSON.parse(stdout));
}

/** An outcome as `--json` prints it. */
export const printed = (outcome: Outcome) => JSON.parse(shown(outcome, { json: true }).output);

/** Holds outputs against their schema. Returns the keys that none of them has: `units[].diff`. */
export function assertKeys(name: string, outputs: readonly unknown[]): string[] {
  for (const one of outputs) assertOf(name, one);
  return lacking(schemaPart(`${name}.json`), outputs).filter((key) => !COMMON.test(key));
}

/** Keys of diagnostics, and of plans that ask more of a machine: test/cli/command-line/ and test/cli/commands/facts.test.ts have them. */
const COMMON = /^(?:questions|words)$|\b(?:diagnostics|reasons)\[\]\.|^units\[\]\.plan\./;

function lacking({ items, properties = {} }: Schema, values: readonly unknown[], path = ''): string[] {
  if (items) return lacking(items, values.filter(Array.isArray).flat(), `${path}[]`);
  return Object.entries(properties).flatMap(([key, inner]) => {
    const found = values.flatMap((value) => (Object.hasOwn(value ?? {}, key) ? [(value as never)[key]] : []));
    const at = path === '' ? key : `${path}.${key}`;
    return found.length === 0 ? [at] : lacking(inner, found, at);
  });
}
