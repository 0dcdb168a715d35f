import { error, UserError } from '../diagnostic.js';

/** Largest text of a policy, in bytes: policies are read whole into memory. */
export const MAX_POLICY_SIZE = 1 << 20;

/** Most tables, lists and single values in one policy file: ten times as many as there are system calls. */
export const MAX_POLICY_VALUES = 5000;

/** @throws UserError `policy-syntax` */
export function assertSize(bytes: number, file: string) {
  if (bytes > MAX_POLICY_SIZE) throw unreadable(file, `is larger than ${MAX_POLICY_SIZE} bytes`);
}

/**
 * Bounds the work that the checks of a policy may take.
 * @throws UserError `policy-syntax` for a file with more than MAX_POLICY_VALUES values
 */
export function assertFewValues(data: object, file: string) {
  const todo: unknown[] = [data];
  for (let count = 1; todo.length > 0; count++) {
    if (count > MAX_POLICY_VALUES) throw unreadable(file, `has more than ${MAX_POLICY_VALUES} values`);
    const value = todo.pop();
    if (typeof value === 'object' && value !== null)
      for (const inner of Object.values(value)) todo.push(inner);
  }
}

const unreadable = (file: string, what: string) =>
  new UserError(error('policy-syntax', `the file ${what}`, { at: { file, line: 1, column: 1 } }));

/**
 * Decodes a policy file.
 * @throws UserError `policy-syntax` where the bytes are not UTF-8, or too many
 */
export function decodePolicy(bytes: Uint8Array, file: string): string {
  assertSize(bytes.length, file);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable(file, 'is not UTF-8 text');
  }
}
