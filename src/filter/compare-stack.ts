/** Holds what a thread's filters say together against a policy, for every call of every convention. */
import { ABIS, type Abi, abiOf, abisOf, kernelNumber } from '../syscalls/abi.js';
import { type Action, ALLOW, ENOSYS, KILL, KILL_THREAD, permits, stricter } from '../syscalls/action.js';
import { nameOf, numbersOf } from '../syscalls/numbers.js';
import { decide, type SyscallPolicy, type Verdict } from '../syscalls/policy.js';
import type { Instruction } from './bpf.js';
import { createDiagrams, DiagramTooLarge } from './diagram.js';
import { programDiagram, verdictDiagram } from './prove-arguments.js';
import { numbersToTry, registersToTry } from './samples.js';
import { simulate } from './simulate.js';
import { type Stack, stackAction } from './stack.js';
import { ascending, rangeIndex, type TurningPoints, turningPointsOf } from './turning-points.js';
import { Unprovable } from './unprovable.js';
import { settled, textOf, turningPoints, verdictAt } from './verdicts.js';

/**
 * How filters answer beside a policy: `stricter` is what the kernel takes first; `otherwise` is a call that is refused
 * too: with another errno, as one that the kernel doesn't have, or by the end of its thread alone.
 */
export type Relation = 'stricter' | 'otherwise' | 'looser';

/** Calls of consecutive numbers that get another answer than the policy's. */
export interface Difference {
  /** An AUDIT_ARCH value. */
  readonly arch: number;
  readonly first: number;
  readonly last: number;
  readonly relation: Relation;
  readonly expected: Action;
  readonly got: Action;
  /** Registers of such a call, where it depends on them. */
  readonly args?: readonly bigint[];
}

export interface StackComparison {
  readonly differences: readonly Difference[];
  /** Ranges of numbers whose arguments, or the numbers themselves, were only tried at samples. */
  readonly sampled: number;
  /** Ranges of numbers that were compared; together they are all numbers of the machine's conventions. */
  readonly ranges: number;
}

/** Combinations of arguments to try where not all can be compared. */
const SAMPLES = 4096;

/**
 * Compares a stack with a policy: all numbers of the machine's conventions, arguments as functions of their bits. What is too much for that
 * is tried at samples and counted as such.
 * @throws ProgramError for a program that looks at the instruction pointer
 */
export function compareStack(stack: Stack, policy: SyscallPolicy): StackComparison {
  const distinct = distinctPrograms(stack);
  try {
    return compareRanges(distinct.map(createProgram), policy);
  } catch (thrown) {
    if (!(thrown instanceof Unprovable)) throw thrown;
    return compareSamples(distinct, policy);
  }
}

/** Equal programs, which systemd often loads, answer alike: of each the newest is enough. */
function distinctPrograms(stack: Stack): Stack {
  const known = new Map(stack.toReversed().map((program) => [JSON.stringify(program), program]));
  const newest = new Set(known.values());
  return stack.filter((program) => newest.has(program));
}

interface Program {
  readonly instructions: readonly Instruction[];
  readonly points: TurningPoints;
  /** The action that the number alone decides, or undefined where arguments are looked at. */
  readonly answer: (arch: number, nr: number) => Action | undefined;
  /** Equal for calls that it can't tell apart. */
  readonly rangeOf: (arch: number, nr: number) => number;
}

const NO_ARGUMENTS: readonly bigint[] = new Array<bigint>(6).fill(0n);

function createProgram(instructions: readonly Instruction[]): Program {
  const points = turningPointsOf(instructions);
  const answers = new Map<number, Action | undefined>();
  const rangeOf = (arch: number, nr: number) =>
    rangeIndex(points.arch, arch) * points.nr.length + rangeIndex(points.nr, nr);
  const answer = (arch: number, nr: number) => {
    const range = rangeOf(arch, nr);
    if (!answers.has(range)) {
      const { action, loadedArguments } = simulate(instructions, { arch, nr, args: NO_ARGUMENTS });
      answers.set(range, loadedArguments ? undefined : action);
    }
    return answers.get(range);
  };
  return { instructions, points, answer, rangeOf };
}

/** What was found of one range of numbers. */
interface Found {
  readonly relation: Relation;
  readonly expected: Action;
  readonly got: Action;
  readonly args?: readonly bigint[];
}

interface Finding {
  readonly found: readonly Found[];
  readonly sampled: boolean;
}

const SAME: Finding = { found: [], sampled: false };

function compareRanges(programs: readonly Program[], policy: SyscallPolicy): StackComparison {
  const compareArguments = createArgumentComparison(programs);
  const differences: Difference[] = [];
  let sampled = 0;
  let ranges = 0;
  for (const arch of archesOf(policy)) {
    const points = ascending([
      ...turningPoints(policy, arch),
      ...boundaries(policy, arch),
      ...programs.flatMap(({ points }) => points.nr),
    ]);
    for (const [i, first] of points.entries()) {
      ranges += 1;
      const verdict = verdictAt(policy, arch, first);
      const { found, sampled: some } = isNoCall(policy, arch, first)
        ? SAME
        : (compareSettled(programs, verdict, arch, first) ?? compareArguments(verdict, arch, first));
      if (some) sampled += 1;
      const last = i + 1 < points.length ? points[i + 1]! - 1 : 0xffffffff;
      for (const one of found) add(differences, { arch, first, last, ...one });
    }
  }
  return { differences, sampled, ranges };
}

/**
 * Numbers of one of the two ABIs that x86-64 and x32 share that a kernel before 5.4 takes for the other's: later ones have
 * no call there, whatever filters say.
 */
function isNoCall({ machine }: SyscallPolicy, arch: number, nr: number): boolean {
  const id = abiOf(machine, arch, nr);
  if (id?.abi === 'x86-64') return id.nr >= 512 && id.nr <= 547;
  return id?.abi === 'x32' && id.nr < 512 && nameOf('x32', id.nr) === undefined;
}

/** Where isNoCall() may change, beside the turning points of every policy. */
function boundaries({ machine }: SyscallPolicy, arch: number): number[] {
  const abis = abisOf(machine).filter((abi) => abi === 'x32' && ABIS[abi].arch === arch);
  const points = (abi: Abi) => [...numbersOf(abi).values(), 512].map((nr) => kernelNumber(abi, nr));
  return abis.flatMap(points).flatMap((point) => [point, point + 1]);
}

/** Conventions that the machine has: calls through others can't be made. */
const archesOf = ({ machine }: SyscallPolicy): number[] =>
  ascending(abisOf(machine).map((abi) => ABIS[abi].arch));

/** Neighbours with one answer become one range. */
function add(differences: Difference[], next: Difference): void {
  const i = differences.findLastIndex(({ arch, last, ...one }) => {
    const isNext = arch === next.arch && last === next.first - 1;
    return isNext && one.relation === next.relation && one.expected === next.expected && one.got === next.got;
  });
  const before = differences[i];
  if (before === undefined || before.args !== undefined || next.args !== undefined) differences.push(next);
  else differences[i] = { ...before, last: next.last };
}

/** Where neither the policy nor any program asks for arguments. */
function compareSettled(
  programs: readonly Program[],
  verdict: Verdict,
  arch: number,
  nr: number,
): Finding | undefined {
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

/** What the second action is beside the first; undefined where it is the same. */
export function relationOf(expected: Action, got: Action): Relation | undefined {
  if (expected === got) return undefined;
  if (expected === KILL && got === KILL_THREAD) return 'otherwise';
  if (!permits(expected) && got === ENOSYS) return 'otherwise';
  if (stricter(expected, got) !== expected) return 'stricter';
  return stricter(got, expected) !== got ? 'looser' : 'otherwise';
}

const RELATIONS: readonly (Relation | undefined)[] = ['looser', 'stricter', 'otherwise'];

/** Compares all arguments at once, and what programs and a verdict make of them only once. */
function createArgumentComparison(programs: readonly Program[]) {
  const known = new Map<string, Finding>();
  return (verdict: Verdict, arch: number, nr: number): Finding => {
    const ways = programs.map((program) => program.answer(arch, nr) ?? `at ${program.rangeOf(arch, nr)}`);
    const key = `${ways.join()} ${textOf(verdict)}`;
    const finding = known.get(key) ?? compareExactly(programs, verdict, arch, nr);
    known.set(key, finding);
    return finding;
  };
}

function compareExactly(programs: readonly Program[], verdict: Verdict, arch: number, nr: number): Finding {
  try {
    return { found: differencesOfDiagrams(programs, verdict, arch, nr), sampled: false };
  } catch (thrown) {
    if (!(thrown instanceof DiagramTooLarge || thrown instanceof Unprovable)) throw thrown;
    const stack = programs.map(({ instructions }) => instructions);
    return { found: trySome(stack, verdict, arch, nr), sampled: true };
  }
}

function differencesOfDiagrams(
  programs: readonly Program[],
  verdict: Verdict,
  arch: number,
  nr: number,
): Found[] {
  const diagrams = createDiagrams();
  const said = verdictDiagram(diagrams, verdict);
  const done = programs.reduce((strictest, program) => {
    const answer = program.answer(arch, nr);
    const next =
      answer === undefined
        ? programDiagram(diagrams, program.instructions, 0, { arch, nr })
        : diagrams.leaf(answer);
    return diagrams.combine(strictest, next, stricter);
  }, diagrams.leaf(ALLOW));
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

/** The first difference of each kind among some calls of one number. */
function trySome(stack: Stack, verdict: Verdict, arch: number, nr: number): Found[] {
  const found = new Map<Relation, Found>();
  for (const args of [...registersToTry(verdict, SAMPLES), ...registersAround(stack)]) {
    const expected = decide(verdict, args);
    const got = stackAction(stack, { arch, nr, args });
    const relation = relationOf(expected, got);
    if (relation !== undefined && !found.has(relation))
      found.set(relation, { relation, expected, got, args });
  }
  return [...found.values()];
}

/** One register at a time with what the programs compare with, and next to it. */
function registersAround(stack: Stack): bigint[][] {
  const constants = new Set(
    stack.flatMap((program) =>
      program.filter(({ code }) => (code & 7) === 5 && code !== 5).map(({ k }) => k),
    ),
  );
  const values = [...constants].flatMap((k) =>
    [k - 1, k, k + 1].map((value) => BigInt.asUintN(64, BigInt(value))),
  );
  return NO_ARGUMENTS.flatMap((_, arg) => values.map((value) => NO_ARGUMENTS.with(arg, value)));
}

/** For programs that compute with numbers: every known number, and some arguments. */
function compareSamples(stack: Stack, policy: SyscallPolicy): StackComparison {
  const differences: Difference[] = [];
  let sampled = 0;
  for (const arch of archesOf(policy)) {
    for (const nr of ascending(numbersToTry(policy, arch))) {
      sampled += 1;
      if (isNoCall(policy, arch, nr)) continue;
      for (const one of trySome(stack, verdictAt(policy, arch, nr), arch, nr)) {
        add(differences, { arch, first: nr, last: nr, ...one });
      }
    }
  }
  return { differences, sampled, ranges: sampled };
}
