import type { Kind } from '../../../../observe/recording/kinds.js';
import { TAKES, type Trait } from '../../../../plan/access-units.js';
import { callsOf } from '../../../../seccomp/syscalls/resolve.js';
import type { SyscallSets } from '../../../../seccomp/syscalls/sets.js';
import { whollyRefused } from '../../../../systemd/directives/table.js';
import { isOn, lastOf } from '../../../../systemd/unit/values.js';
import type { PolicyRequest } from '../input.js';
import { DEVICES } from './devices.js';
import { type DirectiveCheck, ProfileFacts } from './facts.js';
import { keepGood, type Proposed, withPartner } from './kept.js';
import { KERNEL } from './kernel.js';
import { NETWORK } from './network.js';
import { PATHS } from './paths.js';
import { PRIVILEGES } from './privileges.js';
import { filesInRun, RUN } from './run-files.js';

/** A directive that is proved. */
export interface ProvedDirective extends Proposed {
  readonly why: string;
}

/** A directive that isn't stated, and the reason. */
export interface UnprovedDirective {
  readonly name: string;
  readonly wanted: string | boolean;
  readonly reason: string;
}

export interface LearnedDirectives {
  readonly proved: readonly ProvedDirective[];
  /** Directives that are proved by what was seen, but wait for more. */
  readonly waiting: readonly ProvedDirective[];
  readonly unproved: readonly UnprovedDirective[];
  /** Files in /run that are made before the service starts. */
  readonly beforehand: readonly string[];
  /** The reason why the service may write to all of /run; undefined where it may not. */
  readonly openRun: string | undefined;
}

const CHECKS: readonly DirectiveCheck[] = [...PATHS, ...DEVICES, ...KERNEL, ...NETWORK, ...PRIVILEGES];

/** Names of the directives that rest on some of these kinds of evidence, in the order of a policy. */
export const directivesBy = (kinds: readonly Kind[]): string[] =>
  CHECKS.filter(({ by }) => by.some((kind) => kinds.includes(kind))).map(({ name }) => name);

/** Names of the directives that wait. */
export const WAITING: readonly string[] = CHECKS.flatMap(({ name, waits }) => (waits ? [name] : []));

/** The reason against a directive, whatever was seen: sessions would inherit it, or the unit is of no use with it. */
function reasonAgainst(name: string, traits: ReadonlySet<Trait> = new Set()): string | undefined {
  if (traits.has('sessions')) return 'programs that users run through the unit would inherit it';
  const taken = TAKES.get(name);
  return taken && traits.has(taken) ? `it takes away what the unit needs for its work: ${taken}` : undefined;
}

/** The directives of a unit that the profile proves, and those that it doesn't, each in the order of a policy. */
export function learnDirectives(request: PolicyRequest): LearnedDirectives {
  const facts = new ProfileFacts(request);
  const checked = CHECKS.flatMap((one) => checkedBy(one, facts, reasonAgainst(one.name, request.traits)));
  const proposed = checked.filter((one): one is ProvedDirective => 'why' in one);
  const { kept, left } = keepGood(proposed, request);
  const stated = statedOf(kept, facts, request);
  const unproved = [
    ...checked.filter((one): one is UnprovedDirective => 'reason' in one),
    ...left.map(({ name, reason }) => ({ name, reason, wanted: checkOf(name).wanted })),
  ];
  // An exception needs no word where the directive that it is made from has one.
  const isTold = (name: string) =>
    unproved.some((one) => one.name !== name && withPartner(name)[0] === one.name);
  return {
    ...stated,
    unproved: unproved.filter((one) => !isTold(one.name) && !isOfUnit(one, facts)),
    ...runOf({ proved: stated.proved, unproved }, facts),
  };
}

/** Directives that are stated now, some of them weaker than they are going to be, and those that wait. */
function statedOf(
  kept: readonly ProvedDirective[],
  facts: ProfileFacts,
  request: PolicyRequest,
): Pick<LearnedDirectives, 'proved' | 'waiting'> {
  const { awaited = [], options } = request;
  if (options?.now || awaited.every(({ seen }) => seen)) return { proved: kept, waiting: [] };
  const first = kept.flatMap((one): ProvedDirective[] => {
    const { waits, meanwhile } = checkOf(one.name);
    if (!waits) return [one];
    const verdict = meanwhile?.(facts);
    return verdict && 'why' in verdict ? [{ name: one.name, ...verdict }] : [];
  });
  const { kept: proved } = keepGood(first, request);
  const isStated = ({ name, value }: ProvedDirective) =>
    proved.some((one) => one.name === name && String(one.value) === String(value));
  return { proved, waiting: kept.filter((one) => !isStated(one)) };
}

/** The state of /run, by the list of writable places. */
function runOf(
  { proved, unproved }: Pick<LearnedDirectives, 'proved' | 'unproved'>,
  facts: ProfileFacts,
): Pick<LearnedDirectives, 'beforehand' | 'openRun'> {
  const value = proved.find(({ name }) => name === 'ReadWritePaths')?.value;
  const places = Array.isArray(value) ? value : [];
  const files = filesInRun(facts);
  return {
    beforehand: typeof files === 'string' ? [] : files.filter((path) => places.includes(`-${path}`)),
    openRun: places.includes(RUN) ? unproved.find(({ name }) => name === 'ReadOnlyPaths')?.reason : undefined,
  };
}

/** Whether the unit has a value of its own that is as good, or a list that an administrator wrote. */
function isOfUnit({ name, wanted }: UnprovedDirective, { unit }: ProfileFacts): boolean {
  if (wanted === true) return isOn(unit, name);
  const isList = typeof wanted === 'string' && wanted.includes(' ');
  return isList ? (unit.get(name) ?? []).length > 0 : lastOf(unit, name) === wanted;
}

const checkOf = (name: string): DirectiveCheck => CHECKS.find((check) => check.name === name)!;

function checkedBy(
  { name, wanted, by, check }: DirectiveCheck,
  facts: ProfileFacts,
  against: string | undefined,
): (ProvedDirective | UnprovedDirective)[] {
  const verdict = check(facts);
  if (verdict === undefined) return [];
  if (facts.isOmitted(name)) return [];
  const incomplete = against ?? facts.whyIncomplete(by);
  if ('not' in verdict) return [{ name, wanted, reason: verdict.not }];
  return incomplete === undefined ? [{ name, ...verdict }] : [{ name, wanted, reason: incomplete }];
}

/** The calls that proved directives refuse: no policy can let them through. */
export function refusedByDirectives({ proved }: LearnedDirectives, sets: SyscallSets): ReadonlySet<string> {
  const on = proved.filter(({ value }) => value === true);
  const refused = on.flatMap(({ name }) => whollyRefused().get(name) ?? []);
  return new Set(refused.flatMap((name) => callsOf({ name }, sets)));
}
