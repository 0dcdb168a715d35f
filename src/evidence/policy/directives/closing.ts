import type { Facts } from './facts.js';

/** Calls that a directive closes, capabilities that it takes, and places that it closes to any use or to changes. */
export interface Closing {
  readonly calls?: readonly string[];
  readonly capabilities?: readonly string[];
  readonly hidden?: readonly string[];
  readonly unchanged?: readonly string[];
  /** A further reason. */
  readonly also?: (facts: Facts) => string | undefined;
}

/** The first thing that a directive would close; undefined if the service needs none of it. */
export function needed(facts: Facts, closing: Closing): string | undefined {
  const { calls = [], capabilities = [], hidden = [], unchanged = [] } = closing;
  const call = facts.made(...calls);
  if (call !== undefined) return `${call} was called`;
  const capability = capabilities.find((name) => facts.granted(name) !== undefined);
  if (capability !== undefined) return `${capability} was used`;
  const [used] = facts.below(...hidden);
  if (used) return `${used.path} was used`;
  const [changed] = facts.changedBelow(...unchanged);
  return changed ? `${changed.path} was changed` : closing.also?.(facts);
}
