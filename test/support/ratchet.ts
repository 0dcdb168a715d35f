/**
 * The weight of the code, which may only fall. `test/ratchet.json` has the limits, and why commits have raised some.
 *
 *     UPDATE_GOLDEN=1 npm test -- architecture booted/readme
 *     RAISE='learn sees timers' UPDATE_GOLDEN=1 npm test -- architecture booted/readme
 *
 * The first lowers limits to what there is. The second also raises those that are too low, for this reason.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { inRepository } from './repository.js';

/** Numbers by what they count: `{ "src/plan": 6545 }`. */
export type Weights = Readonly<Record<string, number>>;

/** Lines of rooms, imports from one room to another, and functions that command lines enter. */
export type Kind = 'lines' | 'imports' | 'functions';

/** A commit that has raised limits: its reason, and each limit as `src/plan: 6545 → 6580`. */
interface Raise {
  readonly why: string;
  readonly limits: readonly string[];
}

export type Ratchet = Readonly<Record<Kind, Weights>> & { readonly raised: readonly Raise[] };

/** A limit may be above the number by this share of it, or by a few. */
const SLACK = 0.03;
const FEW = 20;

/** How many functions one run enters and another of the same command doesn't, as those for an answer that comes late. */
const BY_CHANCE: Readonly<Record<Kind, number>> = { lines: 0, imports: 0, functions: 5 };

const FILE = 'test/ratchet.json';

const hasGrown = (kind: Kind, weight: number, limit = 0): boolean => weight > limit + BY_CHANCE[kind];

/** Limits that don't fit the numbers, a line each. */
export function wrongLimits(ratchet: Ratchet, kind: Kind, weights: Weights): string[] {
  const limits = ratchet[kind];
  return [...new Set([...Object.keys(limits), ...Object.keys(weights)])].flatMap((what) => {
    const [limit, weight] = [limits[what], weights[what]];
    if (weight === undefined) return [`${kind} of ${what}: nothing has this limit`];
    if (hasGrown(kind, weight, limit))
      return [
        `${kind} of ${what}: ${weight} are more than ${limit ?? 0}: RAISE='the reason' raises the limit`,
      ];
    if (limit! - weight > Math.max(FEW, weight * SLACK))
      return [`${kind} of ${what}: ${weight} are far fewer than ${limit}: the limit can be lower`];
    return [];
  });
}

/** Limits that fit the numbers. @param why the reason for raising some; without one they stay */
export function fitted(ratchet: Ratchet, kind: Kind, weights: Weights, why?: string): Ratchet {
  const limits = ratchet[kind];
  const grown = Object.keys(weights).filter((what) => hasGrown(kind, weights[what]!, limits[what]));
  const raised = why === undefined ? [] : grown;
  const fit = ([what, weight]: [string, number]): [string, number] => [
    what,
    raised.includes(what) ? weight : Math.min(weight, limits[what] ?? 0),
  ];
  const raise = raised.map((what) => `${what}: ${limits[what] ?? 0} → ${weights[what]}`);
  return {
    ...ratchet,
    [kind]: Object.fromEntries(Object.entries(weights).map(fit)),
    raised: [...ratchet.raised, ...(raise.length === 0 ? [] : [{ why: why!, limits: raise }])],
  };
}

const readRatchet = (): Ratchet => JSON.parse(readFileSync(inRepository(FILE), 'utf8'));

/** Holds numbers against the limits of their kind. With UPDATE_GOLDEN=1 the limits are fitted first. */
export function assertNoHeavier(kind: Kind, weights: Weights): void {
  if (process.env.UPDATE_GOLDEN === '1') {
    const ratchet = fitted(readRatchet(), kind, weights, process.env.RAISE);
    writeFileSync(inRepository(FILE), `${JSON.stringify(ratchet, null, 2)}\n`);
  }
  assert.deepEqual(wrongLimits(readRatchet(), kind, weights), [], `${FILE}: UPDATE_GOLDEN=1 lowers limits`);
}
