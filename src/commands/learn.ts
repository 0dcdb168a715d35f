import { EXIT, error, UserError } from '../diagnostic.js';
import type { Outcome } from '../outcome.js';
import type { Context } from '../system/context.js';
import { forget, merge, show } from './recordings.js';

export interface LearnOptions {
  readonly show?: boolean;
  readonly merge?: boolean;
  readonly forget?: boolean;
}

/** Actions by the option that asks for them. */
const ACTIONS = { show, merge, forget } satisfies Record<keyof LearnOptions, unknown>;

/**
 * Learns from a service at work, by its recordings.
 * @throws UserError `usage` where not one action is asked for
 */
export async function learn(context: Context, operands: string[], options: LearnOptions): Promise<Outcome> {
  const asked = (Object.keys(ACTIONS) as (keyof LearnOptions)[]).filter((name) => options[name]);
  const [name] = asked;
  if (name !== undefined && asked.length === 1) return ACTIONS[name](context, operands);
  const message =
    name === undefined ? 'an option that says what to do is missing' : 'two options ask for different things';
  const all = Object.keys(ACTIONS).map((one) => `--${one}`);
  throw new UserError(error('usage', message, { hint: `one of ${all.join(', ')}` }), EXIT.failure);
}
