import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  createDiagrams,
  type Diagram,
  DiagramTooLarge,
  NO,
  registerBits,
  YES,
} from '../../../src/seccomp/filter/diagram.js';
import { value } from '../../support/policies.js';

const LOW = registerBits(0, 0, 32);

test('equal functions are one diagram, however they are built', () => {
  fc.assert(
    fc.property(value(32), value(32), (mask, wanted) => {
      const { equal, atLeast, anyOf, choose } = createDiagrams();
      const not = (question: Diagram) => choose(question, NO, YES);
      const and = (a: Diagram, b: Diagram) => choose(a, b, NO);
      assert.equal(not(not(equal(LOW, mask, wanted))), equal(LOW, mask, wanted));
      assert.equal(not(anyOf(LOW, mask)), equal(LOW, mask, 0n));
      // Equal is at least this and not at least the next.
      const next = wanted === 0xffffffffn ? NO : atLeast(LOW, 0xffffffffn, wanted + 1n);
      assert.equal(and(atLeast(LOW, 0xffffffffn, wanted), not(next)), equal(LOW, 0xffffffffn, wanted));
      const halves = and(
        equal(registerBits(0, 16, 16), mask >> 16n, wanted >> 16n),
        equal(registerBits(0, 0, 16), mask & 0xffffn, wanted & 0xffffn),
      );
      assert.equal(halves, equal(LOW, mask, wanted));
    }),
  );
});

test('a value with bits outside the mask never matches', () => {
  const { equal, atLeast } = createDiagrams();
  assert.equal(equal(LOW, 0n, 1n), NO);
  assert.equal(equal(LOW, 0n, 0n), YES);
  assert.equal(atLeast(LOW, 0n, 1n), NO);
  assert.equal(atLeast(LOW, 0xffn, 0n), YES);
});

test('two functions differ if they differ for any registers', () => {
  fc.assert(
    fc.property(value(32), value(32), (a, b) => {
      fc.pre(a !== b);
      const { equal, difference } = createDiagrams();
      const [low] = difference(equal(LOW, 0xffffffffn, a), equal(LOW, 0xffffffffn, b));
      assert.ok((low === a) !== (low === b));
    }),
  );
});

/** A function that no order of bits from the highest down keeps small: whether two registers are equal. */
function equalRegisters({ choose, equal }: ReturnType<typeof createDiagrams>, bits: number): Diagram {
  return Array.from({ length: bits }, (_, i) => i).reduce((rest, i) => {
    const bit = (register: number) => equal(registerBits(register, i, 1), 1n, 1n);
    const same = choose(bit(0), bit(1), choose(bit(1), NO, YES));
    return choose(same, rest, NO);
  }, YES);
}

test('a function that grows without end is given up', () => {
  assert.throws(() => equalRegisters(createDiagrams(), 32), DiagramTooLarge);
});
