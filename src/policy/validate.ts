import { type Diagnostic, didYouMean, error, firstOf } from '../diagnostic.js';
import { parseTimeSpan } from '../systemd/time-span.js';
import { type Keys, POLICY, type Shape } from './schema.js';
import type { KeyPath, TomlDocument } from './toml.js';

export const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/**
 * Whether a TOML value is a whole number. A float without a fraction passes, since the parser returns the same number
 * for it.
 */
export const isInteger = (value: unknown): value is number | bigint =>
  typeof value === 'bigint' || (typeof value === 'number' && Number.isSafeInteger(value));

/** Errors about unknown keys, missing keys and values of the wrong type. */
export const validateShape = (document: TomlDocument): Diagnostic[] =>
  firstOf(checkTable(document, [], document.data, POLICY));

type DiagnosticStream = Generator<Diagnostic, void>;

/** @param open whether other keys are fine, too */
function* checkTable(
  document: TomlDocument,
  path: KeyPath,
  table: unknown,
  keys: Keys,
  open = false,
): DiagnosticStream {
  if (!isTable(table)) {
    yield wrongType(document, path, 'a table');
    return;
  }
  for (const key of Object.keys(table)) {
    const at = [...path, key];
    if (Object.hasOwn(keys, key)) yield* checkValue(document, at, table[key], keys[key]!.shape);
    else if (!open) {
      const hint =
        didYouMean(key, Object.keys(keys)) ?? elsewhere(key) ?? `one of ${Object.keys(keys).join(', ')}`;
      yield error('unknown-key', `unknown key '${key}'`, { at: document.keyAt(at), hint });
    }
  }
  for (const [key, { required }] of Object.entries(keys)) {
    if (!required || Object.hasOwn(table, key)) continue;
    yield error('policy-value', `the key '${key}' is missing`, { at: document.keyAt(path) });
  }
}

/** A hint that names the right sections for a key in the wrong table. */
function elsewhere(key: string): string | undefined {
  const sections = Object.entries(POLICY)
    .filter(([, { shape }]) => shape.type === 'table' && Object.hasOwn(shape.keys, key))
    .map(([section]) => `[${section}]`);
  if (sections.length > 0) return `'${key}' belongs in ${sections.join(' or ')}`;
  return /^[A-Z]/.test(key) ? 'directives belong in [service]' : undefined;
}

const wrongType = (document: TomlDocument, path: KeyPath, wanted: string) => {
  const what = typeof path.at(-1) === 'number' ? `an entry of '${nameOf(path)}'` : `'${nameOf(path)}'`;
  return error('policy-value', `${what} must be ${wanted}`, { at: document.valueAt(path) });
};

const nameOf = (path: KeyPath) => path.filter((step) => typeof step === 'string').join('.') || 'the policy';

function* checkValue(document: TomlDocument, path: KeyPath, value: unknown, shape: Shape): DiagnosticStream {
  switch (shape.type) {
    case 'table':
      return yield* checkTable(document, path, value, shape.keys);
    case 'directives':
      return yield* checkTable(document, path, value, shape.keys, true);
    case 'list':
      return yield* checkList(document, path, value, shape);
    case 'probes':
      return yield* checkProbes(document, path, value);
    case 'choice':
      if (typeof value === 'string' && !shape.values.includes(value)) {
        const hint = didYouMean(value, shape.values) ?? `one of ${shape.values.join(', ')}`;
        yield error('policy-value', `unknown value '${value}' of '${nameOf(path)}'`, {
          at: document.valueAt(path),
          hint,
        });
        return;
      }
  }
  const wanted = mismatch(value, shape);
  if (wanted) yield wrongType(document, path, wanted);
}

function* checkList(
  document: TomlDocument,
  path: KeyPath,
  value: unknown,
  shape: Shape & { type: 'list' },
): DiagnosticStream {
  if (!Array.isArray(value)) {
    const hint = typeof value === 'string' ? ', in brackets' : '';
    yield wrongType(document, path, `a list${hint}`);
    return;
  }
  if (value.length < (shape.minimum ?? 0)) yield wrongType(document, path, 'a list that is not empty');
  for (const [i, one] of value.entries()) yield* checkValue(document, [...path, i], one, shape.of);
}

const WORDS: Shape = { type: 'list', of: { type: 'string' }, minimum: 1 };

function* checkProbes(document: TomlDocument, path: KeyPath, value: unknown): DiagnosticStream {
  if (typeof value === 'string') return;
  if (!Array.isArray(value)) yield wrongType(document, path, 'a text or a list');
  else if (value.length === 0) yield wrongType(document, path, 'a list that is not empty');
  else
    for (const [i, one] of value.entries()) {
      const shape: Shape = Array.isArray(one) ? WORDS : { type: 'string' };
      yield* checkValue(document, [...path, i], one, shape);
    }
}

/** The wanted type in words where a scalar doesn't have it; undefined where it does. */
function mismatch(value: unknown, shape: Shape): string | undefined {
  switch (shape.type) {
    case 'string':
    case 'choice':
      return typeof value === 'string' ? undefined : 'a string';
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'true or false';
    case 'number':
      return shape.values.includes(value as number) ? undefined : `one of ${shape.values.join(', ')}`;
    case 'action':
      return typeof value === 'string' || isInteger(value) ? undefined : 'an action: a string or an errno';
    case 'operand':
      return typeof value === 'string' || isInteger(value) ? undefined : "a number or a constant's name";
    case 'span':
      return typeof value === 'string' && isWithin(parseTimeSpan(value), shape.most)
        ? undefined
        : `a time span such as "3s", at most ${shape.most ?? 'an hour'}`;
    default:
      return undefined;
  }
}

const isWithin = (milliseconds: number | undefined, most: 'a minute' | undefined): boolean =>
  milliseconds !== undefined && (most === undefined || milliseconds <= 60_000);
