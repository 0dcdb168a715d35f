/** The question whether programs are looser than a policy's verdict on the calls of a region. */
import { type Action, stricter } from '../../syscalls/action.js';
import { decide } from '../../syscalls/policy.js';
import type { Instruction } from '../bpf.js';
import type { Spend } from '../budget.js';
import { createCountedDiagrams, DiagramTooLarge } from '../diagram.js';
import { verdictDiagram } from '../prove-arguments.js';
import { registersToTry } from '../samples.js';
import { simulate } from '../simulate.js';
import { Unprovable } from '../unprovable.js';
import { settled, textOf } from '../verdicts.js';
import { strictestDiagram, tryMany } from './compare-arguments.js';
import type { Region } from './region.js';
import { type Difference, isLooser } from './relation.js';

export interface Question {
  /**
   * The region if its programs are looser there; undefined if they aren't.
   * @param before the region without its last program, for the case that this program is too much
   * @throws ProgramError, OverBudget
   */
  readonly ask: (region: Region, before?: Region) => Region | undefined;
  /** The number of regions whose arguments were only tried at samples. */
  readonly sampled: () => number;
}

/** The finding about a region in which arguments decide. */
type Answer = 'settled' | 'sampled' | 'unsure' | { readonly args: readonly bigint[] };

export function createQuestion(spend: Spend): Question {
  const known = new Map<string, Answer>();
  let sampled = 0;
  const learn = (region: Region): Answer => {
    const key = keyOf(region);
    const answer = known.get(key) ?? askArguments(region, spend);
    known.set(key, answer);
    return answer;
  };
  const ask = (region: Region, before = region): Region | undefined => {
    const atOnce = askNumber(region);
    if (atOnce !== undefined) return atOnce ? region : undefined;
    const answer = learn(region);
    if (typeof answer === 'object') return { ...region, args: answer.args };
    if (answer === 'unsure') return { ...before, got: region.got, isUnsure: true };
    if (answer === 'sampled') sampled += 1;
    return undefined;
  };
  return { ask, sampled: () => sampled };
}

function keyOf({ arch, first, verdict, got, asking }: Region): string {
  const ways = asking.map((program) => `${program.number} ${program.rangeOf(arch, first)}`);
  return `${got} ${ways.join()} ${textOf(verdict)}`;
}

/** Whether the region is looser, where arguments of no program decide that; else undefined. */
function askNumber({ verdict, got, asking }: Region): boolean | undefined {
  const expected = settled(verdict);
  const actions = [...verdict.rules.map(({ action }) => action), verdict.otherwise];
  const mayBe = expected === undefined ? actions.some((one) => isLooser(one, got)) : isLooser(expected, got);
  return mayBe && asking.length > 0 ? undefined : mayBe;
}

function askArguments(region: Region, spend: Spend): Answer {
  const { arch, first: nr, verdict, got, asking } = region;
  const diagrams = createCountedDiagrams(spend);
  let isPolicyLarge = true;
  try {
    const said = verdictDiagram(diagrams, verdict);
    isPolicyLarge = diagrams.isLarge();
    const done = strictestDiagram(diagrams, asking, { arch, nr }, got);
    const looser = diagrams.combine(said, done, (expected, answer) => Number(isLooser(expected, answer)));
    const args = diagrams.witness(looser, 1);
    return args === undefined ? 'settled' : { args };
  } catch (thrown) {
    if (!(thrown instanceof DiagramTooLarge || thrown instanceof Unprovable)) throw thrown;
    return thrown instanceof DiagramTooLarge && isPolicyLarge ? askSamples(region, spend) : 'unsure';
  }
}

/** Tries some arguments where the policy itself is too large for a proof, as prove() does. */
function askSamples({ arch, first: nr, verdict, got, asking }: Region, spend: Spend): Answer {
  const always: readonly Instruction[] = [{ code: 0x06, jt: 0, jf: 0, k: got }];
  const stack = [...asking.map(({ instructions }) => instructions), always];
  const looser = tryMany({ stack, arch, nr, verdict }, spend).find(({ relation }) => relation === 'looser');
  return looser?.args ? { args: looser.args } : 'sampled';
}

/** Combinations of arguments to search for a looser call. */
const FEW = 256;

/** A region as a difference, with the registers of one call where arguments decide; undefined if none is found. */
export function differenceOf(region: Region): Difference | undefined {
  const { arch, first, last, verdict, got } = region;
  const calls = { arch, first, last, relation: 'looser' } as const;
  const expected = settled(verdict);
  if (expected !== undefined && region.args === undefined) return { ...calls, expected, got };
  const registers = region.args ? [region.args] : registersToTry(verdict, FEW);
  const args = registers.find((one) => isLooser(decide(verdict, one), answerOf(region, one)));
  return args && { ...calls, expected: decide(verdict, args), got: answerOf(region, args), args };
}

const answerOf = ({ arch, first, got, asking }: Region, args: readonly bigint[]): Action =>
  asking.reduceRight(
    (strictest, { instructions }) =>
      stricter(strictest, simulate(instructions, { arch, nr: first, args }).action),
    got,
  );
