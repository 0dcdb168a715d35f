import assert from 'node:assert/strict';
import { UserError } from '../../src/diagnostic.js';

/** The code, the message and the hint of a step that fails; nothing of one that doesn't. */
export async function failure(step: Promise<unknown>): Promise<readonly (string | undefined)[]> {
  try {
    await step;
  } catch (cause) {
    assert.ok(cause instanceof UserError, String(cause));
    const { code, message, hint } = cause.diagnostics[0]!;
    return [code, message, hint];
  }
  return [];
}
