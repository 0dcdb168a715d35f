/** Lays a graph of decisions out as instructions. */
import { error, UserError } from '../../../diagnostic.js';
import { BPF_ABS, BPF_ALU, BPF_AND, BPF_K, BPF_LD, BPF_W, type Instruction } from '../bpf.js';
import { createBackwardProgram, type JumpTarget } from './backward-program.js';
import { type Decision, type TestNode, WORD_MAX } from './decision.js';

/**
 * The instructions of a decision. The accumulator is loaded only where it doesn't hold the word yet.
 * @param limit most instructions
 * @throws UserError `filter-too-long`
 */
export function layOut(root: Decision, limit: number): Instruction[] {
  const { order, cold } = outline(root, limit);
  const program = createBackwardProgram();
  if (root.kind === 'return') program.bring(placeOf(root, undefined));
  for (const test of order) {
    const held = heldAfter(test);
    program.jump(test.op, test.k, placeOf(test.yes, held), placeOf(test.no, held));
    if (test.mask !== WORD_MAX) program.push(BPF_ALU | BPF_AND | BPF_K, test.mask);
    program.mark(placeOf(test, test.word));
    if (cold.has(test)) {
      program.push(BPF_LD | BPF_W | BPF_ABS, test.word);
      program.mark(placeOf(test, undefined));
    }
    if (program.length() > limit) throw tooLong(limit);
  }
  if (program.length() > limit) throw tooLong(limit);
  return program.finish();
}

/** The word that the accumulator holds after a test; undefined if it was masked. */
const heldAfter = (test: TestNode) => (test.mask === WORD_MAX ? test.word : undefined);

/** The target for a decision with this word in the accumulator: behind the load of a test's word, or at the load. */
function placeOf(decision: Decision, held: number | undefined): JumpTarget {
  if (decision.kind === 'return') return { action: decision.action };
  return { label: `${decision.id} ${decision.word === held ? 'loaded' : 'cold'}` };
}

interface Outline {
  /** Every test once, each behind all tests that it leads to. */
  readonly order: readonly TestNode[];
  /** Tests that are reached with another word in the accumulator on some way. */
  readonly cold: ReadonlySet<TestNode>;
}

/** Walks the graph with a stack of its own, since a long list of values makes the graph deep. */
function outline(root: Decision, limit: number): Outline {
  const order: TestNode[] = [];
  const cold = new Set<TestNode>();
  const seen = new Set<TestNode>();
  const open: { readonly test: TestNode; next: 'no' | 'yes' | 'done' }[] = [];
  const enter = (decision: Decision, held: number | undefined) => {
    if (decision.kind === 'return') return;
    if (decision.word !== held) cold.add(decision);
    if (seen.has(decision)) return;
    seen.add(decision);
    if (seen.size > limit) throw tooLong(limit);
    open.push({ test: decision, next: 'no' });
  };
  enter(root, undefined);
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    if (top.next === 'done') {
      order.push(top.test);
      open.pop();
    } else {
      const way = top.next;
      top.next = way === 'no' ? 'yes' : 'done';
      enter(top.test[way], heldAfter(top.test));
    }
  }
  return { order, cold };
}

function tooLong(limit: number): UserError {
  return new UserError(
    error('filter-too-long', `the filter needs more than ${limit} instructions`, {
      hint: 'use fewer argument rules, or fewer values in them',
    }),
  );
}
