/** Compares programs with a verdict on the calls of one number, for all arguments at once. */
import { type Action, ALLOW, stricter } from '../../syscalls/action.js';
import { decide, type Verdict } from '../../syscalls/policy.js';
import { COST, type Spend } from '../budget.js';
import { createCountedDiagrams, type Diagram, type Diagrams, DiagramTooLarge } from '../diagram.js';
import { programDiagram, verdictDiagram } from '../prove-arguments.js';
import { registersToTry } from '../samples.js';
import { stackAction } from '../stack.js';
import { Unprovable } from '../unprovable.js';
import { settled, textOf } from '../verdicts.js';
import type { Program } from './programs.js';
import { type Relation, relationOf } from './relation.js';
import { type Found, registersAround, trySome } from './try-some.js';

export interface Finding {
  readonly found: readonly Found[];
  readonly sampled: boolean;
}

const SAME: Finding = { found: [], sampled: false };

/** Combinations of arguments to try where not all can be compared. */
const SAMPLES = 4096;

const RELATIONS: readonly (Relation | undefined)[] = ['looser', 'stricter', 'otherwise'];

/** The calls of one convention and number. */
interface Calls {
  readonly verdict: Verdict;
  readonly arch: number;
  readonly nr: number;
}

/**
 * Compares programs' answers with verdicts; calls that are alike are compared once.
 * @throws ProgramError, OverBudget
 */
export function createArgumentComparison(programs: readonly Program[], spend: Spend) {
  const known = new Map<string, Finding>();
  return (calls: Calls): Finding => {
    spend(COST.range * (1 + programs.length));
    const found = compareSettled(programs, calls);
    if (found) return found;
    const ways = programs.map((program) => wayOf(program, calls));
    const key = `${ways.join()} ${textOf(calls.verdict)}`;
    const finding = known.get(key) ?? compareExactly(programs, calls, spend);
    known.set(key, finding);
    return finding;
  };
}

/** A key that is equal for numbers that a program treats alike for all arguments. */
const wayOf = (program: Program, { arch, nr }: Calls) =>
  program.answer(arch, nr) ?? `at ${program.rangeOf(arch, nr)}`;

/** The finding where neither the policy nor any program depends on arguments; else undefined. */
function compareSettled(programs: readonly Program[], { verdict, arch, nr }: Calls): Finding | undefined {
  const expected = settled(verdict);
  if (expected === undefined) return undefined;
  let got: Action = ALLOW;
  for (const program of programs) {
    const answer = program.answer(arch, nr);
    if (answer === undefined) return undefined;
    got = stricter(got, answer);
  }
  const relation = relationOf(expected, got);
  return relation === undefined ? SAME : { found: [{ relation, expected, got }], sampled: false };
}

function compareExactly(programs: readonly Program[], calls: Calls, spend: Spend): Finding {
  try {
    return { found: differencesOfDiagrams(programs, calls, spend), sampled: false };
  } catch (thrown) {
    if (!(thrown instanceof DiagramTooLarge || thrown instanceof Unprovable)) throw thrown;
    const stack = programs.map(({ instructions }) => instructions);
    return { found: tryMany({ ...calls, stack }, spend), sampled: true };
  }
}

/** Tries arguments on both sides of the policy's conditions, and around the constants that programs compare with. */
export function tryMany(tried: Parameters<typeof trySome>[0], spend: Spend): Found[] {
  const registers = registersToTry(tried.verdict, SAMPLES);
  return trySome(tried, concat(registers, registersAround(tried.stack)), spend);
}

function* concat<T>(...lists: readonly Iterable<T>[]): Iterable<T> {
  for (const list of lists) yield* list;
}

function differencesOfDiagrams(
  programs: readonly Program[],
  { verdict, arch, nr }: Calls,
  spend: Spend,
): Found[] {
  const diagrams = createCountedDiagrams(spend);
  const said = verdictDiagram(diagrams, verdict);
  const done = strictestDiagram(diagrams, programs, { arch, nr });
  if (said === done) return [];
  const related = diagrams.combine(said, done, (expected, got) =>
    RELATIONS.indexOf(relationOf(expected, got)),
  );
  return RELATIONS.flatMap((relation, value) => {
    const args = diagrams.witness(related, value);
    if (args === undefined || relation === undefined) return [];
    const expected = decide(verdict, args);
    const got = stackAction(
      programs.map(({ instructions }) => instructions),
      { arch, nr, args },
    );
    return [{ relation, expected, got, args }];
  });
}

/**
 * The strictest answer of programs to the calls of one convention and number, as a function of the registers.
 * @param got the strictest answer of other programs, equal for all these calls
 */
export function strictestDiagram(
  diagrams: Diagrams,
  programs: readonly Program[],
  fixed: { readonly arch: number; readonly nr: number },
  got: Action = ALLOW,
): Diagram {
  return programs.reduce((strictest, program) => {
    const answer = program.answer(fixed.arch, fixed.nr);
    const next =
      answer === undefined ? programDiagram(diagrams, program.instructions, 0, fixed) : diagrams.leaf(answer);
    return diagrams.combine(strictest, next, stricter);
  }, diagrams.leaf(got));
}
