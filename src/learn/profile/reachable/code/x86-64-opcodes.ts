/**
 * Shapes of x86-64's instructions, and the general registers that they change (Intel SDM, volume 2, appendix A). A letter an
 * opcode, in rows of 16:
 *
 *     .  no operand that matters              -  decoded by the code
 *     m  r/m, changes it                      M  so, with an immediate of 8 bits      W  of 32 bits
 *     r  reg and r/m, changes reg             R                                       Q
 *     n  reg and r/m, changes none            N
 *     x  reg and r/m, changes both            c  r/m, changes it and rax
 *     a  changes rax                          A                                       E
 *     b  an immediate of 8 bits, w of 16, l of 32, v of 24, o of 64 for rax
 *     t  jumps by 8 bits, j by 32
 *     h  changes the register in the opcode, H so with an immediate of 8 bits
 *     e  a string instruction      z  ends what is executed in a row
 *
 * An immediate of 32 bits has 16 behind the prefix 0x66.
 */
export const ONE_BYTE = [
  'mmrrAE..mmrrAE.-',
  'mmrrAE..mmrrAE..',
  'mmrrAE-.mmrrAE-.',
  'mmrrAE-.nnnnbl-.',
  '----------------',
  '--------hhhhhhhh',
  '..-------Q-R....',
  'tttttttttttttttt',
  'MWMMnnxxm-r-mrnm',
  '-hhhhhhha......a',
  'ooooeeeebleeeeee',
  'HHHHHHHH--------',
  'MMwz--MWv.w.zb..',
  'mmmm...annnnnnnn',
  'ttttbbbb--.-....',
  '-.--z.--......m-',
].join('');

/** Opcodes behind 0x0f. */
export const TWO_BYTES = [
  'nnrr.-.....-.n.N',
  'nnnnnnnnnnnnnnnn',
  'mmnn....nnnnrrnn',
  '.aaa....-.-.....',
  'rrrrrrrrrrrrrrrr',
  'rnnnnnnnnnnnnnnn',
  'nnnnnnnnnnnnnnnn',
  'NNNNnnn.nnnnnnmn',
  'jjjjjjjjjjjjjjjj',
  'mmmmmmmmmmmmmmmm',
  '..anMm.....mMmnr',
  'ccrmrrrrrnMmrrrr',
  'xxNnNRNchhhhhhhh',
  'nnnnnnnrnnnnnnnn',
  'nnnnnnnnnnnnnnnn',
  'nnnnnnnnnnnnnnnn',
].join('');

/** The shape of an opcode behind 0x0f 0x38. */
export const shapeOf38 = (opcode: number): string => (opcode >= 0xf0 && opcode <= 0xf7 ? 'r' : 'n');

/** The shape of an opcode behind 0x0f 0x3a. */
export function shapeOf3a(opcode: number): string {
  if (opcode === 0xf0) return 'R';
  return opcode >= 0x14 && opcode <= 0x17 ? 'M' : 'N';
}
